"""The file as a file: small, silent, the same every time, and deaf to what a ticket or a label would have it do."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from delivery_benchmark.page import build, page, papers, traces
from delivery_benchmark.page.command import page as command
from tests.benchmark.page import world

HOSTILE = "</script></q><script>document.title='owned'</script><img src=http://192.0.2.1/x.png>"


def test_it_is_small_and_the_same_every_time():
    assert len(world.made().encode()) < 2_000_000
    assert page(world.deliveries(), world.runs()) == world.made()


def test_a_page_too_large_to_send_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(build, "LARGEST_BYTES", 10_000)
    with pytest.raises(ValueError, match="more than 10000"):
        page(world.deliveries(), world.runs())


def test_its_policy_lets_exactly_its_own_style_and_script_run():
    text = world.made()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy and policy[1].startswith("default-src 'none'; ") and "unsafe" not in policy[1]
    for name in ("style", "script"):
        found = re.findall(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
        assert len(found) == 1
        digest = base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy[1]


def test_it_names_no_address_that_a_browser_would_ask():
    assert re.findall(r"""(?:src|href)=["'](?!#)[^"']*|url\(|@import|fetch\(|XMLHttp|http-equiv="refresh""", world.made()) == []


def test_hostile_text_stays_text():
    one = world.deliveries()[0]
    told = papers.of(world.changed(0, notEstablished=[HOSTILE]) | {"README.md": HOSTILE}, "test", HOSTILE)
    run = replace(world.runs()[0], arm=HOSTILE)
    text = page([replace(told, name=HOSTILE), one], [run])
    assert "<script>document" not in text and "<img" not in text
    assert text.count("</script>") == 2


def test_its_data_is_what_was_recorded():
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', world.made(), re.S)
    data = json.loads(found[1]) if found else {}
    assert [run["name"] for run in data["runs"]] == [run.name for run in world.runs()]
    assert len(data["deliveries"]) == 3 and data["deliveries"][0]["loss"][0] == [1, 5.925681]


def test_the_command_writes_it(tmp_path: Path):
    out, folder = tmp_path / "new" / "page.html", world.one_trace(tmp_path / "tbdl")
    done = CliRunner().invoke(command, ["--traces", str(folder), "--out", str(out)])
    expected = page(world.deliveries(), traces.read(folder))
    assert done.exit_code == 0 and out.read_text("utf-8") == expected
    assert done.output == f"{out}: {len(expected.encode()) / 1000:.0f} kB, open it in a browser\n"


def test_the_command_says_what_it_cannot_read(tmp_path: Path):
    done = CliRunner().invoke(command, ["--traces", str(tmp_path), "--out", str(tmp_path / "page.html")])
    assert done.exit_code == 1 and done.output.startswith(f"Error: {tmp_path}: no manifest.json; give the folder of")
