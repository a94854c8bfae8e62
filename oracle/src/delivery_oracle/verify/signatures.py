"""What a public key has signed: DSSE statements, and a model's files in the OpenSSF format."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from model_signing import manifest, verifying
from model_signing._hashing.hashing import Digest
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import Error, VerificationError
from securesystemslib.signer import SSlibKey

STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD = "application/vnd.in-toto+json"
FILES = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}


class Unsigned(Exception):
    """No signature of the trusted key is on it."""


class PublicKey:
    """The one thing that is trusted."""

    def __init__(self, path: Path) -> None:
        key = load_pem_public_key(path.read_bytes())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise ValueError(f"{path} is not an elliptic curve public key")
        self.path = path
        self._key = SSlibKey.from_crypto(key)

    @property
    def id(self) -> str:
        """Its name, hexadecimal."""
        return str(self._key.keyid)

    def statement(self, raw: bytes) -> dict[str, Any]:
        """The in-toto statement in an envelope that this key has signed."""
        try:
            envelope = Envelope.from_dict(json.loads(raw))
            envelope.verify([self._key], 1)
            said = json.loads(envelope.payload)
        except VerificationError as error:
            raise Unsigned("it is not signed by the given key") from error
        except (Error, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unsigned("it is no DSSE envelope") from error
        if envelope.payload_type != PAYLOAD or not isinstance(said, dict) or said.get("_type") != STATEMENT:
            raise Unsigned("its payload is no in-toto statement")
        return said

    def model(self, bundle: bytes, files: dict[str, str]) -> None:
        """Raise unless this key has signed exactly these files (title to `sha256:` digest)."""
        with TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
            path = Path(folder) / "model.sig"
            path.write_bytes(bundle)
            config = verifying.Config().set_hashing_config(_Named(files))
            try:
                config.use_elliptic_key_verifier(public_key=self.path).verify(folder, path)
            except InvalidSignature as error:
                raise Unsigned("it is not signed by the given key") from error
            except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
                raise Unsigned(" ".join(str(error).split())[:300] or "it is no model signature") from error


class _Named:
    """In the place of the library's hashing of a folder: the digests that the registry's manifest names."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def hash(self, model_path: Any, *, files_to_hash: Any = None) -> Any:
        items = [
            manifest.FileManifestItem(path=PurePosixPath(title), digest=Digest("sha256", bytes.fromhex(digest[7:])))
            for title, digest in self._files.items()
        ]
        return manifest.Manifest("", items, manifest.SerializationType.from_args(FILES))


def subjects(statement: dict[str, Any]) -> dict[str, str]:
    """Name to `sha256:` digest of what a statement is about."""
    found: dict[str, str] = {}
    for one in statement.get("subject") or ():
        digest = (one.get("digest") or {}).get("sha256")
        if isinstance(digest, str):
            found[str(one.get("name"))] = f"sha256:{digest}"
    return found
