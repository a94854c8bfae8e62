"""The base models of the scenarios: the small one that really trains here, and those of the published table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Base:
    """A base model by its hub name."""

    hub: str

    @property
    def uri(self) -> str:
        """A pinned source. The commit stands for the name only: replayed workers fetch nothing."""
        return f"hf://{self.hub}@{hashlib.sha1(self.hub.encode(), usedforsecurity=False).hexdigest()}"


BASES: dict[str, Base] = {
    "smollm2-135m": Base("HuggingFaceTB/SmolLM2-135M-Instruct"),
    "qwen3-8b": Base("Qwen/Qwen3-8B"),
    "gemma-2-9b": Base("google/gemma-2-9b-it"),
    "qwen3-32b": Base("Qwen/Qwen3-32B"),
    "llama-3.3-70b": Base("meta-llama/Llama-3.3-70B-Instruct"),
}
