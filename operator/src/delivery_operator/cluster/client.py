"""A narrow client over `kubernetes.aio`: JSON in, JSON out, every error typed, every write behind the fence.

The generated models of the package are left aside: watches of thousands of objects are kept as plain dicts.
"""

import json
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.config.incluster_config import load_incluster_config
from kubernetes.aio.config.kube_config import load_kube_config

from delivery_api.names import FIELD_MANAGER
from delivery_operator import metrics
from delivery_operator.errors import Conflict, Refused, Transient

JSON = dict[str, Any]
PATCHES = {
    "merge": "application/merge-patch+json",
    "apply": "application/apply-patch+yaml",
}
REQUEST_SECONDS = 30.0
CONNECT_SECONDS = 10.0
PAGE = 500
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


# The package says that it is typed; these are not.
in_cluster: Callable[[Configuration], None] = load_incluster_config
by_file: Callable[..., Awaitable[None]] = load_kube_config


async def configuration() -> Configuration:
    """In a pod its service account, else KUBECONFIG."""
    made = Configuration()
    made.connection_pool_maxsize = 64
    if "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ:
        in_cluster(made)
    else:
        await by_file(client_configuration=made)
    return made


class Api:
    """Requests to one API server."""

    def __init__(self, made: Configuration, fence: Callable[[], None], crash_after_writes: int = 0) -> None:
        self._client = ApiClient(made)
        self._fence = fence
        self._crash_after, self._writes = crash_after_writes, 0

    async def close(self) -> None:
        """Close connections."""
        closing: Callable[[], Awaitable[None]] = self._client.close
        await closing()

    async def get(self, path: str, accept: str | None = None, **query: Any) -> JSON | None:
        """An object, or None where there is none."""
        status, body = await self._send("GET", path, query, accept=accept)
        return None if status == 404 else _checked(status, body)

    async def list(self, path: str, accept: str | None = None, **query: Any) -> JSON:
        """A collection; a kind that the cluster has not is refused."""
        status, body = await self._send("GET", path, query, accept=accept)
        return _checked(status, body)

    async def every(self, path: str, accept: str | None = None) -> AsyncGenerator[JSON, None]:
        """The objects of a collection, page by page."""
        token = ""
        while True:
            query: JSON = {"limit": PAGE} | ({"continue": token} if token else {})
            page = await self.list(path, accept, **query)
            for raw in page.get("items") or ():
                yield raw
            token = page["metadata"].get("continue") or ""
            if not token:
                return

    async def create(self, path: str, body: Mapping[str, Any], **query: Any) -> JSON | None:
        """Create; None when it exists already."""
        status, answer = await self._write("create", "POST", path, body, query)
        if status == 409 and answer.get("reason") == "AlreadyExists":
            return None
        return _checked(status, answer)

    async def replace(self, path: str, body: Mapping[str, Any], *, fenced: bool = True) -> JSON:
        """Replace, if the object is still of the resourceVersion given."""
        status, answer = await self._write("update", "PUT", path, body, {"fieldValidation": "Strict"}, fenced=fenced)
        return _checked(status, answer)

    async def patch(self, path: str, body: Mapping[str, Any], how: Literal["merge", "apply"]) -> JSON:
        """Patch; `apply` is server-side apply as our field manager."""
        query: JSON = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
        if how == "apply":
            query["force"] = "true"
        status, answer = await self._write("patch", "PATCH", path, body, query, PATCHES[how])
        return _checked(status, answer)

    async def trial(self, method: Literal["POST", "PUT", "PATCH"], path: str, body: Mapping[str, Any]) -> JSON:
        """A write as a dry run: it goes through admission and changes nothing."""
        content = PATCHES["merge"] if method == "PATCH" else "application/json"
        query: JSON = {"fieldManager": FIELD_MANAGER, "dryRun": "All"}
        status, answer = await self._send(method, path, query, body, content)
        return _checked(status, answer)

    async def delete(self, path: str, uid: str | None = None, *, now: bool = False) -> bool:
        """Delete in the background; False when it was not there, or is another object of the name by now."""
        body: JSON = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if now:
            body["gracePeriodSeconds"] = 0
        if uid:
            body["preconditions"] = {"uid": uid}
        status, answer = await self._write("delete", "DELETE", path, body, {})
        if status in (404, 409):
            return False
        _checked(status, answer)
        return True

    async def review(self, path: str, body: Mapping[str, Any]) -> JSON:
        """Ask the API server something about ourselves; it changes nothing, so nobody need lead."""
        status, answer = await self._send("POST", path, {}, body)
        return _checked(status, answer)

    async def make_lease(self, path: str, body: Mapping[str, Any]) -> JSON | None:
        """Create a Lease: the one write that comes before leading."""
        status, answer = await self._send("POST", path, {}, body)
        return None if status == 409 else _checked(status, answer)

    async def watch(self, path: str, seconds: float, **query: Any) -> AsyncGenerator[JSON, None]:
        """Events of a collection, until the server ends the watch after the given time."""
        query |= {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": int(seconds)}
        timeout = aiohttp.ClientTimeout(total=seconds + 30, sock_connect=CONNECT_SECONDS)
        response = await self._open("GET", path, query, None, None, None, timeout)
        try:
            if response.status != 200:
                _checked(response.status, _parsed(await response.read()))
            while line := await response.content.readline():
                yield json.loads(line)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Transient(f"Watch of {path} broke: {str(error) or type(error).__name__}") from error
        finally:
            response.close()

    async def _write(
        self,
        verb: str,
        method: str,
        path: str,
        body: Mapping[str, Any],
        query: JSON,
        content: str = "application/json",
        *,
        fenced: bool = True,
    ) -> tuple[int, JSON]:
        if fenced:
            self._fence()
            metrics.WRITES.labels(verb).inc()
        answer = await self._send(method, path, query, body, content)
        if fenced and self._crash_after and answer[0] < 300:
            self._writes += 1
            if self._writes >= self._crash_after:
                os._exit(137)
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        query: JSON,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
        accept: str | None = None,
    ) -> tuple[int, JSON]:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS, sock_connect=CONNECT_SECONDS)
        response = await self._open(method, path, query, body, content, accept, timeout)
        try:
            return response.status, _parsed(await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Transient(f"{method} {path} broke: {str(error) or type(error).__name__}") from error
        finally:
            response.release()

    async def _open(
        self,
        method: str,
        path: str,
        query: JSON,
        body: Mapping[str, Any] | None,
        content: str | None,
        accept: str | None,
        timeout: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        headers = {"Accept": accept or "application/json", **({"Content-Type": content} if content else {})}
        resource = f"{path}?{urlencode(query)}" if query else path
        sent = await self._client.param_serialize(
            method, resource, header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        try:
            answer = await self._client.call_api(*sent, _request_timeout=timeout)
        except (aiohttp.ClientError, TimeoutError, OSError, ApiException) as error:
            metrics.REQUEST_ERRORS.labels("none").inc()
            raise Transient(f"{method} {path} got no answer: {str(error) or type(error).__name__}") from error
        response: aiohttp.ClientResponse = answer.response
        return response


def _parsed(raw: bytes) -> JSON:
    try:
        body = json.loads(raw)
    except ValueError:
        return {"message": raw[:300].decode(errors="replace")}
    return body if isinstance(body, dict) else {"message": str(body)[:300]}


def _checked(status: int, body: JSON) -> JSON:
    """The body, or the error that the status means."""
    if status < 300:
        return body
    metrics.REQUEST_ERRORS.labels(str(status)).inc()
    message = str(body.get("message") or f"HTTP {status}")
    if status == 409:
        raise Conflict(message)
    if status in (408, 410, 429) or status >= 500:
        raise Transient(message)
    raise Refused(message, status)
