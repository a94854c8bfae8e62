"""Stamps that somebody else should have written, and metadata that would decide when a Delivery goes."""

from tests.attacks.attack import REQUEST, Attack, annotate, applied, asks, patch

STAMPS = "ptaas-stamps"
DRIVE = "ptaas-drive"


def stamp(name: str, when: str) -> str:
    """A stamp that is not the server's."""
    return f"metadata.annotations[ptaas.dev/{name}]: written by the API server {when}; leave it as it is"


def needs_delete(user: str) -> str:
    """Owners and finalizers."""
    return (
        f"metadata.ownerReferences, metadata.finalizers: {user} lacks the verb delete on deliveries in $tenant; "
        "who may not delete a Delivery does not decide when it goes"
    )


def needs_update(user: str) -> str:
    """Whatever is nobody's."""
    return (
        f"spec, labels or annotations: {user} lacks the verb update on "
        f"deliveries in $tenant; ask a driver (ClusterRole ptaas-driver)"
    )


OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "nobody", "uid": "00000000-0000-0000-0000-000000000000"}
DECISION = "with a decision"
ROWS: tuple[Attack, ...] = (
    annotate("forge the creator", "bob", stamp("created-by", "and never changed"), STAMPS, created_by="mallory"),
    annotate(
        "forge the last driver, to approve one's own work",
        "sam",
        stamp("driven-by", "when spec changes"),
        STAMPS,
        on="driven",
        driven_by="bob",
    ),
    annotate("forge the approver", "bob", stamp("approved-by", DECISION), STAMPS, approved_by="eve"),
    annotate("forge the second approver", "bob", stamp("approved-by-1", DECISION), STAMPS, on="pair", approved_by_1="fay"),
    annotate(
        "forge the group through which somebody approved",
        "bob",
        stamp("approved-by-group", DECISION),
        STAMPS,
        on="grouped",
        approved_by_group="board",
    ),
    annotate("forge who rejected", "bob", stamp("rejected-by", DECISION), STAMPS, on="refused", rejected_by="bob"),
    annotate("forge who overrode", "fay", stamp("overridden-by", DECISION), STAMPS, on="failed", overridden_by="ada"),
    annotate(
        "reword an approver's reason",
        "bob",
        "metadata.annotations[ptaas.dev/approve-reason]: given with the "
        "decision and never changed afterwards; leave it as it is",
        STAMPS,
        on="pair",
        approve_reason="approved for everything",
    ),
    annotate(
        "approve in another's name",
        "eve",
        "ptaas.dev/approved-by is eve",
        "nothing",
        on="named",
        approve=REQUEST,
        approved_by="the-board",
    ),
    annotate("take the creator's stamp away", "bob", "ptaas.dev/created-by is ada", "nothing", created_by=None),
    annotate("take the last driver's stamp away", "bob", "ptaas.dev/driven-by is sam", "nothing", on="driven", driven_by=None),
    patch("take all stamps away at once", "bob", {"metadata": {"annotations": None}}, "ptaas.dev/created-by is ada", "nothing"),
    annotate("have the work tried again without update", "eve", needs_update("eve"), DRIVE, retry="1"),
    patch("label without update", "eve", {"metadata": {"labels": {"x": "y"}}}, needs_update("eve"), DRIVE),
    patch(
        "label as the operator",
        "operator",
        {"metadata": {"labels": {"x": "y"}}},
        needs_update("system:serviceaccount:delivery-system:delivery-operator"),
        DRIVE,
    ),
    patch(
        "keep a Delivery for ever by a finalizer",
        "bob",
        {"metadata": {"finalizers": ["example.com/stay"]}},
        needs_delete("bob"),
        DRIVE,
    ),
    patch(
        "have a Delivery collected by an owner that does not exist",
        "bob",
        {"metadata": {"ownerReferences": [OWNER]}},
        needs_delete("bob"),
        DRIVE,
    ),
    patch("write the status by the main resource", "bob", {"status": {"gain": "+0.9"}}, "status is as it was", "nothing"),
    applied("write the status", "bob", subresource="status"),
    patch(
        "write the status as a cluster admin",
        "root",
        {"status": {"gain": "+0.9"}},
        "status: only the operator writes it, and kubernetes-admin is not the operator",
        "ptaas-status",
        subresource="status",
    ),
    asks(
        "write the status as a second operator",
        "second",
        "replace --subresource=status -f - -n $tenant",
        stdin={
            "apiVersion": "ptaas.dev/v1alpha1",
            "kind": "Delivery",
            "metadata": {"name": "router", "resourceVersion": "$resourceVersion"},
            "spec": "$spec",
            "status": {"gain": "+0.9"},
        },
        refused="status: only the operator writes it, and system:serviceaccount:$tenant:delivery-operator is not the operator",
        by="ptaas-status",
    ),
    asks(
        "approve in the metadata of a status",
        "operator",
        "replace --subresource=status -f - -n $tenant",
        stdin={
            "apiVersion": "ptaas.dev/v1alpha1",
            "kind": "Delivery",
            "spec": "$spec",
            "status": "$status",
            "metadata": {
                "name": "router",
                "resourceVersion": "$resourceVersion",
                "annotations": {"ptaas.dev/approve": REQUEST, "ptaas.dev/approved-by": "eve"},
            },
        },
        refused="ptaas.dev/approve is absent",
        by="nothing",
    ),
)
