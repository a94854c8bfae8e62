"""The extra for training says how it is installed, where torch is not."""

from __future__ import annotations

import sys

import pytest


@pytest.mark.parametrize("absent", ["torch", "matplotlib"])
def test_without_its_libraries_the_extra_says_what_to_install(monkeypatch, absent):
    for name in [name for name in sys.modules if name.startswith(("delivery_oracle.training", "delivery_measure"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(ModuleNotFoundError, match=r"needs \w+; install it with: pip install 'delivery-oracle\[train\]'"):
        import delivery_oracle.training  # noqa: F401
