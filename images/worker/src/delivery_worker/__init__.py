"""Trainer, evaluator and server: the part of delivery-operator that holds weights. It measures and never judges."""
