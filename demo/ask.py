"""Ask the served model what customers would ask, through its Service, with the OpenAI client."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import openai

from delivery_api import names
from delivery_api.status import ServingStatus

from .data import Row
from .kubectl import Kubectl
from .narrator import DemoError, Narrator
from .order import INSTRUCTION, NAMESPACE

MAX_TOKENS = 24
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """A question, the desk it belongs to, and what the model said."""

    question: str
    expected: str
    answer: str


def ask(kubectl: Kubectl, narrator: Narrator, serving: ServingStatus, rows: Sequence[Row]) -> list[Answer]:
    """Put each message to the endpoint as a chat message, greedy and unconstrained."""
    address = service_address(kubectl, serving.url)
    client = openai.OpenAI(base_url=address, api_key="none", timeout=TIMEOUT_SECONDS, max_retries=3)
    narrator.say(f"    {serving.url} is the Service at {address}, model {serving.model}")
    answers = []
    for row in rows:
        answers.append(Answer(row.text, row.label, _one(client, serving.model, row.text)))
        narrator.say(f"    > {row.text}")
        narrator.say(f"      {answers[-1].answer}{'' if answers[-1].answer == row.label else f'   (the desk was {row.label})'}")
    return answers


def _one(client: openai.OpenAI, model: str, text: str) -> str:
    try:
        reply = client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": f"{INSTRUCTION}\n\n{text}"}],
            temperature=0,
            max_tokens=MAX_TOKENS,
        )
    except openai.OpenAIError as error:
        raise DemoError(f"The served endpoint did not answer: {error}; see `kubectl logs` of the server") from error
    return (reply.choices[0].message.content or "").strip()


def service_address(kubectl: Kubectl, url: str) -> str:
    """The Service's cluster address: a machine that is a node reaches it as pods do, but has not their DNS."""
    parts = urlsplit(url)
    name = (parts.hostname or "").split(".")[0]
    service = kubectl.json("get", "service", name, "-n", names.work_namespace(NAMESPACE))
    return f"{parts.scheme}://{service['spec']['clusterIP']}:{parts.port or 80}{parts.path}"
