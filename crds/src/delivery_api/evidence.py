"""What workers record: raw outcomes, never verdicts. Written by one pod into a ConfigMap of its own name.

Everything a judge needs is here, and nothing of what was judged is needed to judge it: no weights,
no rows. Numbers are plain JSON numbers; a number that is not finite is recorded as null.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from delivery_api.model import Model

SCHEMA: Final = "ptaas.dev/evidence/v1alpha1"


class Problem(Model):
    """Why a worker could not do its work, in one line for people. Never a traceback."""

    kind: Literal["Unreachable", "DigestMismatch", "Invalid", "OutOfMemory", "Deadline", "Terminated", "Push", "Internal"]
    """Class of the problem. Unreachable, Push, Terminated and Internal may heal; the others will not."""
    field: str
    """Field of the Delivery it is about, such as spec.terms.data.train, or empty."""
    message: str
    """What failed and what to do."""


class EvidenceCommon(Model):
    """What every piece of evidence has."""

    schema_version: Literal["ptaas.dev/evidence/v1alpha1"] = SCHEMA
    delivery_uid: str
    """Delivery it is about."""
    inputs: str
    """Inputs digest of the task."""
    attempt: int
    """Attempt."""
    pod: str
    """Pod that wrote it."""
    complete: bool = False
    """Whether the worker has finished writing."""
    problem: Problem | None = None
    """Why it could not finish."""
    seconds: float = 0.0
    """Seconds the worker has run."""


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


class Preflight(Model):
    """Measured before the first step."""

    rows: int
    """Training rows used."""
    supervised_minimum: int
    """Fewest supervised tokens in a row."""
    supervised_median: float
    """Median."""
    rows_unsupervised: int
    """Rows without a supervised token."""
    rows_truncated: int
    """Rows cut by the sequence length."""
    stop_supervised: int
    """Rows whose last supervised token is the stop token."""
    stop_token_id: int
    """The stop token in training."""
    generation_stop_ids: tuple[int, ...]
    """Stop tokens of the generation config that is shipped."""
    pad_is_stop: bool
    """Whether padding could hide the stop token from the loss."""
    begin_tokens: int
    """Beginning-of-text tokens in a rendered prompt; two is one too many."""
    assistant_tokens: int | None = None
    """Fewest answer tokens that the chat template marks in an example; absent where the loss is masked by other means."""
    prompt_digest: str | None = None
    """Digest of the rendered ids of the first 16 sealed prompts, as served; absent when no prompt was given."""
    train_prompt_digest: str | None = None
    """The same, as the training path renders them."""
    layers: int
    """Layers of the base."""
    layers_adapted: int
    """Layers with an adapter."""
    trainable_parameters: int
    """Parameters that are trained."""
    expected_trainable_parameters: int
    """Sum of r (d_in + d_out) over targeted modules, or all of them for Full."""
    parameters: int
    """Parameters of the base."""
    input_grads: bool
    """Gradients reach the adapter (first backward pass non-zero)."""
    dtype: str
    """Number format of trained parameters."""
    steps_kept: float | None = None
    """Share of trained weights other than zero that a step of the peak learning rate changes in their number format."""
    weights_moved: float | None = None
    """Share of trained tensors that the first three steps changed; absent before them."""
    packing_isolated: bool | None = None
    """Packed rows get the same logits as alone (measured on two rows); absent where nothing is packed."""


class Step(Model):
    """One optimizer step."""

    step: int
    loss: float | None = None
    grad_norm: float | None = None
    learning_rate: float
    tokens: int
    """Tokens in the batch, padding not counted."""
    seconds: float


class Outcome(Model):
    """One sealed item, base and candidate, scores in [0, 1]."""

    id: str
    base: float
    candidate: float


class Look(Model):
    """One look of the clean probe."""

    step: int
    items: tuple[Outcome, ...]
    seconds: float
    """Time the look took."""


class ArtifactRecord(Model):
    """What was pushed."""

    digest: str
    """Manifest digest."""
    uri: str
    """oci:// reference by digest."""
    kind: Literal["Merged", "Adapter"]
    bytes: int
    """Bytes of its files."""
    adapter_digest: str | None = None
    """Digest of the adapter's tensors."""
    adapter_bytes: int = 0
    """Bytes of the adapter's tensors."""
    adapter_norm: float = 0.0
    """Frobenius norm of all B A products; 0 is inert."""
    adapter_unmatched: int | None = None
    """Saved tensors that fit no module of the base by name and shape: an engine would leave them out."""
    merge_dtype: str | None = None
    """Number format in which the adapter was merged."""
    merge_kept: float | None = None
    """Share of what the adapter does that is left in the merged weights: 1 is all of it, 0 the base alone."""


class TrainEvidence(EvidenceCommon):
    """Stage train."""

    kind: Literal["Train"] = "Train"
    train_digest: str | None = None
    sealed_digest: str | None = None
    preflight: Preflight | None = None
    steps: tuple[Step, ...] = ()
    looks: tuple[Look, ...] = ()
    planned_steps: int = 0
    resumed_from: tuple[int, ...] = ()
    """Steps at which this run was resumed from a checkpoint."""
    base_scoring_seconds: float = 0.0
    """Time spent to score the base on probe items."""
    artifact: ArtifactRecord | None = None
    peak_memory_bytes: int = 0
    tokens_per_second: float = 0.0
    """Of training steps alone, tokens without padding."""


class HoldoutOutcome(Model):
    """One holdout item in the serving engine."""

    id: str
    base: float
    """Constrained score of the base."""
    candidate: float
    """Constrained score of the candidate."""
    free: float
    """Score of the candidate's free greedy answer."""
    base_answer: str | None = None
    """Constrained answer of the base, where the two answers differ."""
    candidate_answer: str | None = None
    """Constrained answer of the candidate, where the two answers differ."""


class EvaluateEvidence(EvidenceCommon):
    """Stage eval."""

    kind: Literal["Evaluate"] = "Evaluate"
    sealed_digest: str | None = None
    artifact_digest: str | None = None
    """Manifest digest of what was scored."""
    base_digest: str | None = None
    """Digest of the base's weight files."""
    prompt_digest: str | None = None
    """As in the preflight."""
    engine: str | None = None
    """Name and version."""
    engine_flags: dict[str, str] = Field(default_factory=dict)
    items: tuple[HoldoutOutcome, ...] = ()
    planned_items: int = 0
    stopped_free: int = 0
    """Free answers that ended with a stop token."""


class ServedAnswer(Model):
    """One answer of the served endpoint."""

    id: str
    constrained: str
    free: str


class VerifyEvidence(EvidenceCommon):
    """Stage deploy: the served endpoint, asked the items on which base and candidate differ."""

    kind: Literal["Verify"] = "Verify"
    url: str | None = None
    model_name: str | None = None
    planned_items: int = 0
    answers: tuple[ServedAnswer, ...] = ()


class SignEvidence(EvidenceCommon):
    """Stage card: what was signed, and where it is."""

    kind: Literal["Sign"] = "Sign"
    artifact_digest: str | None = None
    """Manifest digest of what was signed."""
    key_id: str | None = None
    """Name of the public key, as in the signatures."""
    referrers: dict[str, str] = Field(default_factory=dict)
    """Artifact type to manifest digest of what was stored beside the artifact."""


Evidence = Annotated[
    AuditEvidence | TrainEvidence | EvaluateEvidence | VerifyEvidence | SignEvidence, Field(discriminator="kind")
]
read_evidence: TypeAdapter[Evidence] = TypeAdapter(Evidence)
