"""The API server over HTTP, as one identity: JSON in, JSON out. What is refused is an answer, not an error."""

from __future__ import annotations

import base64
import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from kubernetes.client.configuration import Configuration
from kubernetes.config.kube_config import load_kube_config

from delivery_api.model import API_VERSION

JSON = dict[str, Any]
read_kubeconfig: Callable[..., None] = load_kube_config
MERGE = "application/merge-patch+json"
SECONDS = 30.0


class PlaneError(RuntimeError):
    """The control plane, or something the harness itself asked of it, is not as it must be."""


@dataclass(frozen=True)
class Answer:
    """What the API server said."""

    status: int
    body: JSON

    @property
    def ok(self) -> bool:
        """Whether it did as asked."""
        return self.status < 300

    @property
    def message(self) -> str:
        """Its own words where it refused."""
        return str(self.body.get("message") or f"HTTP {self.status}")


@dataclass(frozen=True)
class Api:
    """Requests to one API server. Safe to share between threads."""

    client: httpx.Client
    headers: Mapping[str, str]
    anonymous: httpx.Client
    """Trusts the same server and brings no certificate, which would speak before any token."""

    def as_user(self, name: str, group: str | None = None) -> Api:
        """The same server as somebody else; needs the right to impersonate."""
        mine = dict(self.headers) | {"Impersonate-User": name}
        return replace(self, headers=mine | ({"Impersonate-Group": group} if group else {}))

    def with_token(self, token: str) -> Api:
        """The same server with nothing but a token."""
        return Api(self.anonymous, {"Authorization": f"Bearer {token}"}, self.anonymous)

    def ask(self, method: str, path: str, body: Any = None, content: str = "application/json", **query: Any) -> Answer:
        """One request; PlaneError when there is no answer."""
        headers = dict(self.headers) | {"Accept": "application/json", "Content-Type": content}
        raw = None if body is None else json.dumps(body).encode()
        try:
            answer = self.client.request(method, path, params=query, content=raw, headers=headers)
        except httpx.HTTPError as error:
            raise PlaneError(f"{method} {path} got no answer: {str(error) or type(error).__name__}") from error
        return Answer(answer.status_code, _parsed(answer.content))

    def get(self, path: str, **query: Any) -> JSON | None:
        """An object, or None where there is none."""
        answer = self.ask("GET", path, **query)
        return None if answer.status == 404 else done(answer, f"GET {path}")

    def create(self, path: str, body: Mapping[str, Any]) -> JSON | None:
        """Create; None when it exists already."""
        answer = self.ask("POST", path, body)
        return None if answer.status == 409 else done(answer, f"POST {path}")

    def replace(self, path: str, body: Mapping[str, Any]) -> JSON:
        """Replace an object."""
        return done(self.ask("PUT", path, body), f"PUT {path}")

    def patch(self, path: str, body: Mapping[str, Any]) -> JSON:
        """Merge patch."""
        return done(self.ask("PATCH", path, body, MERGE), f"PATCH {path}")

    def delete(self, path: str, *, now: bool = False) -> None:
        """Delete in the background; what is gone already is fine."""
        body: JSON = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        answer = self.ask("DELETE", path, body | ({"gracePeriodSeconds": 0} if now else {}))
        if answer.status not in (404, 409):
            done(answer, f"DELETE {path}")

    def watch(self, path: str, seconds: int = 60, **query: Any) -> Iterator[JSON]:
        """Events of a collection until the server ends the watch."""
        query |= {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": seconds}
        headers = dict(self.headers) | {"Accept": "application/json"}
        limit = httpx.Timeout(SECONDS, read=seconds + 15)
        with self.client.stream("GET", path, params=query, headers=headers, timeout=limit) as answer:
            if answer.status_code != 200:
                answer.read()
                raise PlaneError(f"watch of {path}: {_parsed(answer.content).get('message') or answer.status_code}")
            for line in answer.iter_lines():
                yield json.loads(line)


def done(answer: Answer, what: str) -> JSON:
    """The body of something that the harness needs done."""
    if not answer.ok:
        raise PlaneError(f"{what}: {answer.message}")
    return answer.body


def patiently(ask: Callable[[], JSON | None], seconds: float = 10.0) -> JSON:
    """Ask until it is granted: the authorizers hear of a new role binding, or of a bound pod, a moment later."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask() or {}
        except PlaneError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def _parsed(raw: bytes) -> JSON:
    try:
        body = json.loads(raw)
    except ValueError:
        return {"message": raw[:300].decode(errors="replace")}
    return body if isinstance(body, dict) else {"message": str(body)[:300]}


def connect(kubeconfig: Path, connections: int = 64) -> Api:
    """As the current context of a kubeconfig says: client certificate or token."""
    held, authority = _held(kubeconfig)
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    bearer = held.get_api_key_with_prefix("authorization")

    def client(certificate: str | None) -> httpx.Client:
        trusted = ssl.create_default_context(cafile=authority)
        if certificate:
            trusted.load_cert_chain(certificate, held.key_file)
        return httpx.Client(base_url=held.host, verify=trusted, limits=limits, timeout=SECONDS, trust_env=False)

    return Api(client(held.cert_file), {"Authorization": bearer} if bearer else {}, client(None))


def by_token(kubeconfig: Path, token: str) -> JSON:
    """A kubeconfig of the same cluster that has nothing but a token."""
    held, authority = _held(kubeconfig)
    told = base64.b64encode(authority.read_bytes()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "plane", "cluster": {"server": held.host, "certificate-authority-data": told}}],
        "users": [{"name": "me", "user": {"token": token}}],
        "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": "me"}}],
        "current-context": "plane",
    }


def _held(kubeconfig: Path) -> tuple[Configuration, Path]:
    """What a kubeconfig says, by the official client, and its certificate authority."""
    made = Configuration()
    read_kubeconfig(str(kubeconfig), client_configuration=made)
    if made.ssl_ca_cert is None:
        raise PlaneError(f"{kubeconfig}: no certificate authority; add one to its cluster")
    return made, Path(made.ssl_ca_cert)


def path(kind: str, namespace: str | None = None, name: str | None = None, part: str | None = None) -> str:
    """Path of a collection, an object or a part of it; `kind` is a plural, with its group and version where it has one."""
    group, _, plural = kind.rpartition("/")
    pieces = [f"/apis/{group}" if group else "/api/v1"]
    pieces += ["namespaces", quote(namespace, safe="")] if namespace else []
    pieces += [plural] + ([quote(name, safe="")] if name else []) + ([part] if part else [])
    return "/".join(pieces)


DELIVERIES = f"{API_VERSION}/deliveries"
CLASSES = f"{API_VERSION}/acceleratorclasses"
VERSIONS = f"{API_VERSION}/modelversions"
CERTIFICATES = f"{API_VERSION}/deliverycertificates"
RBAC = "rbac.authorization.k8s.io/v1"
