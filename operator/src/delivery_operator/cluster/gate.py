"""Proof that the gate is in force: an approval by the operator itself, as a dry run, which must be refused."""

from dataclasses import replace

from delivery_api import names
from delivery_operator.cluster import paths
from delivery_operator.cluster.client import Api
from delivery_operator.errors import Conflict, Refused
from delivery_operator.observed import Observed

REFUSER = "ValidatingAdmissionPolicy"
IMPOSSIBLE = "0" * 64


async def tried(api: Api, observed: Observed) -> Observed:
    """The observation with the outcome of a test approval, where one is due: approved, and nothing deployed yet."""
    asked, said = observed.status.approval, observed.annotations.get(names.APPROVE)
    if asked is None or observed.servers or not (said == asked.digest or asked.approved_by):
        return observed
    return replace(observed, gate_in_force=await refuses(api, observed))


async def refuses(api: Api, observed: Observed) -> bool | None:
    """Whether an admission policy refuses; None when something else did, which proves nothing."""
    path = paths.DELIVERIES.path(observed.key.namespace, observed.key.name)
    try:
        await api.patch(path, {"metadata": {"annotations": {names.APPROVE: IMPOSSIBLE}}}, "merge", dry_run=True)
    except Conflict:
        return None
    except Refused as error:
        return True if REFUSER in str(error) else None
    return False
