"""What is fixed before the first run of `make tbdl`: arms, order, manifest. The data set's own rows stand for themselves."""

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from delivery_api.digests import sha256
from delivery_api.driver import Config
from delivery_api.tasks import AuditTask
from experiments.tbdl import manifest as manifests
from experiments.tbdl import rows
from experiments.tbdl.manifest import ARMS, Case, Manifest, cases
from experiments.tbdl.verdicts import judge_all
from experiments.tbdl.workers import Workers

RESULTS = Path(manifests.__file__).parent


@pytest.fixture(scope="module")
def banking77() -> Path:
    folder = Path(os.environ.get("DELIVERY_SHARED", "../shared")) / "data" / "banking77"
    if not folder.is_dir():
        pytest.fail(f"{folder} is absent; set DELIVERY_SHARED to the folder that holds data/banking77")
    return folder


@pytest.fixture
def manifest() -> Manifest:
    found = manifests.read(RESULTS)
    assert found is not None
    return found


def test_the_manifest_names_the_data_that_every_run_gets(banking77: Path, manifest: Manifest) -> None:
    assert manifest.train.digest == sha256((banking77 / "train.csv").read_bytes())
    assert manifest.sealed.digest == sha256((banking77 / "test.csv").read_bytes())
    original = rows.read(banking77 / "train.csv")
    made = {case.name: sha256(rows.of_arm(original, case.arm, case.seed)) for case in cases(manifest.arms, manifest.seeds)}
    assert made == manifest.arm_data


def labels(data: bytes, folder: Path) -> list[str]:
    path = folder / "rows.csv"
    path.write_bytes(data)
    return [row.label for row in rows.read(path)]


def test_arms_are_what_they_are_called(banking77: Path, tmp_path: Path) -> None:
    original = rows.read(banking77 / "train.csv")
    true = [row.label for row in original]
    arms = {arm: labels(rows.of_arm(original, arm, 1), tmp_path) for arm in ARMS}
    assert arms["correct"] == true and arms["mask"] == true
    moved = set(zip(true, arms["permute"], strict=True))
    assert len(moved) == 77 == len({new for _, new in moved}) and all(old != new for old, new in moved)
    counts = Counter(arms["noise"])
    assert set(counts) == set(true)
    assert min(counts.values()) > 80 and max(counts.values()) < 185, "77 labels over 10,003 rows: 130 each, deviation 11"
    kept = sum(old == new for old, new in zip(true, arms["noise"], strict=True))
    assert 85 < kept < 180, "a uniform draw hits the true label once in 77"


@pytest.mark.parametrize("arm", ["permute", "noise"])
def test_a_seed_is_one_data_set(banking77: Path, arm: manifests.Arm) -> None:
    original = rows.read(banking77 / "train.csv")[:500]
    first, again, other = (rows.of_arm(original, arm, seed) for seed in (1, 1, 2))
    assert first == again != other


def test_texts_with_quotes_and_line_breaks_survive(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b'text,category\n"He said ""no"",\nthen left",a\nplain,b\n')
    copy = tmp_path / "copy.csv"
    copy.write_bytes(rows.of_arm(rows.read(path), "correct", 1))
    assert rows.read(copy) == rows.read(path)


def test_every_arm_runs_once_before_any_runs_twice() -> None:
    order = list(cases(ARMS, (5, 7)))
    assert [case.name for case in order[:4]] == ["correct-5", "permute-5", "noise-5", "mask-5"]
    assert [case.place for case in order] == list(range(1, 9)) and order[4].seed == 7


def test_only_mask_has_the_prompt_in_the_loss() -> None:
    assert {arm: Case(arm, 1, 1).plan.loss_on for arm in ARMS} == {
        "correct": "Completion",
        "permute": "Completion",
        "noise": "Completion",
        "mask": "All",
    }


def test_runs_differ_in_the_seed_alone(manifest: Manifest) -> None:
    first, second = (manifests.config_of(manifest, Case("correct", seed, 1)) for seed in (1, 2))
    assert isinstance(first, Config) and first != second
    assert first.model_copy(update={"seed": None}) == second.model_copy(update={"seed": None}) == manifest.config


def test_a_manifest_is_written_once(manifest: Manifest, tmp_path: Path) -> None:
    manifests.settle(tmp_path, manifest)
    manifests.settle(tmp_path, manifest)
    assert manifests.read(tmp_path) == manifest
    with pytest.raises(SystemExit, match=r"written for other margin, look_items; take another --results"):
        manifests.settle(tmp_path, manifest.model_copy(update={"margin": "0.10", "look_items": 64}))
    assert manifests.read(tmp_path) == manifest


def test_without_a_manifest_nothing_is_judged(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"has no manifest\.json; run experiments/tbdl/run first"):
        judge_all(tmp_path)


def test_a_worker_that_leaves_no_evidence_ends_the_experiment(manifest: Manifest, tmp_path: Path) -> None:
    workers = Workers(tmp_path, {})
    task = AuditTask(
        delivery_uid="uid",
        inputs="inputs",
        base=manifest.base,
        sealed=manifest.sealed,
        train=manifest.train,
        fields=manifests.FIELDS,
        task="Classification",
        metric="Accuracy",
    )
    with pytest.raises(SystemExit, match="The worker left no evidence; see"):
        workers.run("no_such_worker", task, tmp_path / "audit")
    assert "No module named no_such_worker" in (tmp_path / "audit" / "log").read_text(), sys.executable
