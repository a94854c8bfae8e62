"""Pages that show commands are run as they stand, in their order, and their output compared: `...` stands for anything."""

from __future__ import annotations

import doctest
import os
import shutil
import subprocess
import sys
from pathlib import Path

PAGE = "docs/how-to/did-my-run-learn.md"
LOOSELY = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def sessions(page: str) -> list[tuple[str, str]]:
    """(command, output as shown) of every line that starts with a prompt, inside of code blocks."""
    found: list[tuple[str, str]] = []
    for block in page.split("```")[1::2]:
        for part in ("\n" + block).split("\n$ ")[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def test_the_commands_of_the_page_print_what_it_shows(request, tmp_path: Path):
    root = request.config.rootpath
    tool = tmp_path / "delivery-oracle"
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m delivery_oracle.cli "$@"\n')
    tool.chmod(0o755)
    shutil.copy(root / "docs/how-to/rows.awk", tmp_path)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    shown = sessions((root / PAGE).read_text())
    assert len(shown) > 10
    for command, expected in shown:
        done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=120)
        assert doctest.OutputChecker().check_output(expected, done.stdout, LOOSELY), f"$ {command}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr


def test_links_of_the_pages_lead_somewhere(request):
    root = request.config.rootpath
    for page in (PAGE, "docs/explanation/statistics.md", "docs/reference/guarantees.md"):
        at = root / page
        for link in at.read_text().split("](")[1:]:
            target = link.partition(")")[0]
            assert target.startswith("https://") or (at.parent / target).exists(), f"{page}: {target}"
