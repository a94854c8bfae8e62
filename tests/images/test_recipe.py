"""An image is named by what goes in: our code, its lock and its Dockerfile, and nothing else."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

IMAGES = Path(__file__).resolve().parents[2] / "images"


@pytest.fixture
def recipe(tmp_path: Path) -> Iterator[ModuleType]:
    """The program's own module, over a copy of the sources."""
    for room in ("crds/src", "images"):
        shutil.copytree(IMAGES.parent / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    spec = importlib.util.spec_from_file_location("recipe", tmp_path / "images/tools/recipe.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["recipe"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["recipe"]


def digests(recipe: ModuleType) -> dict[str, str]:
    return {one.name: recipe.digest(one, "base") for one in recipe.recipes() if one.name != "operator"}


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("images/worker/src/delivery_worker/train.py", {"worker"}),
        ("images/common/src/delivery_io/fetch.py", {"worker", "auditor"}),
        ("crds/src/delivery_api/digests.py", {"worker", "auditor"}),
        ("images/auditor/requirements.lock", {"auditor"}),
        ("images/worker/requirements-cuda.lock", set()),
        ("images/README.md", set()),
    ],
)
def test_what_changes_an_image(recipe: ModuleType, path: str, changed: set[str]) -> None:
    before = digests(recipe)
    file = recipe.ROOT / path
    file.write_text(file.read_text() + "\n")
    after = digests(recipe)
    assert {name for name in before if before[name] != after[name]} == changed


def test_another_base_is_another_image(recipe: ModuleType) -> None:
    worker = next(one for one in recipe.recipes() if one.name == "worker")
    assert recipe.digest(worker, "one") != recipe.digest(worker, "two")


def test_the_cuda_worker_has_its_own_lock(recipe: ModuleType) -> None:
    names = {one.name: one.lock.name for one in recipe.recipes(cuda=True)}
    assert names["worker-cuda"] == "requirements-cuda.lock" and names["worker"] == "requirements-cpu.lock"
