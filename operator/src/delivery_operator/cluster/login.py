"""How to introduce oneself to a registry: by a Secret as workers take it, to either challenge of the OCI protocol."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import parse_http_list, parse_keqv_list

import aiohttp


@dataclass(frozen=True, slots=True)
class Login:
    """A user with a password, or a bearer token; empty says nothing. Its values are in no message and in no log."""

    username: str = ""
    password: str = ""
    token: str = ""

    @property
    def basic(self) -> str:
        """User and password as an Authorization header; empty without a user."""
        said = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return f"Basic {said}" if self.username else ""


NOBODY = Login()


def of_secret(secret: Mapping[str, Any] | None, host: str) -> Login:
    """What a Secret says for a host: a docker config, a token, or username and password."""
    data = {key: _decoded(value) for key, value in ((secret or {}).get("data") or {}).items()}
    raw = data.get(".dockerconfigjson") or data.get("config.json")
    if raw is None:
        return Login(data.get("username", ""), data.get("password", ""), data.get("token", ""))
    try:
        auths = json.loads(raw)["auths"]
        entry = next(auths[key] for key in (host, f"https://{host}", f"http://{host}", f"https://{host}/v1/") if key in auths)
        if "auth" not in entry:
            return Login(entry.get("username", ""), entry.get("password", ""), entry.get("registrytoken", ""))
        username, _, password = _decoded(entry["auth"]).partition(":")
        return Login(username, password)
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return NOBODY


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def answered(session: aiohttp.ClientSession, challenge: str, login: Login) -> str:
    """The Authorization header that a challenge asks for; empty when there is nothing to answer it with."""
    scheme, _, rest = challenge.partition(" ")
    if login.token:
        return f"Bearer {login.token}"
    if scheme.lower() == "basic":
        return login.basic
    if scheme.lower() != "bearer":
        return ""
    asked = parse_keqv_list(parse_http_list(rest))
    realm = asked.pop("realm", "")
    query = {key: value for key, value in asked.items() if key in ("service", "scope")}
    headers = {"Authorization": login.basic} if login.basic else {}
    if not realm.startswith(("https://", "http://")):
        return ""
    async with session.get(realm, params=query, headers=headers) as response:
        response.raise_for_status()
        told = await response.json(content_type=None)
    token = told.get("token") or told.get("access_token") or ""
    return f"Bearer {token}" if token else ""
