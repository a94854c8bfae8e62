"""`configure FILE`: all mistakes of a Delivery at once, else the completed spec as YAML.

Without an audit the lengths of rows are assumed, and said to be; the operator configures again from what the
auditor measured. Nothing is fetched: the base is known by name, or by `--base-config`.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from delivery_api.accelerator import AcceleratorClass
from delivery_api.delivery import Delivery
from delivery_api.digests import plain
from delivery_oracle import data
from delivery_oracle.commands import mistakes
from delivery_oracle.commands.common import BAD_INPUT, PASS, BadInput, Commands
from delivery_oracle.commands.yamls import documents, text_of
from delivery_oracle.configurator import architecture, workload
from delivery_oracle.configurator.architecture import Architecture
from delivery_oracle.configurator.configure import Proposal, configure
from delivery_oracle.stages.schedule import affordable


def add(commands: Commands) -> None:
    parser = commands.add_parser("configure", help="all mistakes of a Delivery, else its completed spec as YAML")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--classes", type=Path, help="AcceleratorClass objects as YAML; left out: those of the chart")
    parser.add_argument("--base-config", type=Path, help="config.json of the base; left out: known by its hf:// name")
    parser.add_argument("--rows", type=int, default=4000, help="training rows assumed (default 4000)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    delivery, found = read(options.file)
    classes = accelerator_classes(options.classes)
    base = base_of(delivery, options.base_config) if delivery else None
    proposal = propose(delivery, base, classes, options.rows) if delivery and base else None
    lines = [*map(str, found), *(objections(delivery, proposal) if delivery and proposal else ())]
    if lines or delivery is None:
        print("\n".join(lines), file=sys.stderr)
        return BAD_INPUT
    sys.stdout.write(completed(delivery, proposal))
    print(note(proposal, options.rows), file=sys.stderr)
    return PASS


def read(path: Path) -> tuple[Delivery | None, tuple[mistakes.Mistake, ...]]:
    """The one Delivery of a file, or its mistakes."""
    loaded = documents(path)
    if not loaded:
        raise BadInput(f"{path}: empty; a Delivery was expected")
    if len(loaded) > 1:
        raise BadInput(f"{path}: {len(loaded)} documents; give one Delivery a file")
    found, delivery = mistakes.find(loaded[0])
    return delivery, found


def propose(delivery: Delivery, base: Architecture, classes: list[AcceleratorClass], rows: int) -> Proposal:
    """The configurator's answer for assumed rows."""
    if rows < 1:
        raise BadInput(f"--rows {rows} is not at least 1")
    return configure(delivery.spec, workload.assumed(delivery.spec, base, rows), classes)


def objections(delivery: Delivery, proposal: Proposal) -> list[str]:
    """What the configurator finds wrong, one line each."""
    lines = [str(mistake) for mistake in (*proposal.config_mistakes, *proposal.schedule_mistakes)]
    if proposal.no_class:
        lines.append(f"spec.schedule: {proposal.no_class}")
    if proposal.option and not lines:
        money = affordable(delivery.spec, proposal.option)
        lines += [f"spec.terms.budget.limit: {money.message}"] if money.blocks else []
    return lines


def completed(delivery: Delivery, proposal: Proposal | None) -> str:
    """The Delivery as YAML with config and schedule filled in, and the reason of each choice as comments."""
    document: dict[str, Any] = plain(delivery)
    resolved = proposal.resolved() if proposal else None
    if resolved is None:
        return dump(document)
    for part in ("plan", "config", "schedule"):
        document["spec"][part] = plain(getattr(resolved, part))
    reasons = "".join(f"# spec.{field}: {reason}\n" for field, reason in resolved.reasons.items())
    return dump(document) + reasons


def dump(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def note(proposal: Proposal | None, rows: int) -> str:
    """What the printed values rest on."""
    if proposal is None or proposal.option is None:
        return "config and schedule are left to the operator: the base is not known by name, give --base-config"
    best = proposal.option
    return f"1 x {best.name}, {best.price}, assuming {rows} short rows; the operator uses what it measures"


def base_of(delivery: Delivery, file: Path | None) -> Architecture | None:
    """The base's shape from a file, or by its name."""
    try:
        if file is not None:
            return architecture.read(json.loads(text_of(file)))
        known = yaml.safe_load(resources.files(data).joinpath("bases.yaml").read_text())
        name = delivery.spec.base.uri.removeprefix("hf://").partition("@")[0]
        return architecture.read(known[name]) if name in known else None
    except (ValueError, AttributeError) as error:
        raise BadInput(f"{file or delivery.spec.base.uri}: {error}") from None


def accelerator_classes(file: Path | None) -> list[AcceleratorClass]:
    """Classes from a file, or those that the chart ships."""
    if file is None:
        text = resources.files(data).joinpath("accelerators.yaml").read_text()
        return [AcceleratorClass.model_validate(document) for document in yaml.safe_load_all(text)]
    try:
        return [AcceleratorClass.model_validate(document) for document in documents(file)]
    except ValidationError as error:
        first = error.errors()[0]
        where = mistakes.shown(tuple(first["loc"]))
        raise BadInput(f"{file}: {where}: {first['msg']}") from None
