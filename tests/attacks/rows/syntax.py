"""JSON and YAML that means one thing to a reader and another to a machine."""

from tests.attacks.attack import REQUEST, Attack, annotate, asks, patch
from tests.attacks.rows.approving import FIELD, lacks
from tests.attacks.rows.metadata import needs_update
from tests.chart.objects import delivery

TWICE = (
    '{"apiVersion":"ptaas.dev/v1alpha1","kind":"Delivery","metadata":{"name":"router","annotations":'
    '{"ptaas.dev/approve":"x","ptaas.dev/approve":"' + REQUEST + '"}}}'
)
LOOKALIKE = "ptaas.dev/\u0430pprove"
STAMPED = {
    "ptaas.dev/approve": REQUEST,
    "ptaas.dev/approved-by": "eve",
    "ptaas.dev/override": REQUEST,
    "ptaas.dev/override-reason": "because",
    "ptaas.dev/overridden-by": "fay",
    "ptaas.dev/approve-2": REQUEST,
    "ptaas.dev/approved-by-2": "sam",
    "ptaas.dev/driven-by": "x",
    "ptaas.dev/created-by": "x",
}
ROWS: tuple[Attack, ...] = (
    asks(
        "the same key twice, read by the last",
        "bob",
        "apply --server-side --force-conflicts --validate=false --field-manager=x -n $tenant -f -",
        stdin=TWICE,
        refused=lacks("bob"),
        by="ptaas-approve",
    ),
    patch(
        "a look-alike of the annotation",
        "bob",
        {"metadata": {"annotations": {LOOKALIKE: REQUEST}}},
        'The Delivery "router" is invalid: metadata.annotations: Invalid '
        'value: "ptaas.dev/\u0430pprove": name part must consist of '
        "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
        "'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "API server",
    ),
    patch(
        "the annotation in capitals, which is another one",
        "eve",
        {"metadata": {"annotations": {"ptaas.dev/Approve": REQUEST}}},
        needs_update("eve"),
        "ptaas-drive",
    ),
    annotate(
        "a sixth numbered approval, which is another annotation", "eve", needs_update("eve"), "ptaas-drive", approve_6=REQUEST
    ),
    patch(
        "an approval that drowns the policy in annotations",
        "eve",
        {"metadata": {"annotations": {"ptaas.dev/approve": REQUEST, "x": "y" * 100_000}}},
        f"{FIELD}an approval changes nothing else; send the other changes in a request of their own",
        "ptaas-approve",
    ),
    asks(
        "annotations beyond what the API server takes",
        "bob",
        "patch delivery router -n $tenant --type=merge --patch-file=/dev/stdin",
        stdin={"metadata": {"annotations": {f"x{n}": "y" * 60_000 for n in range(5)}}},
        refused='The Delivery "router" is invalid: \n* metadata.annotations: Too long: may not be more than 262144 bytes\n'
        "* <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
        "correct the existing errors to complete validation",
        by="API server",
    ),
    patch(
        "null for all annotations, with an approval's stamp on them",
        "bob",
        {"metadata": {"annotations": None}},
        lacks("bob"),
        "ptaas-approve",
        on="pair",
    ),
    patch("an unknown field that reads like a pass", "bob", {"spec": {"approved": True}}, "spec has no approved", "nothing"),
    asks(
        "an order that was approved before it exists",
        "ada",
        "create -n $tenant -f -",
        stdin=delivery(metadata__name="early", metadata__annotations=STAMPED),
        refused="early has no annotation but ptaas.dev/created-by, which is ada",
        by="nothing",
    ),
    asks(
        "an order with a status",
        "ada",
        "create -n $tenant -f -",
        stdin=delivery(metadata__name="judged") | {"status": {"state": "Delivered", "approval": None}},
        refused="judged has no status",
        by="nothing",
    ),
    asks(
        "an order of the same name, with the approval of the one before",
        "ada",
        "create -n $tenant -f -",
        before=("delete", "delivery", "again", "-n", "$tenant"),
        stdin=delivery(metadata__name="again", metadata__annotations=STAMPED),
        refused="again has no annotation but ptaas.dev/created-by, which is ada",
        by="nothing",
    ),
)
