"""The demo speaks to the cluster as its reader would: with kubectl, as a named person."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .shell import Completed, Processes

Object = dict[str, Any]


class Kubectl:
    """kubectl as one identity."""

    def __init__(self, processes: Processes, program: str, options: Sequence[str], person: str) -> None:
        self._processes = processes
        self._command = [program, *options]
        self.person = person

    def command(self, *arguments: str) -> list[str]:
        return [*self._command, *arguments]

    def run(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> Completed:
        return self._processes.run(self.command(*arguments), stdin, timeout)

    def text(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> str:
        return self._processes.check(self.command(*arguments), stdin, timeout)

    def json(self, *arguments: str) -> Object:
        found: Object = json.loads(self.text(*arguments, "-o", "json"))
        return found

    def items(self, *arguments: str) -> list[Object]:
        """Objects of a list; none when the kind or the namespace does not exist yet."""
        done = self.run("get", *arguments, "-o", "json", "--ignore-not-found")
        if done.code != 0 or not done.out.strip():
            return []
        found = json.loads(done.out)
        return list(found["items"]) if "items" in found else [found]

    def apply(self, *manifests: Mapping[str, Any]) -> str:
        """Create or update; JSON is YAML."""
        return self.text("apply", "-f", "-", stdin="\n---\n".join(json.dumps(manifest) for manifest in manifests))
