"""Evidence that does not fit into a ConfigMap, read from the output repository that it was pushed to.

The digest that the ConfigMap and the pod's termination message carry is that of the text: whatever a registry answers,
nothing else is believed. The output repository's own credential is used, for that repository and for no other address.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable

import aiohttp

from delivery_api.digests import sha256
from delivery_operator.cluster.login import Login, answered

log = logging.getLogger(__name__)

REFERENCE = re.compile(r"^oci://(?P<host>[^/\s]+)/(?P<repository>[^@\s]+)@(?P<digest>sha256:[0-9a-f]{64})$")
LARGEST = 64 * 2**20
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


Ask = Callable[[str], Awaitable[Login]]
"""Who to be at a host; asked only when something is fetched."""


async def fetch(reference: str, digest: str, repository: str, plain_http: tuple[str, ...], ask: Ask) -> str | None:
    """The text, or None when it cannot be had, is elsewhere than in the repository, or is not what its digest says."""
    if (known := _kept(digest)) is not None:
        return known
    found = REFERENCE.match(reference)
    if not found or not reference.startswith(f"{repository}@"):
        return None
    scheme = "http" if found["host"] in plain_http else "https"
    root = f"{scheme}://{found['host']}/v2/{found['repository']}"
    login = await ask(found["host"])
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            manifest = json.loads(await _bytes(session, f"{root}/manifests/{found['digest']}", MANIFEST, login))
            blob = manifest["layers"][0]["digest"] if "layers" in manifest else found["digest"]
            text = (await _bytes(session, f"{root}/blobs/{blob}", "*/*", login)).decode()
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, IndexError, AttributeError) as error:
        log.warning("Could not read evidence from %s: %s", reference, str(error) or type(error).__name__)
        return None
    if sha256(text) != digest:
        return None
    _texts[digest] = text
    while len(_texts) > 32:
        _texts.pop(next(iter(_texts)))
    return text


_texts: dict[str, str] = {}


def _kept(digest: str) -> str | None:
    return _texts.get(digest)


async def _bytes(session: aiohttp.ClientSession, url: str, accept: str, login: Login) -> bytes:
    """A body, logged in when the registry asks for it."""
    headers = {"Accept": accept}
    async with session.get(url, headers=headers) as response:
        if response.status != 401:
            return await _whole(response)
        challenge = response.headers.get("WWW-Authenticate", "")
    said = await answered(session, challenge, login)
    async with session.get(url, headers=headers | ({"Authorization": said} if said else {})) as response:
        return await _whole(response)


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    response.raise_for_status()
    body = bytearray()
    async for chunk in response.content.iter_chunked(2**16):
        body += chunk
        if len(body) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
    return bytes(body)
