"""Real training runs as the page draws them: what every training dashboard shows, and what the customer got.

The traces hold evidence only. Every verdict here is a function of `delivery_oracle` over it, as in the operator; the page
itself recomputes the clean probe from the looks, so that a reader can ask what another margin or level would have said.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery_api.delivery import DeliverySpec
from delivery_api.digests import digest
from delivery_api.driver import Config, Fields, Intake, Plan
from delivery_api.evidence import AuditEvidence, EvaluateEvidence, TrainEvidence
from delivery_api.finding import Finding, Verdict
from delivery_api.sources import Source
from delivery_api.terms import Acceptance, Budget, Data, Handling, Terms
from delivery_oracle import probe
from delivery_oracle.stages import evaluation, intake, train
from delivery_oracle.stages.evaluation import free_score

TITLES = {
    "correct": "correct labels",
    "permute": "permuted labels",
    "noise": "random labels",
    "mask": "prompt left in the loss",
}
WINDOW = 10
LARGEST_NORM = 100.0
"""A gradient norm above this would catch a person's eye; those of LoRA runs are of the order of 1 to 10."""


class TraceError(ValueError):
    """A trace cannot be used; the message names it."""


@dataclass(frozen=True)
class Recorded:
    """One run: its evidence, and the delivery it would have been."""

    name: str
    arm: str
    seed: int
    use: int
    """Which use of the one sealed holdout this is."""
    spec: DeliverySpec
    config: Config
    audit: AuditEvidence
    train: TrainEvidence
    evaluate: EvaluateEvidence

    @property
    def margin(self) -> float:
        """Gain that was asked for."""
        return float(self.spec.terms.acceptance.minimum_gain)


def read(folder: Path) -> list[Recorded]:
    """Every run of a manifest that has its trace, in the manifest's order; TraceError when one is of another manifest."""
    path = folder / "manifest.json"
    if not path.is_file():
        raise TraceError(f"{folder}: no manifest.json; give the folder of `make tbdl`, experiments/tbdl")
    manifest = json.loads(path.read_text("utf-8"))
    found = list(_runs(folder, manifest))
    if not found:
        raise TraceError(f"{folder}/traces: no trace of its manifest; run `make tbdl`")
    return found


def _runs(folder: Path, manifest: dict[str, Any]) -> Iterator[Recorded]:
    planned = [(arm, seed) for seed in manifest["seeds"] for arm in manifest["arms"]]
    for use, (arm, seed) in enumerate(planned, start=1):
        path = folder / "traces" / f"{arm}-{seed}.json"
        if not path.is_file():
            continue
        trace = json.loads(path.read_bytes())
        if (trace["manifest"], trace["arm"], trace["seed"]) != (digest(manifest), arm, seed):
            raise TraceError(f"{path}: made by another manifest than {folder}/manifest.json")
        config = Config.model_validate(manifest["config"] | {"seed": seed})
        yield Recorded(
            name=path.stem,
            arm=arm,
            seed=seed,
            use=use,
            spec=_spec(manifest, path.stem, arm, config),
            config=config,
            audit=AuditEvidence.model_validate(trace["audit"]),
            train=TrainEvidence.model_validate(trace["train"]),
            evaluate=EvaluateEvidence.model_validate(trace["evaluate"]),
        )


def _spec(manifest: dict[str, Any], name: str, arm: str, config: Config) -> DeliverySpec:
    """The run as a delivery that the oracle can judge; what no judge here reads holds a stand-in."""
    rows = Source.model_validate(manifest["train"] | {"digest": manifest["armData"][name]})
    return DeliverySpec(
        terms=Terms(
            ticket=name,
            data=Data(train=rows, sealed=Source.model_validate(manifest["sealed"])),
            acceptance=Acceptance(metric="Accuracy", minimum_gain=manifest["margin"], holdout_items=manifest["holdoutItems"]),
            budget=Budget(limit="40"),
            handling=Handling(personal_data="Allow"),
        ),
        base=Source.model_validate(manifest["base"]),
        output={"repository": "oci://registry.invalid/tbdl"},
        intake=Intake(task="Classification", fields=Fields(input="text", target="category"), metric="Accuracy"),
        plan=Plan(method="LoRA", loss_on="All" if arm == "mask" else "Completion"),
        config=config,
    )


def shown(run: Recorded) -> dict[str, Any]:
    """All that the page knows of a run, as JSON."""
    blind = run.train.model_copy(update={"looks": ()})
    dashboard = train.judge(run.spec, run.spec.plan, run.config, [blind], run.audit)
    audit = evaluation.judge(run.spec, run.evaluate, audit=run.audit, train=run.train, use=run.use)
    seen = evaluation.comparison(run.spec, run.evaluate, use=run.use)
    told = probe.assess([run.train], margin=run.margin, planned_steps=run.train.planned_steps, pool=run.audit.probe)
    return {
        "name": run.name,
        "title": f"{TITLES.get(run.arm, run.arm)}, seed {run.seed}",
        "steps": [[step.step, step.loss, step.grad_norm] for step in run.train.steps],
        "planned": run.train.planned_steps,
        "lamps": lamps(run.train, dashboard),
        "canary": _finding(intake.judge(run.spec, run.audit)),
        "audit": _finding(audit),
        "learned": {Verdict.PASS: "yes", Verdict.FAIL: "no"}.get(seen.verdict, "unknown"),
        "items": seen.items,
        "base": round(seen.base, 6),
        "candidate": round(seen.candidate, 6),
        "free": round(free_score(run.evaluate), 6),
        "gain": [round(value, 6) for value in (seen.interval.low, seen.gain, seen.interval.high)],
        "wins": seen.wins,
        "losses": seen.losses,
        "alpha": seen.alpha,
        "probe": told.message,
        "flaggedAt": told.decided_at if told.outcome is probe.Outcome.NOT_LEARNING else None,
        "margin": run.margin,
        "warmup": round(probe.WARMUP_SHARE * run.train.planned_steps),
        "looks": looks(run.train),
    }


def lamps(evidence: TrainEvidence, mechanics: Finding) -> list[dict[str, Any]]:
    """What a training dashboard shows: whether each is as one hopes, and in words."""
    losses = [step.loss for step in evidence.steps if step.loss is not None]
    norms = [step.grad_norm for step in evidence.steps if step.grad_norm is not None]
    whole = len(losses) == len(norms) == evidence.planned_steps
    made = [(whole, f"{len(losses)} of {evidence.planned_steps} steps with a finite loss and gradient")]
    if losses and norms:
        first, last = (sum(part) / len(part) for part in (losses[:WINDOW], losses[-WINDOW:]))
        made += [(last < first, f"loss falls, {first:.2f} to {last:.2f}")]
        made += [(max(norms) <= LARGEST_NORM, f"gradient norm bounded, at most {max(norms):.1f}")]
    passed = mechanics.verdict is Verdict.PASS
    made += [(passed, f"execution stage without the probe: {mechanics.verdict}, {mechanics.reason}")]
    return [{"lit": lit, "words": words} for lit, words in made]


def _finding(found: Finding) -> dict[str, str]:
    return {"verdict": str(found.verdict), "reason": str(found.reason), "message": found.message}


def looks(evidence: TrainEvidence) -> list[dict[str, Any]]:
    """Each look as the differences it saw and how often: within a look neither process depends on their order."""
    return [
        {
            "step": look.step,
            "differences": sorted(Counter(item.candidate - item.base for item in look.items).items()),
        }
        for look in probe.firsts([evidence])
    ]
