"""The operator's theatre for the plugin's commands, and deliveries as they stand in memory."""

from tests.operator_.conftest import control_plane, theatre

__all__ = ["control_plane", "theatre"]
