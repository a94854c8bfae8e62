"""Approving by the wrong person, of the wrong thing, or with something riding along."""

from tests.attacks.attack import APPROVED, REQUEST, Attack, annotate, applied, asks, patch, rbac

FIELD = "metadata.annotations[ptaas.dev/approve]: "
GATE = "ptaas-approve"


def lacks(user: str, field: str = FIELD) -> str:
    """Without the verb."""
    return f"{field}{user} lacks the verb approve on deliveries in $tenant; ask someone who has it (ClusterRole ptaas-approver)"


NOT_ASKED = (
    f"{FIELD}not the digest that is asked for; to approve exactly what stands in status: kubectl annotate --overwrite delivery "
    f"router -n $tenant ptaas.dev/approve={REQUEST}"
)
ALONE = f"{FIELD}an approval changes nothing else; send the other changes in a request of their own"
NOT_AUDITED = (
    f"{FIELD}the audit has not passed (condition Evaluated is not True); see kubectl describe delivery for what it waits for"
)
OPERATOR = "system:serviceaccount:delivery-system:delivery-operator"
APPROVAL = {"metadata": {"annotations": APPROVED["metadata"]["annotations"]}}


def wrong(name: str, digest: str) -> Attack:
    """Another value than the one that is asked for."""
    return annotate(f"approve with {name}", "eve", NOT_ASKED, GATE, approve=digest)


ROWS: tuple[Attack, ...] = (
    annotate("approve without the verb", "bob", lacks("bob"), GATE, approve=REQUEST),
    annotate("the customer approves, by patch alone", "ada", lacks("ada"), GATE, approve=REQUEST),
    annotate(
        "the requester approves, with the verb",
        "ora",
        f"{FIELD}ora created this Delivery and cannot approve it; ask another approver",
        GATE,
        on="own",
        approve=REQUEST,
    ),
    annotate(
        "the last driver approves",
        "sam",
        f"{FIELD}sam was the last to change its spec and cannot approve it; ask another approver",
        GATE,
        on="driven",
        approve=REQUEST,
    ),
    annotate(
        "approve what has no stamp of its creator",
        "eve",
        "metadata.annotations[ptaas.dev/created-by]: missing, so nobody can be shown to be independent of the creator; "
        "create the Delivery again",
        GATE,
        on="unstamped",
        approve=REQUEST,
    ),
    annotate("the operator approves", "operator", lacks(OPERATOR), GATE, approve=REQUEST),
    applied("a worker approves", "worker", "system:serviceaccount:$work:trainer"),
    applied("an outsider approves", "mallory"),
    applied("the namespace's editor approves", "ned"),
    applied("the namespace's admin approves", "tad"),
    patch("approve and edit in one patch", "sam", APPROVAL | {"spec": {"serving": {"replicas": 9}}}, ALONE, GATE),
    patch("approve and label in one patch", "eve", {"metadata": APPROVAL["metadata"] | {"labels": {"x": "y"}}}, ALONE, GATE),
    annotate("approve and have the work tried again in one patch", "eve", ALONE, GATE, approve=REQUEST, retry="1"),
    annotate(
        "approve and withdraw a rejection in one patch",
        "eve",
        "metadata.annotations[ptaas.dev/approve]: the request is closed (reject); ask a driver to renew it with the "
        "annotation ptaas.dev/retry",
        GATE,
        on="rejected",
        approve=REQUEST,
        reject=None,
    ),
    wrong("another digest", "d" * 64),
    wrong("the digest of an earlier request", "b" * 64),
    wrong("a truncated digest", REQUEST[:40]),
    wrong("a digest in capitals", REQUEST.upper()),
    wrong("a digest and a space", REQUEST + " "),
    wrong("a digest and a newline", REQUEST + "\n"),
    wrong("the algorithm in front", "sha256:" + REQUEST),
    wrong("a Cyrillic letter in the digest", "\u0441" + REQUEST[1:]),
    wrong("nothing", ""),
    annotate("approve what did not pass its audit", "eve", NOT_AUDITED, GATE, on="failed", approve=REQUEST),
    annotate("approve what was not audited yet", "eve", NOT_AUDITED, GATE, on="fresh", approve=REQUEST),
    patch(
        "send a passed audit along with the approval",
        "eve",
        APPROVAL
        | {
            "status": {
                "conditions": [
                    {
                        "type": "Evaluated",
                        "status": "True",
                        "reason": "Learned",
                        "message": "m",
                        "observedGeneration": 1,
                        "lastTransitionTime": "2026-01-01T00:00:00Z",
                    }
                ],
                "approval": {"digest": REQUEST},
            }
        },
        NOT_AUDITED,
        GATE,
        on="fresh",
    ),
    annotate(
        "approve before it is asked for",
        "eve",
        f"{FIELD}no approval is asked for (status.approval.digest is empty); wait for the state AwaitingApproval",
        GATE,
        on="unasked",
        approve=REQUEST,
    ),
    annotate(
        "approve what was rejected",
        "eve",
        f"{FIELD}the request is closed (reject); ask a driver to renew it with the annotation ptaas.dev/retry",
        GATE,
        on="rejected",
        approve=REQUEST,
    ),
    annotate(
        "approve what was rejected a moment ago, before the operator has seen it",
        "eve",
        f"{FIELD}the request is closed (reject); ask a driver to renew it with the annotation ptaas.dev/retry",
        GATE,
        on="refused",
        approve=REQUEST,
    ),
    annotate(
        "approve one delivery with the digest of another",
        "eve",
        NOT_ASKED.replace("router", "other").replace(REQUEST, "9" * 64),
        GATE,
        on="other",
        approve=REQUEST,
    ),
    annotate(
        "one person approves twice where two have to",
        "eve",
        "metadata.annotations[ptaas.dev/approve-1]: eve has approved this by ptaas.dev/approve already; "
        "spec.approval.required counts people",
        GATE,
        on="pair",
        approve_1=REQUEST,
    ),
    annotate(
        "one person gives two approvals in one patch",
        "eve",
        f"{FIELD}one person gives one approval, and a request one; send the others in requests of their own",
        GATE,
        approve=REQUEST,
        approve_1=REQUEST,
    ),
    annotate(
        "the driver takes the second of two approvals",
        "bob",
        lacks("bob", "metadata.annotations[ptaas.dev/approve-1]: "),
        GATE,
        on="pair",
        approve_1=REQUEST,
    ),
    annotate(
        "an approver of another group approves",
        "eve",
        f"{FIELD}eve is in none of spec.approval.groups (board, clinic); ask an approver who is",
        GATE,
        on="grouped",
        approve=REQUEST,
    ),
    annotate(
        "an approver of another group says to be of the right one",
        "eve",
        f"{FIELD}eve is in none of spec.approval.groups (board, clinic); ask an approver who is",
        GATE,
        on="grouped",
        approve=REQUEST,
        approved_by_group="board",
    ),
    annotate("withdraw somebody else's approval", "bob", lacks("bob"), GATE, on="pair", approve=None),
    asks(
        "approve by server-side apply as the operator's field manager",
        "bob",
        "apply --server-side --force-conflicts --field-manager=delivery-operator -n $tenant -f -",
        stdin=APPROVED,
        refused=lacks("bob"),
        by=GATE,
    ),
    patch(
        "approve by JSON patch",
        "bob",
        [{"op": "add", "path": "/metadata/annotations/ptaas.dev~1approve", "value": REQUEST}],
        lacks("bob"),
        GATE,
        how="json",
    ),
    applied("approve by way of the status subresource", "eve", subresource="status"),
    asks(
        "approve by kubectl replace",
        "bob",
        "replace -n $tenant -f -",
        stdin=APPROVED | {"spec": "$spec", "metadata": {**APPROVED["metadata"], "resourceVersion": "$resourceVersion"}},
        refused=lacks("bob"),
        by=GATE,
    ),
    asks(
        "approve and withdraw between two looks of the operator",
        "eve",
        "annotate delivery blink -n $tenant ptaas.dev/approve-",
        before=("annotate", "delivery", "blink", "-n", "$tenant", f"ptaas.dev/approve={REQUEST}"),
        refused="ptaas.dev/approve is absent",
        by="nothing",
    ),
    asks(
        "approve by way of the scale subresource",
        "bob",
        "scale delivery router -n $tenant --replicas=3",
        refused=rbac("bob", "patch", "deliveries/scale", "$tenant", "ptaas.dev"),
        by="RBAC",
    ),
)
