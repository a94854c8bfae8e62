"""The few fitted numbers of the estimator, from `data/coefficients.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import resources

import yaml

from delivery_oracle import data


@dataclass(frozen=True)
class Coefficients:
    """Each number's meaning and range stand beside its value in the data file."""

    saved: float
    working: float
    slack_static: float
    slack_dynamic: float
    slack_sharded: float
    gathered_layers: float
    memory_low: float
    memory_high: float
    matmul_ampere: float
    matmul_ga10x: float
    matmul_ga10x_full: float
    matmul_ada: float
    matmul_ada_capped: float
    matmul_hopper: float
    attention_share: float
    half_tokens: float
    traffic: float
    layer_seconds: float
    adapter_seconds: float
    adapter_traffic: float
    zero3_seconds: float
    fp8_gain: float
    gather_share: float
    speed_spread: float


@lru_cache(maxsize=1)
def fitted() -> Coefficients:
    """The values as shipped."""
    entries = yaml.safe_load(resources.files(data).joinpath("coefficients.yaml").read_text())
    return Coefficients(**{item.name: float(entries[item.name]["value"]) for item in fields(Coefficients)})
