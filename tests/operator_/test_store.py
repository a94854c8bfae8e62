"""What watches have seen, where events come late, twice or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from delivery_operator.cluster.store import Store


def thing(name: str, version: int, owner: str = "u", namespace: str = "n") -> dict:
    return {"metadata": {"name": name, "namespace": namespace, "resourceVersion": str(version)}, "owner": owner}


def store() -> Store:
    return Store(lambda raw: raw["owner"])


def test_an_older_version_never_replaces_a_newer_one():
    """Or a pass would undo what it has just written."""
    seen = store()
    assert seen.put(thing("a", 5)) and not seen.put(thing("a", 4)) and not seen.put(thing("a", 5))
    assert seen.get("n", "a")["metadata"]["resourceVersion"] == "5"


def test_a_deletion_that_comes_late_does_not_remove_what_was_made_anew():
    seen = store()
    seen.put(thing("a", 9))
    assert seen.remove(thing("a", 7)) is None and len(seen) == 1


def test_a_change_that_comes_after_the_deletion_does_not_bring_it_back():
    seen = store()
    seen.put(thing("a", 1))
    seen.remove(thing("a", 3))
    assert not seen.put(thing("a", 2)) and len(seen) == 0


def test_an_object_that_moves_to_another_owner_is_found_there_only():
    seen = store()
    seen.put(thing("a", 1, "u"))
    seen.put(thing("a", 2, "v"))
    assert not seen.of("u") and len(seen.of("v")) == 1


def test_a_list_removes_what_it_lacks_but_not_what_is_newer_than_it():
    """An object created while the list was under way is not in it, and is not gone."""
    seen = store()
    seen.put(thing("old", 3))
    seen.put(thing("new", 12))
    changed, gone = seen.replace([thing("kept", 8)], version=10)
    assert [raw["metadata"]["name"] for raw in gone] == ["old"]
    assert [raw["metadata"]["name"] for raw in changed] == ["kept"]
    assert {raw["metadata"]["name"] for raw in seen} == {"kept", "new"}


@given(st.permutations([("put", 1), ("put", 2), ("put", 4), ("remove", 3)]))
def test_the_order_of_events_does_not_matter(events):
    """Made, changed, deleted, made again: the last one stays, in whatever order it is heard."""
    seen = store()
    for what, version in events:
        seen.put(thing("a", version)) if what == "put" else seen.remove(thing("a", version))
    assert seen.get("n", "a")["metadata"]["resourceVersion"] == "4"
