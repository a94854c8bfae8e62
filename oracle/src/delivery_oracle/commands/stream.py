"""Numbers from standard input, a line an item, read in chunks: a million lines in about a second, in bounded memory.

Whatever is wrong is named with its line. A field more than needed is the item's id, on every line or on none; an id that
comes again is refused, as a second score of an item is no fresh evidence.
"""

from __future__ import annotations

import math
import os
from array import array
from collections.abc import Iterator
from itertools import chain
from typing import IO

import numpy as np

from delivery_oracle.commands.common import BadInput
from delivery_oracle.statistics.eprocess import Floats

CHUNK_BYTES = 1 << 20
LONGEST_LINE = 4096
LARGEST_INPUT = 1 << 30
MOST_ITEMS = 20_000_000
MOST_IDS = 2_000_000


def read(stream: IO[bytes], columns: int) -> Floats:
    """Numbers of all items, [items, columns]; blank lines are passed over."""
    refuse_if_huge(stream)
    values, ids = array("d"), dict[bytes, int]()
    line, width = 1, 0
    for chunk in chunks(stream):
        lines = [text.split() for text in chunk.replace(b",", b" ").split(b"\n")]
        width = width or next((len(parts) for parts in lines if parts), 0)
        if width == columns and set(map(len, lines)) <= {0, columns} and (found := quickly(lines)):
            values.extend(found)
        else:
            for place, parts in enumerate(lines):
                if parts:
                    values.extend(numbers(parts, columns, width, line + place))
                    remember(ids, parts, columns, line + place)
        line += len(lines) - 1
        if len(values) > MOST_ITEMS * columns:
            raise BadInput(f"more than {MOST_ITEMS:,} items; give the items of one run")
    return np.frombuffer(values, dtype=np.float64).reshape(-1, columns)


def named(stream: IO[bytes]) -> tuple[list[str], list[float]]:
    """Names and numbers of lines `number name`, each name once."""
    refuse_if_huge(stream)
    ids, values = dict[bytes, int](), list[float]()
    for place, text in enumerate((text for chunk in chunks(stream) for text in chunk.split(b"\n")[:-1]), start=1):
        if parts := text.split():
            values.extend(numbers(parts, 1, 2, place))
            remember(ids, parts, 1, place)
    return [shown(name) for name in ids], values


def refuse_if_huge(stream: IO[bytes]) -> None:
    """A file of many gigabytes is refused before it is read; what comes through a pipe is counted instead."""
    try:
        size = os.fstat(stream.fileno()).st_size
    except OSError:
        return
    if size > LARGEST_INPUT:
        raise BadInput(f"input of {size / 2**30:.1f} GiB, at most {LARGEST_INPUT >> 30} GiB is read; give the items of one run")


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """The input in pieces that end where a line ends."""
    tail, line = b"", 1
    while piece := stream.read(CHUNK_BYTES):
        whole, found, rest = (tail + piece).rpartition(b"\n")
        if len(rest) > LONGEST_LINE:
            line += (whole + found).count(b"\n")
            raise BadInput(f"line {line}: longer than {LONGEST_LINE} bytes; one item a line")
        if found:
            line += whole.count(b"\n") + 1
            yield whole + found
        tail = rest
    if tail:
        yield tail + b"\n"


def quickly(lines: list[list[bytes]]) -> list[float] | None:
    """All fields as finite numbers, or None where one is not."""
    try:
        found = list(map(float, chain.from_iterable(lines)))
    except ValueError:
        return None
    return found if all(map(math.isfinite, found)) else None


def numbers(parts: list[bytes], columns: int, width: int, line: int) -> tuple[float, ...]:
    """The fields of one line as finite numbers."""
    if len(parts) not in (columns, columns + 1):
        raise BadInput(f"line {line}: {len(parts)} fields, {columns} expected")
    if len(parts) != width:
        raise BadInput(f"line {line}: {len(parts)} fields, {width} on the lines before; give an id for every item or for none")
    try:
        values = tuple(float(part) for part in parts[:columns])
    except ValueError:
        raise BadInput(f"line {line}: {shown(b' '.join(parts))!r} is no number") from None
    wrong = next((part for part, value in zip(parts, values, strict=False) if not math.isfinite(value)), None)
    if wrong is not None:
        raise BadInput(f"line {line}: {shown(wrong)} is not finite")
    return values


def remember(ids: dict[bytes, int], parts: list[bytes], columns: int, line: int) -> None:
    """Notes the id of a line, if it has one."""
    if len(parts) == columns:
        return
    name = parts[columns]
    if name in ids:
        raise BadInput(f"line {line}: item {shown(name)} was on line {ids[name]} already; score each item once")
    if len(ids) == MOST_IDS:
        raise BadInput(f"more than {MOST_IDS:,} items with ids; give the items of one run")
    ids[name] = line


def shown(text: bytes) -> str:
    """Foreign bytes as they may be printed."""
    return text[:40].decode("utf-8", "replace")
