"""Sample deliveries against a real API server: each is taken by server-side dry run, rules and admission policies included."""

from pathlib import Path

import pytest

from tests.chart.kube import Kube

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "docs/samples").glob("*.yaml"))
NAMESPACE = "acme"


@pytest.fixture(scope="module")
def tenant(control_plane: Kube) -> Kube:
    """The namespace that the samples name."""
    control_plane.run("create", "namespace", NAMESPACE)
    return control_plane


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_taken_by_server_side_dry_run(tenant: Kube, sample: Path):
    done = tenant.run("apply", "--server-side", "--dry-run=server", "-f", str(sample))
    assert done.returncode == 0 and "serverside-applied (server dry run)" in done.stdout, done.stderr


def test_a_dry_run_would_notice_a_sample_that_is_not_pinned(tenant: Kube, tmp_path: Path):
    """Else the green above would mean nothing."""
    loose = "\n".join(line for line in SAMPLES[0].read_text().splitlines() if "digest:" not in line)
    (tmp_path / "loose.yaml").write_text(loose)
    done = tenant.run("apply", "--server-side", "--dry-run=server", "-f", str(tmp_path / "loose.yaml"))
    assert done.returncode != 0 and "digest" in done.stderr
