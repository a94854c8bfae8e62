"""The operator's theatre: a control plane with the chart, a tenant, the operator as a process, replayed workers."""

from tests.operator_.conftest import control_plane, theatre

__all__ = ["control_plane", "theatre"]
