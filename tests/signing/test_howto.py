"""The page on signing and verifying is run as it stands, so that it cannot lie."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.signing.delivered import REPOSITORY, ROOT, crane_program, deliver, fetch

pytestmark = pytest.mark.cluster
PAGE = ROOT / "docs/how-to/verify-a-delivery.md"


def commands(start: str) -> list[str]:
    """Lines with a prompt that run this program."""
    lines = [line.strip()[2:] for line in PAGE.read_text().splitlines() if line.strip().startswith("$ ")]
    return [line for line in lines if line.startswith(start)]


def typed(line: str, folder: Path, **names: str) -> str:
    """What a person who types it sees."""
    path = f"{Path(sys.executable).parent}:{crane_program().parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, env=os.environ | names | {"PATH": path}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_every_command_of_the_page_does_what_it_says(plain: str, tmp_path: Path):
    secret = tmp_path / "signing"
    secret.mkdir()
    for line in commands("openssl"):
        typed(line, secret)
    made = deliver(plain, tmp_path, tmp_path / "delivered")
    fetch(made, tmp_path)
    (tmp_path / "delivery.pub").write_bytes((secret / "delivery.pub").read_bytes())
    names = {"ARTIFACT": made.uri, "REPOSITORY": f"{plain}/{REPOSITORY}", "HEX": made.digest.removeprefix("sha256:")}
    (verify,) = commands("delivery-oracle")
    assert typed(f"{verify} --insecure", tmp_path, **names).splitlines()[-1] == "verified"
    (look,) = commands("crane")
    assert "application/vnd.ptaas.certificate.v1" in typed(f"{look} --insecure", tmp_path, **names)
    (check,) = commands("python -m model_signing")
    assert "succeeded" in typed(check, tmp_path, **names)


def test_the_page_names_every_check_that_is_made():
    from delivery_oracle.verify.check import HOLDS

    said = PAGE.read_text()
    made = {"artifact", "signature", "papers", "attestation", "record", *HOLDS}
    assert {name for name in made if f"\n| {name} |" in said} == made
