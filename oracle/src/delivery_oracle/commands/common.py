"""What the commands share: exit statuses, bad input in one line, JSON lines."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, TypeAlias

from delivery_api.finding import Verdict

Commands: TypeAlias = "argparse._SubParsersAction[Any]"

PASS, FAIL, UNKNOWN, BAD_INPUT = 0, 1, 2, 64
STATUS = {Verdict.PASS: PASS, Verdict.FAIL: FAIL, Verdict.UNKNOWN: UNKNOWN}
LARGEST = sys.float_info.max


class BadInput(Exception):
    """Input that cannot be used; its text is the one line that the user sees."""


def show(value: Any) -> None:
    """One JSON line on standard output."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False))
