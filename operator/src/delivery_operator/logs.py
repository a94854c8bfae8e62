"""Logs as one JSON object a line."""

import logging

from pythonjsonlogger.json import JsonFormatter

FIELDS = {"asctime": "time", "levelname": "level", "name": "logger"}


def configure(level: int = logging.INFO) -> None:
    """Log to standard error: time, level, logger, message, and what was given as `extra`."""
    handler = logging.StreamHandler()
    form = "{asctime}{levelname}{name}{message}"
    handler.setFormatter(JsonFormatter(form, style="{", rename_fields=FIELDS, datefmt="%Y-%m-%dT%H:%M:%S%z"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("kopf").setLevel(logging.WARNING)
