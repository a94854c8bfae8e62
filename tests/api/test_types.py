"""The types refuse what the API server refuses, and say so by the names the user typed."""

import pytest
from pydantic import ValidationError

from delivery_api.model import seconds_of
from delivery_api.reasons import Reason
from delivery_api.sources import Source
from delivery_api.stages import CLASS, CONDITION, STAGES
from delivery_api.terms import Acceptance, Budget


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("oci://host/repo:tag", id="a tag is not a digest"),
        pytest.param("hf://org/name@main", id="a branch is not a commit"),
        pytest.param("https://host/file.csv", id="https without digest"),
        pytest.param("pvc://claim/file.csv", id="pvc without digest"),
        pytest.param("ftp://host/file", id="unknown scheme"),
    ],
)
def test_unpinned_sources_are_refused(uri):
    with pytest.raises(ValidationError):
        Source(uri=uri)


@pytest.mark.parametrize("text", ["-1", "1e3", "1.123456789", "", "NaN", "10000000000"])
def test_money_is_a_bounded_decimal(text):
    with pytest.raises(ValidationError):
        Budget(limit=text)


@pytest.mark.parametrize("text", ["1.5", "-0.1", "2"])
def test_a_gain_is_a_share(text):
    with pytest.raises(ValidationError):
        Acceptance(minimum_gain=text)


def test_unknown_keys_are_refused():
    with pytest.raises(ValidationError, match="extra"):
        Budget.model_validate({"limit": "1", "limitt": "2"})


@pytest.mark.parametrize(("text", "seconds"), [("72h", 259200), ("1h30m", 5400), ("45s", 45)])
def test_durations(text, seconds):
    assert seconds_of(text) == seconds


def test_every_stage_has_a_class_and_a_condition():
    assert set(CLASS) == set(CONDITION) == set(STAGES) and len(STAGES) == 10


@pytest.mark.parametrize("reason", list(Reason))
def test_reasons_are_camel_case_and_explained(reason):
    assert reason.isalpha() and reason[0].isupper() and reason.about.endswith(".")
