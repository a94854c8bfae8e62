"""Kubernetes timestamps as aware datetimes, and back. The clock itself is read in `reconcile` only."""

from datetime import UTC, datetime, timedelta


def parse(text: str) -> datetime:
    """An RFC 3339 timestamp."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def render(moment: datetime) -> str:
    """As metav1.Time: seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_between(start: str, end: str) -> int:
    """Whole seconds from one timestamp to another, never negative."""
    return max(0, int((parse(end) - parse(start)).total_seconds()))


def shifted(moment: str, seconds: float) -> datetime:
    """A timestamp moved by seconds."""
    return parse(moment) + timedelta(seconds=seconds)
