"""Named checks of what a run saved: an adapter that lost its tensors, fits no module, or did not survive its merge."""

from __future__ import annotations

from dataclasses import dataclass

from delivery_api.driver import Plan
from delivery_api.evidence import ArtifactRecord

MERGE_FORMATS = frozenset({"float32", "fp32", "bfloat16", "bf16", "float16", "fp16"})
SMALLEST_BYTES_A_PARAMETER = 2
SMALLEST_MERGED_SHARE = 0.5


@dataclass(frozen=True)
class Saved:
    """What was saved, and how many parameters had been trained by which method."""

    artifact: ArtifactRecord
    trained: int
    plan: Plan


def artifact_is_not_empty(case: Saved) -> str | None:
    """The artifact has bytes."""
    return None if case.artifact.bytes > 0 else "the artifact is empty"


def merge_keeps_the_adapter(case: Saved) -> str | None:
    """What the adapter adds is left after the merge: few bits round it away."""
    artifact = case.artifact
    if artifact.kind != "Merged" or not artifact.merge_dtype:
        return None
    said = f"merged in {artifact.merge_dtype}, which loses the adapter"
    if artifact.merge_dtype not in MERGE_FORMATS:
        return f"{said}; merge in bfloat16 or float32"
    if artifact.merge_kept is not None and artifact.merge_kept < SMALLEST_MERGED_SHARE:
        return f"{said}: {artifact.merge_kept:.0%} of what it does is left; merge in float32, or serve the adapter"
    return None


def adapter_is_not_inert(case: Saved) -> str | None:
    """The adapter does something: some product B A is not zero."""
    if case.plan.method == "Full" or case.artifact.adapter_norm > 0.0:
        return None
    return "the adapter is inert: all its B A products are zero"


def adapter_is_whole(case: Saved) -> str | None:
    """The saved tensors have the bytes of all that was trained: a sharded save writes empty ones."""
    smallest = SMALLEST_BYTES_A_PARAMETER * case.trained
    if case.plan.method == "Full" or case.artifact.adapter_bytes >= smallest:
        return None
    return f"the adapter has {case.artifact.adapter_bytes:,} bytes, at least {smallest:,} expected; the save lost a part"


def adapter_fits_the_base(case: Saved) -> str | None:
    """Every saved tensor fits a module of the base by name and shape: an engine leaves the others out without a word."""
    unmatched = case.artifact.adapter_unmatched
    if not unmatched:
        return None
    return f"{unmatched:,} tensors of the adapter fit no module of the base; save it from the base that is served"
