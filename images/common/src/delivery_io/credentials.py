"""Credentials from a mounted Secret: a docker config, a token, or a user with a password.

They stay in memory. A file that is missing is a mistake in the spec and is said so; a value never
gets into a message.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from delivery_io.problems import WorkProblem


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to introduce oneself. `token` is a bearer token."""

    username: str = ""
    password: str = ""
    token: str = ""

    @property
    def header(self) -> dict[str, str]:
        """The Authorization header, if there is anything to say."""
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if self.username:
            basic = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
            return {"Authorization": f"Basic {basic}"}
        return {}


ANONYMOUS = Credentials()


def _text(folder: Path, *names: str) -> str:
    for name in names:
        if (folder / name).is_file():
            return (folder / name).read_text().strip()
    return ""


def _from_docker_config(raw: str, host: str, field: str) -> Credentials:
    try:
        auths = json.loads(raw).get("auths", {})
        entry = next(
            (auths[key] for key in (host, f"https://{host}", f"http://{host}", f"https://{host}/v1/") if key in auths), None
        )
        if entry is None:
            raise WorkProblem("Invalid", f"{field}.secret", f"The docker config has no entry for {host}; add one to the Secret")
        if entry.get("auth"):
            username, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
            return Credentials(username, password)
        return Credentials(entry.get("username", ""), entry.get("password", ""), entry.get("registrytoken", ""))
    except (ValueError, AttributeError) as error:
        raise WorkProblem(
            "Invalid", f"{field}.secret", "The docker config is not valid JSON; create the Secret anew"
        ) from error


def read(secrets: Path, secret: str | None, host: str, field: str) -> Credentials:
    """Credentials of a Secret for a host; anonymous when the spec names no Secret."""
    if secret is None:
        return ANONYMOUS
    folder = secrets / secret
    if not folder.is_dir():
        raise WorkProblem("Invalid", f"{field}.secret", f"Secret {secret} is not mounted; create it in the work namespace")
    if raw := _text(folder, ".dockerconfigjson", "config.json"):
        return _from_docker_config(raw, host, field)
    token, username = _text(folder, "token"), _text(folder, "username")
    if not token and not username:
        need = ".dockerconfigjson, token, or username and password"
        raise WorkProblem("Invalid", f"{field}.secret", f"Secret {secret} has none of the keys {need}; add one")
    return Credentials(username, _text(folder, "password"), token)
