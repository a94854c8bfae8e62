"""Volume claims, Secrets and the choice of the one table: what is wrong is said with its field."""

import json
from pathlib import Path

import pytest

from delivery_api.digests import sha256
from delivery_api.sources import Source
from delivery_io.credentials import read
from delivery_io.fetch import Fetcher, folder_digest
from delivery_io.problems import WorkProblem
from delivery_io.settings import Settings

FIELD = "spec.terms.data.train"
ROWS = "text,intent\na,b\n"


@pytest.fixture
def fetcher(tmp_path: Path) -> Fetcher:
    (tmp_path / "claims/acme/data").mkdir(parents=True)
    (tmp_path / "claims/acme/data/rows.csv").write_text(ROWS)
    return Fetcher(Settings(secrets=tmp_path / "secrets", claims=tmp_path / "claims", work=tmp_path / "work"))


def test_a_file_on_a_claim(fetcher: Fetcher) -> None:
    assert fetcher.table(Source(uri="pvc://acme/data/rows.csv", digest=sha256(ROWS)), FIELD).read_text() == ROWS


def test_a_model_folder_on_a_claim_is_pinned_by_its_files(fetcher: Fetcher) -> None:
    folder = fetcher.settings.claims / "acme/data"
    assert fetcher.model(Source(uri="pvc://acme/data", digest=folder_digest(folder)), "spec.base") == folder
    (folder / "more.txt").write_text("x")
    with pytest.raises(WorkProblem) as raised:
        fetcher.model(Source(uri="pvc://acme/data", digest=sha256("other")), "spec.base")
    assert raised.value.kind == "DigestMismatch"


@pytest.mark.parametrize(
    ("uri", "kind", "says"),
    [
        ("pvc://acme/data/rows.csv", "DigestMismatch", "the spec pins"),
        ("pvc://other/rows.csv", "Invalid", "not mounted"),
        ("pvc://acme/none.csv", "Invalid", "has no none.csv"),
        ("pvc://acme/../../secrets/x", "Invalid", "correct the path"),
    ],
    ids=["digest", "claim", "path", "escape"],
)
def test_what_a_claim_cannot_give(fetcher: Fetcher, uri: str, kind: str, says: str) -> None:
    with pytest.raises(WorkProblem) as raised:
        fetcher.table(Source(uri=uri, digest=sha256("other")), FIELD)
    assert raised.value.kind == kind and says in raised.value.message


def test_a_wrong_file_on_a_claim_is_left_alone(fetcher: Fetcher) -> None:
    with pytest.raises(WorkProblem):
        fetcher.table(Source(uri="pvc://acme/data", digest=sha256("other"), file="rows.csv"), FIELD)
    assert (fetcher.settings.claims / "acme/data/rows.csv").exists()


def test_two_tables_need_a_name(fetcher: Fetcher) -> None:
    (fetcher.settings.claims / "acme/data/more.csv").write_text("x")
    with pytest.raises(WorkProblem) as raised:
        fetcher.table(Source(uri="pvc://acme/data", digest=sha256(ROWS)), FIELD)
    assert raised.value.field == f"{FIELD}.file" and "more.csv, rows.csv" in raised.value.message
    assert fetcher.table(Source(uri="pvc://acme/data", digest=sha256(ROWS), file="rows.csv"), FIELD).name == "rows.csv"


def secret(folder: Path, **keys: str) -> Path:
    (folder / "secret").mkdir(exist_ok=True)
    for key, value in keys.items():
        (folder / "secret" / key.replace("DOCKER", ".dockerconfigjson")).write_text(value)
    return folder


CONFIG = json.dumps({"auths": {"reg.example": {"auth": "dXNlcjpwYTpzcw=="}}})


@pytest.mark.parametrize(
    ("keys", "header"),
    [
        ({"DOCKER": CONFIG}, "Basic dXNlcjpwYTpzcw=="),
        ({"username": "user", "password": "pa:ss\n"}, "Basic dXNlcjpwYTpzcw=="),
        ({"token": "abc\n"}, "Bearer abc"),
    ],
    ids=["docker config", "password", "token"],
)
def test_each_form_of_a_secret(tmp_path: Path, keys: dict[str, str], header: str) -> None:
    assert read(secret(tmp_path, **keys), "secret", "reg.example", FIELD).header == {"Authorization": header}


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"DOCKER": CONFIG.replace("reg", "other")}, "no entry for reg.example"),
        ({"DOCKER": "{"}, "not valid JSON"),
        ({"x": "y"}, "none of the keys"),
    ],
)
def test_a_secret_that_does_not_help(tmp_path: Path, keys: dict[str, str], says: str) -> None:
    with pytest.raises(WorkProblem) as raised:
        read(secret(tmp_path, **keys), "secret", "reg.example", FIELD)
    assert raised.value.field == f"{FIELD}.secret" and says in raised.value.message
    assert "pa:ss" not in raised.value.message


def test_a_secret_that_is_not_mounted(tmp_path: Path) -> None:
    with pytest.raises(WorkProblem, match="Secret none is not mounted"):
        read(tmp_path, "none", "reg.example", FIELD)
