"""The model card in Hugging Face's format: YAML front matter with a model index, then prose with every number's source."""

import json
from typing import Any

from delivery_api.delivery import DeliverySpec
from delivery_api.finding import Verdict
from delivery_api.stages import STAGES, Stage
from delivery_operator.decision import Facts
from delivery_operator.documents.certificate import not_established, verdict_word
from delivery_operator.observed import Observed
from delivery_oracle.stages.card import CheckedClaim

TASKS = {"Classification": "text-classification", "ExactMatch": "text-generation", "Extraction": "text-generation"}


def card(observed: Observed, facts: Facts, checked: tuple[CheckedClaim, ...], delivered: bool) -> str:
    """The whole card."""
    title = observed.key.name if delivered else f"{observed.key.name} (not delivered)"
    parts = [
        _front_matter(observed, facts, delivered),
        f"# {title}",
        _what(observed.spec, facts, delivered),
        _override(facts),
        _evaluation(observed.spec, facts),
        _training(facts),
        _stages(facts),
        _claims(checked),
        _limits(facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(observed: Observed, facts: Facts, delivered: bool) -> str:
    """YAML is a superset of JSON: values are written as JSON, so that no text can break out of its field."""
    spec = observed.spec
    fields: dict[str, Any] = {
        "base_model": base_name(spec),
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["delivery-operator", spec.plan.method.lower(), TASKS[spec.intake.task]],
    }
    if delivered and facts.evaluation:
        fields["model-index"] = [_index(observed, facts)]
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items()]
    return "\n".join(["---", *lines, "---"])


def base_name(spec: DeliverySpec) -> str:
    """The base as a hub id where it is one, else its URI."""
    uri = spec.base.uri
    return uri.removeprefix("hf://").split("@")[0] if uri.startswith("hf://") else uri


def _index(observed: Observed, facts: Facts) -> dict[str, Any]:
    numbers = facts.evaluation
    assert numbers is not None
    metric = observed.spec.terms.acceptance.metric
    result = {
        "task": {"type": TASKS[observed.spec.intake.task]},
        "dataset": {"name": "sealed holdout of the customer", "type": "private", "revision": _sealed(facts)},
        "metrics": [{"type": metric.lower(), "name": metric, "value": float(numbers.candidate)}],
    }
    return {"name": observed.key.name, "results": [result]}


def _sealed(facts: Facts) -> str:
    return (facts.audit.sealed_digest if facts.audit else None) or ""


def _what(spec: DeliverySpec, facts: Facts, delivered: bool) -> str:
    if not delivered and facts.findings[Stage.EVAL].verdict is Verdict.PASS:
        return f"An artifact passed its audit and is not delivered: {facts.findings[Stage.DEPLOY].message}."
    if not delivered:
        return "This delivery ended without a model: no artifact passed its audit. Nothing is billed."
    artifact = facts.artifact
    where = f"`{artifact.uri}` ({artifact.kind.lower()} weights)" if artifact else "not recorded"
    return f"Fine-tuned from `{spec.base.uri}` for {spec.intake.task}. Artifact: {where}."


def _override(facts: Facts) -> str:
    """Loud, and at the top: somebody had this served against the verdict."""
    ruling = facts.approval.override if facts.approval else None
    if ruling is None or facts.approval is None:
        return ""
    return (
        f"**This model did not pass its audit ({facts.approval.request.audit}). {ruling.by} had it served all the same on "
        f"{ruling.at}, with this reason: {ruling.reason}.** An override is no pass; the verdicts below stand."
    )


def _evaluation(spec: DeliverySpec, facts: Facts) -> str:
    numbers = facts.evaluation
    if numbers is None:
        return ""
    return (
        "## Evaluation\n\n"
        f"| {spec.terms.acceptance.metric} on {numbers.items} sealed items | base | this model | gain | 95 % interval | p |\n"
        "|---|---|---|---|---|---|\n"
        f"| in the serving engine | {numbers.base} | {numbers.candidate} | {numbers.gain} | "
        f"{numbers.low} to {numbers.high} | {numbers.p_value} |\n\n"
        f"Margin asked for: {spec.terms.acceptance.minimum_gain}. Test: exact, paired, one-sided."
    )


def _training(facts: Facts) -> str:
    resolved = facts.resolved
    if resolved is None:
        return ""
    config, schedule = resolved.config, resolved.schedule
    rows = facts.audit.train.rows - len(facts.audit.drop_rows) if facts.audit and facts.audit.train else 0
    return (
        "## Training\n\n"
        f"{resolved.plan.method}, {config.steps} steps, peak learning rate {config.learning_rate}, {config.precision}, "
        f"{rows} training rows, on {schedule.count} x {schedule.accelerator_class}."
    )


def _stages(facts: Facts) -> str:
    rows = [
        f"| {stage} | {verdict_word(facts.findings[stage])} | {facts.findings[stage].reason} |"
        for stage in STAGES
        if stage is not Stage.CARD
    ]
    return "\n".join(["## What was checked", "", "| stage | verdict | reason |", "|---|---|---|", *rows])


def _claims(checked: tuple[CheckedClaim, ...]) -> str:
    if not checked:
        return ""
    return "\n".join(["## Claims of the driver", "", *(_claim(one) for one in checked)])


def _claim(one: CheckedClaim) -> str:
    said = one.claim.text or f"{one.claim.type} {one.claim.subject}: {one.claim.value}"
    said = " ".join(said.split())
    if one.holds is False:
        return f"- ~~{said}~~ (the evidence says {one.fact})"
    if one.holds is None:
        return f"- {said} (not established)"
    return f"- {said}" + ("" if one.fact is not None else " (the driver's own word)")


def _limits(facts: Facts) -> str:
    missing = not_established(facts)
    return "\n".join(["## Not established", "", *(f"- {one}" for one in missing)]) if missing else ""
