"""`delivery-oracle`: JSON lines on standard output, messages on standard error.

Exit status: 0 pass, 1 fail, 2 unknown, 64 bad input. Bad input gets one clear line, never a traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from delivery_oracle.commands import configure, judge, numbers
from delivery_oracle.commands.common import BAD_INPUT, BadInput


class Parser(argparse.ArgumentParser):
    """Bad usage exits 64, as 2 means unknown."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = Parser(prog="delivery-oracle", description="Did the run learn, does it fit, what does it cost?")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (configure.add, judge.add, numbers.add_learned, numbers.add_wealth, numbers.add_mcnemar):
        add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except (BadInput, ValueError) as error:
        print(f"delivery-oracle {options.command}: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        # The reader has seen enough (`| head`); a closed pipe must not end in a traceback at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BAD_INPUT
    return status


if __name__ == "__main__":
    sys.exit(main())
