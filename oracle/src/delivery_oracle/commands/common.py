"""What the commands share: exit statuses, bad input in one line, numbers from standard input in bounded memory."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from typing import IO, Any, TypeAlias

from delivery_api.finding import Verdict

Commands: TypeAlias = "argparse._SubParsersAction[Any]"

PASS, FAIL, UNKNOWN, BAD_INPUT = 0, 1, 2, 64
STATUS = {Verdict.PASS: PASS, Verdict.FAIL: FAIL, Verdict.UNKNOWN: UNKNOWN}
LONGEST_LINE = 4096
MOST_LINES = 20_000_000
LARGEST = sys.float_info.max


class BadInput(Exception):
    """Input that cannot be used; its text is the one line that the user sees."""


def show(value: Any) -> None:
    """One JSON line on standard output."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False))


def exponential(log_value: float) -> float:
    """exp that stops at the largest number JSON can carry."""
    return math.exp(log_value) if log_value < 709.0 else LARGEST


def rows(stream: IO[bytes], columns: int) -> Iterator[tuple[float, ...]]:
    """Numbers of each line; blank lines are passed over, anything else that is wrong is named with its line."""
    count = 0
    while line := stream.readline(LONGEST_LINE):
        count += 1
        if count > MOST_LINES:
            raise BadInput(f"more than {MOST_LINES:,} lines; give the items of one run")
        parts = line.replace(b",", b" ").split()
        if parts:
            yield numbers(parts, columns, count)


def numbers(parts: list[bytes], columns: int, line: int) -> tuple[float, ...]:
    """The fields of one line as finite numbers."""
    if len(parts) != columns:
        raise BadInput(f"line {line}: {len(parts)} fields, {columns} expected")
    try:
        values = tuple(float(part) for part in parts)
    except ValueError:
        text = b" ".join(parts)[:40].decode("utf-8", "replace")
        raise BadInput(f"line {line}: {text!r} is no number") from None
    if not all(map(math.isfinite, values)):
        raise BadInput(f"line {line}: {parts[0].decode('utf-8', 'replace')} is not finite")
    return values
