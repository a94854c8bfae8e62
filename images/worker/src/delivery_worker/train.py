"""The trainer: fine-tune, look with the clean probe on the way, push what comes out. It measures and never judges."""

import math
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import torch

from delivery_api.digests import sha256
from delivery_api.evidence import Step
from delivery_api.tasks import TaskCommon, TrainTask
from delivery_io import artifacts, runtime
from delivery_io.evidence import Overflow
from delivery_io.problems import WorkProblem
from delivery_io.runtime import Context
from delivery_measure import weights
from delivery_worker import parallel, preflight
from delivery_worker.checkpoint import state_of
from delivery_worker.deliver import deliver, finished
from delivery_worker.examples import batches, rate
from delivery_worker.loss import supervised
from delivery_worker.packing import Example
from delivery_worker.setup import Run, output, prepare

LARGEST_GRADIENT = 1.0
RESERVED_SHARE = 0.05


def finite(value: float) -> float | None:
    """A number as evidence: null when it is not finite."""
    return round(value, 6) if math.isfinite(value) else None


def take_step(run: Run, step: int, batch: Sequence[Example]) -> Step:
    """One optimizer step over a batch, in micro batches."""
    started = time.monotonic()
    config = run.task.config
    learning_rate = rate(step, config.steps or 1, config.warmup_steps or 0, float(config.learning_rate or "1e-4"))
    for group in run.optimizer.param_groups:
        group["lr"] = learning_rate
    parts, place = run.group.size, run.group.accelerator.process_index
    mine = batch[place::parts]
    size, tokens, total = config.micro_batch_size or len(mine), supervised(batch), 0.0
    for start in range(0, len(mine), size):
        with run.group.pass_of(run.model, is_last=start + size >= len(mine)):
            # Gradients are averaged over the processes; the loss is a mean over the tokens of all of them.
            loss = run.loss(mine[start : start + size]) * (parts / tokens)
            run.group.accelerator.backward(loss)
        total += float(loss.detach())
    norm = run.group.clip(run.model, LARGEST_GRADIENT)
    run.optimizer.step()
    run.optimizer.zero_grad()
    return Step(
        step=step,
        loss=finite(run.group.mean(total)),
        grad_norm=finite(norm),
        learning_rate=learning_rate,
        tokens=sum(example.length for example in batch),
        seconds=round(time.monotonic() - started, 4),
    )


def measure(run: Run) -> None:
    """Preflight; a row that does not fit is the spec's mistake and is never cut."""
    seen = preflight.measure(
        run.bare,
        run.tokenizer,
        run.task,
        run.rows,
        sorted(run.pool, key=lambda row: row.number),
        run.loss,
        run.parameters,
        run.expected,
    )
    run.context.recorder.set(preflight=seen)
    run.preflight, run.sums = seen, weights.sums(run.bare)
    if seen.rows_truncated:
        message = f"{seen.rows_truncated} rows are longer than sequenceLength {run.task.config.sequence_length}; raise it"
        raise WorkProblem("Invalid", "spec.config.sequenceLength", message)


def measure_again(run: Run) -> None:
    """After the first steps: whether they changed the weights."""
    if run.preflight is not None:
        moved = weights.moved(run.bare, run.sums)
        run.context.recorder.set(preflight=run.preflight.model_copy(update={"weights_moved": round(moved, 6)}))


def record(run: Run, at_once: bool = False) -> None:
    """Evidence of what was done so far."""
    steps = run.history.steps
    seconds = sum(step.seconds for step in steps)
    run.context.recorder.set(
        steps=steps,
        looks=run.history.looks,
        resumed_from=run.history.resumed_from,
        tokens_per_second=round(sum(step.tokens for step in steps) / seconds, 1) if seconds else 0.0,
        base_scoring_seconds=round(run.probe.base_seconds, 3),
        peak_memory_bytes=peak_memory(),
    )
    run.context.recorder.progress(at_once)


def say(run: Run, text: str) -> None:
    """A line of the log, once for all processes."""
    if run.group.is_first:
        print(text, flush=True)


def look(run: Run, step: int) -> None:
    """A look of the probe, when the task plans one after this step and it was not taken before."""
    planned = list(run.task.look_steps)
    if step not in planned or any(seen.step == step for seen in run.history.looks):
        return
    run.bare.eval()
    seen = run.probe.look(step, planned.index(step), run.base_scope, run.candidate_scope)
    run.bare.train()
    run.history = replace(run.history, looks=(*run.history.looks, seen))
    record(run, at_once=True)
    say(run, f"Looked at step {step}: {len(seen.items)} items in {seen.seconds:.1f} s")


def save(run: Run) -> None:
    """A checkpoint of the last step."""
    if run.checkpoints and run.history.steps:
        state = state_of(run.bare, run.optimizer)
        if run.group.is_first:
            run.checkpoints.save(state, run.history)


def train(run: Run) -> None:
    """All steps that are left. A loss that is not finite ends the run at once: more steps cost money and heal nothing."""
    config, done = run.task.config, run.history.step
    steps = config.steps or 1
    size = (config.micro_batch_size or 16) * (config.accumulation_steps or 1) * run.group.size
    order = batches(len(run.rows), size, config.seed or 0, after=done)
    run.bare.train()
    if done:
        look(run, done)
    for step in range(done + 1, steps + 1):
        run.group.check(run.context)
        taken = take_step(run, step, [run.rows[number] for number in next(order)])
        run.history = replace(run.history, steps=(*run.history.steps, taken))
        if step == done + weights.FIRST_STEPS:
            measure_again(run)
        record(run)
        say(run, f"Step {step}/{steps}: loss {taken.loss}, gradient norm {taken.grad_norm}, {taken.seconds:.2f} s")
        if taken.loss is None:
            return
        look(run, step)
        if step % run.task.checkpoint_every_steps == 0 and step < steps:
            save(run)


def peak_memory() -> int:
    """Most bytes held: on the accelerator where there is one."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def work(task: TaskCommon, context: Context) -> None:
    """The whole run."""
    task = cast(TrainTask, task)
    context.deadline -= RESERVED_SHARE * task.seconds
    context.recorder.set(planned_steps=task.config.steps or 0)
    run = prepare(task, context)
    measure(run)
    record(run, at_once=True)
    try:
        train(run)
    except WorkProblem:
        save(run)
        record(run)
        raise
    record(run)
    if run.history.steps and run.history.steps[-1].loss is None:
        return
    save(run)
    made = finished(task, run.bare, run.merged, keep=run.group.is_first)
    if run.group.is_first:
        registry = output(task, context, context.settings.push_seconds)
        artifact = deliver(task, made, run.tokenizer, registry, context.settings.work)
        context.recorder.set(artifact=artifact, peak_memory_bytes=peak_memory())


def told(task: TaskCommon, context: Context) -> None:
    """The run, as one of several processes: what ends one ends all, and the first says why."""
    with parallel.telling():
        work(task, context)


def overflow(task: TrainTask, context: Context) -> Overflow:
    """Evidence that a ConfigMap cannot hold goes to the output repository."""

    def put(text: str) -> str:
        folder = context.settings.work / "evidence"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "evidence.json").write_text(text)
        registry = output(task, context, context.settings.push_seconds)
        return artifacts.push(registry, folder, "evidence", f"evidence-{sha256(text)[7:17]}").uri

    return put


def main(task: TrainTask) -> int:
    """Run the task of this process."""
    print(f"Training for {task.delivery_uid}, attempt {task.attempt}", file=sys.stderr, flush=True)
    return runtime.run(task, told, lambda context: overflow(task, context), records=parallel.is_first())
