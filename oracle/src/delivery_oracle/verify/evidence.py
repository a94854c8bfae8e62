"""The workers' evidence against the signed certificate: the same bytes, the same artifact, and the audit computed again."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from delivery_api.digests import sha256
from delivery_api.evidence import EvaluateEvidence, Evidence, TrainEvidence, read_evidence
from delivery_oracle.statistics.learned import Comparison, compare
from delivery_oracle.verify.found import Missing
from delivery_oracle.verify.papers import Paper


def check(certificate: Paper, texts: Iterable[str]) -> list[str]:
    """Objections; raises Missing where evidence that the certificate rests on is not among the texts."""
    rests = {row["name"]: row["evidence"] for row in certificate["stages"] if row.get("evidence")}
    given = {sha256(text): text for text in texts}
    absent = [f"{digest} of {name}" for name, digest in rests.items() if digest not in given]
    if absent:
        raise Missing(f"evidence {', '.join(absent)} is not there, or was changed")
    said: list[str] = []
    for name, digest in rests.items():
        try:
            said += _about(certificate, name, read_evidence.validate_json(given[digest]))
        except ValidationError:
            said.append(f"the evidence of {name} is of another schema")
    return said


def _about(certificate: Paper, name: str, evidence: Evidence) -> list[str]:
    """What one piece of evidence says otherwise than the certificate."""
    artifact, inputs = certificate["artifact"]["digest"], certificate["inputs"]
    pairs: list[tuple[str, str | None, str]] = [("delivery", evidence.delivery_uid, certificate["delivery"]["uid"])]
    if isinstance(evidence, TrainEvidence):
        pairs += [("training rows", evidence.train_digest, inputs["train"])]
        pairs += [("artifact", evidence.artifact.digest if evidence.artifact else None, artifact)]
    if isinstance(evidence, EvaluateEvidence):
        pairs += [("sealed rows", evidence.sealed_digest, inputs["sealed"]), ("artifact", evidence.artifact_digest, artifact)]
        pairs += _numbers(certificate, evidence)
    return [
        f"{what} in the evidence of {name}: {there}, in the certificate {here}" for what, there, here in pairs if there != here
    ]


def _numbers(certificate: Paper, evidence: EvaluateEvidence) -> list[tuple[str, str | None, str]]:
    """The audit from its outcomes, item by item, as the certificate prints it."""
    printed, margin = certificate["evaluation"], float(certificate["terms"]["acceptance"]["minimumGain"])
    base, candidate = [item.base for item in evidence.items], [item.candidate for item in evidence.items]
    seen = compare(base, candidate, margin, use=printed.get("use"))
    return [(key, made, str(printed[key])) for key, made in _printed(seen).items()]


def _printed(seen: Comparison) -> dict[str, str]:
    return {
        "items": str(seen.items),
        "base": f"{seen.base:.4f}",
        "candidate": f"{seen.candidate:.4f}",
        "gain": f"{seen.gain:+.4f}",
        "low": f"{seen.interval.low:+.4f}",
        "high": f"{seen.interval.high:+.4f}",
        "pValue": f"{seen.p:.3g}",
    }
