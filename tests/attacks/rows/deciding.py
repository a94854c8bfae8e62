"""Decisions against a delivery, and the one way around its audit."""

from tests.attacks.attack import REQUEST, Attack, annotate, patch

GATE = "ptaas-decide"
WHY = "the desk cannot wait"


def lacks(user: str, verb: str, role: str = "approver") -> str:
    """Without the verb."""
    return (
        f"metadata.annotations[ptaas.dev/{verb}]: {user} lacks the verb {verb} on deliveries in $tenant; "
        f"ask someone who has it (ClusterRole ptaas-{role})"
    )


OVERRIDE = "metadata.annotations[ptaas.dev/override]: "
OWN = "created this Delivery or was the last to change its spec, and cannot override its audit; ask another"
ROWS: tuple[Attack, ...] = (
    annotate(
        "override without the verb",
        "eve",
        lacks("eve", "override", "overrider"),
        GATE,
        on="failed",
        override=REQUEST,
        override_reason=WHY,
    ),
    annotate(
        "the driver overrides",
        "bob",
        lacks("bob", "override", "overrider"),
        GATE,
        on="failed",
        override=REQUEST,
        override_reason=WHY,
    ),
    annotate(
        "override without a reason",
        "fay",
        f"{OVERRIDE}needs a reason of 8 to 512 characters in the same request: ptaas.dev/override-reason",
        GATE,
        on="failed",
        override=REQUEST,
    ),
    annotate(
        "override with a blank reason",
        "fay",
        f"{OVERRIDE}needs a reason of 8 to 512 characters in the same request: ptaas.dev/override-reason",
        GATE,
        on="failed",
        override=REQUEST,
        override_reason=" " * 40,
    ),
    annotate(
        "override another digest",
        "fay",
        f"{OVERRIDE}not the digest of the request in status.approval.digest, which is {REQUEST}",
        GATE,
        on="failed",
        override="d" * 64,
        override_reason=WHY,
    ),
    annotate(
        "override before anything was evaluated",
        "fay",
        f"{OVERRIDE}there is no request to decide on (status.approval.digest is empty)",
        GATE,
        on="fresh",
        override=REQUEST,
        override_reason=WHY,
    ),
    annotate(
        "override an audit that passed",
        "fay",
        f"{OVERRIDE}the audit passed, so there is nothing to override; have it approved",
        GATE,
        override=REQUEST,
        override_reason=WHY,
    ),
    annotate("override one's own order", "ora", f"{OVERRIDE}ora {OWN}", GATE, on="hers", override=REQUEST, override_reason=WHY),
    patch(
        "override and edit in one patch",
        "fay",
        {
            "metadata": {"annotations": {"ptaas.dev/override": REQUEST, "ptaas.dev/override-reason": WHY}},
            "spec": {"serving": {"replicas": 9}},
        },
        f"{OVERRIDE}a decision changes nothing else; send the other changes in a request of their own",
        GATE,
        on="failed",
    ),
    annotate("the driver rejects", "bob", lacks("bob", "reject"), GATE, reject=REQUEST, reject_reason=WHY),
    annotate("the customer has the request expire", "ada", lacks("ada", "expire"), GATE, expire=REQUEST, expire_reason=WHY),
    annotate("the customer revokes", "ada", lacks("ada", "revoke"), GATE, on="served", revoke=REQUEST, revoke_reason=WHY),
    annotate("the driver withdraws a rejection", "bob", lacks("bob", "reject"), GATE, on="refused", reject=None),
    annotate(
        "reject without a reason",
        "eve",
        "metadata.annotations[ptaas.dev/reject]: needs a reason of 8 to 512 "
        "characters in the same request: ptaas.dev/reject-reason",
        GATE,
        reject=REQUEST,
    ),
    annotate(
        "reject what was approved already",
        "eve",
        "metadata.annotations[ptaas.dev/reject]: the request was approved already; revoke the approval instead",
        GATE,
        on="served",
        reject=REQUEST,
        reject_reason=WHY,
    ),
    annotate(
        "revoke what nobody approved",
        "eve",
        "metadata.annotations[ptaas.dev/revoke]: nothing was approved that could be revoked; reject the request instead",
        GATE,
        revoke=REQUEST,
        revoke_reason=WHY,
    ),
    annotate(
        "reject and have it expire in one patch",
        "eve",
        "metadata.annotations[ptaas.dev/reject]: a request makes one decision; send the others in requests of their own",
        GATE,
        reject=REQUEST,
        reject_reason=WHY,
        expire=REQUEST,
        expire_reason=WHY,
    ),
    annotate(
        "reject what is closed already",
        "eve",
        "metadata.annotations[ptaas.dev/expire]: the request is closed already (reject)",
        GATE,
        on="rejected",
        expire=REQUEST,
        expire_reason=WHY,
    ),
)
