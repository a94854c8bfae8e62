"""Stage intake: read the data, measure it, record. No verdict, and no text of a row leaves this process."""

from collections.abc import Sequence
from typing import cast

from delivery_api import sealed
from delivery_api.tasks import AuditTask, TaskCommon
from delivery_auditor import base, rows
from delivery_auditor.canary import LARGEST_POOL, outcomes
from delivery_io import runtime, tables
from delivery_io.download import sha256_file
from delivery_io.problems import WorkProblem
from delivery_io.redact import prepared_row
from delivery_io.runtime import Context
from delivery_io.tables import Row, Table

TRAIN, SEALED = "spec.terms.data.train", "spec.terms.data.sealed"


def read_tables(task: AuditTask, context: Context) -> tuple[Table, Table, str]:
    """(training rows, sealed rows, digest of the sealed file)."""
    train_path = context.fetcher.table(task.train, TRAIN)
    sealed_path = context.fetcher.table(task.sealed, SEALED)
    sealed_digest = sha256_file(sealed_path)
    context.recorder.set(train_digest=sha256_file(train_path), sealed_digest=sealed_digest)
    return tables.read(train_path, task.fields, TRAIN), tables.read(sealed_path, task.fields, SEALED), sealed_digest


def measure_rows(task: AuditTask, context: Context, train: Table, sealed_table: Table) -> list[Row]:
    """Counts, leaks, labels and personal data; returns the rows that are left to train on."""
    items = list(tables.items(sealed_table.rows).values())
    if not items:
        raise WorkProblem("Invalid", SEALED, "No sealed row has both input and target; correct the data")
    counted, sealed_counted = rows.count(train.rows), rows.count(sealed_table.rows)
    leaks = rows.overlap([row for row in train.rows if not row.is_empty], items)
    dropped = sorted({*counted.superfluous, *leaks.train_rows})
    gone = frozenset(dropped)
    kept = [row for row in train.rows if row.number not in gone]
    if not kept:
        raise WorkProblem("Invalid", TRAIN, "No row is left to train on; all are empty, repeated or sealed items")
    labels = rows.labels(kept) if task.task == "Classification" else {}
    unseen = sorted({row.target for row in items} - labels.keys()) if task.task == "Classification" else []
    inside = sum(row.target in row.text for row in kept) / len(kept) if task.task == "Extraction" else None
    context.recorder.set(
        columns=train.columns,
        train=counted.counts,
        sealed=sealed_counted.counts,
        drop_rows=tuple(dropped),
        labels=labels,
        unseen_labels=tuple(unseen[:2000]),
        targets_in_input=inside,
        overlap=leaks,
        personal_data=rows.personal_data([*train.rows, *sealed_table.rows]),
    )
    return [prepared_row(row, task.personal_data, task.task) for row in kept]


def split_sealed(task: AuditTask, context: Context, sealed_table: Table, sealed_digest: str) -> list[Row]:
    """Holdout and probe pool by id; returns the pool in its order, as shown to a model."""
    items = tables.items(sealed_table.rows)
    holdout, pool = sealed.split(items, sealed_digest, task.holdout_items)
    order = sealed.probe_order(pool, task.delivery_uid)
    context.recorder.set(holdout=tuple(holdout), probe=tuple(order[:LARGEST_POOL]))
    return [prepared_row(items[item], task.personal_data, task.task) for item in order]


def measure_tokens(task: AuditTask, context: Context, kept: Sequence[Row]) -> None:
    """What the base is, and how long the rows are in its tokens."""
    folder, weight_bytes = context.fetcher.description(task.base, "spec.base")
    config = base.architecture(folder)
    loaded, has_template = base.tokenizer(folder)
    whole, answers = base.lengths(kept, loaded, task.instruction)
    longest = config.get("max_position_embeddings") or config.get("n_positions")
    context_length = int(longest) if isinstance(longest, int) else None
    context.recorder.set(
        architecture=config,
        base_bytes=weight_bytes,
        has_chat_template=has_template,
        lengths=base.summary(whole, answers),
        supervised_tokens=round(sum(answers) / len(answers), 3),
        context_length=context_length,
        too_long=sum(length > context_length for length in whole) if context_length else 0,
    )


def work(task: TaskCommon, context: Context) -> None:
    """The whole audit of the data."""
    task = cast(AuditTask, task)
    train, sealed_table, sealed_digest = read_tables(task, context)
    context.check()
    kept = measure_rows(task, context, train, sealed_table)
    pool = split_sealed(task, context, sealed_table, sealed_digest)
    context.check()
    if task.canary:
        context.recorder.set(**outcomes(task.task, kept, pool, task.delivery_uid))
    context.check()
    measure_tokens(task, context, kept)


def main(task: AuditTask) -> int:
    """Run the task of this process."""
    return runtime.run(task, work)
