"""etcd, API server, controller manager and scheduler, with every default admission plugin on.

The API server starts beside etcd and waits for it; the other two start once it is ready, because a
component that asks before the default roles exist gives up.
"""

from __future__ import annotations

import json

from . import api, build, pki, process
from .description import API_CLUSTER_IP, SERVICE_SUBNET, Description
from .paths import State

NAMES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")

# Writes by user, counted by tests and the demo; reads and the API server's own questions left out.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "verbs": ["get", "list", "watch"]},
        {"level": "None", "resources": [{"group": "authentication.k8s.io"}, {"group": "authorization.k8s.io"}]},
        # With bodies, so that who counts can tell a decision from progress.
        {"level": "Request", "resources": [{"group": "ptaas.dev", "resources": ["deliveries/status"]}]},
        {"level": "Metadata"},
    ],
}


def up(state: State, cluster: Description) -> None:
    """Start what is not running and wait until a pod could be created."""
    _identities(state, cluster)
    process.start(state, "etcd", _etcd(state, cluster))
    process.start(state, "kube-apiserver", _apiserver(state, cluster))
    process.wait(state, "the API server", lambda: ready(state, cluster), NAMES[:2])
    process.start(state, "kube-controller-manager", _controller_manager(state, cluster))
    process.start(state, "kube-scheduler", _scheduler(state, cluster))
    if cluster.kwok:
        process.start(state, "kwok", _kwok(state, cluster))
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    process.wait(state, "the controller manager", lambda: api.exists(state, cluster.server, account), NAMES)


def ready(state: State, cluster: Description) -> bool:
    return api.exists(state, cluster.server, "/readyz")


def _identities(state: State, cluster: Description) -> None:
    pki.authority(state)
    service = "kubernetes.default.svc"
    hosts = [cluster.address, "127.0.0.1", API_CLUSTER_IP, "localhost", "kubernetes", service, f"{service}.cluster.local"]
    pki.certificate(state, "apiserver", "kube-apiserver", [], hosts)
    pki.certificate(state, "apiserver-kubelet", "kube-apiserver-kubelet", [])
    pki.kubeconfigs(state, cluster.server)


def _etcd(state: State, cluster: Description) -> list[str]:
    client, peer = f"http://127.0.0.1:{cluster.etcd}", f"http://127.0.0.1:{cluster.etcd_peer}"
    return [
        str(build.program("etcd")),
        "--name=local",
        f"--data-dir={state.root / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=local={peer}",
        # Survives a killed process, not a power cut: a throwaway cluster needs no more.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _apiserver(state: State, cluster: Description) -> list[str]:
    policy = state.config / "audit-policy.json"
    policy.write_text(json.dumps(AUDIT_POLICY, indent=1))
    issued = state.pki
    command = [
        str(build.program("kube-apiserver")),
        f"--etcd-servers=http://127.0.0.1:{cluster.etcd}",
        f"--bind-address={cluster.address}",
        f"--secure-port={cluster.api}",
        f"--service-cluster-ip-range={SERVICE_SUBNET}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--client-ca-file={issued / 'ca.crt'}",
        f"--tls-cert-file={issued / 'apiserver.crt'}",
        f"--tls-private-key-file={issued / 'apiserver.key'}",
        f"--kubelet-certificate-authority={issued / 'ca.crt'}",
        f"--kubelet-client-certificate={issued / 'apiserver-kubelet.crt'}",
        f"--kubelet-client-key={issued / 'apiserver-kubelet.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={issued / 'sa.pub'}",
        f"--service-account-signing-key-file={issued / 'sa.key'}",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={state.audit_log}",
        "--profiling=false",
    ]
    if cluster.node:
        return [*command, f"--advertise-address={cluster.address}"]
    # Endpoints may not be loopback, and without a node no pod asks for them.
    return [*command, "--endpoint-reconciler-type=none"]


def _controller_manager(state: State, cluster: Description) -> list[str]:
    return [
        str(build.program("kube-controller-manager")),
        *_client(state, "controller-manager"),
        f"--secure-port={cluster.controller_manager}",
        "--use-service-account-credentials",
        f"--root-ca-file={state.pki / 'ca.crt'}",
        f"--service-account-private-key-file={state.pki / 'sa.key'}",
        f"--cluster-signing-cert-file={state.pki / 'ca.crt'}",
        f"--cluster-signing-key-file={state.pki / 'ca.key'}",
    ]


def _scheduler(state: State, cluster: Description) -> list[str]:
    return [str(build.program("kube-scheduler")), *_client(state, "scheduler"), f"--secure-port={cluster.scheduler}"]


def _client(state: State, name: str) -> list[str]:
    """Who the component is, that it serves its health on loopback only, and that nothing slows its start."""
    options = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
    return [
        *(f"--{option}={state.kubeconfig(name)}" for option in options),
        f"--client-ca-file={state.pki / 'ca.crt'}",
        "--authentication-skip-lookup",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--profiling=false",
        # The default of 20 requests a second makes the controllers' start five times as long.
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]


def _kwok(state: State, cluster: Description) -> list[str]:
    return [
        str(build.program("kwok")),
        f"--kubeconfig={state.kubeconfig('admin')}",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        # Workers are played by who has their evidence, such as the benchmark's replayer; kwok would end them without any.
        "--disregard-status-with-label-selector=ptaas.dev/delivery-uid",
        "--node-lease-duration-seconds=40",
        f"--server-address=127.0.0.1:{cluster.kwok_server}",
    ]
