"""What keeps a piece of work from starting: a Secret, other work, its own size, or the money left."""

from decimal import Decimal

from delivery_api.digests import canonical
from delivery_api.finding import Finding, failed, unknown
from delivery_api.reasons import Reason
from delivery_api.stages import Stage
from delivery_operator import allowance
from delivery_operator.assignment import Assignment
from delivery_operator.decision import Facts
from delivery_operator.manifests.common import inputs_label
from delivery_operator.observed import Observed, Pod
from delivery_operator.settings import Settings
from delivery_operator.work import Work
from delivery_oracle import money

LARGEST_TASK = 120_000
"""Linux takes no longer environment variable than 128 KiB."""


def key_named(settings: Settings, given: Assignment) -> Finding | None:
    """The key that signs is for who signs: a Delivery that names its Secret as a credential would mount it elsewhere."""
    if given.stage is Stage.CARD or not settings.signing_secret or settings.signing_secret not in given.pod.secrets:
        return None
    message = f"Secret {settings.signing_secret} holds the key that signs deliveries and opens no source; name another"
    return failed(Reason.INPUT_INVALID, message)


def others_run(observed: Observed, given: Assignment) -> Finding | None:
    """Work of the stage with other inputs ends before this starts; the pipeline stops it."""
    label = inputs_label(given.inputs)
    pods = [pod.name for pod in observed.pods if pod.stage == given.stage and pod.inputs != label and not _over(pod)]
    if not pods:
        return None
    return unknown(Reason.JOB_PENDING, f"The spec was changed; work of {given.stage} with the earlier inputs ends first")


def _over(pod: Pod) -> bool:
    return pod.ended or pod.stage == "deploy"


def secret_missing(observed: Observed) -> Finding | None:
    """A credential that the spec names is put there first."""
    if not observed.missing_secrets:
        return None
    listed = ", ".join(sorted(observed.missing_secrets))
    return unknown(Reason.SECRET_MISSING, f"Secret {listed} is not in namespace {observed.work_namespace}; create it there")


def unreserved(observed: Observed, given: Assignment) -> Finding | None:
    """At its admission, and before it takes an accelerator: the money is set aside, or nothing starts."""
    return allowance.refused(observed) if given.held is not None or given.stage is Stage.INTAKE else None


def too_long(given: Assignment) -> Finding | None:
    """A task travels in an environment variable."""
    size = len(canonical(given.task))
    if size <= LARGEST_TASK:
        return None
    said = f"The task of {given.stage} needs {size} bytes, at most {LARGEST_TASK} fit"
    message = f"{said}; spec.terms.data.train: remove empty, duplicate and leaked rows"
    return failed(Reason.DATA_UNUSABLE, message)


def seconds_left(observed: Observed, facts: Facts, given: Assignment) -> int | None:
    """Time that the money left buys."""
    if given.held is None:
        return None
    return money.seconds_bought(
        allowance.left(observed, facts.ledger), Decimal(given.held.price_per_hour), given.held.accelerators
    )


def remaining(given: Assignment, seen: Work) -> int:
    """Time that is still needed: a resumed training run has some steps behind it."""
    latest = seen.latest
    done = getattr(latest, "steps", ()) if given.stage is Stage.TRAIN else ()
    planned = getattr(latest, "planned_steps", 0)
    if not done or not planned:
        return given.needs_seconds
    return int(given.needs_seconds * max(0.1, 1 - done[-1].step / planned))


def short_of_money(observed: Observed, facts: Facts, given: Assignment, needed: int) -> Finding | None:
    """What would exceed the budget never starts."""
    seconds = seconds_left(observed, facts, given)
    if seconds is None or seconds >= max(1, needed):
        return None
    left = money.text(max(Decimal(0), allowance.left(observed, facts.ledger)))
    message = (
        f"{given.stage} needs about {needed} seconds on {given.held.accelerators if given.held else 0} x "
        f"{given.held.accelerator_class if given.held else ''}, the {left} left of "
        f"spec.terms.budget.limit={observed.spec.terms.budget.limit} buy less; raise the limit"
    )
    return failed(Reason.BUDGET_EXCEEDED, message)
