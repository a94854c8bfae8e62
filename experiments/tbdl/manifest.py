"""What will be run, written down and hashed before the first run: nothing seen can change it afterwards.

A trace names the digest of its manifest. Arms are defined in `demo.data.arms`; `mask` is the data of `correct`
with the prompt's tokens left in the loss.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from delivery_api import sealed
from delivery_api.delivery import DeliverySpec
from delivery_api.digests import canonical, digest
from delivery_api.driver import Config, Fields, Intake, Plan
from delivery_api.model import Model
from delivery_api.sources import Source
from delivery_api.terms import Acceptance, Budget, Data, Handling, Terms

Arm = Literal["correct", "permute", "noise", "mask"]
ARMS: tuple[Arm, ...] = ("correct", "permute", "noise", "mask")
LEARNS: frozenset[Arm] = frozenset(("correct", "mask"))
FIELDS = Fields(input="text", target="category")
REPOSITORY = "oci://registry.invalid/tbdl"
"""Stands in the spec for the registry of the machine, whose port is another every time."""


class Manifest(Model):
    """The whole experiment."""

    base: Source
    """Base model; a local folder stands as pvc://base/NAME with the digest of its files."""
    train: Source
    """Training rows before an arm changes them."""
    sealed: Source
    """Sealed rows: probe pool and holdout."""
    arms: tuple[Arm, ...] = ARMS
    """Arms, in the order of the runs of one seed."""
    seeds: tuple[int, ...]
    """Seeds, of derangement, noise, order of rows and initialisation."""
    steps: int
    """Optimizer steps."""
    config: Config
    """Hyper-parameters, but for the seed."""
    margin: str
    """Minimum gain; the probe's floor rises from half of it."""
    look_steps: tuple[int, ...]
    """Steps after which the probe looks."""
    look_items: int
    """Fresh items a look."""
    holdout_items: int
    """Sealed items of the audit."""
    versions: dict[str, str]
    """Libraries that train and serve."""
    arm_data: dict[str, str]
    """Digest of the training rows of each run, by its name."""

    @property
    def id(self) -> str:
        """Digest of the whole."""
        return digest(self)


@dataclass(frozen=True, slots=True)
class Case:
    """One run. `place` counts from 1: the holdout's uses are counted by it."""

    arm: Arm
    seed: int
    place: int

    @property
    def name(self) -> str:
        """Name of the run, its files and its delivery."""
        return f"{self.arm}-{self.seed}"

    @property
    def learns(self) -> bool:
        """Whether this arm is expected to learn."""
        return self.arm in LEARNS

    @property
    def plan(self) -> Plan:
        """The method; prompt tokens are in the loss of `mask`."""
        return Plan(method="LoRA", loss_on="All" if self.arm == "mask" else "Completion")


def cases(arms: tuple[Arm, ...], seeds: tuple[int, ...]) -> Iterator[Case]:
    """All runs, every arm with the first seed, then with the next."""
    place = 0
    for seed in seeds:
        for arm in arms:
            place += 1
            yield Case(arm, seed, place)


def config(steps: int, rate: str) -> Config:
    """LoRA r=16 on all linear layers, 16 rows a step, bf16; warm-up over a fifth of the steps, then linear decay."""
    return Config(
        precision="bf16",
        micro_batch_size=16,
        accumulation_steps=1,
        sequence_length=256,
        steps=steps,
        warmup_steps=max(1, steps // 5),
        learning_rate=rate,
        optimizer="AdamW",
        rank=16,
        alpha=32,
        targets=("all-linear",),
        gradient_checkpointing=False,
    )


def config_of(manifest: Manifest, case: Case) -> Config:
    """Hyper-parameters of one run."""
    return manifest.config.model_copy(update={"seed": case.seed})


def spec_of(manifest: Manifest, case: Case) -> DeliverySpec:
    """The run as a delivery that the oracle can judge."""
    train = manifest.train.model_copy(update={"digest": manifest.arm_data[case.name]})
    return DeliverySpec(
        terms=Terms(
            ticket="Route our messages to one of our desks.",
            data=Data(train=train, sealed=manifest.sealed),
            acceptance=Acceptance(metric="Accuracy", minimum_gain=manifest.margin, holdout_items=manifest.holdout_items),
            budget=Budget(limit="40"),
            handling=Handling(personal_data="Allow"),
        ),
        base=manifest.base,
        output={"repository": REPOSITORY},
        intake=Intake(task="Classification", fields=FIELDS, metric="Accuracy"),
        plan=case.plan,
        config=config_of(manifest, case),
    )


def look_steps(steps: int, sealed_items: int, holdout_items: int, look_items: int) -> tuple[int, ...]:
    """The schedule of the product: dense early, sparse later."""
    return sealed.look_steps(steps, sealed_items - holdout_items, look_items)


def read(folder: Path) -> Manifest | None:
    """The manifest of a folder of results, if it has one."""
    path = folder / "manifest.json"
    return Manifest.model_validate_json(path.read_bytes()) if path.exists() else None


def settle(results: Path, wanted: Manifest) -> None:
    """Write the manifest before the first run; afterwards, refuse another."""
    there = read(results)
    if there is None:
        results.mkdir(parents=True, exist_ok=True)
        text = json.dumps(json.loads(canonical(wanted)), indent=1, ensure_ascii=False)
        (results / "manifest.json").write_text(text + "\n", "utf-8")
    elif there.id != wanted.id:
        changed = [name for name in Manifest.model_fields if getattr(there, name) != getattr(wanted, name)]
        raise SystemExit(f"{results}/manifest.json was written for other {', '.join(changed)}; take another --results")
