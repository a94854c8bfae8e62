"""The ways into what runs in the work namespace: exec, attach, port-forward, ephemeral containers, a node of one's own."""

import json

from tests.attacks.attack import Attack, asks, rbac
from tests.attacks.rows.work import CHILDREN, EVIL, only
from tests.chart.objects import pod

DEBUG = pod("x", "server")["spec"]["containers"][0] | {"name": "debug", "image": EVIL}


def inside(way: str, user: str) -> str:
    """Nobody goes in."""
    return (
        f"pods/{way}: nobody enters a pod of the work namespace $work, and {user} does not either; "
        "its log and its evidence say what it did"
    )


ROWS: tuple[Attack, ...] = (
    asks("exec into a worker", "tad", "exec train-1 -n $work -- id", refused=rbac("tad", "get", "pods", "$work"), by="RBAC"),
    asks(
        "exec into a worker, with rights to",
        "wes",
        "exec train-1 -n $work -- id",
        refused=inside("exec", "wes"),
        by="ptaas-connect",
    ),
    asks(
        "exec into a worker, as a cluster admin",
        "root",
        "exec train-1 -n $work -- id",
        refused=inside("exec", "kubernetes-admin"),
        by="ptaas-connect",
    ),
    asks("attach to a worker", "wes", "attach train-1 -n $work", refused=inside("attach", "wes"), by="ptaas-connect"),
    asks(
        "port-forward to a worker",
        "wes",
        "create --raw /api/v1/namespaces/$work/pods/train-1/portforward -f -",
        stdin={},
        refused=inside("portforward", "wes"),
        by="ptaas-connect",
    ),
    asks(
        "an ephemeral container in a worker",
        "root",
        "patch pod train-1 -n $work --subresource=ephemeralcontainers -p",
        json.dumps({"spec": {"ephemeralContainers": [DEBUG]}}),
        refused=only("pods", "kubernetes-admin"),
        by=CHILDREN,
    ),
    asks(
        "bind a waiting pod to a node of one's own",
        "root",
        "create --raw /api/v1/namespaces/$work/pods/train-1/binding -f -",
        stdin={
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": "train-1"},
            "target": {"kind": "Node", "name": "mine"},
        },
        refused=only("pods", "kubernetes-admin"),
        by=CHILDREN,
    ),
)
