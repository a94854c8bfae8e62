"""Push the images that were built, and say by which digest each is pulled."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from recipe import CACHE, recipes, storage

STARTED = time.monotonic()


def known(tag: str, registry: str) -> Path:
    """File that remembers where an image was pushed to, and its digest there."""
    return CACHE / "pushed" / f"{registry}-{tag}".replace("/", "_").replace(":", "_")


def in_registry(reference: str, tls: bool) -> bool:
    """Whether the registry still has the image."""
    host, _, rest = reference.partition("/")
    repository, _, digest = rest.partition("@")
    import urllib.error
    import urllib.request

    address = f"{'https' if tls else 'http'}://{host}/v2/{repository}/manifests/{digest}"
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=accept, method="HEAD"), timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def push(name: str, tag: str, registry: str, tls: bool) -> str:
    """Push one image with zstd; returns its reference by digest."""
    remembered = known(tag, registry)
    if remembered.exists() and in_registry(remembered.read_text(), tls):
        return remembered.read_text()
    print(f"{time.monotonic() - STARTED:6.1f} s  {name}: pushing", file=sys.stderr, flush=True)
    target = f"{registry}/delivery/{name}:{tag.rpartition(':')[2]}"
    with tempfile.NamedTemporaryFile("r") as digest_file:
        options = ["--quiet", "--format", "oci", "--compression-format", "zstd", "--digestfile", digest_file.name]
        options += [] if tls else ["--tls-verify=false"]
        done = subprocess.run(["buildah", "push", *options, tag, f"docker://{target}"], env=os.environ | storage())
        if done.returncode:
            sys.exit(f"Push of {name} to {registry} failed; check that the registry is up")
        reference = f"{registry}/delivery/{name}@{digest_file.read().strip()}"
    remembered.parent.mkdir(parents=True, exist_ok=True)
    remembered.write_text(reference)
    return reference


def main() -> None:
    """Push all that was built."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry", help="host:port")
    parser.add_argument("--tls", action="store_true", help="speak HTTPS; plain HTTP otherwise, as on a local cluster")
    parser.add_argument("--only", nargs="*", default=[], help="images to push; all when none is named")
    chosen = parser.parse_args()
    references = {}
    for recipe in recipes(cuda=True):
        tag = CACHE / f"{recipe.name}.tag"
        if tag.exists() and (not chosen.only or recipe.name in chosen.only):
            references[recipe.name] = push(recipe.name, tag.read_text(), chosen.registry, chosen.tls)
    if not references:
        sys.exit("Nothing to push; run images/build first")
    print(json.dumps(references))


if __name__ == "__main__":
    main()
