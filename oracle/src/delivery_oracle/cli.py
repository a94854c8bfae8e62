"""`delivery-oracle`: JSON lines on standard output, messages on standard error.

Exit status: 0 pass, 1 fail, 2 unknown, 64 bad input. Bad input gets one clear line, never a traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from delivery_oracle.commands.common import BAD_INPUT, BadInput


class Parser(argparse.ArgumentParser):
    """Bad usage exits 64, as 2 means unknown."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


COMMANDS = {
    "configure": ("configure", "add"),
    "estimate": ("estimate", "add"),
    "judge": ("judge", "add"),
    "canary": ("canary", "add"),
    "learned": ("numbers", "add_learned"),
    "wealth": ("numbers", "add_wealth"),
    "mcnemar": ("numbers", "add_mcnemar"),
    "fleet": ("numbers", "add_fleet"),
    "power": ("power", "add"),
    "verify": ("verify", "add"),
}
"""Each command with the module and the function that describe it."""


def parser(asked: str | None = None) -> argparse.ArgumentParser:
    """The command line; where one command is asked for, only its module is imported, as the others take half a second."""
    top = Parser(prog="delivery-oracle", description="Did the run learn, does it fit, what does it cost?")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in [asked] if asked in COMMANDS else COMMANDS:
        module, add = COMMANDS[name]
        getattr(import_module(f"delivery_oracle.commands.{module}"), add)(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = parser(words[0] if words else None).parse_args(words)
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
