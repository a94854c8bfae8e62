"""The signing key, from a mounted Secret: an elliptic curve key in PEM, perhaps with a password. It stays in this process."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner

from delivery_io.problems import WorkProblem

FILE, PASSWORD = "key.pem", "password"
CURVES = ("secp256r1", "secp384r1")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key in both forms that the libraries take."""

    path: Path
    password: bytes | None
    """As bytes: model-signing hands it on as it is given."""
    signer: CryptoSigner

    @property
    def id(self) -> str:
        """Name of the public key, hexadecimal."""
        return str(self.signer.public_key.keyid)


def read(secrets: Path, secret: str) -> SigningKey:
    """The key of a Secret with `key.pem` and, when that is encrypted, `password`."""
    path, locked = secrets / secret / FILE, secrets / secret / PASSWORD
    if not path.is_file():
        raise _wrong(secret, f"has no {FILE}")
    password = (locked.read_bytes().strip() or None) if locked.is_file() else None
    try:
        key = load_pem_private_key(path.read_bytes(), password)
    except (ValueError, TypeError) as error:
        raise _wrong(secret, f"has a {FILE} that does not open, with or without its password") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in CURVES:
        raise _wrong(secret, f"has a {FILE} of another kind than elliptic curve P-256 or P-384")
    return SigningKey(path, password, CryptoSigner(key))


def _wrong(secret: str, what: str) -> WorkProblem:
    make = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"
    return WorkProblem("Invalid", "", f"Secret {secret} {what}; make a key with {make} and create the Secret anew")
