"""One delivery on one page: that of `kubectl delivery report`, with the training evidence that the demo may read."""

from datetime import UTC, datetime
from pathlib import Path

from delivery_api.evidence import TrainEvidence
from kubectl_delivery import report
from kubectl_delivery.report.curves import of_training

from .record import Outcome


def write(path: Path, outcome: Outcome, training: TrainEvidence | None, certificate: dict[str, str]) -> None:
    """Write the page of one delivery."""
    path.write_text(page(outcome, training, certificate), "utf-8")


def page(outcome: Outcome, training: TrainEvidence | None, certificate: dict[str, str]) -> str:
    """The page as text; everything that came from elsewhere is escaped."""
    curves = of_training(training) if training else None
    return report.page(report.report(outcome.delivery, datetime.now(UTC), curves, certificate))
