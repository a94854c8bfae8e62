"""What the oracle says of each recorded run, stage by stage, and whether what is claimed of the arms holds. Pure.

Every verdict is a function of `delivery_oracle` over the evidence; nothing that the runner said is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from delivery_api.finding import Finding, Verdict
from delivery_api.reasons import Reason
from delivery_oracle import probe
from delivery_oracle.stages import evaluation, intake, train
from delivery_oracle.statistics.learned import Comparison

from . import manifest as manifests
from . import trace as traces
from .manifest import ARMS, Arm, Case, Manifest
from .trace import Trace

WINDOW = 10
LARGEST_NORM = 100.0
"""A gradient norm above this would catch a person's eye; those of LoRA runs are of the order of 1 to 10."""
CAUGHT_BEFORE = 0.40
MOST_MINUTES = 120.0
ANOTHER = "a trace was made by another manifest"


@dataclass(frozen=True)
class Run:
    """One trace, judged."""

    case: Case
    trace: Trace
    intake: Finding
    mechanics: Finding
    """The train stage without the probe: what every training dashboard shows."""
    probe: probe.Assessment
    audit: Finding
    comparison: Comparison

    @property
    def losses(self) -> list[float]:
        """Loss of each step; empty of steps whose loss is not finite."""
        return [step.loss for step in self.trace.train.steps if step.loss is not None]

    @property
    def norms(self) -> list[float]:
        """Gradient norm of each step."""
        return [step.grad_norm for step in self.trace.train.steps if step.grad_norm is not None]

    @property
    def first_loss(self) -> float:
        """Mean of the first ten."""
        return sum(self.losses[:WINDOW]) / WINDOW

    @property
    def last_loss(self) -> float:
        """Mean of the last ten."""
        return sum(self.losses[-WINDOW:]) / WINDOW

    @property
    def green(self) -> bool:
        """All finite, the last ten losses below the first ten, the gradient norm bounded: nobody would stop this run."""
        whole = len(self.losses) == len(self.norms) == self.trace.train.planned_steps
        return whole and self.last_loss < self.first_loss and max(self.norms) <= LARGEST_NORM

    @property
    def survived(self) -> bool:
        """T of the definition: it started, took all its steps with finite loss and bounded gradient, and left an artifact."""
        return self.mechanics.verdict is Verdict.PASS

    @property
    def learned(self) -> bool:
        """E of the definition: the paired test rejects, and the gain reaches the margin."""
        return self.comparison.verdict is Verdict.PASS

    @property
    def tbdl(self) -> bool:
        """T, and E is excluded: the upper bound of the gain is below the margin."""
        return self.survived and self.comparison.verdict is Verdict.FAIL

    @property
    def deliverable(self) -> bool:
        """The audit as a stage: Learned, and free output as customers call it keeps up with constrained output."""
        return self.audit.verdict is Verdict.PASS

    @property
    def flagged_at(self) -> int | None:
        """Step at which the probe would have stopped it."""
        return self.probe.decided_at if self.probe.outcome is probe.Outcome.NOT_LEARNING else None

    @property
    def caught(self) -> bool:
        """Flagged before 40 % of the steps."""
        return self.flagged_at is not None and self.flagged_at < CAUGHT_BEFORE * self.trace.train.planned_steps

    @property
    def minutes(self) -> float:
        """Wall time of all its workers."""
        return sum(self.trace.seconds.values()) / 60


def judge(manifest: Manifest, case: Case, trace: Trace) -> Run:
    """One run; ValueError when its trace is of another manifest or its evidence cannot be used."""
    if trace.manifest != manifest.id or (trace.arm, trace.seed) != (case.arm, case.seed):
        raise ValueError(f"{case.name}: {ANOTHER}")
    spec, config = manifests.spec_of(manifest, case), manifests.config_of(manifest, case)
    blind = trace.train.model_copy(update={"looks": ()})
    return Run(
        case=case,
        trace=trace,
        intake=intake.judge(spec, trace.audit),
        mechanics=train.judge(spec, case.plan, config, [blind], trace.audit),
        probe=train.assessment(spec, config, [trace.train], trace.audit),
        audit=evaluation.judge(spec, trace.evaluate, audit=trace.audit, train=trace.train, use=case.place),
        comparison=evaluation.comparison(spec, trace.evaluate, use=case.place),
    )


def judge_all(folder: Path) -> tuple[Manifest, list[Run]]:
    """Manifest and every run that has a trace."""
    manifest = manifests.read(folder)
    if manifest is None:
        raise SystemExit(f"{folder} has no manifest.json; run experiments/tbdl/run first")
    found = [(case, traces.read(folder, case.name)) for case in manifests.cases(manifest.arms, manifest.seeds)]
    return manifest, [judge(manifest, case, trace) for case, trace in found if trace is not None]


@dataclass(frozen=True)
class Claim:
    """One sentence, in how many runs it holds, and in how many it should."""

    sentence: str
    held: int
    of: int

    @property
    def holds(self) -> bool:
        """Whether it holds in all."""
        return self.held == self.of


def claims(runs: Sequence[Run]) -> list[Claim]:
    """All that is said about the arms, over the runs there are."""

    def count(sentence: str, of: Callable[[Run], bool], holds: Callable[[Run], bool]) -> Claim:
        asked = [run for run in runs if of(run)]
        return Claim(sentence, sum(map(holds, asked)), len(asked))

    def arm(name: Arm) -> Callable[[Run], bool]:
        return lambda run: run.case.arm == name

    made = [
        count("Loss and gradient norm look healthy, whatever the arm", lambda run: True, lambda run: run.green),
        count("The execution stage passes on mechanics, whatever the arm", lambda run: True, lambda run: run.survived),
        count("`correct` is Learned", arm("correct"), lambda run: run.learned),
        count("`mask` is Learned", arm("mask"), lambda run: run.learned),
        count("`permute` trains but does not learn", arm("permute"), lambda run: run.tbdl),
        count("`noise` trains but does not learn", arm("noise"), lambda run: run.tbdl),
        count("The probe flags `permute` before 40 % of the steps", arm("permute"), lambda run: run.caught),
        count("The probe flags `noise` before 40 % of the steps", arm("noise"), lambda run: run.caught),
        count("The probe never flags `correct` or `mask`", lambda run: run.case.learns, lambda run: run.flagged_at is None),
        count("The canary refuses `permute` and `noise`", lambda run: not run.case.learns, refused),
        count("Intake lets `correct` and `mask` through", lambda run: run.case.learns, accepted),
    ]
    return [claim for claim in made if claim.of]


def refused(run: Run) -> bool:
    """Refused by the canary, and by nothing else."""
    return run.intake.verdict is Verdict.FAIL and run.intake.reason is Reason.LABELS_UNRELATED


def accepted(run: Run) -> bool:
    """Let through with a word of the canary, not for want of one."""
    return run.intake.verdict is Verdict.PASS


def by_arm(runs: Sequence[Run]) -> dict[Arm, list[Run]]:
    """Runs of each arm that has any, in the order of arms."""
    grouped = {arm: [run for run in runs if run.case.arm == arm] for arm in ARMS}
    return {arm: found for arm, found in grouped.items() if found}
