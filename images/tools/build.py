"""Build the images: base from Debian, dependencies from locks, our own code on top. A line a step, with the time."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from recipe import CACHE, IMAGES, PREFIX, Recipe, digest, digest_of, recipes, sources, storage

STARTED = time.monotonic()
PLATFORM = "x86_64-manylinux_2_36"


def say(text: str) -> None:
    """Progress, with the time since the start."""
    print(f"{time.monotonic() - STARTED:6.1f} s  {text}", flush=True)


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a program quietly; its output is shown only when it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | storage(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        sys.exit(
            f"{done.stdout[-4000:]}\nBuild stopped: {' '.join(command[:3])} failed with status {done.returncode}; see above"
        )
    return done.stdout.strip()


def uv() -> str:
    """uv: from the path, or where tools/setup puts it."""
    own = CACHE.parent / "uv" / "bin" / "uv"
    return shutil.which("uv") or (str(own) if own.exists() else "")


def exists(tag: str) -> bool:
    """Whether the local store has an image."""
    found = subprocess.run(["buildah", "inspect", "--type", "image", tag], env=os.environ | storage(), capture_output=True)
    return found.returncode == 0


def bud(context: Path, dockerfile: Path, tag: str, *options: str) -> None:
    """One build; timestamps are fixed, so that the same input is the same image."""
    run("buildah", "bud", "--quiet", "--layers", "--timestamp", "0", *options, "-f", str(dockerfile), "-t", tag, str(context))


def base() -> str:
    """The base image, made anew only when its recipe changes."""
    name = f"{PREFIX}-base:{digest_of([IMAGES / 'base/Dockerfile', IMAGES / 'base/make'])}"
    if exists(name):
        return name
    context = CACHE / "base"
    context.mkdir(parents=True, exist_ok=True)
    say("base: making Debian's root file system")
    run(str(IMAGES / "base/make"), str(context / "base.tar"))
    bud(context, IMAGES / "base/Dockerfile", name)
    say(f"base: built {name}")
    return name


def install(recipe: Recipe) -> None:
    """Dependencies into the build context, from the lock."""
    target, mark = recipe.context / "deps", recipe.context / "deps.lock"
    wanted = recipe.lock.read_text()
    if target.is_dir() and mark.exists() and mark.read_text() == wanted:
        return
    say(f"{recipe.name}: installing {wanted.count('==')} packages")
    shutil.rmtree(target, ignore_errors=True)
    mark.unlink(missing_ok=True)
    run(
        uv(),
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--python-version",
        "3.11",
        "--python-platform",
        PLATFORM,
        "--target",
        str(target),
        "-r",
        str(recipe.lock),
    )
    shutil.rmtree(target / "bin", ignore_errors=True)
    mark.write_text(wanted)


def copy_own(recipe: Recipe) -> None:
    """Our packages into the build context."""
    target = recipe.context / "app"
    shutil.rmtree(target, ignore_errors=True)
    for package in recipe.packages:
        for path in sources(package):
            place = target / package.name / path.relative_to(package)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def build(recipe: Recipe, base_name: str) -> None:
    """One image, unless it is there already."""
    tag = f"{PREFIX}-{recipe.name}:{digest(recipe, base_name)}"
    if exists(tag):
        say(f"{recipe.name}: unchanged, {tag}")
    else:
        recipe.context.mkdir(parents=True, exist_ok=True)
        install(recipe)
        copy_own(recipe)
        say(f"{recipe.name}: building")
        bud(recipe.context, recipe.folder / "Dockerfile", tag, "--build-arg", f"BASE={base_name}")
        say(f"{recipe.name}: built {tag}")
    (CACHE / f"{recipe.name}.tag").write_text(tag)


def main() -> None:
    """Build all images, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="images to build; all when none is named")
    parser.add_argument("--cuda", action="store_true", help="build the worker for GPUs, too, as worker-cuda")
    chosen = parser.parse_args()
    missing = [program for program in ("buildah", "mmdebstrap") if shutil.which(program) is None] + ([] if uv() else ["uv"])
    if missing:
        sys.exit(f"Build stopped: {', '.join(missing)} not found; install it")
    CACHE.mkdir(parents=True, exist_ok=True)
    known = recipes(chosen.cuda)
    if unknown := set(chosen.names) - {recipe.name for recipe in known}:
        sys.exit(
            f"Build stopped: no image {', '.join(sorted(unknown))}; there are {', '.join(recipe.name for recipe in known)}"
        )
    base_name = base()
    for recipe in known:
        if not chosen.names or recipe.name in chosen.names:
            build(recipe, base_name)


if __name__ == "__main__":
    main()
