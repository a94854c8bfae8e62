"""Register: a `ModelVersion` binds the artifact to its base, data, run and audit, and outlives the delivery."""

from dataclasses import replace

from delivery_api.evidence import TrainEvidence
from delivery_api.finding import Verdict, unknown
from delivery_api.modelversion import EvaluationRecord, ModelVersionSpec
from delivery_api.reasons import Reason
from delivery_operator.decision import Decision, Facts, Want
from delivery_operator.manifests.records import certificate_name, model_version, version_name
from delivery_operator.observed import Observed
from delivery_operator.settings import Settings
from delivery_oracle.stages import register as oracle


def decide(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """Whether what was audited is what was trained, and is recorded."""
    train, evaluated = facts.train, facts.evaluated
    finding = oracle.judge(train, evaluated)
    if finding.verdict is Verdict.FAIL or train is None or evaluated is None or train.artifact is None:
        return Decision(finding, facts)
    wanted = version_of(observed, facts, train)
    if wanted is None:
        return Decision(unknown(Reason.EVIDENCE_MISSING, "The evidence of training names no digest of its data"), facts)
    name = name_of(observed, wanted)
    there = observed.versions.get(name)
    if there is None:
        return Decision(finding, facts, (Want("create", model_version(observed, name, wanted)),))
    return Decision(oracle.judge(train, evaluated, there), replace(facts, version=there))


def name_of(observed: Observed, wanted: ModelVersionSpec) -> str:
    """Name of the record; an earlier Delivery of this name may have made the very same artifact, and keeps its own."""
    name = version_name(observed.key.name, wanted.artifact)
    there = observed.versions.get(name)
    return name if there is None or there.delivery_uid == observed.uid else f"{name}-{observed.uid[:8]}"


def version_of(observed: Observed, facts: Facts, train: TrainEvidence) -> ModelVersionSpec | None:
    """The record that this delivery's evidence gives; None when a digest is absent."""
    artifact, numbers = train.artifact, facts.evaluation
    if artifact is None or numbers is None or train.train_digest is None or train.sealed_digest is None:
        return None
    return ModelVersionSpec(
        artifact=artifact.digest,
        location=artifact.uri,
        kind=artifact.kind,
        base=observed.spec.base.uri,
        train_digest=train.train_digest,
        sealed_digest=train.sealed_digest,
        delivery=str(observed.key),
        delivery_uid=observed.uid,
        inputs=train.inputs,
        train_evidence=facts.train_digest,
        evaluation=EvaluationRecord(
            metric=observed.spec.terms.acceptance.metric,
            items=numbers.items,
            base=numbers.base,
            candidate=numbers.candidate,
            evidence=facts.evaluated_digest,
        ),
        certificate=certificate_name(observed.key.name, observed.uid),
    )
