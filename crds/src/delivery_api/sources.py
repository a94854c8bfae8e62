"""Where bytes come from: a URI that is pinned, and the Secret that opens it."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from delivery_api.model import Digest, Model, Name

SOURCE_PATTERN = (
    r"^(oci://[^@\s]+@sha256:[0-9a-f]{64}"
    r"|hf://(datasets/)?[A-Za-z0-9._-]+/[A-Za-z0-9._-]+@[0-9a-f]{40}(/\S+)?"
    r"|https://\S+"
    r"|pvc://[a-z0-9]([-a-z0-9.]*[a-z0-9])?/\S+)$"
)
SourceURI = Annotated[str, StringConstraints(pattern=SOURCE_PATTERN, max_length=1024)]
RepositoryURI = Annotated[str, StringConstraints(pattern=r"^oci://[^@\s]+$", max_length=512)]

PINNED_RULE = "self.uri.startsWith('oci://') || self.uri.startsWith('hf://') || has(self.digest)"
PINNED_MESSAGE = "https:// and pvc:// sources need `digest` (sha256 of the file), so that the bytes are pinned"


class Source(Model):
    """Pinned bytes: oci://host/repo@sha256:..., hf://org/name@COMMIT, https://..., pvc://claim/path."""

    uri: SourceURI
    """Where the bytes are. oci:// by manifest digest, hf:// by commit (hf://datasets/org/name@COMMIT/file for data)."""
    digest: Digest | None = None
    """sha256 of the file; required for https:// and pvc://, which carry no digest of their own."""
    secret: Name | None = None
    """Secret in the work namespace that opens it: `.dockerconfigjson`, or `token`, or `username` and `password`."""
    file: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._/-]+$", max_length=256)] | None = None
    """File inside the artifact; left out: the only .csv, .jsonl or .json file in it."""

    @model_validator(mode="after")
    def _pinned(self) -> "Source":
        if not self.uri.startswith(("oci://", "hf://")) and self.digest is None:
            raise ValueError(PINNED_MESSAGE)
        return self


class Repository(Model):
    """Where results are pushed."""

    repository: RepositoryURI
    """OCI repository, oci://host/path, without tag or digest."""
    secret: Name | None = None
    """Secret in the work namespace with `.dockerconfigjson`, or `username` and `password`."""
    insecure: bool = Field(False)
    """Speak plain HTTP to this registry; for a registry inside the cluster only."""
