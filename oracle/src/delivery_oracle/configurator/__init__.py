"""The configurator: config, schedule and price that are right before anything runs.

Deterministic: the same base, data, method and accelerator classes give the same answer on every machine.
"""
