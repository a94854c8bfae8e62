"""What lies beside a delivered artifact in its registry: artifact types and predicate types, for who signs and who verifies."""

SIGNATURE = "application/vnd.dev.sigstore.bundle.v0.3+json"
"""The model's signature in the OpenSSF format, a Sigstore bundle."""
PROVENANCE = "application/vnd.in-toto+json"
"""SLSA provenance: an in-toto statement in a DSSE envelope."""
MATERIALS = "application/vnd.cyclonedx+json"
"""The bill of materials."""
PAPERS = "application/vnd.ptaas.certificate.v1"
"""Certificate, bill and card, with a signed statement of their digests and that of the bill of materials."""
ALL = (SIGNATURE, PROVENANCE, MATERIALS, PAPERS)

ENVELOPE = "application/vnd.dsse.envelope.v1+json"
STATEMENT = "statement.dsse.json"
"""File of the papers that holds their statement."""
PROVENANCE_TYPE = "https://slsa.dev/provenance/v1"
PAPERS_TYPE = "https://ptaas.dev/certificate/v1alpha1"
"""Its predicate says which delivery (`delivery`, `uid`) and when (`issuedAt`): the latest papers of a delivery count."""
