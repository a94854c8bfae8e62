"""What the trainer records: the first seconds, every step, every look of the clean probe, and what it pushed."""

from typing import Literal

from delivery_api.evidence.common import EvidenceCommon
from delivery_api.model import Model


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
