"""Canonical JSON and the digests made of it.

Two objects that mean the same have the same digest on every machine and after every upgrade: keys
are sorted, absent and null are the same, and nothing is filled in by defaults that may grow.
Golden tests hold stored values; when one goes red, an upgrade is about to retrain every model.
"""

import hashlib
import json
from typing import Any

from pydantic import BaseModel


def plain(value: Any) -> Any:
    """JSON data of a type, by alias, without absent fields."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return value


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no nulls at top level of types, UTF-8."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256(data: bytes | str) -> str:
    """`sha256:` and the hex digest of bytes, or of text in UTF-8."""
    raw = data.encode() if isinstance(data, str) else data
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def digest(value: Any) -> str:
    """Digest of the canonical JSON."""
    return sha256(canonical(value))


def short(full: str, digits: int = 10) -> str:
    """The first hex digits, for names and labels."""
    return full.removeprefix("sha256:")[:digits]


def item_id(text: str, target: str) -> str:
    """Identity of a row: 16 hex digits of its two texts, the same in every worker."""
    return hashlib.sha256(json.dumps([text, target], ensure_ascii=False).encode()).hexdigest()[:16]
