"""Commands of the demo. Each runs in a session of its own and is ended with the demo, also after Ctrl-C."""

import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from .narrator import DemoError

GRACE_SECONDS = 10


@dataclass(frozen=True)
class Completed:
    """What a command left."""

    code: int
    out: str
    err: str


class Processes:
    """Runs commands and knows which of them still live."""

    def __init__(self) -> None:
        self._living: list[subprocess.Popen[str]] = []

    def run(self, command: Sequence[str], stdin: str | None = None, timeout: float = 120) -> Completed:
        """Run to the end; the exit code is the caller's to judge."""
        process = self.start(command, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL)
        try:
            out, err = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired as expired:
            raise DemoError(f"`{shown(command)}` did not end in {timeout:.0f} s; is the cluster alive?") from expired
        finally:
            self._end(process)
        return Completed(process.returncode, out, err)

    def check(self, command: Sequence[str], stdin: str | None = None, timeout: float = 120) -> str:
        """Run to the end and return what it printed; a failure is an error with its last words."""
        done = self.run(command, stdin, timeout)
        if done.code != 0:
            raise DemoError(f"`{shown(command)}` failed with exit code {done.code}: {last_words(done.err or done.out)}")
        return done.out

    def stream(self, command: Sequence[str], line: Callable[[str], None], environment: Mapping[str, str] | None = None) -> str:
        """Run to the end; lines of standard error are passed on as they come, standard output is returned."""
        process = self.start(command, environment=environment, stdin=subprocess.DEVNULL, merge=True)
        assert process.stdout is not None
        lines = []
        try:
            for text in process.stdout:
                lines.append(text)
                line(text.rstrip("\n"))
            code = process.wait()
        finally:
            self._end(process)
        if code != 0:
            raise DemoError(f"`{shown(command)}` failed with exit code {code}: {last_words(''.join(lines))}")
        return "".join(lines)

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
        merge: bool = False,
    ) -> subprocess.Popen[str]:
        """Start in a session of its own, so that a Ctrl-C reaches the demo alone, which then ends its children."""
        try:
            process = subprocess.Popen(
                list(command),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merge else subprocess.PIPE,
                env={**os.environ, **(environment or {})},
                text=True,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise DemoError(f"{command[0]} is not on this machine; install it or run cluster/install") from error
        self._living.append(process)
        return process

    def close(self) -> None:
        """End everything that still runs."""
        for process in list(self._living):
            self._end(process)

    def _end(self, process: subprocess.Popen[str]) -> None:
        if process in self._living:
            self._living.remove(process)
        if process.poll() is None:
            _signal(process, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[str], signum: int) -> None:
    """To the process and to all it started, also when it has ended itself."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signum)


def shown(command: Sequence[str]) -> str:
    """A command as one types it, without the folder of the program."""
    program, *rest = command
    return shlex.join([os.path.basename(program), *rest])


def last_words(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:600] if lines else "it said nothing"
