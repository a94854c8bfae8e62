"""Tables of the customers' files: rows made of a bank of topics, the same on every machine.

A column says what it holds of a row: the message, its topic by name or number, the number in an older code list, the team,
a value that occurs in the message, and so on. What makes a table a trap is which of these columns stand beside each other.
"""

from __future__ import annotations

import csv
import hashlib
import io
import random
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import Field

from delivery_api.model import Model

BANKS = files("delivery_benchmark.scenarios") / "banks"
CARRIERS = (
    "{}", "hello, {}", "{}, please help", "hi there. {} thanks", "{} - this is the second time i write", "urgent: {}",
    "good morning, {}", "my wife says {}", "{}, what now?", "as discussed on the phone: {}",
)  # fmt: skip
FIRST = ("ana", "ben", "carla", "deniz", "emil", "fatou", "greta", "hugo", "ines", "jonas")
LAST = ("keller", "lopez", "meyer", "novak", "okafor", "petrov", "quist", "rossi", "silva", "tanaka")


class Topic(Model):
    """A thing that people write about."""

    name: str
    team: str
    phrases: tuple[str, ...] = Field(min_length=1)
    answer: str
    """What an ExactMatch ticket wants said."""


class Column(Model):
    """What a column holds of its row; `valued` is a message that has the value in it."""

    of: Literal["message", "valued", "name", "number", "oldNumber", "team", "answer", "value", "serial", "email", "choice"]
    choices: tuple[str, ...] = ()
    """For `choice`: drawn evenly."""


class Table(Model):
    """A table by its columns."""

    columns: dict[str, Column]
    rows: int = Field(60, ge=1, le=2000)
    seed: int = 1


@cache
def bank(name: str) -> tuple[Topic, ...]:
    """The topics of a bank; FileNotFoundError where there is none of that name."""
    read = yaml.safe_load((BANKS / f"{name}.yaml").read_text(encoding="utf-8"))
    return tuple(Topic.model_validate(one) for one in read)


def as_csv(table: Table, bank_name: str, scenario: str) -> str:
    """The table as CSV, with its header."""
    draw = random.Random(int.from_bytes(hashlib.sha256(f"{scenario}/{table.seed}".encode()).digest()[:8], "big"))
    topics = bank(bank_name)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    for row in range(table.rows):
        writer.writerow(_row(table, topics, row, draw))
    return out.getvalue()


def _row(table: Table, topics: tuple[Topic, ...], row: int, draw: random.Random) -> list[str]:
    """One row; everything is drawn whether a column shows it or not, so that columns do not change each other."""
    number = draw.randrange(len(topics))
    topic = topics[number]
    value = f"{draw.choice('ABCDEFGH')}{draw.choice('KLMNPQRS')}-{draw.randrange(1000, 9999)}"
    person = f"{draw.choice(FIRST)}.{draw.choice(LAST)}@mail.example"
    pick = draw.random()
    carrier = draw.choice(CARRIERS)
    message = carrier.format(draw.choice(topic.phrases).replace("{value}", value))
    valued = next(phrase for phrase in topic.phrases if "{value}" in phrase)
    held = {
        "message": message,
        "valued": carrier.format(valued.replace("{value}", value)),
        "name": topic.name,
        "number": str(number),
        "oldNumber": str((number + 3) % len(topics)),
        "team": topic.team,
        "answer": topic.answer,
        "value": value,
        "serial": f"R{row + 1:05d}",
        "email": person,
    }
    return [
        column.choices[int(pick * len(column.choices))] if column.of == "choice" else held[column.of]
        for column in table.columns.values()
    ]
