"""The demo's data: support messages of the project's own, or somebody's table, in three arms."""

from pathlib import Path

from .arms import ARMS, Arm, Row, relabel
from .card import card
from .generate import SEALED_ROWS, SEED, TRAIN_ROWS, Dataset, generate
from .tables import OwnData, TableError, load_own
from .write import Written, write

__all__ = [
    "ARMS",
    "SEALED_ROWS",
    "SEED",
    "TRAIN_ROWS",
    "Arm",
    "Dataset",
    "OwnData",
    "Row",
    "TableError",
    "Written",
    "generate",
    "load_own",
    "make",
    "relabel",
    "write",
]


def make(
    folder: Path,
    arm: Arm = "correct",
    *,
    seed: int = SEED,
    train_rows: int = TRAIN_ROWS,
    sealed_rows: int = SEALED_ROWS,
    source: Path | None = None,
    input_column: str | None = None,
    target_column: str | None = None,
) -> Written:
    """Write one arm of the generated data, or of the table at `source`, with its card."""
    if source is None:
        made = generate(seed, train_rows, sealed_rows)
        own = OwnData("text", "intent", made.train, made.sealed, 0)
    else:
        own = load_own(source, input_column, target_column, sealed_rows)
    train = relabel(own.train, arm, seed)
    written = write(folder, train, own.sealed, own.input, own.target)
    page = card(train, own.sealed, arm, seed, source.name if source else None, own.dropped)
    (folder / "README.md").write_text(page, "utf-8")
    return written
