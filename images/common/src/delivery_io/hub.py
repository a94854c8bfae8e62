"""Fetch from a Hugging Face hub at one commit, and check every file against what the commit says.

A commit pins the digests of its files: sha256 for large files, git's own for small ones. A hub (or a
proxy between) that returns other bytes is found out.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi, errors

from delivery_io.credentials import Credentials
from delivery_io.problems import WorkProblem

ADDRESS = re.compile(
    r"^hf://(?P<kind>datasets/)?(?P<repo>[A-Za-z0-9._-]+/[A-Za-z0-9._-]+)@(?P<commit>[0-9a-f]{40})(/(?P<file>\S+))?$"
)
MODEL_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt")


@dataclass(frozen=True, slots=True)
class Address:
    """A repository at a commit, and perhaps one file of it."""

    kind: str
    repo: str
    commit: str
    file: str | None


def parse(uri: str, field: str) -> Address:
    """Read hf://[datasets/]org/name@COMMIT[/file]."""
    match = ADDRESS.match(uri)
    if match is None:
        raise WorkProblem("Invalid", field, f"{uri} is not hf://org/name@COMMIT; pin it by the 40 digits of a commit")
    return Address("dataset" if match["kind"] else "model", match["repo"], match["commit"], match["file"])


def is_model_file(name: str) -> bool:
    """Weights as safetensors, configs and tokenizers; never pickles, which can run code."""
    return any(fnmatch(name, pattern) for pattern in MODEL_FILES)


def _git_blob(path: Path) -> str:
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    digest.update(path.read_bytes())
    return digest.hexdigest()


def _sound(path: Path, sibling: Any) -> bool:
    lfs = getattr(sibling, "lfs", None)
    if lfs is not None:
        with path.open("rb") as file:
            return bool(hashlib.file_digest(file, "sha256").hexdigest() == lfs.sha256)
    blob = getattr(sibling, "blob_id", None)
    return blob is None or _git_blob(path) == blob


@contextmanager
def _explained(address: Address, field: str) -> Iterator[None]:
    """What the client's exceptions mean to the owner of the spec."""
    try:
        yield
    except (errors.GatedRepoError, errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        message = f"{address.repo} does not exist at commit {address.commit[:8]}, or needs a token; correct it or name a Secret"
        raise WorkProblem("Invalid", field, message) from error
    except (httpx2.HTTPError, errors.HfHubHTTPError, OSError) as error:
        raise WorkProblem(
            "Unreachable", field, f"{address.repo} cannot be fetched from the hub ({type(error).__name__})"
        ) from error


def _siblings(api: HfApi, address: Address) -> dict[str, Any]:
    info: Any = api.repo_info(address.repo, revision=address.commit, repo_type=address.kind, files_metadata=True)
    return {item.rfilename: item for item in info.siblings or ()}


def sizes(address: Address, field: str, hub: str | None, credentials: Credentials) -> dict[str, int]:
    """Bytes of each file at the commit, without downloading any."""
    with _explained(address, field):
        found = _siblings(HfApi(endpoint=hub, token=credentials.token or False), address)
        return {name: int(item.size or 0) for name, item in found.items()}


def fetch(
    address: Address, into: Path, field: str, hub: str | None, credentials: Credentials, wanted: Callable[[str], bool]
) -> Path:
    """Download the wanted files at the commit; partial files are resumed by the client."""
    api = HfApi(endpoint=hub, token=credentials.token or False)
    with _explained(address, field):
        siblings = {name: item for name, item in _siblings(api, address).items() if wanted(name)}
        if not siblings:
            raise WorkProblem("Invalid", field, f"{address.repo} has no usable file at this commit; correct the address")
        for name, sibling in sorted(siblings.items()):
            where = api.hf_hub_download(address.repo, name, revision=address.commit, repo_type=address.kind, local_dir=into)
            if not _sound(Path(where), sibling):
                Path(where).unlink()
                message = f"{name} of {address.repo} is not what commit {address.commit[:8]} pins"
                raise WorkProblem("DigestMismatch", field, message)
    return into
