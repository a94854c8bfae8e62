"""One real node: containerd, kubelet, kube-proxy and cluster DNS.

The settings are those of a machine without systemd and without CAP_SYS_RESOURCE, with whatever
disk is left: no enforced reservations, no image garbage collection, eviction only near the end.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from . import api, build, cleanup, containerd, dns, network, pki, process, sysctl
from .description import DNS_CLUSTER_IP, NODE_ADDRESS, POD_SUBNET, Description
from .paths import State

NAMES = ("containerd", "kubelet", "kube-proxy", "coredns")
NODE = "local"
KUBELET_HEALTH = "127.0.0.1:10248"
LABELS = {
    "ptaas.dev/accelerator": "cpu",
    "node.kubernetes.io/instance-type": "local",
    "topology.kubernetes.io/region": "local",
    "topology.kubernetes.io/zone": "local-a",
}
# Only near the end of memory or disk: the machine is the developer's and seldom empty.
EVICTION = {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%"}

claim = network.claim
network_up = network.up


def up(state: State, cluster: Description) -> None:
    """Start the node's programs and wait until a pod would be run, found by name and served."""
    containerd.up(state, cluster)
    cleanup.make_cgroups()
    kubelet_client = "kube-apiserver-kubelet"
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    api.apply(state, cluster.server, f"{bindings}/{kubelet_client}", api.binding(kubelet_client, "system:kubelet-api-admin"))
    pki.kubeconfig(state, "kubelet", cluster.server, f"system:node:{NODE}", ["system:nodes"])
    pki.certificate(state, "kubelet-server", f"system:node:{NODE}", ["system:nodes"], [NODE_ADDRESS, NODE])
    process.start(state, "kubelet", _kubelet(state))
    process.start(state, "kube-proxy", _kube_proxy(state))
    dns.up(state, cluster)
    process.wait(state, "the kubelet", _kubelet_healthy, NAMES)
    process.wait(state, "the node", lambda: ready(state, cluster), NAMES)
    process.wait(state, "cluster DNS", dns.ready, NAMES)


def _kubelet_healthy() -> bool:
    try:
        with urllib.request.urlopen(f"http://{KUBELET_HEALTH}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def ready(state: State, cluster: Description) -> bool:
    """Whether the node object says Ready."""
    status = api.get(state, cluster.server, f"/api/v1/nodes/{NODE}").get("status", {})
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in status.get("conditions", []))


def down(state: State) -> None:
    """Stop the node so that nothing of it is left: containers first, then who would restart them."""
    for name in ("kubelet", "kube-proxy", "coredns"):
        process.stop(state, name)
    process.end(cleanup.contained(), patience=0)
    containerd.empty(state)
    process.stop(state, "containerd")
    leftovers = [*containerd.shim_sockets(state), *cleanup.log_links(state.root)]
    process.end(cleanup.shims(containerd.socket(state)), patience=0)
    cleanup.unmount(state, containerd.store())
    cleanup.remove_cgroups()
    for path in leftovers:
        path.unlink(missing_ok=True)
    network.down(state)
    sysctl.restore(state)


def _written(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(json.dumps(content, indent=1))
    return path


def _kubelet(state: State) -> list[str]:
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(state.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cleanup.CGROUP_ROOT}",
        "clusterDNS": [DNS_CLUSTER_IP],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{containerd.socket(state)}",
        "enforceNodeAllocatable": [],
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        "failCgroupV1": False,
        "failSwapOn": False,
        "featureGates": {"KubeletInUserNamespace": True},
        "imageGCHighThresholdPercent": 100,
        "makeIPTablesUtilChains": False,
        "podLogsDir": str(state.root / "pod-logs"),
        "resolvConf": str(dns.RESOLVER),
        "runtimeRequestTimeout": "15m",
        "serializeImagePulls": False,
        "tlsCertFile": str(state.pki / "kubelet-server.crt"),
        "tlsPrivateKeyFile": str(state.pki / "kubelet-server.key"),
        "volumePluginDir": str(state.root / "volume-plugins"),
    }
    return [
        str(build.program("kubelet")),
        f"--config={_written(state.config / 'kubelet.json', config)}",
        f"--kubeconfig={state.kubeconfig('kubelet')}",
        f"--root-dir={state.root / 'kubelet'}",
        f"--hostname-override={NODE}",
        f"--node-ip={NODE_ADDRESS}",
        "--node-labels=" + ",".join(f"{key}={value}" for key, value in LABELS.items()),
    ]


def _kube_proxy(state: State) -> list[str]:
    config = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "bindAddress": NODE_ADDRESS,
        "clientConnection": {"kubeconfig": str(state.kubeconfig("kube-proxy"))},
        "clusterCIDR": POD_SUBNET,
        # Leave the machine's connection tracking limits alone.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "healthzBindAddress": "127.0.0.1:10256",
        "hostnameOverride": NODE,
        "metricsBindAddress": "127.0.0.1:10249",
        "mode": "nftables",
        "nodePortAddresses": ["primary"],
    }
    return [str(build.program("kube-proxy")), f"--config={_written(state.config / 'kube-proxy.json', config)}"]
