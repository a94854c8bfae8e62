"""The model card in Hugging Face's format: YAML front matter with a model index, then prose with every number's source."""

import re
from decimal import Decimal

from huggingface_hub import EvalResult, ModelCardData

from delivery_api.delivery import DeliverySpec
from delivery_api.finding import Verdict
from delivery_api.stages import STAGES, Stage
from delivery_operator.decision import Facts
from delivery_operator.documents.certificate import not_established, verdict_word
from delivery_operator.observed import Observed
from delivery_oracle.claims import CheckedClaim
from delivery_oracle.configurator import prediction
from delivery_oracle.stages import intake
from delivery_oracle.statistics.learned import spent_alpha

TASKS = {"Classification": "text-classification", "ExactMatch": "text-generation", "Extraction": "text-generation"}
MARKUP = re.compile(r"([\\`*_~\[\]<>|#&])")


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
        _cost(facts),
        _stages(facts),
        _claims(checked),
        _limits(facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(observed: Observed, facts: Facts, delivered: bool) -> str:
    """Metadata as the hub reads it; the results of the audit only where the delivery holds."""
    spec = observed.spec
    about = ModelCardData(
        base_model=base_name(spec),
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=["delivery-operator", spec.plan.method.lower(), TASKS[spec.intake.task]],
        model_name=observed.key.name,
        eval_results=[_result(spec, facts)] if delivered and facts.evaluation else None,
    )
    return f"---\n{about.to_yaml()}\n---"


def base_name(spec: DeliverySpec) -> str:
    """The base as a hub id where it is one, else its URI."""
    uri = spec.base.uri
    return uri.removeprefix("hf://").split("@")[0] if uri.startswith("hf://") else uri


def _result(spec: DeliverySpec, facts: Facts) -> EvalResult:
    """The candidate's score on the sealed holdout, as the audit measured it."""
    assert facts.evaluation is not None
    metric = spec.terms.acceptance.metric
    return EvalResult(
        task_type=TASKS[spec.intake.task],
        dataset_type="private",
        dataset_name="sealed holdout of the customer",
        dataset_revision=_sealed(facts),
        metric_type=metric.lower(),
        metric_name=metric,
        metric_value=float(facts.evaluation.candidate),
    )


def _sealed(facts: Facts) -> str:
    return (facts.audit.sealed_digest if facts.audit else None) or ""


def _what(spec: DeliverySpec, facts: Facts, delivered: bool) -> str:
    if not delivered and facts.findings[Stage.EVAL].verdict is Verdict.PASS:
        return f"An artifact passed its audit and is not delivered: {facts.findings[Stage.DEPLOY].message}."
    if not delivered:
        billed = facts.cost.billed if facts.cost and facts.cost.billed else "0"
        charge = f"Billed: {billed} {spec.terms.budget.currency}." if Decimal(billed) else "Nothing is billed."
        return f"This delivery ended without a model: no artifact passed its audit. {charge}"
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
        f"{ruling.at}, with this reason: {inert(ruling.reason or 'none')}.** An override is no pass; the verdicts below stand."
    )


def _evaluation(spec: DeliverySpec, facts: Facts) -> str:
    numbers = facts.evaluation
    if numbers is None:
        return ""
    asked, sure = spec.terms.acceptance, 100 * (1 - spent_alpha(numbers.use))
    return (
        "## Evaluation\n\n"
        f"| {asked.metric} on {numbers.items} sealed items | base | this model | gain | {sure:.4g} % interval | p |\n"
        "|---|---|---|---|---|---|\n"
        f"| in the serving engine | {numbers.base} | {numbers.candidate} | {numbers.gain} | "
        f"{numbers.low} to {numbers.high} | {numbers.p_value} |\n\n"
        f"Margin asked for: {asked.minimum_gain}. Test: exact, paired, one-sided; use {numbers.use or 1} of these items."
    )


def _training(facts: Facts) -> str:
    resolved = facts.resolved
    if resolved is None:
        return ""
    config, schedule = resolved.config, resolved.schedule
    rows = intake.usable_rows(facts.audit) if facts.audit else 0
    return (
        "## Training\n\n"
        f"{resolved.plan.method}, {config.steps} steps, peak learning rate {config.learning_rate}, {config.precision}, "
        f"{rows} training rows, on {schedule.count} x {schedule.accelerator_class}.{_prediction(facts)}"
    )


def _prediction(facts: Facts) -> str:
    """What the run took, beside what was predicted of it."""
    return f"\n\nTaken, against the prediction: {prediction.sentence(facts.prediction)}." if facts.prediction else ""


def _cost(facts: Facts) -> str:
    cost = facts.cost
    if cost is None or cost.billed is None:
        return ""
    return (
        f"## Cost\n\n{cost.accelerator_seconds} accelerator-seconds, {cost.amount} {cost.currency}: "
        f"{cost.billed} billed, {cost.withheld or '0'} withheld."
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
    """A claim in our words, with what it was held against; only a limit is printed in the driver's own."""
    claim = one.claim
    said = inert(f"{claim.type} {claim.subject}: {claim.value}")
    if one.holds is False:
        return f"- ~~{said}~~ (the evidence says {inert(one.fact or '')})"
    if one.holds is None:
        return f"- ~~{said}~~ (not established: {one.why})"
    if one.fact is not None:
        return f"- {said} (evidence: {inert(one.fact)})"
    return f"- {inert(claim.text) if claim.text else said} (the driver's own word)"


def inert(text: str) -> str:
    """Somebody's text on one line, with nothing in it that Markdown or HTML would act on."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def _limits(facts: Facts) -> str:
    missing = not_established(facts)
    return "\n".join(["## Not established", "", *(f"- {one}" for one in missing)]) if missing else ""
