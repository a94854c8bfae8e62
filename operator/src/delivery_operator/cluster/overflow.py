"""Evidence that does not fit into a ConfigMap, read from the registry it was pushed to.

The digest that the ConfigMap and the pod's termination message carry is that of the text: whatever a registry
answers, nothing else is believed. Credentials are not used: an output repository that needs them keeps evidence
under 900 KiB, or its evidence cannot be read and nothing is concluded.
"""

import json
import logging
import re

import aiohttp

from delivery_api.digests import sha256

log = logging.getLogger(__name__)

REFERENCE = re.compile(r"^oci://(?P<host>[^/\s]+)/(?P<repository>[^@\s]+)@(?P<digest>sha256:[0-9a-f]{64})$")
LARGEST = 64 * 2**20
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


async def fetch(reference: str, digest: str, plain_http: tuple[str, ...]) -> str | None:
    """The text, or None when it cannot be had or is not what its digest says."""
    if (known := _kept(digest)) is not None:
        return known
    found = REFERENCE.match(reference)
    if not found:
        return None
    scheme = "http" if found["host"] in plain_http else "https"
    root = f"{scheme}://{found['host']}/v2/{found['repository']}"
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            manifest = json.loads(await _bytes(session, f"{root}/manifests/{found['digest']}", MANIFEST))
            blob = manifest["layers"][0]["digest"] if "layers" in manifest else found["digest"]
            text = (await _bytes(session, f"{root}/blobs/{blob}", "*/*")).decode()
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, IndexError) as error:
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


async def _bytes(session: aiohttp.ClientSession, url: str, accept: str) -> bytes:
    async with session.get(url, headers={"Accept": accept}) as response:
        response.raise_for_status()
        body = bytearray()
        async for chunk in response.content.iter_chunked(2**16):
            body += chunk
            if len(body) > LARGEST:
                raise ValueError(f"more than {LARGEST} bytes")
        return bytes(body)
