"""The papers of a real delivery, from wherever somebody kept them: card, certificate, bill and training curve.

They are what outlives a cluster, and what the customer holds in hand; so they are what the page shows. They are read from a
page of `kubectl delivery report` (the demo writes one a delivery) or from the DeliveryCertificate as kubectl prints it in JSON.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

CARD, CERTIFICATE, BILL, TRAINING = "README.md", "certificate.json", "bill.json", "training.json"
SCHEMA = "ptaas.dev/certificate/v1alpha1"
RECORDED = Path(__file__).parent / "recorded"
"""The three deliveries of one run of the demo: papers as issued, the ticket, and the curve of the run that was stopped."""


class PapersError(ValueError):
    """A file has no papers that can be shown; the message names it."""


@dataclass(frozen=True)
class Papers:
    """One delivery."""

    name: str
    ticket: str | None
    """The customer's words, where they were kept."""
    card: str
    certificate: dict[str, Any]
    bill: dict[str, Any]
    training: dict[str, Any] | None
    """Loss and looks by step, where it trained."""


def of(texts: dict[str, str], source: str, ticket: str | None = None, seen: dict[str, Any] | None = None) -> Papers:
    """Papers from their texts by name; `seen`: the training curve where it was watched and no paper holds it."""
    for name in (CERTIFICATE, BILL, CARD):
        if name not in texts:
            raise PapersError(f"{source}: no {name}; give a report or a DeliveryCertificate as JSON")
    try:
        certificate, bill = json.loads(texts[CERTIFICATE]), json.loads(texts[BILL])
        training = json.loads(texts[TRAINING]) if TRAINING in texts else seen
    except json.JSONDecodeError as error:
        raise PapersError(f"{source}: its papers are not JSON: {error}") from error
    if not isinstance(certificate, dict) or certificate.get("schemaVersion") != SCHEMA:
        raise PapersError(f"{source}: its certificate is not of {SCHEMA}")
    return Papers(certificate["delivery"]["name"], ticket, texts[CARD], certificate, bill, training)


class _Report(HTMLParser):
    """Folded papers and tables of a report page, and its ticket."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.tables: dict[str, list[list[str]]] = {}
        self.ticket: str | None = None
        self._words: list[str] = []
        self._row: list[str] = []
        self._term = self._summary = ""

    @property
    def training(self) -> dict[str, Any] | None:
        """The curve that the page draws, from its tables of numbers: a run that was stopped has no paper of it."""
        losses = [[int(step), float(loss)] for step, loss in self.tables.get("Loss by step", [])]
        if not losses:
            return None
        looks = [
            {"step": int(step), "gain": float(gain), "items": int(items)}
            for step, gain, items in self.tables.get("Looks of the probe", [])
        ]
        return {"loss": losses, "looks": looks}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._words = []

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        said = "".join(self._words)
        if tag == "dt":
            self._term = said
        elif tag == "dd" and self._term == "Ticket" and self.ticket is None:
            self.ticket = said
        elif tag == "summary":
            self._summary = said
        elif tag == "pre":
            self.texts[self._summary] = said
        elif tag == "td":
            self._row.append(said)
        elif tag == "tr":
            self.tables.setdefault(self._summary, []).extend([self._row] if self._row else [])
            self._row = []
        self._words = []


def of_file(path: Path) -> Papers:
    """One delivery; PapersError when the file has none."""
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        report = _Report()
        report.feed(text)
        return of(report.texts, str(path), report.ticket, report.training)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise PapersError(f"{path}: neither a report page nor JSON: {error}") from error
    texts = found.get("spec", {}).get("papers") if isinstance(found, dict) else None
    if not isinstance(texts, dict):
        raise PapersError(f"{path}: no spec.papers; give what `kubectl get deliverycertificate NAME -o json` prints")
    return of(texts, str(path), found.get("ticket"), found.get("training"))


def _files(path: Path) -> Iterator[Path]:
    """Of a demo's folder, a page for each delivery that its record names, in that order; of another folder, every file."""
    record = path / "demo.json"
    if not path.is_dir():
        yield path
    elif record.is_file():
        for one in json.loads(record.read_text("utf-8"))["deliveries"]:
            yield path / f"{one['name']}.html"
    else:
        yield from sorted(file for file in path.iterdir() if file.suffix in (".html", ".json"))


def read(paths: list[Path]) -> list[Papers]:
    """All deliveries of files and folders, in their order."""
    found = [of_file(file) for path in paths for file in _files(path)]
    if not found:
        raise PapersError(f"{', '.join(map(str, paths))}: no deliveries; give the `out` of a demo or report pages")
    return found
