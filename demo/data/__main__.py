"""`python -m demo.data --out DIR --arm correct|permute|noise`: write one arm with its data card."""

import argparse
import sys
from pathlib import Path

from . import ARMS, SEALED_ROWS, SEED, TRAIN_ROWS, make

EXIT_USAGE = 64


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        written = make(
            options.out,
            options.arm,
            seed=options.seed,
            train_rows=options.train_rows,
            sealed_rows=options.sealed_rows,
            source=options.data,
            input_column=options.input,
            target_column=options.target,
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    print(f"{written.train} {written.train_rows} rows sha256:{written.train_sha256}")
    print(f"{written.sealed} {written.sealed_rows} rows sha256:{written.sealed_sha256}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo.data", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--arm", choices=ARMS, default="correct", help="which labels the training rows get")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--train-rows", type=int, default=TRAIN_ROWS)
    parser.add_argument("--sealed-rows", type=int, default=SEALED_ROWS)
    parser.add_argument("--data", type=Path, help="own CSV or JSONL file, or folder with train and test files")
    parser.add_argument("--input", help="its input column; left out: recognised by name")
    parser.add_argument("--target", help="its target column; left out: recognised by name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
