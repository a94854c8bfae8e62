"""The auditor's counts on data that was broken on purpose, and a whole audit from a registry."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from delivery_api.digests import canonical
from delivery_api.driver import Fields
from delivery_api.evidence import AuditEvidence, Canary, Resemblance, read_evidence
from delivery_api.sources import Source
from delivery_api.tasks import AuditTask
from delivery_auditor import __main__ as auditor
from delivery_auditor import rows
from delivery_auditor.canary import outcomes
from delivery_io import artifacts
from delivery_io.registry import Registry, parse
from delivery_io.tables import Row, row_of
from tests.images.conftest import RegistryServer

TOPICS = {"card": "my plastic card was swallowed", "loan": "a mortgage for the new house", "app": "the phone program crashes"}


WORDS = "abcdefghijklmnopqrstuvwxyz"


def made(texts: Sequence[tuple[str, str]]) -> list[Row]:
    return [row_of(number, text, target) for number, (text, target) in enumerate(texts)]


def about(count: int, start: int = 0, turn: int = 0) -> list[Row]:
    """Rows about three topics; `turn` gives each topic another's label."""
    names = list(TOPICS)
    return made(
        [
            (f"{TOPICS[names[n % 3]]}, {WORDS[(start + n) % 26] * 4}{WORDS[(start + n) // 26 % 26] * 5}", names[(n + turn) % 3])
            for n in range(count)
        ]
    )


def agreement(said: tuple[int, ...], truth: tuple[int, ...]) -> float:
    return sum(a == b for a, b in zip(said, truth, strict=True)) / len(truth)


def test_empty_repeated_and_conflicting_rows_are_counted() -> None:
    counted = rows.count(made([("a", "x"), ("", "x"), ("a", ""), (" A ", "x"), ("a", "y"), ("b", "y")]))
    assert counted.counts.model_dump() == {"rows": 6, "empty": 2, "duplicates": 2, "conflicting": 1}
    assert counted.superfluous == (1, 2, 3, 4)


def test_exact_and_near_leaks_are_told_apart() -> None:
    train = made([("where is my new debit card please", "x"), ("i want a loan for my house", "x"), ("something else", "y")])
    sealed = made([("Where is my  new debit card please", "x"), ("i want a loan for my houses", "x"), ("unrelated", "y")])
    leaks = rows.overlap(train, sealed)
    assert (leaks.exact, leaks.near, leaks.train_rows) == (1, 1, (0, 1))


def test_alike_is_not_nearly_the_same() -> None:
    train = made([("please block my card", "x"), ("please unblock my card", "y")])
    assert rows.overlap(train, made([("please lock my cards", "x")])).near == 0


def test_nothing_to_compare_is_no_leak() -> None:
    assert rows.overlap([], made([("a", "x")])).exact == 0
    assert rows.overlap(made([("a", "x")]), []).near == 0


def test_kinds_of_personal_data_count_rows() -> None:
    found = rows.personal_data(made([("a@b.example and c@d.example", "x"), ("none", "x"), ("10.0.0.1", "e@f.example")]))
    assert found == {"EMAIL": 2, "IP_ADDRESS": 1}


def looked(turn: int) -> Canary:
    outcome = outcomes("Classification", about(60, turn=turn), about(30, start=500), "seed")["canary"]
    assert isinstance(outcome, Canary)
    return outcome


def test_right_labels_are_predicted_and_turned_ones_are_not() -> None:
    right, turned = looked(0), looked(1)
    assert agreement(right.by_train, right.truth) > 0.9 and agreement(turned.by_train, turned.truth) < 0.1
    assert agreement(turned.by_sealed, turned.truth) > 0.9
    assert agreement(turned.train_by_train, turned.train_truth) > 0.9


def test_no_row_is_its_own_neighbour() -> None:
    two, others = made([("only this", "x"), ("and that", "y")]), made([("one", "x"), ("two", "y")])
    alone = outcomes("Classification", two, others, "seed")["canary"]
    assert isinstance(alone, Canary) and agreement(alone.train_by_train, alone.train_truth) == 0.0


def test_a_canary_needs_two_of_each() -> None:
    assert outcomes("Classification", about(1), about(30), "seed") == {"canary": None}
    assert outcomes("Extraction", about(1), about(30), "seed") == {"resemblance": None}


@pytest.mark.parametrize(("task", "way"), [("ExactMatch", "Neighbours"), ("Extraction", "Containment")])
def test_targets_that_are_texts_are_compared_as_texts(task: str, way: str) -> None:
    outcome = outcomes(task, about(60), about(30, start=500), "seed")["resemblance"]
    assert isinstance(outcome, Resemblance) and outcome.way == way and len(outcome.by_sealed) == 30


class Desk:
    """A registry with data, and the auditor run in this process."""

    def __init__(self, server: RegistryServer, tiny: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server, self.folder, self._patch = server, folder, monkeypatch
        self.base = self.push("base", tiny)
        monkeypatch.setattr("sys.argv", ["delivery_auditor", "audit"])
        for name in ("EVIDENCE_DIR", "WORK", "TERMINATION_LOG"):
            monkeypatch.setenv(f"DELIVERY_{name}", str(folder / name.lower()))

    def push(self, repository: str, folder: Path) -> Source:
        there = Registry(parse(f"oci://{self.server.host}/{repository}", "test"), "test", insecure=True)
        return Source(uri=artifacts.push(there, folder, "data").uri)

    def rows(self, name: str, made_rows: Sequence[Row]) -> Source:
        folder = self.folder / name
        folder.mkdir()
        lines = [json.dumps({"text": row.text, "intent": row.target}) for row in made_rows]
        (folder / "rows.jsonl").write_text("\n".join(lines))
        return self.push(name, folder)

    def audit(self, train: Sequence[Row], sealed: Sequence[Row], **changes: object) -> tuple[AuditEvidence, int]:
        task = AuditTask(
            delivery_uid="uid",
            inputs="inputs",
            base=self.base,
            train=self.rows("train", train),
            sealed=self.rows("sealed", sealed),
            fields=Fields(input="text", target="intent"),
            task="Classification",
            metric="Accuracy",
            holdout_items=16,
            insecure_registries=(self.server.host,),
        ).model_copy(update=changes)
        self._patch.setenv("DELIVERY_TASK", canonical(task))
        status = auditor.main()
        evidence = read_evidence.validate_json((self.folder / "evidence_dir/evidence.json").read_text())
        assert isinstance(evidence, AuditEvidence) and evidence.complete
        return evidence, status


@pytest.fixture
def desk(registry: RegistryServer, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(registry, tiny, tmp_path, monkeypatch)


def test_a_whole_audit(desk: Desk) -> None:
    train = [*about(60), row_of(60, "", "card"), row_of(61, "mail ann@example.com", "app")]
    evidence, status = desk.audit(train, about(40, start=500))
    assert status == 0 and evidence.problem is None
    assert evidence.train is not None and (evidence.train.rows, evidence.train.empty) == (62, 1)
    assert evidence.labels == {"app": 21, "card": 20, "loan": 20} and evidence.unseen_labels == ()
    assert evidence.drop_rows == (60,) and evidence.personal_data == {"EMAIL": 1}
    assert len(evidence.holdout) == 16 and len(evidence.probe) == 24 and not set(evidence.holdout) & set(evidence.probe)
    assert evidence.architecture["architecture"] == "LlamaForCausalLM" and evidence.context_length == 512
    assert evidence.base_bytes and evidence.has_chat_template and evidence.too_long == 0
    assert evidence.lengths is not None and evidence.lengths.answer_maximum == len("card") + 1
    assert evidence.canary is not None and len(evidence.canary.truth) == 24
    assert not (desk.folder / "work/base/model.safetensors").exists(), "an audit does not need weights"


def test_a_target_longer_than_the_context_is_counted(desk: Desk) -> None:
    evidence, _ = desk.audit([*about(30), row_of(30, "long", "x" * 600)], about(40, start=500))
    assert evidence.too_long == 1


def test_a_label_of_sealed_items_only_is_named(desk: Desk) -> None:
    evidence, _ = desk.audit(about(30), [*about(40, start=500), row_of(40, "other", "insurance")])
    assert evidence.unseen_labels == ("insurance",)


def test_a_skipped_canary_is_absent(desk: Desk) -> None:
    evidence, _ = desk.audit(about(30), about(40, start=500), canary=False)
    assert evidence.canary is None


def test_an_extraction_has_no_labels_and_a_share_of_targets_inside(desk: Desk) -> None:
    evidence, _ = desk.audit(made([("the red car", "red"), ("a blue one", "green")]), about(40, start=500), task="Extraction")
    assert evidence.targets_in_input == 0.5 and evidence.labels == {} and evidence.canary is None


def test_a_base_that_is_no_model_is_said_so(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/readme.txt").write_text("no model")
    evidence, status = desk.audit(about(30), about(40, start=500), base=desk.push("other", tmp_path / "other"))
    assert status == 1 and evidence.problem is not None
    assert (evidence.problem.kind, evidence.problem.field) == ("Invalid", "spec.base")


def test_rows_that_are_all_sealed_items_leave_nothing(desk: Desk) -> None:
    evidence, status = desk.audit(about(30), about(30))
    assert status == 1 and evidence.problem is not None and evidence.overlap is None
    assert evidence.problem.field == "spec.terms.data.train"
