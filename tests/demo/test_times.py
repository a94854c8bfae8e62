"""Both durations are told: of a bare machine and of a warm one; and neither is passed off as the other."""

from pathlib import Path

from demo.times import remember, sentence


def test_a_warm_run_is_no_cold_one(tmp_path: Path) -> None:
    told = sentence(remember(tmp_path / "cache", 720.0, setting_up=12.0))
    assert "warm caches: 12.0 minutes" in told and "build: not measured here" in told


def test_both_are_told_once_both_were_measured(tmp_path: Path) -> None:
    remember(tmp_path, 1800.0, setting_up=900.0)
    told = sentence(remember(tmp_path, 900.0, setting_up=15.0))
    assert "warm caches: 15.0 minutes" in told and "build: 30.0 minutes" in told


def test_the_latest_of_each_kind_counts(tmp_path: Path) -> None:
    remember(tmp_path, 900.0, setting_up=15.0)
    assert remember(tmp_path, 960.0, setting_up=15.0) == {"warm": 960.0}
