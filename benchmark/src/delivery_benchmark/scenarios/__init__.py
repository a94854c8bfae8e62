"""Scenarios: what a customer asks for, what the files hold, and what is right at each stage. All of it is data."""

from delivery_benchmark.scenarios.catalogue import all_ids, load
from delivery_benchmark.scenarios.model import REFUSALS, Refusal, Scenario

__all__ = ["REFUSALS", "Refusal", "Scenario", "all_ids", "load"]
