"""The model's signature in the OpenSSF format, over the files of an artifact as its manifest names them.

A manifest names every file by its sha256, which is what the format signs; so nothing is downloaded, and who has
the files checks the signature with the library's own command.
"""

from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from model_signing import manifest, signing
from model_signing._hashing.hashing import Digest

from delivery_auditor.signing.key import SigningKey

FILES = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}


class Named:
    """In the place of the library's hashing of a folder: the digests that are known already."""

    def __init__(self, name: str, files: dict[str, str]) -> None:
        self._name, self._files = name, files

    def hash(self, model_path: Any) -> Any:
        """The manifest of the named files."""
        items = [
            manifest.FileManifestItem(path=PurePosixPath(title), digest=Digest("sha256", bytes.fromhex(digest[7:])))
            for title, digest in self._files.items()
        ]
        return manifest.Manifest(self._name, items, manifest.SerializationType.from_args(FILES))


def sign(name: str, files: dict[str, str], key: SigningKey) -> bytes:
    """A Sigstore bundle; `files` maps each file's title to its `sha256:` digest."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.sig"
        config = signing.Config().set_hashing_config(Named(name, files))
        config.use_elliptic_key_signer(private_key=key.path, password=key.password).sign(folder, path)
        return path.read_bytes()
