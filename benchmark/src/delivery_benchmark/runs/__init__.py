"""Runs: a manifest hashed before the first trial, trials in parallel, and a folder of what happened for each."""
