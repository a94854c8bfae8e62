"""A private registry with one repository of evidence, for tests: it lets in one user, by either challenge of the protocol."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from delivery_api.digests import sha256
from delivery_operator.cluster import overflow
from delivery_operator.cluster.login import Login

Guard = Callable[[web.Request], web.Response | None]
HER = Login("ada", "s3cret")
SCOPE = "repository:acme/models:pull"


def basic(request: web.Request) -> web.Response | None:
    """Asks for user and password."""
    if request.headers.get("Authorization") == HER.basic:
        return None
    return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="r"'})


def bearer(request: web.Request) -> web.Response | None:
    """Asks for a token of its own service, as most registries do."""
    if request.headers.get("Authorization") == "Bearer t0ken":
        return None
    where = f'realm="http://{request.host}/token",service="r",scope="{SCOPE}"'
    return web.Response(status=401, headers={"WWW-Authenticate": f"Bearer {where}"})


class Registry:
    """Texts by manifest digest; each is an artifact of one layer."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._texts: dict[str, str] = {}
        self.host = ""

    @property
    def repository(self) -> str:
        """Where its artifacts are."""
        return f"oci://{self.host}/acme/models"

    def put(self, text: str) -> str:
        """Store a text; its reference."""
        digest = sha256("manifest of " + sha256(text))
        self._texts |= {digest: text, sha256(text): text}
        return f"{self.repository}@{digest}"

    async def manifest(self, request: web.Request) -> web.Response:
        """A manifest, to whom the guard lets in."""
        text = self._texts.get(request.match_info["digest"])
        if refused := self._guard(request):
            return refused
        if text is None:
            return web.Response(status=404)
        return web.json_response({"layers": [{"digest": sha256(text)}]}, content_type=overflow.MANIFEST)

    async def blob(self, request: web.Request) -> web.Response:
        """A layer, to whom the guard lets in."""
        text = self._texts.get(request.match_info["digest"])
        return self._guard(request) or (web.Response(status=404) if text is None else web.Response(text=text))

    async def token(self, request: web.Request) -> web.Response:
        """A token for who has the password and asks for what the challenge said."""
        asked = (request.query.get("service"), request.query.get("scope"))
        right = request.headers.get("Authorization") == HER.basic and asked == ("r", SCOPE)
        return web.json_response({"token": "t0ken"}) if right else web.Response(status=401)


@asynccontextmanager
async def running(guard: Guard = lambda request: None) -> AsyncIterator[Registry]:
    """A registry that answers until the end of the block."""
    made, app = Registry(guard), web.Application(client_max_size=2**26)
    app.router.add_get("/v2/acme/models/manifests/{digest}", made.manifest)
    app.router.add_get("/v2/acme/models/blobs/{digest}", made.blob)
    app.router.add_get("/token", made.token)
    server = TestServer(app)
    await server.start_server()
    made.host = f"{server.host}:{server.port}"
    try:
        yield made
    finally:
        await server.close()
