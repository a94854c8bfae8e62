"""`estimate`: JSON lines of runs on standard input, JSON lines of memory and speed on standard output, one for one.

A row that cannot be used gets a line with `error` in its place, so that the order stays; the exit status then is 64.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import IO, Any

from delivery_oracle.commands.common import BAD_INPUT, PASS, Commands
from delivery_oracle.configurator.estimates import estimate
from delivery_oracle.configurator.picture import explain

LONGEST_ROW = 1 << 20
BATCH = 256
ENCODE = json.JSONEncoder(allow_nan=False, separators=(", ", ": "), check_circular=False).encode


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "estimate", help="peak memory and speed of training runs; one JSON object a line on standard input"
    )
    parser.add_argument("--explain", action="store_true", help="a table and bars for people instead of JSON lines")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    wrong = 0
    waiting: list[str] = []
    for count, line in enumerate(lines(sys.stdin.buffer), start=1):
        try:
            row = parsed(line)
            waiting.append(explain(row) if options.explain else ENCODE(estimate(row)) + "\n")
        except ValueError as error:
            wrong += 1
            waiting.append(ENCODE({"error": f"row {count}: {error}"}) + "\n")
        if len(waiting) >= BATCH:
            sys.stdout.write("".join(waiting))
            waiting.clear()
    sys.stdout.write("".join(waiting))
    if wrong:
        print(f"delivery-oracle estimate: {wrong} rows could not be used; see the lines with `error`", file=sys.stderr)
    return BAD_INPUT if wrong else PASS


def lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Rows in bounded memory; blank lines are passed over, and what is too long is cut so that it cannot parse."""
    while line := stream.readline(LONGEST_ROW):
        whole = line.endswith(b"\n") or len(line) < LONGEST_ROW
        while not whole:
            rest = stream.readline(LONGEST_ROW)
            whole = not rest or rest.endswith(b"\n")
            line = b"[" if rest or not whole else line
        if line.strip():
            yield line


def parsed(line: bytes) -> Any:
    """One JSON value; ValueError says where it breaks."""
    try:
        return json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON object: {error.msg} at column {error.colno}") from None
