"""What the watches have seen, by name and by the Delivery that it belongs to.

What the operator itself wrote is put in at once, from the API server's answer: a pass sees its own writes. An
older version of an object never replaces a newer one.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Raw = dict[str, Any]
Name = tuple[str, str]


def name_of(raw: Raw) -> Name:
    """(namespace, name) of an object."""
    return raw["metadata"].get("namespace", ""), raw["metadata"]["name"]


def version_of(raw: Raw) -> int:
    """resourceVersion as a number; etcd's revision, comparable within a resource."""
    text = str(raw["metadata"].get("resourceVersion") or "0")
    return int(text) if text.isdigit() else 0


class Store:
    """Objects of one watch."""

    def __init__(self, index: Callable[[Raw], str], trim: Callable[[Raw], Raw] = lambda raw: raw) -> None:
        self._objects: dict[Name, Raw] = {}
        self._by_index: dict[str, set[Name]] = {}
        self._index, self._trim = index, trim
        self._removed: dict[Name, int] = {}
        self.changes = 0
        """Times that anything came, changed or went."""

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[Raw]:
        return iter(list(self._objects.values()))

    def get(self, namespace: str, name: str) -> Raw | None:
        """One object."""
        return self._objects.get((namespace, name))

    def of(self, index: str) -> list[Raw]:
        """Objects with this index, by name."""
        return [self._objects[name] for name in sorted(self._by_index.get(index, ()))]

    def put(self, raw: Raw) -> bool:
        """Take in an object; False when it is known already, or older than what is known."""
        name, version = name_of(raw), version_of(raw)
        known = self._objects.get(name)
        if known is not None and version_of(known) >= version:
            return False
        if self._removed.get(name, -1) >= version:
            return False
        self._removed.pop(name, None)
        if known is not None:
            self._unindex(name, known)
        self.changes += 1
        self._objects[name] = self._trim(raw)
        self._by_index.setdefault(self._index(raw), set()).add(name)
        return True

    def remove(self, raw: Raw) -> Raw | None:
        """Forget an object; returns how it was last."""
        name = name_of(raw)
        known = self._objects.get(name)
        if known is not None and version_of(known) > version_of(raw):
            return None
        self._removed[name] = version_of(raw)
        if len(self._removed) > 10_000:
            self._removed.pop(next(iter(self._removed)))
        if known is None:
            return None
        self.changes += 1
        self._unindex(name, known)
        return self._objects.pop(name)

    def _unindex(self, name: Name, known: Raw) -> None:
        names = self._by_index.get(self._index(known), set())
        names.discard(name)
        if not names:
            self._by_index.pop(self._index(known), None)

    def replace(self, objects: Iterable[Raw], version: int) -> tuple[list[Raw], list[Raw]]:
        """Take in a whole list of some version; returns what changed and what is gone."""
        listed = list(objects)
        names = {name_of(raw) for raw in listed}
        # What was written after the list was made is not in it, and is not gone.
        gone = [raw for name, raw in self._objects.items() if name not in names and version_of(raw) <= version]
        for raw in gone:
            self._unindex(name_of(raw), raw)
            del self._objects[name_of(raw)]
            self.changes += 1
        return [raw for raw in listed if self.put(raw)], gone
