"""A small healthy delivery as evidence, and ways to spoil it: what the tables of the oracle's tests are made of."""

from __future__ import annotations

from typing import Any

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import DeliverySpec
from delivery_api.driver import Config, Plan
from delivery_api.evidence import (
    AuditEvidence,
    Canary,
    EvaluateEvidence,
    HoldoutOutcome,
    Lengths,
    Look,
    Outcome,
    Overlap,
    Preflight,
    Problem,
    Resemblance,
    RowCounts,
    ServedAnswer,
    Step,
    TrainEvidence,
    VerifyEvidence,
)
from delivery_api.modelversion import EvaluationRecord, ModelVersionSpec
from delivery_api.status import CostStatus, LedgerEntry

SHA = {
    name: f"sha256:{digit * 64}" for name, digit in zip(("train", "sealed", "artifact", "other", "base"), "12345", strict=True)
}
SMALL = {
    "architecture": "LlamaForCausalLM", "model_type": "llama", "hidden_size": 576, "num_hidden_layers": 30,
    "num_attention_heads": 9, "num_key_value_heads": 3, "intermediate_size": 1536, "vocab_size": 49152,
    "tie_word_embeddings": True, "max_position_embeddings": 8192,
}  # fmt: skip
LARGE = {
    "architecture": "Qwen3ForCausalLM", "model_type": "qwen3", "hidden_size": 4096, "num_hidden_layers": 36,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 12288,
    "vocab_size": 151936, "tie_word_embeddings": False, "max_position_embeddings": 40960,
}  # fmt: skip
COMMON: dict[str, Any] = {"delivery_uid": "uid-1", "inputs": "sha256:inputs", "attempt": 1, "pod": "pod-1", "complete": True}
STEPS = 100


def spec(**changes: Any) -> DeliverySpec:
    """A delivery's spec; `a__b__c=value` changes one field deep down."""
    plain: dict[str, Any] = {
        "terms": {
            "ticket": "Route our messages.",
            "data": {"train": {"uri": f"oci://r/train@{SHA['train']}"}, "sealed": {"uri": f"oci://r/sealed@{SHA['sealed']}"}},
            "acceptance": {"metric": "Accuracy", "minimum_gain": "0.20"},
            "budget": {"limit": "40"},
            "handling": {"personal_data": "Redact"},
        },
        "base": {"uri": f"oci://r/base@{SHA['base']}"},
        "output": {"repository": "oci://r/models"},
        "intake": {"task": "Classification", "fields": {"input": "text", "target": "intent"}, "metric": "Accuracy"},
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = plain
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return DeliverySpec.model_validate(plain)


def accelerator(name: str = "cpu", **changes: Any) -> AcceleratorClass:
    """The CPU class by default; `h200` and `a40` by name."""
    kinds: dict[str, dict[str, Any]] = {
        "cpu": {"resource": "cpu", "memory_bytes": 10_000_000_000, "peak_flops": 400_000_000_000,
                "bandwidth_bytes_per_second": 20_000_000_000, "price_per_hour": "0.10", "image": "cpu"},
        "a40": {"resource": "nvidia.com/gpu", "memory_bytes": 48_305_000_000, "peak_flops": 149_700_000_000_000,
                "bandwidth_bytes_per_second": 696_000_000_000, "price_per_hour": "0.60"},
        "h200": {"resource": "nvidia.com/gpu", "memory_bytes": 150_754_000_000, "peak_flops": 989_000_000_000_000,
                 "bandwidth_bytes_per_second": 4_800_000_000_000, "price_per_hour": "4.00"},
    }  # fmt: skip
    return AcceleratorClass.model_validate({"metadata": {"name": name}, "spec": kinds[name] | changes})


def neighbours(right: float, items: int, shift: int = 5, labels: int = 10) -> tuple[int, ...]:
    """Neighbour labels of items 0, 1, ..., of which a share has the right label."""
    return tuple(i % labels if (i * 7919) % 1000 < right * 1000 else (i + shift) % labels for i in range(items))


def canary(train: float = 0.7, sealed: float = 0.4, within: float = 0.6, items: int = 300) -> Canary:
    truth = tuple(i % 10 for i in range(items))
    return Canary(
        truth=truth, by_train=neighbours(train, items), by_sealed=neighbours(sealed, items),
        train_truth=truth, train_by_train=neighbours(within, items),
    )  # fmt: skip


def resemblance(train: float = 0.8, sealed: float = 0.7, within: float = 0.8, items: int = 300) -> Resemblance:
    """A canary over texts, whose likeness by chance is 0.3."""

    def around(mean: float) -> tuple[float, ...]:
        return tuple(mean + (0.1 if i % 2 else -0.1) for i in range(items))

    return Resemblance(
        way="Neighbours", by_train=around(train), by_sealed=around(sealed), within_train=around(within), chance=around(0.3),
    )  # fmt: skip


def audit(**changes: Any) -> AuditEvidence:
    fields: dict[str, Any] = {
        "train_digest": SHA["train"], "sealed_digest": SHA["sealed"], "columns": ("text", "intent"),
        "train": RowCounts(rows=4000, empty=0, duplicates=0, conflicting=0),
        "sealed": RowCounts(rows=1000, empty=0, duplicates=0, conflicting=0),
        "labels": {f"label_{i}": 400 for i in range(10)}, "overlap": Overlap(exact=0, near=0),
        "holdout": tuple(f"h{i}" for i in range(320)), "probe": tuple(f"p{i}" for i in range(680)),
        "lengths": Lengths(median=48, p95=80, maximum=120, mean=50.0, answer_maximum=8),
        "supervised_tokens": 6.0, "context_length": 8192, "architecture": SMALL, "base_bytes": 269_000_000,
        "has_chat_template": True, "canary": canary(),
    }  # fmt: skip
    return AuditEvidence(**(COMMON | fields | changes))


def plan(**changes: Any) -> Plan:
    return Plan(**({"artifact": "Merged"} | changes))


def config(**changes: Any) -> Config:
    fields: dict[str, Any] = {
        "precision": "bf16", "micro_batch_size": 16, "accumulation_steps": 1, "sequence_length": 192, "steps": STEPS,
        "warmup_steps": 20, "learning_rate": "1e-3", "optimizer": "AdamW", "rank": 16, "alpha": 32,
        "targets": ("all-linear",), "gradient_checkpointing": False, "seed": 1,
    }  # fmt: skip
    return Config(**(fields | changes))


def preflight(**changes: Any) -> Preflight:
    fields: dict[str, Any] = {
        "rows": 4000, "supervised_minimum": 3, "supervised_median": 6.0, "rows_unsupervised": 0, "rows_truncated": 0,
        "stop_supervised": 4000, "stop_token_id": 2, "generation_stop_ids": (2,), "pad_is_stop": False, "begin_tokens": 1,
        "prompt_digest": "sha256:p", "train_prompt_digest": "sha256:p", "layers": 30, "layers_adapted": 30,
        "trainable_parameters": 4_884_480, "expected_trainable_parameters": 4_884_480, "parameters": 134_515_008,
        "input_grads": True, "dtype": "float32", "packing_isolated": True,
    }  # fmt: skip
    return Preflight(**(fields | changes))


def artifact(**changes: Any) -> dict[str, Any]:
    return {
        "digest": SHA["artifact"], "uri": f"oci://r/models@{SHA['artifact']}", "kind": "Merged", "bytes": 269_000_000,
        "adapter_bytes": 19_537_920, "adapter_norm": 12.5, "merge_dtype": "float32",
    } | changes  # fmt: skip


def steps(count: int = STEPS, **changes: Any) -> tuple[Step, ...]:
    return tuple(
        Step(
            **(
                {"step": i, "loss": 7.0 / i + 0.3, "grad_norm": 2.0, "learning_rate": 1e-3, "tokens": 800, "seconds": 1.5}
                | changes
            )
        )
        for i in range(1, count + 1)
    )


def look(step: int, wins: int, losses: int = 0, start: int | None = None, items: int = 64) -> Look:
    """A look of fresh items, of which some are won and some are lost."""
    begin = step * 1000 if start is None else start
    pairs = [(0.0, 1.0)] * wins + [(1.0, 0.0)] * losses + [(0.0, 0.0)] * (items - wins - losses)
    return Look(
        step=step, items=tuple(Outcome(id=f"p{begin + i}", base=b, candidate=c) for i, (b, c) in enumerate(pairs)), seconds=9.0
    )


HEALTHY = tuple(look(step, wins=30, losses=1) for step in (20, 30, 40, 60, 80, 100))
NOISY = tuple(look(step, wins=3, losses=4) for step in (20, 30, 40, 60))


def train(**changes: Any) -> TrainEvidence:
    fields: dict[str, Any] = {
        "train_digest": SHA["train"], "sealed_digest": SHA["sealed"], "preflight": preflight(), "steps": steps(),
        "looks": HEALTHY, "planned_steps": STEPS, "artifact": artifact(), "peak_memory_bytes": 2_000_000_000,
        "tokens_per_second": 550.0,
    }  # fmt: skip
    return TrainEvidence(**(COMMON | fields | changes))


def outcomes(wins: int = 180, losses: int = 5, items: int = 320, free: float | None = None) -> tuple[HoldoutOutcome, ...]:
    """Holdout items: the first are won, the next lost, the rest alike."""
    made = []
    for i in range(items):
        base, candidate = (0.0, 1.0) if i < wins else (1.0, 0.0) if i < wins + losses else (0.0, 0.0)
        differs = i < wins + losses
        made.append(
            HoldoutOutcome(
                id=f"h{i}",
                base=base,
                candidate=candidate,
                free=candidate if free is None else free,
                base_answer="label_1" if differs else None,
                candidate_answer="label_2" if differs else None,
            )
        )
    return tuple(made)


def evaluate(**changes: Any) -> EvaluateEvidence:
    items = changes.pop("items", outcomes())
    fields: dict[str, Any] = {
        "sealed_digest": SHA["sealed"], "artifact_digest": SHA["artifact"], "prompt_digest": "sha256:p", "engine": "vllm",
        "items": items, "planned_items": len(items), "stopped_free": len(items),
    }  # fmt: skip
    return EvaluateEvidence(**(COMMON | fields | changes))


def verify(answer: str = "label_2", asked: int = 40, other: int = 0, **changes: Any) -> VerifyEvidence:
    answers = tuple(ServedAnswer(id=f"h{i}", constrained="label_1" if i < other else answer, free=answer) for i in range(asked))
    fields: dict[str, Any] = {"url": "http://s/v1", "model_name": "m", "planned_items": asked, "answers": answers}
    return VerifyEvidence(**(COMMON | fields | changes))


def version(**changes: Any) -> ModelVersionSpec:
    record = EvaluationRecord(metric="Accuracy", items=320, base="0.02", candidate="0.56", evidence=SHA["other"])
    fields: dict[str, Any] = {
        "artifact": SHA["artifact"], "location": f"oci://r/models@{SHA['artifact']}", "kind": "Merged",
        "base": f"oci://r/base@{SHA['base']}", "train_digest": SHA["train"], "sealed_digest": SHA["sealed"],
        "delivery": "acme/support", "delivery_uid": "uid-1", "inputs": "sha256:inputs", "train_evidence": SHA["other"],
        "evaluation": record,
    }  # fmt: skip
    return ModelVersionSpec(**(fields | changes))


def entry(pod: str = "pod-1", **changes: Any) -> LedgerEntry:
    fields: dict[str, Any] = {
        "pod": pod, "stage": "train", "attempt": 1, "accelerator_class": "cpu", "accelerators": 1, "price_per_hour": "3.60",
        "started_at": "2026-11-24T10:00:00Z", "finished_at": "2026-11-24T10:10:00Z",
    }  # fmt: skip
    return LedgerEntry(**(fields | changes))


def cost(*entries: LedgerEntry, **changes: Any) -> CostStatus:
    fields: dict[str, Any] = {"currency": "USD", "accelerator_seconds": "600", "amount": "0.6", "ledger": entries or (entry(),)}
    return CostStatus(**(fields | changes))


def problem(kind: str, message: str = "cannot be fetched") -> Problem:
    return Problem.model_validate({"kind": kind, "field": "spec.terms.data.train", "message": message})
