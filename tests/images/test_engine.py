"""The real engine: vLLM scores base and candidate, serves the candidate, and the verifier asks it. Minutes, not seconds."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from delivery_api.digests import canonical
from delivery_api.driver import Fields
from delivery_api.evidence import EvaluateEvidence, VerifyEvidence, read_evidence
from delivery_api.model import Model
from delivery_api.sources import Source
from delivery_api.tasks import EvaluateTask, ServeTask, VerifyTask
from delivery_io import artifacts
from delivery_io.registry import Registry, parse
from tests.images.conftest import RegistryServer

LABELS = ("card", "card_lost", "loan")
ROWS = "\n".join(json.dumps({"text": f"message {n}", "label": LABELS[n % 3]}) for n in range(40))
PORT = 8000


class Bench:
    """A registry with base, candidate and sealed rows, and workers as their own processes."""

    def __init__(self, server: RegistryServer, tiny: Path, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.base = self.push("base", tiny)
        self.candidate = self.push("candidate", changed(tiny, folder / "candidate"))
        (folder / "sealed").mkdir()
        (folder / "sealed/rows.jsonl").write_text(ROWS)
        self.sealed = self.push("sealed", folder / "sealed")
        self.common = {
            "delivery_uid": "uid",
            "inputs": "inputs",
            "base": self.base,
            "sealed": self.sealed,
            "task": "Classification",
            "fields": Fields(input="text", target="label"),
            "metric": "Accuracy",
            "holdout_items": 24,
            "labels": LABELS,
            "max_tokens": 12,
            "insecure_registries": (server.host,),
        }

    def push(self, repository: str, folder: Path) -> Source:
        there = Registry(parse(f"oci://{self.server.host}/{repository}", "test"), "test", insecure=True)
        return Source(uri=artifacts.push(there, folder, "model").uri)

    def start(self, module: str, task: Model, name: str) -> "subprocess.Popen[bytes]":
        env = os.environ | {
            "DELIVERY_TASK": canonical(task),
            "DELIVERY_EVIDENCE_DIR": str(self.folder / name / "evidence"),
            "DELIVERY_WORK": str(self.folder / name / "work"),
            "DELIVERY_TERMINATION_LOG": str(self.folder / name / "termination"),
        }
        (self.folder / name / "work").mkdir(parents=True)
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen([sys.executable, "-m", module], env=env, stdout=log, stderr=log)

    def evidence(self, module: str, task: Model, name: str) -> object:
        status = self.start(module, task, name).wait(timeout=280)
        assert status == 0, (self.folder / f"{name}.log").read_text()[-3000:]
        return read_evidence.validate_json((self.folder / name / "evidence/evidence.json").read_text())


def changed(tiny: Path, folder: Path) -> Path:
    """A candidate that answers otherwise: the same model with other weights."""
    import shutil

    shutil.copytree(tiny, folder)
    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_pretrained(tiny)
    for value in model.parameters():
        torch.nn.init.normal_(value, std=0.3)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Iterator[Bench]:
    server = RegistryServer(tmp_path_factory.mktemp("registry"), private=False)
    server.start()
    yield Bench(server, tiny, tmp_path_factory.mktemp("engine"))
    server.stop()


def evaluate(bench: Bench) -> EvaluateTask:
    return EvaluateTask(
        artifact=bench.candidate, artifact_kind="Merged", precision="fp32", sequence_length=256, seconds=600, **bench.common
    )


@pytest.fixture(scope="module")
def audited(bench: Bench) -> EvaluateEvidence:
    evidence = bench.evidence("delivery_worker", evaluate(bench), "audit")
    assert isinstance(evidence, EvaluateEvidence)
    return evidence


def test_every_holdout_item_is_scored_for_both(audited: EvaluateEvidence, bench: Bench) -> None:
    assert audited.complete and audited.problem is None and audited.planned_items == len(audited.items) == 24
    assert audited.artifact_digest == bench.candidate.uri.rpartition("@")[2]
    assert any(item.base_answer != item.candidate_answer for item in audited.items)
    assert all({item.base_answer, item.candidate_answer} <= {*LABELS, None} for item in audited.items)
    assert audited.engine_flags["dtype"] == '"float32"' and audited.base_digest


def test_the_engine_renders_the_prompts_of_training(audited: EvaluateEvidence, bench: Bench) -> None:
    from delivery_io import prompts, tables
    from delivery_worker.evaluate import SEALED
    from tests.images.tiny import tokenizer

    rows = tables.read(bench.folder / "sealed/rows.jsonl", evaluate(bench).fields, SEALED).rows
    by_id = {row.id: row for row in rows}
    pool = [row for row in by_id.values() if row.id not in {item.id for item in audited.items}]
    words = tokenizer()
    trained = [prompts.prompt_ids(words, row.text, None) for row in sorted(pool, key=lambda row: row.number)]
    assert audited.prompt_digest == prompts.prompts_digest(trained)


def wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 240
    while True:
        assert server.poll() is None and time.monotonic() < until, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)


def test_the_served_endpoint_gives_the_audited_answers(audited: EvaluateEvidence, bench: Bench) -> None:
    """What a customer would lose otherwise: base weights or an inert adapter, served under the audited name."""
    task = ServeTask(
        base=bench.base,
        artifact=bench.candidate,
        artifact_kind="Merged",
        model_name="acme",
        precision="fp32",
        sequence_length=256,
        insecure_registries=(bench.server.host,),
    )
    server = bench.start("delivery_worker", task, "server")
    try:
        wait_for(f"http://127.0.0.1:{PORT}/health", server, bench.folder / "server.log")
        differ = {item.id: item.candidate_answer for item in audited.items if item.candidate_answer}
        verify = VerifyTask(url=f"http://127.0.0.1:{PORT}/v1", model_name="acme", items=tuple(differ), **bench.common)
        served = bench.evidence("delivery_auditor", verify, "verify")
    finally:
        server.terminate()
        server.wait(timeout=60)
    assert isinstance(served, VerifyEvidence) and served.planned_items == len(served.answers) == len(differ) > 0
    assert sum(differ[answer.id] == answer.constrained for answer in served.answers) >= 0.9 * len(differ)
