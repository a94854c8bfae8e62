"""What runs and serves in the work namespace; the ways into it are in `entering`."""

import json
from typing import Any

from tests.attacks.attack import Attack, asks, made, patch, rbac
from tests.chart.objects import PIN, pod

CHILDREN = "ptaas-children"
EVIL = "registry.example/evil" + PIN
JOINS = {"app": "server"}


def only(resource: str, user: str = "wes") -> str:
    """What runs is the operator's."""
    return (
        f"{resource}: only the operator decides what runs in the work namespace $work, and {user} is not the operator; "
        "change the Delivery instead"
    )


def template(**more: Any) -> dict[str, Any]:
    """Pods that would join the serving Service."""
    return {"metadata": {"labels": JOINS}, "spec": pod("x", "server")["spec"] | more}


def workload(kind: str, api: str, **spec: Any) -> dict[str, Any]:
    """An object with pods."""
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "router-serve"}, "spec": spec}


def swap(name: str, how: object, kind: str = "deployment", resource: str = "deployments", who: str = "wes") -> Attack:
    """A change of what serves."""
    command = ("patch", kind, "server", "-n", "$work", "-p", json.dumps(how))
    return Attack(name, who, command, only(resource, "kubernetes-admin" if who == "root" else who), CHILDREN)


def containers(**change: Any) -> dict[str, Any]:
    """A change of the server's container."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "worker"} | change]}}}}


JOINING = pod("x", "server") | {"metadata": {"name": "x", "labels": JOINS}}
SLICE = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["10.9.8.7"]}],
    "metadata": {"name": "x", "labels": {"kubernetes.io/service-name": "server"}},
}
ENDPOINTS = {
    "apiVersion": "v1",
    "kind": "Endpoints",
    "metadata": {"name": "server"},
    "subsets": [{"addresses": [{"ip": "10.9.8.7"}]}],
}
SELECTOR = {"selector": {"matchLabels": JOINS}, "template": template()}
SCALER = workload(
    "HorizontalPodAutoscaler",
    "autoscaling/v2",
    maxReplicas=50,
    scaleTargetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "server"},
)
ROWS: tuple[Attack, ...] = (
    made("a pod that joins the serving Service", "wes", JOINING, only("pods"), CHILDREN),
    made(
        "a pod that joins the serving Service, by a cluster admin", "root", JOINING, only("pods", "kubernetes-admin"), CHILDREN
    ),
    made(
        "a pod that joins the serving Service, by a worker",
        "worker",
        JOINING,
        rbac("system:serviceaccount:$work:trainer", "create", "pods", "$work"),
        "RBAC",
    ),
    made(
        "a pod that joins the serving Service, by the tenant's admin",
        "tad",
        JOINING,
        rbac("tad", "create", "pods", "$work"),
        "RBAC",
    ),
    made("a pod under a worker's service account", "wes", pod("x", "trainer"), only("pods"), CHILDREN),
    made(
        "a ReplicaSet that joins the serving Service",
        "wes",
        workload("ReplicaSet", "apps/v1", **SELECTOR),
        only("replicasets"),
        CHILDREN,
    ),
    made(
        "a ReplicationController that joins it",
        "wes",
        workload("ReplicationController", "v1", selector=JOINS, template=template()),
        only("replicationcontrollers"),
        CHILDREN,
    ),
    made(
        "a StatefulSet that joins it",
        "wes",
        workload("StatefulSet", "apps/v1", serviceName="server", **SELECTOR),
        only("statefulsets"),
        CHILDREN,
    ),
    made("a DaemonSet that joins it", "wes", workload("DaemonSet", "apps/v1", **SELECTOR), only("daemonsets"), CHILDREN),
    made(
        "a Deployment with the Delivery's name",
        "wes",
        workload("Deployment", "apps/v1", **SELECTOR),
        only("deployments"),
        CHILDREN,
    ),
    made(
        "a Job under a worker's service account",
        "wes",
        workload("Job", "batch/v1", template=template(restartPolicy="Never", serviceAccountName="trainer")),
        only("jobs"),
        CHILDREN,
    ),
    made(
        "a CronJob",
        "wes",
        workload(
            "CronJob", "batch/v1", schedule="* * * * *", jobTemplate={"spec": {"template": template(restartPolicy="Never")}}
        ),
        only("cronjobs"),
        CHILDREN,
    ),
    made(
        "an EndpointSlice of the serving Service",
        "wes",
        SLICE,
        rbac("wes", "create", "endpointslices", "$work", "discovery.k8s.io"),
        "RBAC",
    ),
    made(
        "an EndpointSlice of the serving Service, by a cluster admin",
        "root",
        SLICE,
        only("endpointslices", "kubernetes-admin"),
        CHILDREN,
    ),
    made(
        "Endpoints of the serving Service, by a cluster admin",
        "root",
        ENDPOINTS,
        only("endpoints", "kubernetes-admin"),
        CHILDREN,
    ),
    made(
        "an InferenceService of one's own, by a cluster admin",
        "root",
        workload("InferenceService", "serving.kserve.io/v1beta1", predictor={"containers": []}),
        only("inferenceservices", "kubernetes-admin"),
        CHILDREN,
    ),
    made("an autoscaler over what serves", "wes", SCALER, only("horizontalpodautoscalers"), CHILDREN),
    swap("swap the serving image after approval", containers(image=EVIL)),
    swap("swap the serving image, as a cluster admin", containers(image=EVIL), who="root"),
    swap("swap the serving arguments after approval", containers(args=["serve", "--model=evil"])),
    swap("swap what the server is told to serve", containers(env=[{"name": "DELIVERY_TASK", "value": "{}"}])),
    swap("point the serving Service elsewhere", {"spec": {"selector": {"app": "evil"}}}, "service", "services"),
    swap("resume a Job that was stopped", {"spec": {"suspend": False}}, "job", "jobs"),
    asks("scale what serves", "wes", "scale deployment server -n $work --replicas=0", refused=only("deployments"), by=CHILDREN),
    asks("restart what serves", "wes", "rollout restart deployment/server -n $work", refused=only("deployments"), by=CHILDREN),
    asks(
        "apply another server as the operator's field manager",
        "wes",
        "apply --server-side --force-conflicts --field-manager=delivery-operator -n $work -f -",
        stdin={"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "server"}, **containers(image=EVIL)},
        refused=only("deployments"),
        by=CHILDREN,
    ),
    asks(
        "label a pod into the serving Service",
        "wes",
        "label pod train-1 -n $work app=server",
        refused=only("pods"),
        by=CHILDREN,
    ),
    asks(
        "a pod of another namespace with the labels of ours",
        "tad",
        "create -n $tenant -f -",
        stdin=pod("spoof", "default") | {"metadata": {"name": "spoof", "labels": {"ptaas.dev/delivery-uid": "$uid"}}},
        refused="the operator sees no pod of this Delivery outside $work",
        by="nothing",
    ),
    asks(
        "a server of another namespace with the labels of ours",
        "tad",
        "create -n $tenant -f -",
        stdin=workload("Deployment", "apps/v1", **SELECTOR)
        | {"metadata": {"name": "server", "labels": {"ptaas.dev/delivery-uid": "$uid", "ptaas.dev/serves": "true"}}},
        refused="the operator sees no server of this Delivery outside $work",
        by="nothing",
    ),
    patch(
        "name another image in the Delivery's spec",
        "bob",
        {"spec": {"serving": {"image": EVIL}}},
        "spec.serving has no image",
        "nothing",
    ),
)
