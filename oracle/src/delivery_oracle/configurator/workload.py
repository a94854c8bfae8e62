"""What has to be trained and judged, in the numbers that memory and time depend on."""

from __future__ import annotations

from dataclasses import dataclass

from delivery_api.delivery import DeliverySpec
from delivery_api.evidence import AuditEvidence
from delivery_api.sealed import LOOK_ITEMS, look_steps
from delivery_oracle.configurator import architecture
from delivery_oracle.configurator.architecture import Architecture

LONGEST = 100_000_000


@dataclass(frozen=True)
class Workload:
    """Base and data as the auditor measured them."""

    base: Architecture
    rows: int
    mean_tokens: float
    p95_tokens: int
    longest: int
    longest_answer: int
    supervised_tokens: float
    context: int
    holdout: int
    probe: int
    shared: float = 0.0
    """Tokens that all rows begin with, which a packed pass computes once; not audited yet, and then counted in every row."""
    uneven: bool = True
    """Whether rows differ in length, so that the blocks of many sizes are asked for."""

    def looks(self, steps: int) -> int:
        """Looks of the clean probe that the pool has fresh items for."""
        return len(look_steps(steps, self.probe, LOOK_ITEMS))

    def tokens(self, rows: int, packing: bool) -> float:
        """Tokens that a batch of rows costs: packed its own, padded up to its longest row."""
        if not packing:
            return rows * float(self.p95_tokens)
        return rows * self.mean_tokens - (rows - 1) * self.shared

    def supervised(self, rows: int, loss_on: str) -> float:
        """Tokens of a batch whose logits are needed."""
        return rows * (self.supervised_tokens if loss_on == "Completion" else self.mean_tokens)


def from_audit(audit: AuditEvidence) -> Workload:
    """A workload from evidence; ValueError names what the audit lacks."""
    if audit.train is None or audit.lengths is None:
        raise ValueError("the data audit has no row counts or no token lengths")
    base = architecture.read(audit.architecture)
    lengths = audit.lengths
    if not 0 < lengths.mean <= lengths.maximum <= LONGEST or not 0 < lengths.p95 <= lengths.maximum:
        raise ValueError(f"row lengths contradict each other: mean {lengths.mean:g}, longest {lengths.maximum}")
    return Workload(
        base=base,
        rows=max(1, audit.train.rows - len(set(audit.drop_rows))),
        mean_tokens=max(1.0, lengths.mean),
        p95_tokens=max(1, lengths.p95),
        longest=max(1, lengths.maximum),
        longest_answer=max(1, lengths.answer_maximum),
        supervised_tokens=max(1.0, audit.supervised_tokens or float(lengths.answer_maximum)),
        context=audit.context_length or base.positions,
        holdout=len(audit.holdout),
        probe=len(audit.probe),
    )


def assumed(spec: DeliverySpec, base: Architecture, rows: int = 4000, sealed: int = 1000) -> Workload:
    """Before the audit: short rows of a support ticket's size. For a first estimate only, and said so where printed."""
    wanted = spec.terms.acceptance.holdout_items
    holdout = min(sealed // 2, 1000) if wanted is None else min(wanted, sealed)
    return Workload(base, rows, 64.0, 96, 128, 16, 8.0, base.positions, holdout, sealed - holdout)
