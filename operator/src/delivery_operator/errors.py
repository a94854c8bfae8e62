"""What can go wrong, as one tree.

DeliveryError
├── Transient     the world may heal: try again later, with backoff
│   ├── Conflict  somebody else wrote first: look again at once
│   └── Fenced    this replica no longer leads: nothing may be written
└── Refused       the API server said no, and will say so again
"""

__all__ = ["Conflict", "DeliveryError", "Fenced", "Refused", "Transient"]


class DeliveryError(Exception):
    """Base of all."""


class Transient(DeliveryError):
    """The world may heal; try again later."""


class Conflict(Transient):
    """The object changed since it was read."""


class Fenced(Transient):
    """The Lease is not held any more."""


class Refused(DeliveryError):
    """The API server refused the request for good: forbidden, or invalid."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status
