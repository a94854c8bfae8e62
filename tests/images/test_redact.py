"""Personal data is found and replaced the same way everywhere; ids stay those of the rows as sealed."""

import pytest

from delivery_io.redact import find, prepared_row, redact
from delivery_io.tables import row_of


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("write to ann@example.com or bob@example.org", "write to [EMAIL] or [EMAIL]"),
        ("my card 4111 1111 1111 1111 was taken", "my card [CREDIT_CARD] was taken"),
        ("call (555) 123-4567 today", "call [PHONE] today"),
        ("order 20391 of 3 May for 120 euros", "order 20391 of 3 May for 120 euros"),
        ("", ""),
    ],
)
def test_findings_are_replaced_by_their_kind(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_what_is_replaced_is_not_found_again() -> None:
    assert not find(redact("ann@example.com, 192.168.0.7, 123-45-6789"))


@pytest.mark.parametrize(
    ("handling", "task", "text", "target"),
    [
        ("Redact", "Classification", "from [EMAIL]", "a@b.example"),
        ("Redact", "Extraction", "from [EMAIL]", "[EMAIL]"),
        ("Allow", "Extraction", "from a@b.example", "a@b.example"),
    ],
)
def test_the_terms_decide(handling: str, task: str, text: str, target: str) -> None:
    row = row_of(0, "from a@b.example", "a@b.example")
    shown = prepared_row(row, handling, task)
    assert (shown.text, shown.target, shown.id) == (text, target, row.id)
