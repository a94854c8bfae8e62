"""Where a worker finds its mounts and leaves its files; read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Folders and names of one worker's pod."""

    secrets: Path = Path("/secrets")
    claims: Path = Path("/claims")
    work: Path = Path("/work")
    termination_log: Path = Path("/dev/termination-log")
    pod: str = "local"
    namespace: str = ""
    owner_uid: str = ""
    evidence_folder: Path | None = None
    hub: str | None = None
    push_seconds: float = 300.0


def from_environment(env: Mapping[str, str] = os.environ) -> Settings:
    """Settings of this process; DELIVERY_EVIDENCE_DIR writes evidence to a folder instead of the cluster."""
    folder = env.get("DELIVERY_EVIDENCE_DIR")
    return Settings(
        secrets=Path(env.get("DELIVERY_SECRETS", "/secrets")),
        claims=Path(env.get("DELIVERY_CLAIMS", "/claims")),
        work=Path(env.get("DELIVERY_WORK", "/work")),
        termination_log=Path(env.get("DELIVERY_TERMINATION_LOG", "/dev/termination-log")),
        pod=env.get("POD_NAME", "local"),
        namespace=env.get("POD_NAMESPACE", ""),
        owner_uid=env.get("ANCHOR_UID", ""),
        evidence_folder=Path(folder) if folder else None,
        hub=env.get("HF_ENDPOINT"),
        push_seconds=float(env.get("DELIVERY_PUSH_SECONDS", "300")),
    )
