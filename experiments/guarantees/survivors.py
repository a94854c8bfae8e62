"""Mutants that live and may: for each mutated line the reason why it changes no verdict."""

REASONS: dict[str, str] = {}
