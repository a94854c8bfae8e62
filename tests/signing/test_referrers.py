"""What is stored beside an artifact is found by common tools, whether or not the registry knows referrers."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.signing.delivered import REPOSITORY, Delivered, crane, deliver

pytestmark = pytest.mark.cluster

TYPES = {
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.in-toto+json",
    "application/vnd.cyclonedx+json",
    "application/vnd.ptaas.certificate.v1",
}


def discovered(program: Path, made: Delivered) -> set[str]:
    """Digests that ORAS's own client finds."""
    done = subprocess.run(
        [str(program), "discover", f"{made.host}/{REPOSITORY}@{made.digest}"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_without_the_api_crane_finds_them_under_the_tag_of_the_digest(delivered: Delivered):
    index = json.loads(crane("manifest", "--insecure", f"{delivered.host}/{REPOSITORY}:{delivered.digest.replace(':', '-')}"))
    assert {one["artifactType"]: one["digest"] for one in index["manifests"]} == delivered.evidence["referrers"]
    assert delivered.evidence["referrers"].keys() == TYPES


def test_without_the_api_oras_finds_them(delivered: Delivered, referrers_program: Path):
    assert discovered(referrers_program, delivered) == set(delivered.evidence["referrers"].values())


def test_with_the_api_oras_finds_them_and_no_tag_is_made(modern: str, keys: Path, referrers_program: Path, tmp_path: Path):
    made = deliver(modern, keys, tmp_path)
    assert discovered(referrers_program, made) == set(made.evidence["referrers"].values())
    assert not [tag for tag in crane("ls", "--insecure", f"{modern}/{REPOSITORY}").split() if tag.startswith("sha256-")]


def test_a_referrer_is_pulled_as_files(delivered: Delivered):
    reference = f"{delivered.host}/{REPOSITORY}@{delivered.evidence['referrers']['application/vnd.ptaas.certificate.v1']}"
    manifest = json.loads(crane("manifest", "--insecure", reference))
    assert manifest["subject"]["digest"] == delivered.digest
    layer = next(one for one in manifest["layers"] if one["annotations"]["org.opencontainers.image.title"] == "bill.json")
    raw = crane("blob", "--insecure", f"{delivered.host}/{REPOSITORY}@{layer['digest']}")
    assert raw == delivered.papers["bill.json"]
