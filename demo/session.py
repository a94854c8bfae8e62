"""The demo from beginning to end, step by step, as somebody would do it by hand."""

import json
from collections.abc import Callable
from pathlib import Path

from delivery_api import names
from delivery_api.delivery import Delivery
from delivery_api.reasons import Reason
from delivery_api.stages import Stage

from . import certificate, gate, measures, prepare, record, report, signature, times, writes
from . import cluster as clusters
from .ask import ask
from .cluster import Cluster
from .data import Row
from .follow import Watch, is_settled, is_waiting_for_approval, reason
from .narrator import DemoError, Narrator
from .order import FULL, HEALTHY, NAMESPACE, NOISY, PERMUTED, Order, Pinned, Size, render
from .record import Outcome
from .shell import Processes
from .view import View

TO_THE_GATE_SECONDS = 1500
TO_SERVING_SECONDS = 900
TO_THE_END_SECONDS = 900
QUESTIONS = 4
SETTING_UP = {"cluster", "images", "chart", "base model"}
NOTHING = prepare.Own()


class Session:
    """One run of the demo and all it holds."""

    def __init__(
        self,
        narrator: Narrator,
        processes: Processes,
        out: Path,
        size: Size,
        own: prepare.Own = NOTHING,
        keep: bool = False,
        at_the_gate: Callable[[], None] = lambda: None,
    ) -> None:
        self._narrator, self._processes, self._out = narrator, processes, out
        self._size, self._own, self._keep, self._at_the_gate = size, own, keep, at_the_gate
        self._cluster: Cluster | None = None
        self._stop_cluster = False
        self.outcomes: list[Outcome] = []

    @property
    def cluster(self) -> Cluster:
        if self._cluster is None:
            raise DemoError("The cluster is not up yet")
        return self._cluster

    def run(self, kubeconfig: Path | None = None, registry: str | None = None) -> None:
        """All three deliveries, and the record of them."""
        base = self._set_up(kubeconfig, registry)
        self._healthy(base)
        self._refused(base)
        self._stopped(base)
        record.write(self._out / "demo.json", self._narrator.seconds, self._narrator.steps, self.outcomes)
        self._summary()

    def _set_up(self, kubeconfig: Path | None, registry: str | None) -> str:
        with self._narrator.step("cluster"):
            if kubeconfig is None:
                self._stop_cluster = not self._keep and not clusters.is_up(self._processes)
                self._cluster = clusters.local(self._processes, self._narrator, self._stop_cluster)
            else:
                self._cluster = clusters.given(self._processes, self._narrator, kubeconfig, registry)
        with self._narrator.step("images"):
            references = prepare.images(self._processes, self._narrator, self.cluster.registry)
        with self._narrator.step("chart"):
            prepare.install(self.cluster, self._processes, self._narrator, references)
            prepare.people(self.cluster)
        with self._narrator.step("base model"):
            return prepare.base_model(self._processes, self._narrator, self.cluster.registry)

    def _healthy(self, base: str) -> None:
        watch = self._order(HEALTHY, base)
        with self._narrator.step("key"):
            public = signature.give_key(self.cluster, self._processes, self._narrator, self._out)
        with self._narrator.step(f"{HEALTHY.name}: to the gate"):
            delivery, _ = watch.until(is_waiting_for_approval, TO_THE_GATE_SECONDS)
        self._at_the_gate()
        with self._narrator.step(f"{HEALTHY.name}: approval"):
            gate.pass_gate(self.cluster, self._narrator, delivery)
        with self._narrator.step(f"{HEALTHY.name}: serving"):
            delivery, view = watch.until(is_settled, TO_SERVING_SECONDS)
        with self._narrator.step(f"{HEALTHY.name}: questions"):
            self._ask(delivery)
        self._finish(watch, delivery, view)
        with self._narrator.step(f"{HEALTHY.name}: confirmed by the registry and a key"):
            signature.confirm(self.cluster, self._processes, self._narrator, HEALTHY.name, public)
        measures.write(self._out / "measures.json", self.cluster.admin, watch.training(delivery))

    def _refused(self, base: str) -> None:
        watch = self._order(PERMUTED, base)
        with self._narrator.step(f"{PERMUTED.name}: to its end"):
            delivery, view = watch.until(is_settled, TO_THE_END_SECONDS)
        self._finish(watch, delivery, view)
        _expect(delivery, Stage.INTAKE, Reason.LABELS_UNRELATED)

    def _stopped(self, base: str) -> None:
        watch = self._order(NOISY, base)
        with self._narrator.step(f"{NOISY.name}: to its end"):
            delivery, view = watch.until(is_settled, TO_THE_END_SECONDS)
        self._finish(watch, delivery, view)
        _expect(delivery, Stage.TRAIN, Reason.NOT_LEARNING)

    def _order(self, order: Order, base: str) -> Watch:
        with self._narrator.step(f"{order.name}: data"):
            folder = self._out / "data" / order.name
            pinned = prepare.data(self._narrator, self.cluster.registry, folder, order, self._size, self._own, base)
        with self._narrator.step(f"{order.name}: apply"):
            self._apply(order, pinned)
        return Watch(self.cluster.admin, self._narrator, order.name)

    def _apply(self, order: Order, pinned: Pinned) -> None:
        registry = self.cluster.registry
        text = render(order, self._size, pinned, f"oci://{registry}/{NAMESPACE}/models", registry.insecure)
        path = self._out / f"{order.name}.yaml"
        path.write_text(text, "utf-8")
        self._narrator.say(f"  requester$ kubectl apply -f {path.name}")
        self._narrator.say("    " + self.cluster.requester.text("apply", "-f", str(path)).strip())

    def _ask(self, delivery: Delivery) -> None:
        serving = delivery.status.serving if delivery.status else None
        if serving is None:
            raise DemoError(f"{HEALTHY.name} is delivered without status.serving; see its conditions")
        ask(self.cluster.admin, self._narrator, serving, self._questions(delivery))

    def _questions(self, delivery: Delivery) -> list[Row]:
        fields = delivery.spec.intake.fields
        lines = (self._out / "data" / HEALTHY.name / "sealed" / "sealed.jsonl").read_text("utf-8").splitlines()
        rows = [json.loads(line) for line in lines[:QUESTIONS]]
        return [Row(row[fields.input], row[fields.target]) for row in rows]

    def _finish(self, watch: Watch, delivery: Delivery, view: View) -> None:
        """Certificate, cost line, report, count of writes."""
        named = delivery.status.certificate if delivery.status else None
        issued = certificate.read(self.cluster.requester, named)
        outcome = Outcome(delivery, view, self._count(delivery))
        self.outcomes.append(outcome)
        page = self._out / f"{watch.name}.html"
        report.write(page, outcome, watch.training(delivery), issued)
        for line in certificate.lines(named, issued):
            self._narrator.say(f"    {line}")
        self._narrator.say(f"    cost: {outcome.cost_line()}")
        self._narrator.say(f"    report: {page}")

    def _count(self, delivery: Delivery) -> int | None:
        log = self.cluster.audit_log
        if log is None:
            return None
        name, uid, created = (str(delivery.metadata[key]) for key in ("name", "uid", "creationTimestamp"))
        mine = writes.of_delivery(writes.read(log, prepare.OPERATOR), name, uid, created)
        (self._out / f"{name}.writes.txt").write_text("\n".join(writes.listed(mine)) + "\n", "utf-8")
        return writes.needed(mine)

    def _summary(self) -> None:
        self._narrator.say("")
        for outcome in self.outcomes:
            gain = outcome.status.gain or "none"
            self._narrator.say(f"  {outcome.view.name:<16}{outcome.view.state:<18}gain {gain:<9}{outcome.cost_line()}")
        if self._size == FULL:
            set_up = sum(step.seconds for step in self._narrator.steps if step.name in SETTING_UP)
            self._narrator.say(f"  {times.sentence(times.remember(clusters.cache(), self._narrator.seconds, set_up))}")
        self._narrator.say(f"  {self._out / 'demo.json'} has the numbers")

    def explain(self, message: str) -> None:
        """Why it stopped, with what one would look at first."""
        self._narrator.say(f"\nThe demo stopped: {message}")
        if self._cluster is None:
            return
        work = names.work_namespace(NAMESPACE)
        for arguments in (
            ("get", "deliveries", "-n", NAMESPACE),
            ("get", "jobs,pods,configmaps", "-n", work),
            ("get", "events", "-n", work, "--sort-by=.lastTimestamp"),
            ("logs", "-n", prepare.SYSTEM, f"deployment/{prepare.RELEASE}", "--tail=40"),
        ):
            self._narrator.say(f"\n$ kubectl {' '.join(arguments)}\n{self._cluster.admin.run(*arguments).out[-4000:]}")

    def close(self) -> None:
        """End what was started; a local cluster that was up before stays up."""
        self._processes.close()
        if self._stop_cluster:
            clusters.stop(self._processes, self._narrator)
        self._narrator.close()


def _expect(delivery: Delivery, stage: Stage, wanted: Reason) -> None:
    found = reason(delivery, stage)
    if found != wanted:
        raise DemoError(f"{delivery.metadata['name']}: stage {stage} ended as {found}, expected {wanted}")
