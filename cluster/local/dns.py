"""Cluster DNS: CoreDNS as a program on the node, behind the usual Service address."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

from . import api, build, process
from .description import DNS_CLUSTER_IP, NODE_ADDRESS, Description
from .paths import State

PORT = 1053
READY = "127.0.0.1:10253"
RESOLVER = Path("/etc/resolv.conf")

COREFILE = """\
.:{port} {{
    bind {address}
    errors
    ready {ready}
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {kubeconfig}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }}
{forward}    cache 30
}}
"""

ROLE: api.Object = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "system:coredns"},
    "rules": [
        {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ],
}
_PORTS = (("dns", "UDP"), ("dns-tcp", "TCP"))
SERVICE: api.Object = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}},
    "spec": {
        "clusterIP": DNS_CLUSTER_IP,
        "ports": [{"name": name, "port": 53, "protocol": protocol, "targetPort": PORT} for name, protocol in _PORTS],
    },
}
ENDPOINTS: api.Object = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {
        "name": "kube-dns",
        "namespace": "kube-system",
        "labels": {"kubernetes.io/service-name": "kube-dns", "endpointslice.kubernetes.io/managed-by": "cluster-up"},
    },
    "addressType": "IPv4",
    "endpoints": [{"addresses": [NODE_ADDRESS], "conditions": {"ready": True}}],
    "ports": [{"name": name, "port": PORT, "protocol": protocol} for name, protocol in _PORTS],
}


def up(state: State, cluster: Description) -> None:
    """Give CoreDNS its rights and its Service, and start it."""
    roles = "/apis/rbac.authorization.k8s.io/v1"
    api.apply(state, cluster.server, f"{roles}/clusterroles/system:coredns", ROLE)
    binding = api.binding("system:coredns", "system:coredns")
    api.apply(state, cluster.server, f"{roles}/clusterrolebindings/system:coredns", binding)
    api.apply(state, cluster.server, "/api/v1/namespaces/kube-system/services/kube-dns", SERVICE)
    slices = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices"
    api.apply(state, cluster.server, f"{slices}/kube-dns", ENDPOINTS)
    process.start(state, "coredns", [str(build.program("coredns")), "-conf", str(_corefile(state))])


def _corefile(state: State) -> Path:
    has_resolver = RESOLVER.exists() and any(line.startswith("nameserver") for line in RESOLVER.read_text().splitlines())
    forward = f"    forward . {RESOLVER}\n" if has_resolver else ""
    path = state.config / "Corefile"
    path.write_text(
        COREFILE.format(port=PORT, address=NODE_ADDRESS, ready=READY, kubeconfig=state.kubeconfig("coredns"), forward=forward)
    )
    return path


def ready() -> bool:
    try:
        with urllib.request.urlopen(f"http://{READY}/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
