"""What the base is, from its small files: architecture, template, and how long rows are in its tokens."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoTokenizer

from delivery_api.evidence import Lengths
from delivery_io import prompts
from delivery_io.problems import WorkProblem
from delivery_io.tables import Row

FIELD = "spec.base"


def architecture(folder: Path) -> dict[str, int | float | str | bool | None]:
    """Scalar keys of config.json, and the name of the architecture."""
    try:
        config = json.loads((folder / "config.json").read_text())
        scalars = {key: value for key, value in config.items() if isinstance(value, (int, float, str, bool))}
        return {**scalars, "architecture": (config.get("architectures") or [None])[0]}
    except (OSError, ValueError, AttributeError) as error:
        raise WorkProblem("Invalid", FIELD, "The base has no readable config.json; use a complete model folder") from error


def tokenizer(folder: Path) -> tuple[Any, bool]:
    """(tokenizer, whether it has a chat template of its own)."""
    try:
        loaded = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError, KeyError) as error:
        raise WorkProblem("Invalid", FIELD, "The base has no usable tokenizer; use a complete model folder") from error
    has_template = bool(loaded.chat_template)
    prompts.ensure_template(loaded)
    return loaded, has_template


def lengths(rows: Sequence[Row], loaded: Any, instruction: str | None) -> tuple[list[int], list[int]]:
    """Tokens of each row, and of its answer with the stop token."""
    answers = [len(prompts.answer_ids(loaded, row.target)) + 1 for row in rows]
    whole = [len(prompts.prompt_ids(loaded, row.text, instruction)) for row in rows]
    return [prompt + answer for prompt, answer in zip(whole, answers, strict=True)], answers


def summary(whole: Sequence[int], answers: Sequence[int]) -> Lengths:
    """Quantiles."""
    return Lengths(
        median=int(np.percentile(whole, 50, method="lower")),
        p95=int(np.percentile(whole, 95, method="higher")),
        maximum=max(whole),
        mean=round(float(np.mean(whole)), 3),
        answer_maximum=max(answers),
    )
