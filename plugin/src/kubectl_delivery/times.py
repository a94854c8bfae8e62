"""Times as Kubernetes writes them, and durations as people say them."""

from datetime import UTC, datetime


def now() -> datetime:
    """The clock, read here only."""
    return datetime.now(UTC)


def parse(text: str) -> datetime:
    """An RFC 3339 timestamp."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def render(moment: datetime) -> str:
    """As metav1.Time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: float) -> str:
    """The two largest units."""
    whole = max(0, int(seconds))
    units = [(whole // 86_400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s")]
    first = next((place for place, (count, _) in enumerate(units) if count), 3)
    return " ".join(f"{count}{unit}" for count, unit in units[first : first + 2] if count) or "0s"
