"""The README's commands are run as they stand, so that it cannot lie."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def commands(root: Path) -> list[str]:
    """Lines that start with a prompt."""
    return [line[2:] for line in (root / "oracle/README.md").read_text().splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("place", range(3))
def test_a_command_of_the_readme_prints_json_lines(request, tmp_path, place):
    tool = tmp_path / "delivery-oracle"
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m delivery_oracle.cli "$@"\n')
    tool.chmod(0o755)
    line = commands(request.config.rootpath)[place]
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode in (0, 2), done.stderr
    assert all(json.loads(printed) for printed in done.stdout.splitlines()) and done.stdout
