"""Experiments: what is claimed about real training runs, and the commands that show it."""
