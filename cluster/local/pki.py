"""The cluster's own certificate authority and one kubeconfig for each identity.

Elliptic keys, because an RSA key for each of a dozen identities would be most of the start time.
"""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

from .paths import State

DAYS = "3650"
CLUSTER_NAME = "local"
# Who may connect: user name and groups. The last three have no rights until a RoleBinding gives some.
IDENTITIES = {
    "admin": ("kubernetes-admin", ["system:masters"]),
    "controller-manager": ("system:kube-controller-manager", []),
    "scheduler": ("system:kube-scheduler", []),
    "kube-proxy": ("system:kube-proxy", []),
    "coredns": ("system:coredns", []),
    "requester": ("requester", []),
    "approver": ("approver", []),
    "driver": ("driver", []),
}
PEOPLE = ("admin", "requester", "approver", "driver")


def authority(state: State) -> None:
    """Make the authority and the key that signs service account tokens, once."""
    if (state.pki / "ca.crt").exists():
        return
    key(state.pki / "sa.key")
    _openssl("ec", "-in", str(state.pki / "sa.key"), "-pubout", "-out", str(state.pki / "sa.pub"))
    key(state.pki / "ca.key")
    _openssl(
        *("req", "-x509", "-new", "-key", str(state.pki / "ca.key"), "-subj", "/CN=delivery-local-ca"),
        *("-days", DAYS, "-out", str(state.pki / "ca.crt"), "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )


def key(path: Path) -> None:
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(path))
    path.chmod(0o600)


def certificate(state: State, name: str, user: str, groups: list[str], hosts: list[str] | None = None) -> None:
    """A key and a certificate signed by the cluster's authority; for a server when hosts are given."""
    base = state.pki / name
    if base.with_suffix(".crt").exists():
        return
    key(base.with_suffix(".key"))
    subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
    extensions = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=clientAuth,serverAuth"]
    if hosts:
        extensions.append("subjectAltName=" + ",".join(_alternative(host) for host in hosts))
    base.with_suffix(".ext").write_text("\n".join(extensions) + "\n")
    request = _openssl("req", "-new", "-key", f"{base}.key", "-subj", subject)
    _openssl(
        *("x509", "-req", "-CA", str(state.pki / "ca.crt"), "-CAkey", str(state.pki / "ca.key"), "-days", DAYS),
        *("-extfile", f"{base}.ext", "-out", f"{base}.crt"),
        given=request,
    )
    base.with_suffix(".ext").unlink()


def _alternative(host: str) -> str:
    return f"IP:{host}" if host.replace(".", "").isdigit() else f"DNS:{host}"


def _openssl(*arguments: str, given: str = "") -> str:
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, text=True, check=True)
    return done.stdout


def kubeconfig(state: State, name: str, server: str, user: str, groups: list[str]) -> None:
    """A self-contained kubeconfig (JSON is YAML) for one identity."""
    certificate(state, name, user, groups)

    def data(file: str) -> str:
        return base64.b64encode((state.pki / file).read_bytes()).decode()

    cluster = {"server": server, "certificate-authority-data": data("ca.crt")}
    credentials = {"client-certificate-data": data(f"{name}.crt"), "client-key-data": data(f"{name}.key")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CLUSTER_NAME, "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": CLUSTER_NAME, "context": {"cluster": CLUSTER_NAME, "user": user, "namespace": "default"}}],
        "current-context": CLUSTER_NAME,
    }
    path = state.kubeconfig(name)
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=1) + "\n")


def kubeconfigs(state: State, server: str) -> None:
    for name, (user, groups) in IDENTITIES.items():
        kubeconfig(state, name, server, user, groups)
