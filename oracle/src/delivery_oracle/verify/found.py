"""What lies beside an artifact, by type, and which of it the trusted key has signed about exactly this artifact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from delivery_oracle.verify.registry import Forged, Repository, files
from delivery_oracle.verify.signatures import PublicKey, Unsigned, subjects

Files = dict[str, tuple[str, int]]
"""Title to (digest, size)."""


class Missing(Exception):
    """What should be beside the artifact is not there: nothing is known."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A referrer with a statement that the key has signed."""

    files: Files
    statement: dict[str, Any]


class Found:
    """All that is listed beside the artifact. What it is about is read from what the key has signed, not from the list."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._by_type: dict[str, list[Files]] = {}
        self.listed: dict[str, str] = {}
        """Digest to artifact type of each referrer."""
        for digest in repository.referrers():
            manifest = repository.manifest(digest)
            self.listed[digest] = str(manifest.get("artifactType"))
            self._by_type.setdefault(self.listed[digest], []).append(files(manifest))

    def all(self, kind: str, what: str) -> list[Files]:
        """Files of each referrer of a type."""
        found = self._by_type.get(kind)
        if not found:
            raise Missing(f"there is no {what} beside the artifact")
        return found

    def content(self, listed: Files, title: str | None = None) -> bytes:
        """One file of a referrer, the first unless named."""
        name = next(iter(listed), "") if title is None else title
        if name not in listed:
            raise Forged(f"a referrer has no {name or 'files'}")
        return self._repository.blob(listed[name][0])

    def by_digest(self, kind: str, digest: str, what: str) -> bytes:
        """The file of this digest among the referrers of a type."""
        for listed in self.all(kind, what):
            for title, (there, _) in listed.items():
                if there == digest:
                    return self.content(listed, title)
        raise Missing(f"the {what} that was signed is not beside the artifact")

    def signed(self, kind: str, predicate: str, title: str | None, key: PublicKey, what: str) -> list[Signed]:
        """Every referrer of a type with a statement of this key about the artifact. Others' may lie there too, unheard."""
        good, why = [], ""
        for listed in self.all(kind, what):
            try:
                statement = key.statement(self.content(listed, title))
            except (Unsigned, Forged) as error:
                why = str(error)
                continue
            if statement.get("predicateType") != predicate:
                continue
            if self._repository.reference.digest in subjects(statement).values():
                good.append(Signed(listed, statement))
            else:
                why = "it is about another artifact"
        if good:
            return good
        if why:
            raise Unsigned(f"{what}: {why}")
        raise Missing(f"there is no {what} beside the artifact")
