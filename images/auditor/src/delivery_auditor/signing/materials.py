"""The bill of materials in CycloneDX: the model, its base, its data and its files. The same delivery gives the same bytes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion

from delivery_auditor.signing.statements import Certificate, material

ALGORITHMS = {"sha256": HashAlgorithm.SHA_256}


def _hashes(digest: Mapping[str, str]) -> list[HashType]:
    return [HashType(alg=ALGORITHMS[name], content=value) for name, value in digest.items() if name in ALGORITHMS]


def _input(kind: ComponentType, name: str, uri: str, digest: str | None) -> Component:
    about: dict[str, Any] = material(name, uri, digest)
    where = ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(uri))
    pins = [Property(name=f"ptaas:{key}", value=value) for key, value in about["digest"].items() if key not in ALGORITHMS]
    return Component(
        type=kind,
        name=name,
        bom_ref=name,
        hashes=_hashes(about["digest"]),
        external_references=[where],
        properties=pins,
    )


def bill_of_materials(certificate: Certificate, files: Mapping[str, str]) -> bytes:
    """CycloneDX 1.6 JSON; `files` maps each file's title to its `sha256:` digest."""
    artifact, inputs = certificate["artifact"], certificate["inputs"]
    model = Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        name=certificate["delivery"]["name"],
        version=artifact["digest"],
        bom_ref="model",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=artifact["digest"].removeprefix("sha256:"))],
        external_references=[ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(artifact["uri"]))],
        properties=[
            Property(name=f"ptaas:evaluation:{key}", value=str(said)) for key, said in certificate["evaluation"].items()
        ],
        components=[
            Component(
                type=ComponentType.FILE,
                name=title,
                bom_ref=f"file:{title}",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))],
            )
            for title, digest in files.items()
        ],
    )
    base = _input(ComponentType.MACHINE_LEARNING_MODEL, "base", inputs["base"], inputs.get("baseDigest"))
    data = _input(ComponentType.DATA, "train", inputs["trainUri"], inputs["train"])
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, f"ptaas.dev/{certificate['delivery']['uid']}/{artifact['digest']}"),
        metadata=BomMetaData(component=model, timestamp=datetime.fromisoformat(certificate["approval"]["at"])),
        components=[base, data],
    )
    bom.register_dependency(model, [base, data])
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string().encode()
