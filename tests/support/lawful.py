"""What every status must keep, whatever happened: asserted at each write of a status in every test."""

from delivery_api.reasons import Reason
from delivery_api.stages import CONDITION, STAGES
from delivery_api.status import DeliveryStatus

ORDER = [CONDITION[stage] for stage in STAGES]


def assert_lawful(generation: int, before: DeliveryStatus, after: DeliveryStatus) -> None:
    """The laws of a status, and of the step from one to the next."""
    conditions = {one.type: one for one in after.conditions}
    assert len(conditions) == len(after.conditions), "S1 a condition is there once"
    assert [one for one in conditions if one in ORDER] == ORDER, "S2 the ten stages are always there, in order"
    assert after.conditions[0].type == "Ready", "S3 Ready comes first"
    ready = conditions["Ready"].status
    assert not (ready == "True" and any(conditions[one].status == "False" for one in ORDER)), "S4 Ready over a failed stage"
    assert ("Reconciling" in conditions) + ("Stalled" in conditions) == (0 if ready == "True" else 1), "S5 kstatus"
    assert {one.reason for one in after.conditions} <= {str(reason) for reason in Reason}, "S6 a reason is of the enum"
    assert all(one.observed_generation == generation for one in after.conditions), "S7 the status is about this spec"
    assert after.observed_generation == generation, "S7 the status is about this spec"
    old = {one.type: one for one in before.conditions}
    for kind, one in conditions.items():
        if kind in old and old[kind].status == one.status:
            assert old[kind].last_transition_time == one.last_transition_time, f"S8 {kind} moved its time and not its status"
    _money(before, after)
    for one in after.conditions:
        assert "\n" not in one.message and "Traceback" not in one.message, f"S9 {one.type}: a message is one line"
        assert one.message, f"S10 {one.type} says nothing"


def _money(before: DeliveryStatus, after: DeliveryStatus) -> None:
    """The ledger is append-only, and an entry is closed once."""
    old = {entry.pod: entry for entry in (before.cost.ledger if before.cost else ())}
    new = {entry.pod: entry for entry in (after.cost.ledger if after.cost else ())}
    assert set(old) <= set(new), "M1 an entry was lost"
    for pod, entry in old.items():
        if entry.finished_at is not None:
            assert new[pod] == entry, f"M2 the closed entry of {pod} changed"
        assert new[pod].started_at == entry.started_at, f"M3 the start of {pod} changed"
