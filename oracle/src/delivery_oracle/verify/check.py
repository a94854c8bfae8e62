"""The whole verification, from a reference and a key to named checks. It fails closed: what cannot be shown is no pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from delivery_api.digests import canonical, sha256
from delivery_api.finding import Verdict
from delivery_api.papers import MATERIALS, PAPERS, PAPERS_TYPE, PROVENANCE, PROVENANCE_TYPE, SIGNATURE, STATEMENT
from delivery_oracle.verify import evidence, papers, record
from delivery_oracle.verify.found import Found, Missing, Signed
from delivery_oracle.verify.papers import Papers
from delivery_oracle.verify.record import Record
from delivery_oracle.verify.registry import Forged, Repository, Unreadable, files
from delivery_oracle.verify.signatures import PublicKey, Unsigned, subjects

NOTHING = Record()
GARBLED = (KeyError, TypeError, AttributeError, ValueError, ArithmeticError, StopIteration)
HOLDS = {
    "identity": "all papers are about this delivery and this artifact",
    "provenance": "base, data and evidence are those of the certificate",
    "verdicts": "no stage failed, and what is not established is said",
    "measurement": "the numbers agree with each other and keep the promise",
    "approval": "exactly this was approved, by somebody who neither created nor last drove it",
    "bill": "the ledger adds up, within the budget",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    message: str


@dataclass(slots=True)
class Verification:
    """Checks in order, and the papers once they are known to be signed."""

    checks: list[Check] = field(default_factory=list)
    papers: Papers | None = None

    @property
    def verdict(self) -> Verdict:
        """Fail before Unknown before Pass."""
        found = {check.verdict for check in self.checks}
        return next((one for one in (Verdict.FAIL, Verdict.UNKNOWN) if one in found), Verdict.PASS)


@dataclass(slots=True)
class Verifier:
    """One verification on its way: each step says what it found and leaves it for the next."""

    repository: Repository
    key: PublicKey
    given: Record
    deep: bool
    files: dict[str, str] = field(default_factory=dict)
    found: Found | None = None
    said: dict[str, dict[str, Any]] = field(default_factory=dict)

    def artifact(self) -> str:
        """The manifest has its digest, and the files it names are there."""
        listed = files(self.repository.manifest(self.repository.reference.digest))
        for title, (digest, size) in listed.items():
            if (there := self.repository.measure(digest, self.deep)) != size:
                raise Forged(f"{title} has {there} bytes in the registry, {size} in the manifest")
        self.files = {title: digest for title, (digest, _) in listed.items()}
        how = "every byte read" if self.deep else "there with the sizes of the manifest"
        return f"{len(listed)} files, {sum(size for _, size in listed.values())} bytes, {how}"

    def beside(self) -> Found:
        """What refers to the artifact, read once."""
        if self.found is None:
            self.found = Found(self.repository)
        return self.found

    def signature(self) -> str:
        """The key has signed exactly these files."""
        why = ""
        for bundle in self.beside().all(SIGNATURE, "model signature"):
            try:
                self.key.model(self.beside().content(bundle), self.files)
            except Unsigned as error:
                why = str(error)
                continue
            return f"these {len(self.files)} files are signed by key {self.key.id[:12]}"
        raise Unsigned(f"model signature: {why}")

    def papers(self) -> str:
        """Certificate, bill, card and bill of materials are those that the key has signed."""
        one = self._issued()
        named = subjects(one.statement)
        for title in ("certificate.json", "bill.json", "README.md"):
            if title not in one.files or named.get(title) != one.files[title][0]:
                raise Forged(f"{title} is not the one that was signed")
        materials = self.beside().by_digest(MATERIALS, named.get("bom.json", ""), "bill of materials")
        self.said["certificate"] = _json(self.beside().content(one.files, "certificate.json"))
        self.said["bill"] = _json(self.beside().content(one.files, "bill.json"))
        self.said["materials"] = _json(materials)
        return f"certificate, bill, card and bill of materials are signed by key {self.key.id[:12]}"

    def _issued(self) -> Signed:
        """The papers of the delivery that is meant, as issued last: one artifact may be that of several deliveries."""
        signed = self.beside().signed(PAPERS, PAPERS_TYPE, STATEMENT, self.key, "certificate")
        signed.sort(key=lambda one: str(_predicate(one).get("issuedAt")))
        latest = {str(_predicate(one).get("uid")): one for one in signed}
        if self.given.certificate is None:
            return self._meant(latest)
        wanted = sha256(canonical(self.given.certificate))
        found = [one for one in signed if one.files.get("certificate.json", ("", 0))[0] == wanted]
        if not found:
            raise Forged("the given certificate is not the one that was signed")
        last = latest[str(_predicate(found[-1]).get("uid"))]
        if last is not found[-1]:
            raise Missing(f"the given certificate was replaced by one issued at {_predicate(last).get('issuedAt')}")
        return last

    def _meant(self, latest: dict[str, Signed]) -> Signed:
        """Where no certificate is given: those of the delivery that a ModelVersion names, else of the only one."""
        if (meant := self.given.uid) is not None:
            if meant not in latest:
                raise Missing("there are no papers of the ModelVersion's delivery beside the artifact")
            return latest[meant]
        if len(latest) > 1:
            raise Missing(f"{len(latest)} deliveries made this artifact; give the certificate of the one you mean")
        return next(iter(latest.values()))

    def record(self) -> str:
        """What the cluster keeps says what was signed, and what it names is here."""
        kept, version, said = self.given.kept, self.given.version, []
        if version is not None:
            if wrong := _objections(partial(record.differs, version, self.said["certificate"])):
                raise Forged("; ".join(wrong))
            said.append("the ModelVersion is that of the certificate")
        if kept is not None:
            wrong, gone = record.unlisted(kept, self.beside().listed, self.key.id)
            if wrong:
                raise Forged("; ".join(wrong))
            if gone:
                raise Missing("; ".join(gone))
            named = len(kept.signed or ())
            said.append(f"{named} papers of the DeliveryCertificate are here" if named else "it names no papers")
        return "; ".join(said)

    def provenance(self) -> str:
        """There is signed SLSA provenance of this delivery; of several, the one that fits the certificate."""
        certificate = self.said["certificate"]
        uid = (certificate.get("delivery") or {}).get("uid")
        made = [_predicate(one) for one in self.beside().signed(PROVENANCE, PROVENANCE_TYPE, None, self.key, "provenance")]
        ours = [one for one in made if ((one.get("runDetails") or {}).get("metadata") or {}).get("invocationId") == uid]
        if not ours:
            raise Missing("there is no provenance of this delivery beside the artifact")
        fits = (one for one in ours if not _objections(partial(papers.origin, certificate, one)))
        self.said["provenance"] = next(fits, ours[-1])
        return f"SLSA provenance of this delivery is signed by key {self.key.id[:12]}"


def verify(
    repository: Repository,
    key: PublicKey,
    given: Record = NOTHING,
    deep: bool = False,
    texts: list[str] | None = None,
) -> Verification:
    """All checks. `given`: what the cluster keeps, which must be what was signed; `deep`: read and hash every byte of the
    weights; `texts`: the workers' evidence, to be held against the certificate."""
    done, look = Verification(), Verifier(repository, key, given, deep)
    if _attempt(done, "artifact", look.artifact):
        _attempt(done, "signature", look.signature)
        if _attempt(done, "papers", look.papers) and _attempt(done, "attestation", look.provenance):
            done.papers = Papers(**look.said)
            _hold(done, done.papers, repository.reference.digest)
            if given.kept or given.version:
                _attempt(done, "record", look.record)
            if texts is not None:
                _attempt(done, "evidence", partial(_rests, done.papers, texts))
    return done


def _attempt(done: Verification, name: str, look: Callable[[], str]) -> bool:
    """A step that may not come to an end; whether it passed."""
    try:
        found = Check(name, Verdict.PASS, look())
    except (Forged, Unsigned) as error:
        found = Check(name, Verdict.FAIL, str(error))
    except (Unreadable, Missing) as error:
        found = Check(name, Verdict.UNKNOWN, str(error))
    done.checks.append(found)
    return found.verdict is Verdict.PASS


def _hold(done: Verification, signed: Papers, artifact: str) -> None:
    """The papers against each other."""
    looks: list[tuple[str, Callable[[], list[str]]]] = [("identity", lambda: papers.identity(signed, artifact))]
    looks += [(name, partial(look, signed)) for name, look in papers.HOLDS]
    for name, look in looks:
        objections = _objections(look)
        told = "; ".join(" ".join(one.split()) for one in objections)
        done.checks.append(Check(name, Verdict.FAIL if objections else Verdict.PASS, told or HOLDS[name]))


def _objections(look: Callable[[], list[str]]) -> list[str]:
    """A field that is absent or of another kind is an objection, not a fault of ours."""
    try:
        return look()
    except GARBLED as error:
        return [f"the papers lack or garble what this rests on ({type(error).__name__}: {error})"]


def _rests(signed: Papers, texts: list[str]) -> str:
    """The evidence is the one that the certificate rests on, and comes to the same numbers."""
    if objections := _objections(partial(evidence.check, signed.certificate, texts)):
        raise Forged("; ".join(objections))
    return "every stage's evidence has the digest of the certificate, and the audit computed from it is the same"


def _predicate(one: Signed) -> dict[str, Any]:
    said = one.statement.get("predicate")
    return said if isinstance(said, dict) else {}


def _json(raw: bytes) -> dict[str, Any]:
    try:
        read = json.loads(raw)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Forged("a paper is not a JSON object")
    return read
