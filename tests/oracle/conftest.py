"""The command line for every test of it."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

from delivery_oracle.cli import main


@pytest.fixture
def cli(monkeypatch, capsys):
    """Runs the command line with text or bytes on standard input."""

    def run(*arguments: str, stdin: str | bytes = b"") -> SimpleNamespace:
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
        try:
            status = main(list(arguments))
        except SystemExit as end:
            status = end.code
        said = capsys.readouterr()
        return SimpleNamespace(status=status, out=said.out, err=said.err)

    return run
