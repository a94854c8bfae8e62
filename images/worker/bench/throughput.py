"""Tokens per second of this trainer against plain Hugging Face Trainer: same base, rows, batches, schedule and seed.

Three runs in one process, on short rows: Trainer as it comes (fp32, padded, all logits), Trainer at our
precision (bf16), and ours (bf16, packed, logits of supervised tokens). Tokens are those of the rows,
without padding; the median step counts, and the losses are printed side by side, as speed with another
curve would be worth nothing.

    images/worker/bench/run --data train.csv --input text --target category
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    get_linear_schedule_with_warmup,
)

from delivery_api.driver import Fields
from delivery_io import prompts, tables
from delivery_worker import model as models
from delivery_worker.examples import batches
from delivery_worker.loss import packed_loss, supervised
from delivery_worker.packing import Example

ROWS, SEED, PEAK, WARMUP = 16, 0, 1e-3, 3


@dataclass
class Curve:
    """What one way of training did."""

    name: str
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    @property
    def tokens_per_second(self) -> float:
        """Median over steps but the first, which warms up."""
        return statistics.median(count / spent for count, spent in list(zip(self.tokens, self.seconds, strict=True))[1:])

    @property
    def tokens_per_processor_second(self) -> float:
        """The same per second of processor time, which a busy machine does not change much."""
        return statistics.median(count / spent for count, spent in list(zip(self.tokens, self.work, strict=True))[1:])


def with_adapter(model: Any) -> Any:
    """The same adapter for all."""
    torch.manual_seed(SEED)
    return get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))


def ours(folder: Path, rows: Sequence[Sequence[Example]]) -> Curve:
    """This trainer's step."""
    base, _ = models.load(folder, "bf16", torch.device("cpu"))
    model, curve = with_adapter(base), Curve("ours, bf16")
    optimizer = torch.optim.AdamW([value for value in model.parameters() if value.requires_grad], lr=PEAK, weight_decay=0.0)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, len(rows))
    for batch in rows:
        started, worked = time.monotonic(), time.process_time()
        with torch.autocast("cpu", torch.bfloat16):
            loss = packed_loss(model, batch, torch.device("cpu")) / supervised(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        curve.seconds.append(time.monotonic() - started)
        curve.work.append(time.process_time() - worked)
        curve.losses.append(float(loss.detach()))
        curve.tokens.append(sum(example.length for example in batch))
    return curve


class Clock(TrainerCallback):
    """Seconds and loss of each step."""

    def __init__(self, curve: Curve) -> None:
        self.curve, self.started, self.worked = curve, 0.0, 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.started, self.worked = time.monotonic(), time.process_time()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.curve.seconds.append(time.monotonic() - self.started)
        self.curve.work.append(time.process_time() - self.worked)

    def on_log(self, *_: Any, logs: dict[str, float] | None = None, **__: Any) -> None:
        if logs and "loss" in logs:
            self.curve.losses.append(float(logs["loss"]))


class InOrder(Trainer):
    """Trainer over rows that are in the order of the batches already."""

    def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
        return torch.utils.data.SequentialSampler(self.train_dataset)


def theirs(folder: Path, rows: Sequence[Sequence[Example]], tokenizer: Any, bf16: bool, work: Path) -> Curve:
    """Plain Trainer."""
    curve = Curve("Trainer, bf16" if bf16 else "Trainer, fp32 default")
    dtype = torch.bfloat16 if bf16 else torch.float32
    model = with_adapter(AutoModelForCausalLM.from_pretrained(folder, dtype=dtype))
    arguments = TrainingArguments(
        output_dir=str(work),
        per_device_train_batch_size=ROWS,
        max_steps=len(rows),
        learning_rate=PEAK,
        warmup_steps=WARMUP,
        lr_scheduler_type="linear",
        weight_decay=0.0,
        max_grad_norm=1.0,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        bf16=bf16,
        use_cpu=True,
        disable_tqdm=True,
        seed=SEED,
    )
    dataset = [_labelled(example) for batch in rows for example in batch]
    collator = DataCollatorForSeq2Seq(tokenizer, padding=True)
    InOrder(model=model, args=arguments, train_dataset=dataset, data_collator=collator, callbacks=[Clock(curve)]).train()
    curve.tokens = [sum(example.length for example in batch) for batch in rows]
    return curve


def _labelled(example: Example) -> dict[str, list[int]]:
    hidden = example.length - example.supervised
    return {
        "input_ids": list(example.ids),
        "attention_mask": [1] * example.length,
        "labels": [-100] * hidden + list(example.ids[hidden:]),
    }


def read_batches(arguments: argparse.Namespace, tokenizer: Any) -> list[list[Example]]:
    """Batches of the first steps, in the trainer's own order."""
    fields = Fields(input=arguments.input, target=arguments.target)
    rows = tables.read(arguments.data, fields, "--data").rows
    stop = prompts.stop_id(tokenizer)

    def example(row: tables.Row) -> Example:
        answer = (*prompts.answer_ids(tokenizer, row.target), stop)
        return Example((*prompts.prompt_ids(tokenizer, row.text, None), *answer), len(answer))

    order = batches(len(rows), ROWS, SEED)
    return [[example(rows[number]) for number in next(order)] for _ in range(arguments.steps)]


def main() -> None:
    """Measure and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--input", default="text")
    parser.add_argument("--target", default="intent")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--work", type=Path, default=Path("/tmp/throughput"))
    arguments = parser.parse_args()
    _, tokenizer = models.load(arguments.model, "bf16", torch.device("cpu"))
    rows = read_batches(arguments, tokenizer)
    mine = ours(arguments.model, rows)
    curves = [mine] + [theirs(arguments.model, rows, tokenizer, bf16, arguments.work) for bf16 in (True, False)]
    print(f"{'':22} {'tokens/s':>9} {'ours is':>8}   {'per CPU s':>9} {'ours is':>8}   loss, first and last three")
    for curve in curves:
        wall, cpu = curve.tokens_per_second, curve.tokens_per_processor_second
        times = mine.tokens_per_second / wall, mine.tokens_per_processor_second / cpu
        ends = f"{statistics.mean(curve.losses[:3]):.3f} to {statistics.mean(curve.losses[-3:]):.3f}"
        print(f"{curve.name:22} {wall:9.0f} {times[0]:7.2f}x   {cpu:9.0f} {times[1]:7.2f}x   {ends}")
    print(json.dumps({curve.name: {"tokensPerSecond": curve.tokens_per_second, "losses": curve.losses} for curve in curves}))


if __name__ == "__main__":
    main()
