"""What an image is made of, and the digest of that: equal digests are the same image, and it is not built again."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

IMAGES = Path(__file__).resolve().parent.parent
ROOT = IMAGES.parent
CACHE = Path(os.environ.get("DELIVERY_CACHE") or Path.home() / ".cache" / "delivery-operator") / "images"
PREFIX = "localhost/delivery"


def storage() -> dict[str, str]:
    """Environment of buildah: its images lie in the cache, as all that is built does, and not with those of the machine."""
    told = CACHE / "storage.conf"
    wanted = f'[storage]\ndriver = "overlay"\ngraphroot = "{CACHE}/storage"\nrunroot = "{CACHE}/storage-run"\n'
    if not told.exists() or told.read_text() != wanted:
        told.parent.mkdir(parents=True, exist_ok=True)
        told.write_text(wanted)
    return {"CONTAINERS_STORAGE_CONF": str(told), "BUILDAH_ISOLATION": "chroot"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image: its Dockerfile, its lock and the packages of ours that go in."""

    name: str
    folder: Path
    lock: Path
    packages: tuple[Path, ...]

    @property
    def context(self) -> Path:
        """Where the build context is put together."""
        return CACHE / self.name


def recipes(cuda: bool = False) -> list[Recipe]:
    """Every folder with a Dockerfile and an image.json, in the order of their names."""
    found = []
    for told in sorted(IMAGES.glob("*/image.json")):
        folder, about = told.parent, json.loads(told.read_text())
        packages = tuple(ROOT / package for package in about["packages"])
        if (folder / "Dockerfile").exists():
            found.append(Recipe(folder.name, folder, folder / about["lock"], packages))
        if cuda and "locks" in about:
            found.append(Recipe(f"{folder.name}-cuda", folder, folder / about["locks"]["cuda"], packages))
    return found


def sources(package: Path) -> list[Path]:
    """Files of a package, without what Python leaves behind."""
    return sorted(path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def digest_of(files: Iterable[Path], *more: str) -> str:
    """Digest of files, by name and content, and of further texts."""
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    for text in more:
        total.update(f"{text}\0".encode())
    return total.hexdigest()[:16]


def digest(recipe: Recipe, base: str) -> str:
    """Digest of all that goes into an image."""
    own = [path for package in recipe.packages for path in sources(package)]
    return digest_of([recipe.folder / "Dockerfile", recipe.lock, *own], base)
