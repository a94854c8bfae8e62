"""Objects that only record: the anchor that owns all children, the ModelVersion, the certificate with its papers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from delivery_api import names
from delivery_api.certificate import CertificateSpec, SignedPaper
from delivery_api.digests import plain
from delivery_api.model import API_VERSION
from delivery_api.modelversion import ModelVersionSpec
from delivery_operator.manifests.common import label, owner_labels
from delivery_operator.observed import Key, Observed


def anchor(observed: Observed) -> dict[str, Any]:
    """The ConfigMap that owns the children of a Delivery; it carries what is needed when the Delivery is gone."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": names.anchor(observed.uid),
            "namespace": observed.work_namespace,
            "labels": owner_labels(observed) | {"ptaas.dev/anchor": "true"},
        },
        "data": {
            "namespace": observed.key.namespace,
            "name": observed.key.name,
            "uid": observed.uid,
            "currency": observed.spec.terms.budget.currency,
        },
    }


def version_name(delivery: str, artifact: str) -> str:
    """Name of a ModelVersion."""
    return f"{delivery[:200].rstrip('-.')}-{artifact.removeprefix('sha256:')[:10]}"


def model_version(observed: Observed, name: str, spec: ModelVersionSpec) -> dict[str, Any]:
    """The record of a registered artifact. Without an owner: it outlives its Delivery."""
    return {
        "apiVersion": API_VERSION,
        "kind": "ModelVersion",
        "metadata": {
            "name": name,
            "namespace": observed.key.namespace,
            "labels": owner_labels(observed),
        },
        "spec": plain(spec),
    }


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed, by which key, and what lies beside it."""

    artifact: str
    key_id: str
    papers: tuple[SignedPaper, ...]


def certificate_name(name: str, uid: str) -> str:
    """Name of the DeliveryCertificate."""
    return f"{name[:200].rstrip('-.')}-certificate-{uid[:8]}"


def certificate(key: Key, uid: str, papers: Mapping[str, str], signed: Signed | None = None) -> dict[str, Any]:
    """Card, certificate and bill in the tenant's namespace. Without an owner: they outlive the Delivery."""
    spec = CertificateSpec(
        delivery=str(key),
        delivery_uid=uid,
        papers=dict(papers),
        artifact=signed.artifact if signed else None,
        key_id=signed.key_id if signed else None,
        signed=signed.papers if signed else None,
    )
    return {
        "apiVersion": API_VERSION,
        "kind": "DeliveryCertificate",
        "metadata": {
            "name": certificate_name(key.name, uid),
            "namespace": key.namespace,
            "labels": {
                "app.kubernetes.io/managed-by": names.MANAGED_BY,
                names.DELIVERY: label(key.name),
                names.DELIVERY_NAMESPACE: label(key.namespace),
                names.DELIVERY_UID: uid,
            },
        },
        "spec": plain(spec),
    }
