"""Arguments that cannot work are refused in words, before anything is built."""

from pathlib import Path

import pytest

from demo.run import main


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--kubeconfig", "absent.yaml"], "absent.yaml: no such file", id="no such kubeconfig"),
        pytest.param(["--kubeconfig", __file__, "--registry", ""], "needs REGISTRY=", id="no registry"),
    ],
)
def test_a_given_cluster_needs_what_it_needs(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--out", str(tmp_path)]) == 1
    assert says in capsys.readouterr().out
    assert says in (tmp_path / "transcript.txt").read_text()
