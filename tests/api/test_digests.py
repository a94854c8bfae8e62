"""Digests are names of work: if one of these goes red, an upgrade is about to retrain every user's model."""

from delivery_api import digests, names
from delivery_api.driver import Config, Fields
from delivery_api.sources import Source
from delivery_api.tasks import AuditTask

URI = "oci://registry/acme/data@sha256:" + "a" * 64
TASK = AuditTask(
    delivery_uid="u",
    inputs="i",
    base=Source(uri=URI),
    sealed=Source(uri=URI),
    train=Source(uri=URI),
    fields=Fields(input="text", target="label"),
    task="Classification",
    metric="Accuracy",
)


def test_golden_digest_of_a_task():
    assert digests.digest(TASK) == "sha256:f045813423153fc7af18ba847059171939e9e5afa057ee74969ae4a08f58046a"


def test_absent_and_null_are_the_same():
    """A client that writes nulls must not start another run."""
    assert digests.digest(Config(rank=None, steps=3)) == digests.digest(Config(steps=3))


def test_key_order_does_not_matter():
    assert digests.digest({"a": 1, "b": 2}) == digests.digest({"b": 2, "a": 1})


def test_child_names_are_bounded_and_lawful():
    name = names.child("a." * 100, "train", "sha256:" + "f" * 64, 3)
    assert len(name) <= 52 and name.endswith("-train-ffffffffff-3") and ".-" not in name and "." not in name


def test_long_tenant_namespaces_get_distinct_work_namespaces():
    one, other = names.work_namespace("n" * 60 + "a"), names.work_namespace("n" * 60 + "b")
    assert one != other and len(one) <= 63


def test_item_identity_depends_on_both_texts():
    assert digests.item_id("ab", "c") != digests.item_id("a", "bc")
