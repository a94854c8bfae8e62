"""Turn a `Source` of the spec into files on disk, whichever way it is stored; pinned, resumed and checked."""

from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import requests

from delivery_api.digests import digest as digest_of
from delivery_api.sources import Source
from delivery_io import artifacts, hub
from delivery_io.credentials import read
from delivery_io.download import TIMEOUT, check, download, sha256_file
from delivery_io.problems import WorkProblem
from delivery_io.registry import Registry, parse
from delivery_io.settings import Settings

TABLES = (".csv", ".jsonl", ".json")
WEIGHTS = "*.safetensors"
HUB = "huggingface.co"


def _is_description(name: str) -> bool:
    return hub.is_model_file(name) and not fnmatch(name, WEIGHTS)


class Fetcher:
    """Fetches into the worker's folder, with the Secrets and claims that are mounted."""

    def __init__(self, settings: Settings, insecure_registries: tuple[str, ...] = ()) -> None:
        self.settings = settings
        self.insecure = frozenset(insecure_registries)

    def table(self, source: Source, field: str) -> Path:
        """The file of rows that a source names, checked against its digest."""
        folder = self.settings.work / field.rsplit(".", 1)[-1]
        if source.uri.startswith("https://"):
            return self._web(source, folder, field)
        if source.uri.startswith("pvc://"):
            path = self._claimed(source, field)
            return self._only_table(path, source, field) if path.is_dir() else self._checked(path, source, field)
        if source.uri.startswith("hf://"):
            address = hub.parse(source.uri, field)
            name = address.file or source.file
            self._hub(address, folder, source, field, lambda file: file == name if name else file.endswith(TABLES))
        else:
            self._registry(source, folder, field, lambda file: file == source.file if source.file else True)
        return self._only_table(folder, source, field)

    def model(self, source: Source, field: str) -> Path:
        """The folder of a model."""
        folder = self.settings.work / field.rsplit(".", 1)[-1]
        if source.uri.startswith("https://"):
            raise WorkProblem("Invalid", field, "https:// cannot carry a model folder; use hf://, oci:// or pvc://")
        if source.uri.startswith("pvc://"):
            folder = self._claimed(source, field)
            self._folder_digest(folder, source, field)
        elif source.uri.startswith("hf://"):
            self._hub(hub.parse(source.uri, field), folder, source, field, hub.is_model_file)
        else:
            self._registry(source, folder, field, hub.is_model_file)
        return folder

    def description(self, source: Source, field: str) -> tuple[Path, int]:
        """(folder of a model without its weights, bytes of these): enough to plan with, small to fetch."""
        folder = self.settings.work / field.rsplit(".", 1)[-1]
        if source.uri.startswith(("https://", "pvc://")):
            folder = self.model(source, field)
            return folder, sum(path.stat().st_size for path in folder.glob(WEIGHTS))
        if source.uri.startswith("hf://"):
            address = hub.parse(source.uri, field)
            sizes = hub.sizes(address, field, self.settings.hub, read(self.settings.secrets, source.secret, HUB, field))
            self._hub(address, folder, source, field, _is_description)
        else:
            registry = self.registry(source.uri, source.secret, field)
            sizes = artifacts.sizes(registry, registry.reference.digest or "")
            self._registry(source, folder, field, _is_description)
        return folder, sum(size for name, size in sizes.items() if fnmatch(name, WEIGHTS))

    def registry(self, uri: str, secret: str | None, field: str, insecure: bool = False) -> Registry:
        """A client of the registry of an oci:// address."""
        reference = parse(uri, field)
        credentials = read(self.settings.secrets, secret, reference.host, field)
        return Registry(reference, field, credentials, insecure or reference.host in self.insecure)

    def _registry(self, source: Source, folder: Path, field: str, wanted: Callable[[str], bool]) -> None:
        registry = self.registry(source.uri, source.secret, field)
        if registry.reference.digest is None:
            raise WorkProblem("Invalid", field, f"{source.uri} is not pinned; add @sha256:...")
        artifacts.pull(registry, registry.reference.digest, folder, wanted)

    def _hub(self, address: hub.Address, folder: Path, source: Source, field: str, wanted: Callable[[str], bool]) -> None:
        credentials = read(self.settings.secrets, source.secret, HUB, field)
        hub.fetch(address, folder, field, self.settings.hub, credentials, wanted)

    def _web(self, source: Source, folder: Path, field: str) -> Path:
        host = source.uri.removeprefix("https://").split("/", 1)[0]
        credentials = read(self.settings.secrets, source.secret, host, field)
        name = source.uri.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1]

        def get(headers: dict[str, str]) -> requests.Response:
            identity = {"Accept-Encoding": "identity", **headers, **credentials.header}
            return requests.get(source.uri, headers=identity, stream=True, timeout=TIMEOUT)

        return download(get, folder / name, source.digest, field, source.uri)

    def _claimed(self, source: Source, field: str) -> Path:
        claim, _, inside = source.uri.removeprefix("pvc://").partition("/")
        root = (self.settings.claims / claim).resolve()
        path = (root / inside).resolve()
        if not root.is_dir():
            raise WorkProblem("Invalid", field, f"Volume claim {claim} is not mounted; create it in the work namespace")
        if not path.is_relative_to(root) or not path.exists():
            raise WorkProblem("Invalid", field, f"Volume claim {claim} has no {inside}; correct the path")
        return path

    def _checked(self, path: Path, source: Source, field: str) -> Path:
        if source.digest and (found := sha256_file(path)) != source.digest:
            raise WorkProblem("DigestMismatch", field, f"{source.uri} has digest {found}, the spec pins {source.digest}")
        return path

    def _folder_digest(self, folder: Path, source: Source, field: str) -> None:
        found = folder_digest(folder)
        if source.digest and found != source.digest:
            raise WorkProblem("DigestMismatch", field, f"{source.uri} has digest {found}, the spec pins {source.digest}")

    def _only_table(self, folder: Path, source: Source, field: str) -> Path:
        files = [path for path in artifacts.files_of(folder) if path.suffix in TABLES and ".cache" not in path.parts]
        if source.file:
            files = [path for path in files if path.relative_to(folder).as_posix() == source.file]
        if len(files) != 1:
            names = ", ".join(path.name for path in files[:5]) or "none"
            raise WorkProblem(
                "Invalid", f"{field}.file", f"Need exactly one .csv, .jsonl or .json file, found {names}; name it"
            )
        if source.digest and not source.uri.startswith("pvc://"):
            check(files[0], source.digest, field, files[0].name)
        return self._checked(files[0], source, field)


def folder_digest(folder: Path) -> str:
    """Digest of a folder: of the canonical JSON that maps each file's name to its digest."""
    return digest_of({path.relative_to(folder).as_posix(): sha256_file(path) for path in artifacts.files_of(folder)})
