"""A language model in the engineer's seat, over any endpoint that speaks the OpenAI API. The official client retries; we count.

Models whose chat template knows no tools (small ones, mostly) are asked in the dialect `json`: the tools stand in the prompt
and a reply is one call, held to a schema by the endpoint's structured output. Nothing else differs between the two.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal, cast

from openai import BadRequestError, OpenAI
from openai.types.chat import ChatCompletionMessageParam
from pydantic import Field, ValidationError

from delivery_api.model import Model
from delivery_benchmark.seats.toolbox import LAST, functions, reply_schema, shortened, use
from delivery_benchmark.tools import Call, Tools

PROMPT = (files("delivery_benchmark.seats") / "prompt.md").read_text("utf-8")
OPENING = "An order has come in. Read the ticket first."
ONE_CALL = 'Reply with one call and nothing else: {"tool": NAME, "arguments": {...}}. The tools are:'
NUDGE = "Call a tool. You are done only once you have called submit_card or refuse."
MOST_IDLE = 3
"""Replies in a row without a call, after which the model is taken to have left."""
Message = dict[str, Any]


class Settings(Model):
    """How a model is asked. All of it is part of the manifest, but for the key, which is read from OPENAI_API_KEY."""

    endpoint: str
    """Base URL, with /v1."""
    model: str
    """Name that the endpoint knows."""
    dialect: Literal["tools", "json"] = "tools"
    """How calls are written."""
    temperature: float = Field(0.0, ge=0.0, le=2.0)
    most_turns: int = Field(40, ge=1, le=200)
    """Replies, after which the trial ends."""
    most_tokens: int = Field(1024, ge=16)
    """Of one reply."""
    context_characters: int = Field(60_000, ge=2000)
    """Of the conversation that is sent; the oldest exchanges are left out beyond it."""
    seconds: float = Field(300.0, gt=0)
    """That one reply may take."""
    retries: int = Field(6, ge=0, le=20)
    """Of one request, with growing pauses, where the endpoint is busy or gone."""
    prompt_price: float = Field(0.0, ge=0.0)
    """USD for a million tokens read."""
    completion_price: float = Field(0.0, ge=0.0)
    """USD for a million tokens written."""


@dataclass
class Spent:
    """What a trial has used, counted by the endpoint; requests that failed are not billed and not counted."""

    tokens: dict[str, int] = field(default_factory=lambda: {"prompt": 0, "completion": 0})
    money: float = 0.0
    ended: str = "turns"
    uncounted: int = 0
    """Replies for which the endpoint gave no count."""

    def add(self, usage: Any, settings: Settings) -> None:
        """Count one reply."""
        if usage is None:
            self.uncounted += 1
            return
        self.tokens["prompt"] += usage.prompt_tokens
        self.tokens["completion"] += usage.completion_tokens
        read, written = self.tokens["prompt"], self.tokens["completion"]
        self.money = (read * settings.prompt_price + written * settings.completion_price) / 1e6


@dataclass(frozen=True)
class Wanted:
    """A call that a reply asks for."""

    id: str
    name: str
    arguments: str


@dataclass
class LanguageModel:
    """The seat. One object serves all trials of a run, side by side."""

    settings: Settings

    @cached_property
    def client(self) -> OpenAI:
        """The official client; an endpoint without keys gets the word `none`."""
        key = os.environ.get("OPENAI_API_KEY") or "none"
        wanted = self.settings
        return OpenAI(base_url=wanted.endpoint, api_key=key, max_retries=wanted.retries, timeout=wanted.seconds)

    def act(self, tools: Tools, seed: int) -> Spent:
        """Drive one trial to its end; what the endpoint refuses for good is raised, as a fault of the harness."""
        spent, begun, idle = Spent(), time.monotonic(), 0
        talk = self._opening()
        self._keep(tools, "system", talk[0]["content"], {}, begun)
        for _ in range(self.settings.most_turns):
            reply, usage = self._reply(talk, seed)
            spent.add(usage, self.settings)
            wanted = list(self._calls(reply))
            counted = {"prompt": usage.prompt_tokens, "completion": usage.completion_tokens} if usage else {}
            self._keep(tools, "says", reply.content or "", {"calls": [one.name for one in wanted]} | counted, begun)
            talk.append(self._as_said(reply))
            idle = 0 if wanted else idle + 1
            if idle >= MOST_IDLE:
                spent.ended = "done"
                return spent
            talk += self._carried_out(tools, wanted, spent) if wanted else [{"role": "user", "content": NUDGE}]
            if spent.ended != "turns":
                return spent
        return spent

    def _opening(self) -> list[Message]:
        said = PROMPT
        if self.settings.dialect == "json":
            listed = "\n".join(
                f"- {one['function']['name']}({', '.join(one['function']['parameters'].get('properties', {}))}): "
                f"{one['function']['description']}"
                for one in functions()
            )
            said += f"\n{ONE_CALL}\n{listed}\n"
        return [{"role": "system", "content": said}, {"role": "user", "content": OPENING}]

    def _reply(self, talk: Sequence[Message], seed: int) -> tuple[Any, Any]:
        """One reply; a conversation that the endpoint finds too long is cut by half, down to its last exchange."""
        room = self.settings.context_characters
        while True:
            sent = fitting(talk, room)
            try:
                done = self.client.chat.completions.create(
                    model=self.settings.model,
                    messages=cast("list[ChatCompletionMessageParam]", sent),
                    temperature=self.settings.temperature,
                    max_tokens=self.settings.most_tokens,
                    seed=seed,
                    **self._dialect(),
                )
            except BadRequestError as error:
                if len(sent) <= 3 or "context" not in str(error).lower():
                    raise
                room //= 2
                continue
            return done.choices[0].message, done.usage

    def _dialect(self) -> dict[str, Any]:
        if self.settings.dialect == "tools":
            return {"tools": functions(), "tool_choice": "auto"}
        held = {"name": "call", "schema": reply_schema(), "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": held}}

    def _calls(self, reply: Any) -> Iterator[Wanted]:
        """The calls of a reply; a reply in the dialect `json` that is no JSON calls nothing."""
        if self.settings.dialect == "tools":
            yield from (Wanted(one.id, one.function.name, one.function.arguments) for one in reply.tool_calls or ())
            return
        try:
            read = json.loads(reply.content or "")
            yield Wanted("", str(read["tool"]), json.dumps(read.get("arguments", {})))
        except (ValueError, KeyError, TypeError, AttributeError):
            return

    def _as_said(self, reply: Any) -> Message:
        said: Message = {"role": "assistant", "content": reply.content or ""}
        if self.settings.dialect == "tools" and reply.tool_calls:
            said["tool_calls"] = [one.model_dump(mode="json") for one in reply.tool_calls]
        return said

    def _carried_out(self, tools: Tools, wanted: Sequence[Wanted], spent: Spent) -> list[Message]:
        """Answers to the calls of one reply, in their order; none after the one that ends it all."""
        answers: list[Message] = []
        for one in wanted:
            answer, carried_out = use(tools, one.name, one.arguments)
            role = {"role": "tool", "tool_call_id": one.id} if self.settings.dialect == "tools" else {"role": "user"}
            answers.append(role | {"content": shortened(answer)})
            if carried_out and one.name in LAST and (tools.refused or tools.claims is not None):
                spent.ended = "refused" if tools.refused else "done"
                break
        return answers

    @staticmethod
    def _keep(tools: Tools, what: str, said: str, about: dict[str, Any], begun: float) -> None:
        """Into the transcript, beside the calls and not among them."""
        tools.keep(Call(what, about, said, round(time.monotonic() - begun, 3)))


def of_run(endpoint: str | None, model: str | None, settings: Mapping[str, Any]) -> dict[str, Callable[[Tools, int], Any]]:
    """The seat `llm` of a run, where it names an endpoint and a model; ValueError says which setting is wrong."""
    if endpoint is None and model is None:
        return {}
    try:
        return {"llm": LanguageModel(Settings.model_validate({"endpoint": endpoint, "model": model} | dict(settings))).act}
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))} of the seat llm: {first['msg']}") from None


def fitting(talk: Sequence[Message], characters: int) -> list[Message]:
    """The conversation with its first two messages, and as many of the last exchanges as there is room for.

    An exchange begins with what the assistant said, so that no answer stands without its call; the last one always stays.
    """
    head, exchanges = list(talk[:2]), list(_exchanges(talk[2:]))
    room = characters - sum(len(str(one["content"])) for one in head)
    kept: list[list[Message]] = []
    for exchange in reversed(exchanges):
        size = sum(len(json.dumps(one, ensure_ascii=False)) for one in exchange)
        if kept and size > room:
            break
        kept.append(exchange)
        room -= size
    return head + [one for exchange in reversed(kept) for one in exchange]


def _exchanges(talk: Sequence[Message]) -> Iterator[list[Message]]:
    exchange: list[Message] = []
    for one in talk:
        if one["role"] == "assistant" and exchange:
            yield exchange
            exchange = []
        exchange.append(one)
    if exchange:
        yield exchange
