"""Guarantees shown, not claimed: `python -m experiments.guarantees` measures them and writes docs/reference/guarantees.md."""
