"""Train: did the run start, survive its steps with a finite loss, and leave an artifact? Mechanics only.

Whether it learned is for the audit; but a run that could not learn (preflight) or is shown not to (clean probe)
is ended here, before it costs more. The evidence may be of a run still going: objections do not wait for its end.
"""

from __future__ import annotations

from collections.abc import Sequence

from delivery_api.delivery import DeliverySpec
from delivery_api.driver import Config, Plan
from delivery_api.evidence import AuditEvidence, Step, TrainEvidence
from delivery_api.finding import Finding, failed, passed, unknown
from delivery_api.prediction import Prediction
from delivery_api.reasons import Reason
from delivery_oracle import preflight, probe
from delivery_oracle.configurator import prediction
from delivery_oracle.stages.common import first, invalid, not_usable, other_files

WHAT = "the training run"
LARGEST_GRADIENT = 1e4
WINDOW = 10


def judge(
    spec: DeliverySpec,
    plan: Plan,
    config: Config,
    attempts: Sequence[TrainEvidence],
    audit: AuditEvidence | None = None,
    predicted: Prediction | None = None,
) -> Finding:
    """Verdict over all attempts of one inputs digest, oldest first; `plan` and `config` complete, as carried out.

    `audit` binds it to the files that intake audited, and the probe to the pool and the order that intake fixed.
    `predicted` is what memory and speed are held against; it changes no verdict.
    """
    if not attempts:
        return unknown(Reason.EVIDENCE_MISSING, f"There is no evidence of {WHAT}; nothing is concluded")
    latest = attempts[-1]
    if len({attempt.inputs for attempt in attempts}) > 1:
        return invalid(WHAT, "attempts of different inputs are mixed")
    objection = first(
        other_files(WHAT, audit, train=latest.train_digest, sealed=latest.sealed_digest),
        preflight_failed(plan, config, latest),
        diverged(steps_of(attempts)),
        not_learning(spec, config, attempts, audit),
        not_usable(latest, WHAT),
        unfinished(config, attempts),
        artifact_failed(plan, latest),
    )
    return objection or passed(Reason.TRAINED, sentence(spec, config, attempts, predicted))


def steps_of(attempts: Sequence[TrainEvidence]) -> tuple[Step, ...]:
    """Every step once: after a resume the repeated step is the one whose weights went on."""
    last: dict[int, Step] = {}
    for attempt in attempts:
        last.update({step.step: step for step in attempt.steps})
    return tuple(last[step] for step in sorted(last))


def preflight_failed(plan: Plan, config: Config, latest: TrainEvidence) -> Finding | None:
    """What the first seconds showed."""
    if latest.preflight is None:
        return None
    wrong = preflight.objections(latest.preflight, plan, config)
    return failed(Reason.PREFLIGHT_FAILED, "; ".join(wrong)) if wrong else None


def diverged(steps: Sequence[Step]) -> Finding | None:
    """The first step whose loss or gradient is not finite, or whose gradient is beyond any use."""
    for step in steps:
        if step.loss is None or step.grad_norm is None:
            what = "loss" if step.loss is None else "gradient norm"
            return failed(Reason.DIVERGED, f"the {what} is not finite at step {step.step}; lower spec.config.learningRate")
        if step.grad_norm > LARGEST_GRADIENT:
            return failed(
                Reason.DIVERGED,
                f"gradient norm {step.grad_norm:.3g} > {LARGEST_GRADIENT:g} at step {step.step}; "
                "lower spec.config.learningRate",
            )
    return None


def not_learning(
    spec: DeliverySpec, config: Config, attempts: Sequence[TrainEvidence], audit: AuditEvidence | None
) -> Finding | None:
    """The clean probe's objection, or why its evidence cannot be used."""
    try:
        seen = assessment(spec, config, attempts, audit)
    except ValueError as error:
        return invalid("the clean probe", str(error))
    if seen.outcome is not probe.Outcome.NOT_LEARNING:
        return None
    return failed(
        Reason.NOT_LEARNING, f"Clean probe: {seen.message}; compare the labels of spec.terms.data.train with the sealed rows"
    )


def assessment(
    spec: DeliverySpec, config: Config, attempts: Sequence[TrainEvidence], audit: AuditEvidence | None = None
) -> probe.Assessment:
    """The clean probe over all attempts, at the customer's margin."""
    margin, steps = float(spec.terms.acceptance.minimum_gain), config.steps or attempts[-1].planned_steps
    return probe.assess(attempts, margin=margin, planned_steps=steps, pool=audit.probe if audit else None)


def unfinished(config: Config, attempts: Sequence[TrainEvidence]) -> Finding | None:
    """A complete record has every planned step, a preflight and an artifact."""
    latest, done = attempts[-1], steps_of(attempts)
    wanted = config.steps or latest.planned_steps
    reached = max((step.step for step in done), default=0)
    if wanted < 1 or reached < wanted or len(done) < wanted:
        return invalid(WHAT, f"it has {len(done)} steps up to step {reached}, {wanted} were planned")
    if latest.preflight is None or latest.artifact is None:
        return invalid(WHAT, f"it has no {'preflight' if latest.preflight is None else 'artifact'}")
    return None


def artifact_failed(plan: Plan, latest: TrainEvidence) -> Finding | None:
    """What was saved against what was trained."""
    if latest.preflight is None or latest.artifact is None:
        return None
    wrong = preflight.artifact_objection(latest.preflight.trainable_parameters, latest.artifact, plan)
    return failed(Reason.PREFLIGHT_FAILED, f"saved artifact: {wrong}") if wrong else None


def sentence(spec: DeliverySpec, config: Config, attempts: Sequence[TrainEvidence], predicted: Prediction | None = None) -> str:
    """What the run did, with the probe's word beside the loss, and whether it took what was predicted."""
    losses = [step.loss for step in steps_of(attempts) if step.loss is not None]
    head, tail = losses[:WINDOW], losses[-WINDOW:]
    seen = assessment(spec, config, attempts)
    return (
        f"{len(losses)} steps, loss {sum(head) / len(head):.2f} to {sum(tail) / len(tail):.2f}; "
        f"clean probe {seen.outcome}: {seen.message}"
        f"{foreseen(predicted, attempts)}"
    )


def foreseen(predicted: Prediction | None, attempts: Sequence[TrainEvidence]) -> str:
    """The prediction against the run, where both are known."""
    seen = prediction.compare(predicted, attempts[-1])
    return f"; {prediction.sentence(seen)}" if seen else ""
