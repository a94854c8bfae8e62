"""The few requests the cluster's own start needs, as its administrator, over the standard library."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from .paths import State
from .say import ClusterError

Object = dict[str, Any]


def request(state: State, server: str, method: str, path: str, body: Object | None = None) -> tuple[int, bytes]:
    """One request with the admin's certificate; status 0 when nobody answers."""
    where = urlsplit(server)
    trust = ssl.create_default_context(cafile=str(state.pki / "ca.crt"))
    trust.load_cert_chain(state.pki / "admin.crt", state.pki / "admin.key")
    connection = http.client.HTTPSConnection(where.hostname or "", where.port, timeout=5, context=trust)
    headers = {"Content-Type": "application/apply-patch+yaml"} if body is not None else {}
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def exists(state: State, server: str, path: str) -> bool:
    return request(state, server, "GET", path)[0] == 200


def get(state: State, server: str, path: str) -> Object:
    status, content = request(state, server, "GET", path)
    return json.loads(content) if status == 200 else {}


def apply(state: State, server: str, path: str, content: Object) -> None:
    """Server-side apply of one object: the same call creates and repairs."""
    status, answer = request(state, server, "PATCH", f"{path}?fieldManager=cluster-up&force=true", content)
    if status not in (200, 201):
        raise ClusterError(f"apply {path}: HTTP {status} {answer.decode(errors='replace')[:300]}")


def binding(user: str, role: str) -> Object:
    """A ClusterRoleBinding of one user, named as the user."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": user},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
    }
