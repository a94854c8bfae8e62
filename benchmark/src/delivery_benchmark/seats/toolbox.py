"""The tools as a model is told of them: name, purpose, JSON schema; and what comes back when it calls one.

What a model writes is checked against the schema before anything is done. A call that does not fit is answered with what is
wrong, as an API would, so that the model can try again; it is not silently mended.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from delivery_api.driver import Claim
from delivery_api.stages import STAGES
from delivery_benchmark.scenarios import REFUSALS
from delivery_benchmark.tools import Tools

LONGEST_ANSWER = 6000
"""Characters of a tool's answer that a model is shown; the whole of it stays in the transcript."""


class Arguments(BaseModel):
    """Arguments of a tool without any."""

    model_config = ConfigDict(extra="forbid")


class ReadFile(Arguments):
    name: str
    offset: int = Field(0, ge=0)


class Get(Arguments):
    resource: str
    """delivery, modelversion, acceleratorclass, event and so on."""
    name: str | None = None


class Apply(Arguments):
    manifest: str
    """One Kubernetes manifest as YAML."""


class Patch(Arguments):
    name: str
    merge_patch: dict[str, Any]
    """RFC 7396, such as {"spec": {"suspend": false}}."""


class Annotate(Arguments):
    name: str
    key: str
    value: str


class Logs(Arguments):
    stage: str = Field(json_schema_extra={"enum": [str(stage) for stage in STAGES]})


class SubmitCard(Arguments):
    claims: list[Claim] = Field(max_length=64)


class Refuse(Arguments):
    reason: str = Field(json_schema_extra={"enum": list(REFUSALS)})
    text: str


TOOLS: dict[str, tuple[str, type[Arguments]]] = {
    "read_ticket": ("The customer's ticket, and what else was said to you.", Arguments),
    "list_files": ("Names and sizes of the customer's files.", Arguments),
    "read_file": ("A file of the customer; a long one in parts, by offset.", ReadFile),
    "get": ("A Kubernetes object of your namespace, or a list, as YAML. Waits a while for a delivery at work.", Get),
    "apply": ("Server-side apply of one manifest.", Apply),
    "patch": ("Merge patch of a Delivery.", Patch),
    "annotate": ("Set one annotation of a Delivery.", Annotate),
    "logs": ("What the workers of a stage printed.", Logs),
    "dashboard": ("The training dashboard: loss, gradient norm, speed.", Arguments),
    "submit_card": (
        "Write the claims of the model card and hand the delivery over to the approver. Ends your work.",
        SubmitCard,
    ),
    "refuse": ("Refuse the ticket for a reason, with a sentence that names the fact. Final; ends your work.", Refuse),
}
LAST = frozenset({"submit_card", "refuse"})
"""Tools after which there is nothing left to do."""


def functions() -> list[dict[str, Any]]:
    """The tools as the `tools` of a chat completion."""
    return [
        {"type": "function", "function": {"name": name, "description": about, "parameters": _schema(arguments)}}
        for name, (about, arguments) in TOOLS.items()
    ]


def reply_schema() -> dict[str, Any]:
    """JSON schema of a reply that is one tool call, for models whose chat template knows no tools."""
    calls = [
        {
            "type": "object",
            "properties": {"tool": {"const": name}, "arguments": _schema(arguments)},
            "required": ["tool", "arguments"],
            "additionalProperties": False,
        }
        for name, (_, arguments) in TOOLS.items()
    ]
    return {"anyOf": calls}


def _schema(arguments: type[Arguments]) -> dict[str, Any]:
    """Schema of arguments with references resolved, as engines for structured output want it."""
    whole = arguments.model_json_schema(by_alias=True)
    known = whole.pop("$defs", {})
    found = _resolved(whole, known)
    assert isinstance(found, dict)
    return found


def _resolved(part: Any, known: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_resolved(one, known) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _resolved(known[part["$ref"].rpartition("/")[2]], known)
    return {key: _resolved(value, known) for key, value in part.items() if key != "title"}


def use(tools: Tools, name: str, arguments: str) -> tuple[str, bool]:
    """Call a tool with arguments in JSON; its answer, and whether the call fitted. A plane that is gone is raised."""
    if name not in TOOLS:
        return f"There is no tool {name}; there are {', '.join(TOOLS)}", False
    try:
        given = TOOLS[name][1].model_validate_json(arguments or "{}")
    except ValidationError as error:
        return "; ".join(_mistake(name, one) for one in error.errors()[:5]), False
    plain = given.model_dump(mode="json", by_alias=True, exclude_none=True)
    return str(getattr(tools, name)(**plain)), True


def _mistake(tool: str, error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{tool}({place}): {error['msg']}" if place else f"{tool}: {error['msg']}"


def shortened(answer: str) -> str:
    """An answer as a model is shown it."""
    if len(answer) <= LONGEST_ANSWER:
        return answer
    return f"{answer[:LONGEST_ANSWER]}\n[{len(answer) - LONGEST_ANSWER} characters more]"
