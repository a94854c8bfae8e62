"""The command line as people use it: JSON lines, exit statuses, and one clear line for everything that is wrong."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from delivery_oracle.commands import stream
from delivery_oracle.commands.common import BadInput
from tests.oracle.files import lines


def test_wealth_prints_a_line_an_item(cli):
    seen = cli("wealth", "--process", "flag", "--delta", "0.1", stdin="0\n-1\n0\n0\n1\n-1\n-1\n0\n-1\n0\n" * 4)
    path = lines(seen.out)
    assert [line["n"] for line in path] == list(range(1, 41)) and round(path[9]["wealth"], 6) == 3.353894
    decided = next(line["n"] for line in path if line["wealth"] >= 100)
    assert [line["outcome"] for line in path[decided - 2 : decided]] == ["Undecided", "NotLearning"] and seen.status == 1


@pytest.mark.parametrize(
    ("process", "stdin", "outcome", "status"),
    [("flag", "1\n" * 40, "Undecided", 2), ("certify", "1\n" * 40, "Learning", 0), ("certify", "0\n" * 9, "Undecided", 2)],
)
def test_the_exit_status_of_wealth_is_its_outcome(cli, process, stdin, outcome, status):
    seen = cli("wealth", "--process", process, "--delta", "0.1", stdin=stdin)
    assert (lines(seen.out)[-1]["outcome"], seen.status) == (outcome, status)


def test_an_outcome_is_never_taken_back(cli):
    outcomes = [
        line["outcome"]
        for line in lines(cli("wealth", "--process", "flag", "--delta", "0.1", stdin="-1\n" * 30 + "1\n" * 99).out)
    ]
    assert outcomes == sorted(outcomes, reverse=True) and outcomes[-1] == "NotLearning"


def test_mcnemar_prints_p(cli):
    assert lines(cli("mcnemar", "10", "3").out) == [{"p": pytest.approx(0.046143, abs=5e-7)}]


@pytest.mark.parametrize(
    ("stdin", "verdict", "signature", "status"),
    [
        ("0 1\n" * 30 + "1 1\n" * 70, "Pass", "none", 0),
        ("0 1\n" * 5 + "1 0\n" * 5 + "0 0\n" * 90, "Fail", "noise", 1),
        ("1 1\n" * 100, "Fail", "inert", 1),
        ("0 1\n" * 3 + "0 0\n" * 17, "Unknown", "none", 2),
        ("0.2,0.9\n" * 90, "Pass", "none", 0),
    ],
)
def test_learned_has_three_values(cli, stdin, verdict, signature, status):
    seen = cli("learned", "--delta", "0.1", stdin=stdin)
    (line,) = lines(seen.out)
    assert (line["verdict"], line["signature"], seen.status) == (verdict, signature, status)
    assert line["interval"][0] <= line["gain"] <= line["interval"][1] and "against" in seen.err


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"", "no items", id="empty"),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"0\nnan\n", "line 2: nan is not finite", id="NaN"),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"0\n3\n", "item 2: difference 3.0", id="out of range"),
        pytest.param(["wealth", "--process", "flag", "--delta", "1"], b"0\n", "delta 1.0 is not inside", id="margin of one"),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1", "--alpha", "7"], b"0\n", "--alpha 7", id="alpha"),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"\xff\xfe0\x00\n", "is no number", id="encoding"),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"7" * 99999, "line 1", id="no line ends"),
        pytest.param(["wealth", "--process", "stop", "--delta", "0.1"], b"", "invalid choice", id="usage"),
        pytest.param(
            ["learned", "--delta", "0.1"], b"0 1 a\n1 1 b\n\n1 1 a\n", "line 4: item a was on line 1", id="repeated id"
        ),
        pytest.param(
            ["learned", "--delta", "0.1"], b"0 1 a\n1 1\n", "line 2: 2 fields, 3 on the lines before", id="ids missing"
        ),
        pytest.param(["wealth", "--process", "flag", "--delta", "0.1"], b"0 a\n0 a\n", "item a was on line 1", id="item twice"),
        pytest.param(
            ["wealth", "--process", "flag", "--delta", "0.1", "--alpha", "0"], b"0\n", "--alpha 0 is not", id="no alpha"
        ),
        pytest.param(["power", "--delta", "1", "--items", "9"], b"", "--delta 1 is not inside", id="power of a margin of one"),
        pytest.param(["power", "--delta", "0.1", "--items", "0"], b"", "--items and --pool", id="power of nothing"),
        pytest.param(["power", "--delta", "0.1", "--items", "9", "--use", "0"], b"", "first is 1", id="no use"),
        pytest.param(["fleet"], b"", "no deliveries", id="no fleet"),
        pytest.param(["fleet"], b"3 a\nnan b\n", "line 2: nan is not finite", id="wealth of a delivery is NaN"),
        pytest.param(["fleet"], b"3 a\n4 a\n", "item a was on line 1", id="delivery twice"),
        pytest.param(["fleet", "--alpha", "1"], b"3 a\n", "alpha 1.0 is not inside", id="rate of one"),
        pytest.param(["learned", "--delta", "0.1"], b"0 1\n1\n", "line 2: 1 fields, 2 expected", id="unequal lengths"),
        pytest.param(["learned", "--delta", "0.1"], b"", "no items", id="no pairs"),
        pytest.param(["learned", "--delta", "nan"], b"0 1\n", "--delta nan", id="margin is NaN"),
        pytest.param(["learned", "--delta", "0.1"], b"0 1.5\n", "candidate score 1.5 of item 1", id="no score"),
        pytest.param(["mcnemar", "-1", "3"], b"", "not", id="negative wins"),
        pytest.param(["mcnemar", "3"], b"", "LOSSES", id="one count"),
        pytest.param([], b"", "COMMAND", id="no command"),
        pytest.param(["configure", "/nowhere.yaml"], b"", "/nowhere.yaml: No such file", id="no file"),
        pytest.param(["judge", "/nowhere"], b"", "/nowhere: no such directory", id="no directory"),
    ],
)
def test_bad_input_gets_one_clear_line(cli, arguments, stdin, words):
    seen = cli(*arguments, stdin=stdin)
    assert seen.status == 64 and words in seen.err and "Traceback" not in seen.err
    assert len(seen.err.strip().splitlines()) == 1 and seen.out == ""


def test_a_file_of_ten_gigabytes_is_refused_before_it_is_read(tmp_path):
    """Sparse, so that the test writes nothing; reading it would take minutes."""
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(10 * 2**30)
    with (tmp_path / "huge").open("rb") as file, pytest.raises(BadInput, match=r"input of 10\.0 GiB, at most 1 GiB"):
        stream.read(file, 1)


def test_input_without_end_is_given_up_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(stream, "MOST_ITEMS", 1000)
    endless = SimpleNamespace(fileno=lambda: os.pipe()[0], read=lambda size: b"0\n" * 500)
    with pytest.raises(BadInput, match="more than 1,000 items"):
        stream.read(endless, 1)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_lines_cut_by_the_size_of_a_read_do_not_show(monkeypatch, size):
    monkeypatch.setattr(stream, "CHUNK_BYTES", size)
    text = b"0,0.5\n\n1 0.25\r\n  0.125,\t1"
    assert stream.read(io.BytesIO(text), 2).tolist() == [[0, 0.5], [1, 0.25], [0.125, 1]]
    with pytest.raises(BadInput, match="line 5: 'x 1' is no number"):
        stream.read(io.BytesIO(text + b"\nx 1\n"), 2)


def test_every_verdict_states_its_null_and_its_population(cli):
    """What a rejection means must not have to be looked up."""
    population = "in the population that the sealed rows were drawn from"
    flagged = cli("wealth", "--process", "flag", "--delta", "0.1", stdin="-1\n" * 30)
    assert "NotLearning: rejected at 0.01 after" in flagged.err and f"expected to gain at least 0.1 {population}" in flagged.err
    certified = cli("wealth", "--process", "certify", "--delta", "0.1", stdin="0\n" * 30)
    assert "Undecided: not rejected at 0.05" in certified.err and f"at most 0.1 {population}" in certified.err
    for stdin, null in (("0 1\n", "as likely lost as won"), ("0.2 0.9\n", "the expected gain is at most 0")):
        seen = cli("learned", "--delta", "0.1", stdin=stdin * 9)
        assert null in lines(seen.out)[0]["null"] and population in seen.err


def test_a_gain_that_the_trainer_saw_and_serving_lost_is_named(cli):
    stdin = "0 1\n" * 5 + "1 0\n" * 5 + "0 0\n" * 90
    seen = cli("learned", "--delta", "0.1", "--probed", "0.4", stdin=stdin)
    assert lines(seen.out)[0]["signature"] == "serving" and "template, merge or save" in seen.err


@pytest.mark.parametrize(
    ("delta", "items", "pool", "enough", "looks"),
    [("0.2", "320", "384", True, 6), ("0.2", "16", "0", False, 0), ("0.03", "320", "100", False, 1)],
)
def test_power_is_said_before_the_run(cli, delta, items, pool, enough, looks):
    seen = cli("power", "--delta", delta, "--items", items, "--pool", pool)
    (line,) = lines(seen.out)
    assert (line["power"] >= 0.8, seen.status, line["looks"]) == (enough, 0 if enough else 2, looks)
    assert line["flags_no_gain"] > 0.9 if looks == 6 else line["flags_no_gain"] < 0.5
    assert "loses one item in ten" in seen.err and line["gain"] == pytest.approx(1.5 * float(delta))


def test_a_fleet_is_told_by_e_bh(cli):
    seen = cli("fleet", stdin="0 a\n5.4 b\n-3 c\n4.5 d\n")
    assert [line["rejected"] for line in lines(seen.out)] == [False, True, False, True] and seen.status == 0
    assert lines(seen.out)[1] == {"name": "b", "log_wealth": 5.4, "rejected": True} and "2 of 4 rejected" in seen.err


def test_only_the_module_of_the_command_is_imported():
    """`mcnemar` in the time of numpy, not of every judge."""
    code = "import sys; from delivery_oracle.cli import main; main(['mcnemar', '10', '3']); print('yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "False"
