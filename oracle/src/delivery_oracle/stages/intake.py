"""Intake: can the data be learned from and judged with, and did the driver read the ticket as the terms say?

The chain below is read top to bottom; the canary comes last because it is the only one that may say nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from delivery_api.delivery import DeliverySpec
from delivery_api.evidence import AuditEvidence
from delivery_api.finding import Finding, failed, passed, unknown
from delivery_api.reasons import Reason
from delivery_oracle import canary
from delivery_oracle.probe import ALPHA_FLAG
from delivery_oracle.stages.common import invalid, not_usable
from delivery_oracle.statistics import foresight
from delivery_oracle.statistics import power as holdout
from delivery_oracle.statistics.learned import spent_alpha

WHAT = "the data audit"
FEWEST_ROWS = 8
MOST_CONFLICTS = 0.20
MOST_UNSEEN_LABELS = 0.10
MOST_EXACT_LEAKS = 0.05
MOST_LEAKS = 0.25
FEWEST_ROWS_A_LABEL = 2.0
EXTRACTION_SHARE = 0.5
LEAST_POWER = 0.5
LEVEL = spent_alpha(1)
"""What the audit may spend on the first use of a holdout."""

Check = Callable[[DeliverySpec, AuditEvidence], Finding | None]


def judge(spec: DeliverySpec, audit: AuditEvidence | None) -> Finding:
    """Verdict of the first stage: the first objection of the chain, else the canary's word."""
    missing = misread_terms(spec) or not_usable(audit, WHAT)
    if missing or audit is None:
        return missing or unknown(Reason.EVIDENCE_MISSING, f"There is no evidence of {WHAT}")
    return next((finding for check in CHECKS if (finding := check(spec, audit))), None) or sing(spec, audit)


def misread_terms(spec: DeliverySpec) -> Finding | None:
    """The driver's metric and columns against the customer's terms."""
    wanted, read = spec.terms.acceptance.metric, spec.intake.metric
    if read != wanted:
        message = f"spec.intake.metric={read}, spec.terms.acceptance.metric={wanted}; set spec.intake.metric to {wanted}"
        return failed(Reason.INTAKE_MISREAD, message)
    if spec.intake.task == "Classification" and read != "Accuracy":
        return failed(Reason.INTAKE_MISREAD, f"spec.intake.task=Classification is scored by Accuracy, the terms say {wanted}")
    if spec.intake.fields.input == spec.intake.fields.target:
        return failed(
            Reason.INTAKE_MISREAD,
            f"spec.intake.fields.input and target are both {spec.intake.fields.input}; name the column with the answer",
        )
    return None


def incomplete(spec: DeliverySpec, audit: AuditEvidence) -> Finding | None:
    """A complete record has counts and a holdout, each item once and in one split only."""
    if audit.train is None or audit.sealed is None or audit.lengths is None or audit.overlap is None:
        return invalid(WHAT, "counts, lengths or overlap are absent")
    if len(set(audit.holdout) | set(audit.probe)) < len(audit.holdout) + len(audit.probe):
        return invalid(WHAT, "an item is listed twice among holdout and probe pool")
    return None


def other_bytes(spec: DeliverySpec, audit: AuditEvidence) -> Finding | None:
    """Files that the terms pin by digest are those that were audited."""
    for name in ("train", "sealed"):
        pinned, read = getattr(spec.terms.data, name).digest, getattr(audit, f"{name}_digest")
        if None not in (pinned, read) and pinned != read:
            return invalid(WHAT, f"spec.terms.data.{name}.digest={pinned}, and it read {read}")
    return None


def misread_data(spec: DeliverySpec, audit: AuditEvidence) -> Finding | None:
    """The driver's reading of columns and task against the rows."""
    fields = spec.intake.fields
    for name, column in (("input", fields.input), ("target", fields.target)):
        if audit.columns and column not in audit.columns:
            there = ", ".join(audit.columns)
            message = f"spec.intake.fields.{name}={column} is not a column of the training rows; columns are {there}"
            return failed(Reason.INTAKE_MISREAD, message)
    rows = usable_rows(audit)
    if spec.intake.task == "Classification" and rows < FEWEST_ROWS_A_LABEL * len(audit.labels):
        return failed(
            Reason.INTAKE_MISREAD,
            f"spec.intake.task=Classification, but {fields.target} has {len(audit.labels)} values in {rows} rows; "
            "it is no label, use ExactMatch or Extraction",
        )
    share = audit.targets_in_input
    if spec.intake.task == "Extraction" and share is not None and share < EXTRACTION_SHARE:
        return failed(
            Reason.INTAKE_MISREAD,
            f"spec.intake.task=Extraction, but {share:.0%} of the targets are part of their input; use ExactMatch",
        )
    return None


def total_rows(audit: AuditEvidence) -> int:
    return audit.train.rows if audit.train else 0


def usable_rows(audit: AuditEvidence) -> int:
    """Training rows that are left after what intake excludes."""
    return total_rows(audit) - len(set(audit.drop_rows))


def enough_rows(spec: DeliverySpec, audit: AuditEvidence) -> Finding | None:
    """Something must be left to learn from."""
    rows = usable_rows(audit)
    if rows >= FEWEST_ROWS:
        return None
    return _unusable(
        f"spec.terms.data.train: {rows} usable of {total_rows(audit)} rows, at least {FEWEST_ROWS} needed; "
        "empty, repeated and sealed rows are left out"
    )


def unusable(spec: DeliverySpec, audit: AuditEvidence) -> Finding | None:
    """Rows, labels and lengths that make the task impossible."""
    where, rows = "spec.terms.data.train", total_rows(audit)
    conflicting = audit.train.conflicting if audit.train else 0
    if spec.intake.task == "Classification" and len(audit.labels) < 2:
        only = next(iter(audit.labels), "none")
        return _unusable(f"{where}: {spec.intake.fields.target} has one label only ({only}); two or more are needed")
    if conflicting > MOST_CONFLICTS * rows:
        return _unusable(
            f"{where}: {conflicting} of {rows} rows repeat an input with another target, "
            f"more than {MOST_CONFLICTS:.0%}; mend the targets"
        )
    if len(audit.unseen_labels) > MOST_UNSEEN_LABELS * max(1, len(audit.labels)):
        shown = ", ".join(audit.unseen_labels[:5])
        return _unusable(f"{where}: {len(audit.unseen_labels)} sealed labels never occur in training, such as {shown}")
    if audit.too_long:
        return _unusable(
            f"{where}: {audit.too_long} rows are longer than the base's context of {audit.context_length} tokens; "
            "shorten them or take another base"
        )
    return None


def _unusable(message: str) -> Finding:
    return failed(Reason.DATA_UNUSABLE, message)


def personal_data(spec: DeliverySpec, audit: AuditEvidence) -> Finding | None:
    """The customer's own rule, enforced."""
    found = {kind: rows for kind, rows in sorted(audit.personal_data.items()) if rows}
    if spec.terms.handling.personal_data != "Refuse" or not found:
        return None
    listed = ", ".join(f"{kind} in {rows} rows" for kind, rows in found.items())
    return failed(
        Reason.PERSONAL_DATA_FOUND,
        f"spec.terms.data has {listed} and spec.terms.handling.personalData=Refuse; remove it and order anew",
    )


def leaked(spec: DeliverySpec, audit: AuditEvidence) -> Finding | None:
    """Few leaks are left out of training; many mean that the sealed rows are no independent sample."""
    items, overlap = audit.sealed.rows if audit.sealed else 0, audit.overlap
    exact, near = (overlap.exact, overlap.near) if overlap else (0, 0)
    if exact <= MOST_EXACT_LEAKS * items and exact + near <= MOST_LEAKS * items:
        return None
    return failed(
        Reason.HOLDOUT_LEAKED,
        f"spec.terms.data.sealed: {exact} of {items} items occur among the training rows and {near} nearly, at most "
        f"{MOST_EXACT_LEAKS:.0%} and {MOST_LEAKS:.0%} together are allowed; seal other rows",
    )


def too_small(spec: DeliverySpec, audit: AuditEvidence) -> Finding | None:
    """A holdout that would more likely than not stay inconclusive on a good run is no holdout."""
    items, margin = len(audit.holdout), float(spec.terms.acceptance.minimum_gain)
    chance = holdout.power(items, holdout.assumed_gain(margin), margin, alpha=LEVEL)
    if chance >= LEAST_POWER:
        return None
    return unknown(Reason.HOLDOUT_TOO_SMALL, f"{power_sentence(items, margin, chance)}; seal more rows")


CHECKS: tuple[Check, ...] = (
    incomplete,  # a record that contradicts itself proves nothing
    other_bytes,
    enough_rows,
    misread_data,
    unusable,
    personal_data,
    leaked,
    too_small,
)


def power_sentence(items: int, margin: float, chance: float) -> str:
    """How much the holdout can show, with the assumption it rests on."""
    needed = holdout.items_needed(margin, alpha=LEVEL)
    size = f"{needed} items have power {holdout.WANTED_POWER:.2f}" if needed else "no usual size has enough"
    return (
        f"a holdout of {items} items shows a true gain of {holdout.assumed_gain(margin):.3f} against the margin "
        f"{margin:.3f} with power {chance:.2f} (if the candidate loses one item in ten), {size}"
    )


def sing(spec: DeliverySpec, audit: AuditEvidence) -> Finding:
    """The canary's part, once nothing else objects."""
    summary = accepted_sentence(spec, audit)
    if spec.terms.handling.intake_canary == "Skip":
        return unknown(Reason.CANARY_SKIPPED, f"{summary}; canary waived by spec.terms.handling.intakeCanary=Skip")
    sung = audit.canary or audit.resemblance
    if sung is None:
        return unknown(Reason.CANARY_SILENT, f"{summary}; there were too few rows for the canary")
    try:
        report = canary.listen(sung)
    except ValueError as error:
        return invalid(WHAT, str(error))
    if report.song is canary.Song.UNRELATED:
        return failed(Reason.LABELS_UNRELATED, f"spec.terms.data.train: {report.message}; mend the labels")
    if report.song is not canary.Song.RELATED:
        return unknown(Reason.CANARY_SILENT, f"{summary}; canary: {report.message}")
    return passed(Reason.INTAKE_ACCEPTED, f"{summary}; {report.message}")


def accepted_sentence(spec: DeliverySpec, audit: AuditEvidence) -> str:
    """What was read, and what the holdout can show."""
    items, margin = len(audit.holdout), float(spec.terms.acceptance.minimum_gain)
    chance = holdout.power(items, holdout.assumed_gain(margin), margin, alpha=LEVEL)
    labels = f", {len(audit.labels)} labels" if spec.intake.task == "Classification" else ""
    weak = f"; {power_sentence(items, margin, chance)}" if chance < holdout.WANTED_POWER else f" (power {chance:.2f})"
    blind = foresight.sentence(len(audit.probe), margin, ALPHA_FLAG)
    weak += f"; {blind}" if blind else ""
    return f"{usable_rows(audit)} training rows{labels}, {len(audit.probe)} probe items, holdout of {items}{weak}"
