"""A delivery's training as the estimator describes any run, so that what is measured against published runs is what is used."""

from __future__ import annotations

from dataclasses import replace

from delivery_api.accelerator import AcceleratorClassSpec
from delivery_api.driver import Config, Plan
from delivery_oracle.configurator import hardware, stacks
from delivery_oracle.configurator.architecture import ALL_LINEAR
from delivery_oracle.configurator.hardware import Hardware
from delivery_oracle.configurator.run import Run, optimizer_of
from delivery_oracle.configurator.shape import shape
from delivery_oracle.configurator.workload import Workload

TRAINER = "delivery-operator"
PRODUCT_LABEL = "nvidia.com/gpu.product"
ORDINARY = "a100"
"""The card that an unknown one is taken to be like in what its class does not say."""
METHODS = {"LoRA": "lora", "QLoRA": "qlora", "Full": "full"}
SHARDINGS = {None: "none", "DataParallel": "ddp", "FSDP": "fsdp"}


def run_of(load: Workload, plan: Plan, config: Config, kind: AcceleratorClassSpec | None, count: int = 1) -> Run:
    """The run of a complete config on accelerators of a class; without a class on the catalogue's first."""
    base, full = load.base, plan.method == "Full"
    rank = 0 if full else config.rank or 1
    length = load.tokens(1, plan.packing)
    told = replace(stacks.read(TRAINER), accumulation=config.accumulation_steps or 1)
    return Run(
        base=base,
        shape=shape(base, rank, () if full else tuple(config.targets or (ALL_LINEAR,))),
        method=METHODS[plan.method],
        rank=rank,
        length=length,
        rows=config.micro_batch_size or 1,
        checkpointing="full" if config.gradient_checkpointing else "none",
        optimizer=optimizer_of(config.optimizer or ""),
        precision=config.precision or "bf16",
        attention="sdpa",
        packing=plan.packing,
        chunked=False,
        compiled=False,
        accelerator=device(kind) if kind else hardware.find(hardware.ABSENT),
        count=count,
        sharding=SHARDINGS[config.parallelism] if count > 1 else "none",
        told=told,
        assumed=(),
        supervised=min(1.0, load.supervised(1, plan.loss_on) / length),
    )


def device(kind: AcceleratorClassSpec) -> Hardware:
    """A class of the cluster with its own figures; what it does not say is as in the catalogue's card of that name."""
    try:
        like = hardware.find(kind.node_selector.get(PRODUCT_LABEL, ORDINARY))
    except ValueError:
        like = hardware.find(ORDINARY)
    return replace(
        like,
        memory=float(kind.memory_bytes),
        peak=float(kind.peak_flops),
        fp32=kind.peak_flops / 2,
        bandwidth=float(kind.bandwidth_bytes_per_second),
    )
