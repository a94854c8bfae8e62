"""`kubectl_complete-delivery`: what kubectl's own shell completion calls for the arguments of `kubectl delivery`.

kubectl hands over the words typed so far, the last of them unfinished, and reads one candidate a line and then a
directive; 4 says that file names are no answer.
"""

import sys

from click.shell_completion import ShellComplete

from .main import cli

NO_FILES = ":4"


def candidates(words: list[str]) -> list[str]:
    """What may stand in place of the last word."""
    finished, unfinished = words[:-1], words[-1] if words else ""
    shell = ShellComplete(cli, {}, "kubectl delivery", "_KUBECTL_DELIVERY_COMPLETE")
    found = [item for item in shell.get_completions(finished, unfinished) if item.type == "plain"]
    return [f"{item.value}\t{item.help}" if item.help else str(item.value) for item in found]


def main() -> None:
    """Entry point."""
    print("\n".join([*candidates(sys.argv[1:]), NO_FILES]))
