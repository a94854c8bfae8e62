"""Evidence too large for a ConfigMap is read from the registry, and believed by its digest only."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from delivery_api.digests import sha256
from delivery_operator.cluster import overflow

TEXT = json.dumps({"kind": "Train", "big": "x" * 2_000_000})


@pytest.fixture
async def registry() -> AsyncIterator[TestServer]:
    """A registry with one artifact of one layer."""
    layer = sha256(TEXT)

    async def manifest(request: web.Request) -> web.Response:
        return web.json_response({"layers": [{"digest": layer}]}, content_type=overflow.MANIFEST)

    async def blob(request: web.Request) -> web.Response:
        return web.Response(text=TEXT) if request.match_info["digest"] == layer else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/v2/acme/models/manifests/{reference}", manifest)
    app.router.add_get("/v2/acme/models/blobs/{digest}", blob)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture(autouse=True)
def forgotten():
    overflow._texts.clear()


def reference(server: TestServer) -> tuple[str, tuple[str, ...]]:
    host = f"{server.host}:{server.port}"
    return f"oci://{host}/acme/models@sha256:{'a' * 64}", (host,)


async def test_the_text_is_fetched_and_kept(registry: TestServer):
    where, plain = reference(registry)
    assert await overflow.fetch(where, sha256(TEXT), plain) == TEXT
    await registry.close()
    assert await overflow.fetch(where, sha256(TEXT), plain) == TEXT


async def test_a_text_of_another_digest_is_no_evidence(registry: TestServer):
    """Whoever holds the registry cannot say what the worker saw."""
    where, plain = reference(registry)
    assert await overflow.fetch(where, sha256("something else"), plain) is None


@pytest.mark.parametrize("where", ["http://x/y", "oci://127.0.0.1:1/a/b@sha256:" + "a" * 64])
async def test_what_cannot_be_had_is_none(where: str):
    assert await overflow.fetch(where, sha256(TEXT), ("127.0.0.1:1",)) is None
