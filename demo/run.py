"""`make demo`: three deliveries on a real cluster.

One learns, passes its audit, is approved by a second person and serves. One has its labels
permuted and is refused before it costs anything. One has noisy labels and terms that skip the
canary; the clean probe stops it, and nobody pays.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from .cluster import ROOT
from .narrator import DemoError, Narrator
from .order import FULL, SMALL
from .prepare import Own
from .session import Session
from .shell import Processes

EXIT_FAILED, EXIT_INTERRUPTED = 1, 130


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    narrator, processes = Narrator(options.out / "transcript.txt"), Processes()
    own = Own(options.data, options.input, options.target)
    session = Session(narrator, processes, options.out, SMALL if options.small else FULL, own, options.keep)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _interrupt)
    try:
        session.run(options.kubeconfig, options.registry)
        return 0
    except DemoError as error:
        session.explain(str(error))
        return EXIT_FAILED
    except KeyboardInterrupt:
        narrator.say("\nInterrupted; cleaning up")
        return EXIT_INTERRUPTED
    finally:
        session.close()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, help="use this cluster instead of building one")
    parser.add_argument("--registry", default=os.environ.get("REGISTRY"), help="with --kubeconfig: a registry all can reach")
    parser.add_argument("--data", type=Path, help="own CSV or JSONL file, or folder with train and test files")
    parser.add_argument("--input", default=os.environ.get("INPUT"), help="its input column; left out: recognised by name")
    parser.add_argument("--target", default=os.environ.get("TARGET"), help="its target column; left out: recognised by name")
    parser.add_argument("--small", action="store_true", help="the size that continuous integration runs")
    parser.add_argument("--keep", action="store_true", default=bool(os.environ.get("KEEP")), help="leave the cluster up")
    parser.add_argument("--out", type=Path, default=ROOT / "out", help="folder of demo.json, transcript and reports")
    return parser


if __name__ == "__main__":
    sys.exit(main())
