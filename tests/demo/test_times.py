"""Both durations are told: of a bare machine and of a warm one."""

from pathlib import Path

from demo.times import remember, sentence


def test_the_first_run_is_remembered(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert "the next run finds it in the cache" in sentence(remember(cache, 1800.0))
    assert sentence(remember(cache, 900.0)).startswith(
        "15.0 minutes in all from the cache; the first run here, which built it, took 30.0"
    )
    assert remember(cache, 960.0) == {"first": 1800.0, "latest": 960.0}
