"""The report of a run: every table and figure made anew from the files of its trials, and from nothing else."""

from delivery_benchmark.report.write import write

__all__ = ["write"]
