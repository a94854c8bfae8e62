"""What the auditor records at intake: counts, leaks, lengths and neighbours; no text of any row."""

from typing import Literal

from pydantic import Field

from delivery_api.evidence.common import EvidenceCommon
from delivery_api.model import Model


class RowCounts(Model):
    """Rows of a table."""

    rows: int
    """Rows read."""
    empty: int
    """Rows with an empty input or target."""
    duplicates: int
    """Rows whose input occurred before (same text, ignoring case and space)."""
    conflicting: int
    """Duplicates with another target."""


class Lengths(Model):
    """Tokens a row, prompt and answer as rendered for training."""

    median: int
    """Half of the rows are not longer."""
    p95: int
    """95 % are not longer."""
    maximum: int
    """The longest."""
    mean: float
    """Mean."""
    answer_maximum: int
    """Longest answer, with its stop token."""


class Overlap(Model):
    """Training rows that are, or are nearly, sealed items."""

    exact: int
    """Sealed items whose input occurs among the training rows."""
    near: int
    """Further sealed items with a near-duplicate there."""
    train_rows: tuple[int, ...] = ()
    """Training row numbers concerned; they are left out of training."""


class Canary(Model):
    """Nearest neighbours by TF-IDF of words and pairs, as label numbers. The judge computes agreement and its null."""

    truth: tuple[int, ...]
    """Label of each sealed item used (probe pool only)."""
    by_train: tuple[int, ...]
    """Label of its nearest training row."""
    by_sealed: tuple[int, ...]
    """Label of its nearest other sealed item."""
    train_truth: tuple[int, ...]
    """Labels of a sample of training rows."""
    train_by_train: tuple[int, ...]
    """Label of each one's nearest other training row."""
    matched: tuple[tuple[int, ...], ...] = ()
    """Label of each sealed item's nearest row in several samples of training rows, each as large as the other sealed items."""
    second: tuple[int, ...] = ()
    """Label of its nearest sealed item outside of the block of its nearest one."""
    nearest_block: tuple[int, ...] = ()
    """That block: the place of the nearest sealed item modulo 32."""
    labels: int = 0
    """Different labels among the training rows."""
    closer_to_sealed: float | None = None
    """Share of items more like another sealed item than like a row of such a sample; about 1/2 from one source."""


class Resemblance(Model):
    """The canary where targets are texts: agreements in [0, 1] instead of labels."""

    way: Literal["Neighbours", "Containment"]
    """Likeness of the targets of nearest neighbours, or whether a target is part of its own input."""
    by_train: tuple[float, ...]
    """Each sealed item against its nearest training row; Containment: sampled training rows."""
    by_sealed: tuple[float, ...]
    """Each sealed item against its nearest other sealed item; Containment: sealed items."""
    within_train: tuple[float, ...]
    """A sample of training rows against their nearest other training rows."""
    chance: tuple[float, ...]
    """The same between rows that were paired at random."""
    matched: tuple[float, ...] = ()
    """As `by_train`, against samples of training rows, each as many as there are other sealed items; the mean over samples."""
    second: tuple[float, ...] = ()
    """As `by_sealed`, outside of the block of the nearest one."""
    nearest_block: tuple[int, ...] = ()
    """That block: the place of the nearest sealed item modulo 32."""
    closer_to_sealed: float | None = None
    """As for labels; one half where nothing depends on neighbours."""


class AuditEvidence(EvidenceCommon):
    """Stage intake."""

    kind: Literal["Audit"] = "Audit"
    train_digest: str | None = None
    """Digest of the training file as read."""
    sealed_digest: str | None = None
    """Digest of the sealed file as read."""
    columns: tuple[str, ...] = ()
    """Columns of the training file."""
    train: RowCounts | None = None
    """Training rows."""
    sealed: RowCounts | None = None
    """Sealed rows."""
    drop_rows: tuple[int, ...] = ()
    """Training row numbers to leave out: empty, duplicate, or overlapping with sealed items."""
    labels: dict[str, int] = Field(default_factory=dict)
    """Classification: label to training rows, at most 2,000 labels."""
    unseen_labels: tuple[str, ...] = ()
    """Labels that occur among sealed items only."""
    targets_in_input: float | None = None
    """Extraction: share of rows whose target is part of the input."""
    overlap: Overlap | None = None
    """Leaks."""
    personal_data: dict[str, int] = Field(default_factory=dict)
    """Kind of personal data to rows that have it."""
    holdout: tuple[str, ...] = ()
    """Ids of the holdout, in its order."""
    probe: tuple[str, ...] = ()
    """Ids of the probe pool, in the order of the probe; at most 4,096."""
    lengths: Lengths | None = None
    """Token lengths of training rows."""
    supervised_tokens: float | None = None
    """Mean answer tokens a row."""
    context_length: int | None = None
    """Longest sequence the base can take."""
    too_long: int = 0
    """Rows longer than that."""
    architecture: dict[str, int | float | str | bool | None] = Field(default_factory=dict)
    """Scalar keys of the base's config.json (architectures[0] as `architecture`)."""
    base_bytes: int | None = None
    """Bytes of the base's weight files."""
    has_chat_template: bool | None = None
    """Whether the base's tokenizer has one."""
    canary: Canary | None = None
    """Classification: neighbours; absent when skipped or not applicable."""
    resemblance: Resemblance | None = None
    """ExactMatch and Extraction: the canary over texts."""
