"""The ways into what runs in the work namespace: exec, attach, port-forward, proxy, ephemeral containers, binding."""

import json

from tests.attacks.attack import Attack, asks, rbac
from tests.attacks.rows.work import CHILDREN, EVIL, only
from tests.chart.objects import pod

PODS = "/api/v1/namespaces/$work/pods"
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
        "ask a worker by the API server's proxy",
        "root",
        "get --raw /api/v1/namespaces/$work/pods/train-1/proxy/",
        refused=inside("proxy", "kubernetes-admin"),
        by="ptaas-connect",
    ),
    *(
        asks(
            f"{what} a server",
            who,
            line,
            refused=inside(way, "kubernetes-admin" if who == "root" else who),
            by="ptaas-connect",
            stdin={} if way == "portforward" else None,
        )
        for what, way, who, line in (
            ("exec into", "exec", "root", "exec server-1 -n $work -- id"),
            ("attach to", "attach", "wes", "attach server-1 -n $work"),
            ("port-forward to", "portforward", "wes", f"create --raw {PODS}/server-1/portforward -f -"),
            ("go by the API server's proxy to", "proxy", "root", f"get --raw {PODS}/server-1/proxy/v1/models"),
        )
    ),
    asks(
        "an ephemeral container in a server",
        "root",
        "patch pod server-1 -n $work --subresource=ephemeralcontainers -p",
        json.dumps({"spec": {"ephemeralContainers": [DEBUG]}}),
        refused=only("pods", "kubernetes-admin"),
        by=CHILDREN,
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
