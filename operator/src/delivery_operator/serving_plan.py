"""What is served and how: all that an approval binds, and the objects that it becomes."""

from delivery_api.approval import ApprovalStatus
from delivery_api.digests import canonical, plain
from delivery_api.driver import Config, Schedule
from delivery_api.evidence import ArtifactRecord
from delivery_api.sources import Source
from delivery_api.status import Artifact
from delivery_api.tasks import ServeTask
from delivery_operator import attempts, tasks
from delivery_operator.decision import Facts, Want
from delivery_operator.manifests import serving
from delivery_operator.manifests.common import matches
from delivery_operator.manifests.pod import PodPlan, claims_of, secrets_of
from delivery_operator.observed import Observed, Server
from delivery_operator.settings import Settings


def serve_task(observed: Observed, settings: Settings, artifact: ArtifactRecord | Artifact, config: Config) -> ServeTask:
    """What the server is told: the audited artifact, precision and context."""
    source = Source(uri=artifact.uri, secret=observed.spec.output.secret)
    return ServeTask(
        base=observed.spec.base,
        artifact=source,
        artifact_kind=artifact.kind,
        model_name=observed.key.name,
        precision=config.precision or "bf16",
        sequence_length=tasks.context_tokens(config),
        insecure_registries=attempts.plain_http(observed, settings),
    )


def plan(observed: Observed, settings: Settings, facts: Facts, task: ServeTask, schedule: Schedule) -> dict[str, object]:
    """All of the serving that an approval binds."""
    return {
        "task": plain(task),
        "image": image(observed, settings, facts),
        "runtime": runtime(observed),
        "replicas": observed.spec.serving.replicas,
        "acceleratorClass": schedule.accelerator_class,
        "count": schedule.count or 1,
    }


def approved(observed: Observed) -> ApprovalStatus | None:
    """What was approved, while it stands: an upgrade of the operator or a KServe that comes later does not void it.

    It is read from the record, never from what serves: that may have been changed by somebody, and has to be put back.
    """
    asked = observed.status.approval
    stands = asked is not None and asked.closed is None and (asked.approved_by or asked.override)
    return asked if stands else None


def image(observed: Observed, settings: Settings, facts: Facts) -> str:
    """The worker image; what was approved keeps the image it was approved with when the operator is upgraded."""
    record = approved(observed)
    if record is not None and record.image:
        return record.image
    return settings.image_for(facts.accelerator.image if facts.accelerator else "cuda")


def runtime(observed: Observed) -> str:
    """Deployment, or InferenceService where it is wanted and there; what was approved stays what it is."""
    wanted = observed.spec.serving.runtime
    if wanted == "Auto":
        record = approved(observed)
        if record is not None and record.runtime:
            return record.runtime
        return "InferenceService" if serving.KSERVE in observed.apis else "Deployment"
    return wanted


def manifests(
    observed: Observed, settings: Settings, facts: Facts, task: ServeTask, name: str
) -> tuple[dict[str, object], ...]:
    spec, accelerator = observed.spec, facts.accelerator
    sources = [spec.base, task.artifact]
    pod = PodPlan(
        image=image(observed, settings, facts),
        command="serve",
        task=canonical(task),
        service_account="server",
        writes_evidence=False,
        accelerator=accelerator,
        accelerators=(facts.schedule.count if facts.schedule else None) or 1,
        region=spec.terms.handling.region,
        secrets=secrets_of(sources),
        claims=claims_of(sources),
        serves=True,
        grace_seconds=30,
        pull_policy=settings.image_pull_policy,
    )
    replicas = 0 if spec.suspend else spec.serving.replicas
    build = serving.inference_service if runtime(observed) == "InferenceService" else serving.deployment
    return build(observed, name, pod, replicas), serving.service(observed, name)


def lacking(observed: Observed, wanted: tuple[dict[str, object], ...]) -> tuple[Want, ...]:
    """Those that are not so."""
    wants = []
    for manifest in wanted:
        want = Want("apply", manifest)
        if not matches(manifest, observed.objects.get(want.name)):
            wants.append(want)
    return tuple(wants)


def deletions(servers: tuple[Server, ...], namespace: str) -> tuple[Want, ...]:
    """What takes servers down; the Service stays."""
    return tuple(
        Want("delete", {"apiVersion": "apps/v1" if one.kind == "Deployment" else f"{serving.KSERVE}/v1beta1", "kind": one.kind,
                        "metadata": {"name": one.name, "namespace": namespace}})
        for one in servers
    )  # fmt: skip
