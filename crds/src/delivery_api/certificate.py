"""`DeliveryCertificate`: card, certificate and bill of one delivery, as issued. It outlives its Delivery.

A kind of its own, since RBAC knows kinds and not labels: who may read the papers of deliveries may read no ConfigMap.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from delivery_api.model import API_VERSION, Digest, Model

Paper = Annotated[str, StringConstraints(max_length=400_000)]


class SignedPaper(Model):
    """Something that was stored beside the artifact in its registry."""

    artifact_type: str
    """What it is: the artifact type of its manifest."""
    digest: Digest
    """Digest of its manifest."""


class CertificateSpec(Model):
    """The papers, and where the signed ones are."""

    delivery: str
    """namespace/name of the Delivery."""
    delivery_uid: str = Field(min_length=1)
    """Its uid."""
    papers: Annotated[dict[str, Paper], Field(max_length=8)]
    """certificate.json, bill.json, README.md (the model card) and training.json, each as text. Of a Delivery that was
    deleted on its way only bill.json."""
    artifact: str | None = None
    """oci:// reference by digest of what was signed; absent where nothing was."""
    key_id: str | None = None
    """Name of the public key that it was signed with."""
    signed: Annotated[tuple[SignedPaper, ...], Field(max_length=16)] | None = None
    """Signature, attestation, bill of materials and papers beside the artifact, by digest."""


class DeliveryCertificate(Model):
    """What a customer keeps of a delivery."""

    api_version: Literal["ptaas.dev/v1alpha1"] = API_VERSION
    kind: Literal["DeliveryCertificate"] = "DeliveryCertificate"
    metadata: dict[str, Any] = Field(default_factory=dict)
    spec: CertificateSpec
    """The papers."""
