"""A demo that is interrupted leaves nothing running, and says what failed in one line."""

import os
import sys
import time
from pathlib import Path

import pytest

from demo.narrator import DemoError, Narrator
from demo.shell import Processes, last_words, shown

WITH_CHILD = """
import signal, subprocess, sys
wait = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
child = subprocess.Popen([sys.executable, "-c", wait], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
signal.pause()
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_closing_ends_children_and_their_stubborn_children() -> None:
    processes = Processes()
    process = processes.start([sys.executable, "-c", WITH_CHILD])
    assert process.stdout is not None
    grandchild = int(process.stdout.readline())
    assert is_alive(grandchild)
    processes.close()
    assert process.poll() is not None
    deadline = time.monotonic() + 10
    while is_alive(grandchild) and time.monotonic() < deadline:
        os.sched_yield()
    assert not is_alive(grandchild)


def test_a_failure_says_the_last_words() -> None:
    with pytest.raises(DemoError, match="failed with exit code 3: no such registry"):
        Processes().check([sys.executable, "-c", "import sys; print('no such registry', file=sys.stderr); sys.exit(3)"])


def test_an_absent_program_is_named() -> None:
    with pytest.raises(DemoError, match="no-such-program is not on this machine"):
        Processes().run(["no-such-program"])


def test_a_command_that_hangs_is_ended() -> None:
    processes = Processes()
    with pytest.raises(DemoError, match="did not end in 0 s"):
        processes.run([sys.executable, "-c", "import threading; threading.Event().wait()"], timeout=0.2)
    assert processes._living == []


def test_lines_are_passed_on_as_they_come() -> None:
    heard: list[str] = []
    out = Processes().stream([sys.executable, "-c", "print('one'); print('two')"], heard.append)
    assert heard == ["one", "two"] and out == "one\ntwo\n"


def test_a_command_is_shown_as_typed() -> None:
    assert shown(["/opt/bin/kubectl", "get", "pods", "-l", "a b"]) == "kubectl get pods -l 'a b'"
    assert last_words("\n \n") == "it said nothing"


def test_a_step_that_fails_is_not_recorded_as_done(tmp_path: Path) -> None:
    now = iter([0.0, 0.0, 1.0, 3.5, 4.0, 4.0, 9.0])
    narrator = Narrator(tmp_path / "t.txt", now=lambda: next(now))
    with narrator.step("good"):
        pass
    with pytest.raises(DemoError), narrator.step("bad"):
        raise DemoError("it broke")
    narrator.close()
    assert [(step.name, step.seconds) for step in narrator.steps] == [("good", 2.5)]
    assert "good: 2.5 s" in (tmp_path / "t.txt").read_text()
