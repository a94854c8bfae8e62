"""Find personal data in a text, and replace it the same way in every worker.

Kinds are those a pattern can prove. Dates and postal codes are left alone: in messages to a support
desk nearly all of them are neither, and a model needs to see them.
"""

from collections import Counter
from dataclasses import replace

import datafog

from delivery_io.tables import Row

KINDS = frozenset({"EMAIL", "PHONE", "SSN", "CREDIT_CARD", "IP_ADDRESS"})


def find(text: str) -> Counter[str]:
    """Kinds of personal data in a text, with how often each occurs."""
    return Counter(entity.type for entity in datafog.scan(text, engine="regex").entities if entity.type in KINDS)


def redact(text: str) -> str:
    """The text with each finding replaced by its kind in brackets, such as [EMAIL]."""
    entities = [entity for entity in datafog.scan(text, engine="regex").entities if entity.type in KINDS]
    for entity in sorted(entities, key=lambda one: one.start, reverse=True):
        text = f"{text[: entity.start]}[{entity.type}]{text[entity.end :]}"
    return text


def prepared_row(row: Row, handling: str, task: str) -> Row:
    """The row as a model may see it; labels are names of ours, not texts of people, and stay."""
    if handling != "Redact":
        return row
    target = row.target if task == "Classification" else redact(row.target)
    return replace(row, text=redact(row.text), target=target)
