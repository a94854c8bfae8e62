"""Generated files are what the types say, and a reader can look every reason up."""

from pathlib import Path

import pytest

from delivery_api.crd import all_crds
from delivery_api.generate import wanted
from delivery_api.reasons import Reason

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", list(wanted(ROOT)), ids=lambda path: str(path.relative_to(ROOT)))
def test_generated_file_is_current(path):
    assert path.read_text() == wanted(ROOT)[path], "run `make generate`"


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_on_the_page(reason):
    assert f"### {reason}\n" in (ROOT / "docs/reference/reasons.md").read_text()


def _fields(schema, path):
    for name, one in schema.get("properties", {}).items():
        yield f"{path}.{name}", one
        yield from _fields(one.get("items", one), f"{path}.{name}")


@pytest.mark.parametrize("name", list(all_crds()))
def test_every_field_is_described(name):
    schema = all_crds()[name]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    bare = [path for path, one in _fields(schema, "") if not one.get("description") and path.count(".") > 1]
    assert bare == []
