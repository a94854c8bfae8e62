"""`verify WHAT --key PUB`: what was promised, measured, approved and paid, confirmed from the registry and one public key."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from delivery_api.certificate import CertificateSpec
from delivery_api.modelversion import ModelVersionSpec
from delivery_oracle.commands.common import STATUS, BadInput, Commands, show
from delivery_oracle.commands.yamls import documents, text_of
from delivery_oracle.verify.record import Record

if TYPE_CHECKING:
    from delivery_oracle.verify.check import Verification
    from delivery_oracle.verify.papers import Papers

Spec = TypeVar("Spec", bound=BaseModel)
MARK = {"Pass": "pass", "Fail": "FAIL", "Unknown": "?   "}


def add(commands: Commands) -> None:
    parser = commands.add_parser("verify", help="check a delivered artifact and its papers against a public key, offline")
    what = "oci://host/repository@sha256:..., or a file with its certificate, DeliveryCertificate or ModelVersion"
    parser.add_argument("what", metavar="WHAT", help=what)
    parser.add_argument("--key", type=Path, required=True, metavar="PUB", help="public key that is trusted, PEM")
    parser.add_argument("--insecure", action="store_true", help="speak plain HTTP to the registry")
    parser.add_argument("--deep", action="store_true", help="read and hash every byte of the weights")
    parser.add_argument("--evidence", type=Path, metavar="DIR", help="hold the workers' evidence against the certificate")
    parser.add_argument("-o", dest="output", choices=("text", "json"), default="text", help="how to print (default text)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    try:
        from delivery_oracle.verify.check import verify
        from delivery_oracle.verify.registry import Repository, parse
        from delivery_oracle.verify.signatures import PublicKey
    except ImportError as error:
        raise BadInput(f"{error.name} is not installed; pip install 'delivery-oracle[verify]'") from None
    given, uri = target(options.what)
    reference = parse(uri)
    if reference is None:
        raise BadInput(f"{uri}: not oci://host/repository@sha256:...")
    try:
        key = PublicKey(options.key)
    except (OSError, ValueError) as error:
        raise BadInput(f"--key {options.key}: not a PEM file with an elliptic curve public key ({error})") from None
    texts = None if options.evidence is None else evidence(options.evidence)
    done = verify(Repository(reference, options.insecure), key, given, options.deep, texts)
    print_json(str(reference), done) if options.output == "json" else print_text(str(reference), done)
    return STATUS[done.verdict]


def target(what: str) -> tuple[Record, str]:
    """(what was given, reference of its artifact); files as kubectl writes them."""
    if what.startswith("oci://"):
        return Record(), what
    path = Path(what)
    found = [one for document in documents(path) for one in _items(document)]
    versions = [_spec(path, one, ModelVersionSpec) for one in found if one.get("kind") == "ModelVersion"]
    kept = [_spec(path, one, CertificateSpec) for one in found if one.get("kind") == "DeliveryCertificate"]
    bare = [one for one in found if "schemaVersion" in one]
    if len(versions) > 1 or len(kept) + len(bare) > 1 or not (versions or kept or bare):
        raise BadInput(f"{path}: not one certificate, DeliveryCertificate or ModelVersion; give those of one delivery")
    certificate = bare[0] if bare else _certificate(path, kept[0]) if kept else None
    artifact = (certificate or {}).get("artifact")
    uri = artifact.get("uri") if isinstance(artifact, dict) else None
    if certificate is not None and not isinstance(uri, str):
        raise BadInput(f"{path}: names no artifact: it certifies that nothing was delivered, and is not signed")
    version = versions[0] if versions else None
    return Record(certificate, kept[0] if kept else None, version), str(uri or (version and version.location))


def _items(document: Any) -> list[dict[str, Any]]:
    """Objects of a document; those of a List one by one."""
    if not isinstance(document, dict):
        return []
    inner = document.get("items") if document.get("kind") == "List" else [document]
    return [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []


def _spec(path: Path, raw: dict[str, Any], kind: type[Spec]) -> Spec:
    try:
        return kind.model_validate(raw.get("spec"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(one) for one in ("spec", *first["loc"]))
        raise BadInput(f"{path}: {raw.get('kind')} {where}: {first['msg']}") from None


def _certificate(path: Path, kept: CertificateSpec) -> dict[str, Any]:
    try:
        certificate = json.loads(kept.papers["certificate.json"])
    except (KeyError, ValueError):
        certificate = None
    if not isinstance(certificate, dict):
        raise BadInput(f"{path}: DeliveryCertificate spec.papers[certificate.json] is missing or no JSON object")
    return certificate


def evidence(directory: Path) -> list[str]:
    """Texts of the evidence in a directory: of ConfigMaps and Lists of them, and of bare evidence files."""
    if not directory.is_dir():
        raise BadInput(f"{directory}: no such directory")
    texts: list[str] = []
    for path in sorted(path for path in directory.rglob("*") if path.suffix in (".json", ".yaml", ".yml") and path.is_file()):
        texts.append(text_of(path))
        for document in documents(path):
            items = document.get("items", [document]) if isinstance(document, dict) else []
            data = [one.get("data") or {} for one in items if isinstance(one, dict) and one.get("kind") == "ConfigMap"]
            texts += [one["evidence.json"] for one in data if isinstance(one.get("evidence.json"), str)]
    return texts


def summary(signed: Papers) -> dict[str, str]:
    """The four things that a stranger asks, from papers whose checks are printed beside them."""
    certificate, bill = signed.certificate, signed.bill
    asked, budget = certificate["terms"]["acceptance"], certificate["terms"]["budget"]
    numbers, gate = certificate["evaluation"], certificate["approval"]
    return {
        "promised": f"{asked['metric']} at least {asked['minimumGain']} above the base, for at most {budget['limit']} "
        f"{budget['currency']}",
        "measured": f"{numbers['candidate']} against {numbers['base']}, gain {numbers['gain']} in [{numbers['low']}, "
        f"{numbers['high']}], p={numbers['pValue']}, n={numbers['items']}",
        "approved": f"by {gate['by']} at {gate['at']}; created by {gate['createdBy']}",
        "cost": f"{bill['acceleratorSeconds']} accelerator-seconds, {bill['amount']} {bill['currency']}, "
        f"billed {bill['billed']}, withheld {bill['withheld']}",
        "not established": "; ".join(certificate["notEstablished"]) or "nothing",
    }


def told(done: Verification) -> dict[str, str]:
    """The summary, where the papers are signed and whole."""
    if done.papers is None:
        return {}
    try:
        return summary(done.papers)
    except (KeyError, TypeError):
        return {}


def print_text(reference: str, done: Verification) -> None:
    """For people."""
    print(reference)
    for check in done.checks:
        print(f"  {MARK[check.verdict]}  {check.name:<12} {check.message}")
    for name, said in told(done).items():
        print(f"  {name:<18} {said}")
    print({"Pass": "verified", "Fail": "NOT VERIFIED", "Unknown": "not established"}[done.verdict])


def print_json(reference: str, done: Verification) -> None:
    """For programs: one object."""
    checks = [{"name": one.name, "verdict": str(one.verdict), "message": one.message} for one in done.checks]
    show({"artifact": reference, "verdict": str(done.verdict), "checks": checks, "summary": told(done)})
