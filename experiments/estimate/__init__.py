"""Fits the estimator to published runs, and says how far off it is on runs it has not seen."""
