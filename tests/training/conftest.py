"""Tests of what imports torch outside the images; they run by `images/test`, in the environment of the worker's lock."""

import os
from importlib.util import find_spec

# The workspace's own environment has no torch on purpose; there, these files are not collected.
collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
