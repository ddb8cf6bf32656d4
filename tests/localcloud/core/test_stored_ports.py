"""What the store says about ports that were given up, and which documents follow."""

from __future__ import annotations

import pytest

from chatkit.core.listeners import Move
from chatkit.localcloud.core.platform import StoredPorts
from chatkit.localcloud.core.store import Store

ADDRESSED = ("resources", "applications")


@pytest.fixture
def ports(store: Store) -> StoredPorts:
    """Ports of two owners, and the collections that follow them."""
    ports = StoredPorts(store, ADDRESSED)
    ports.put("a", 100)
    ports.put("b", 200)
    return ports


def move(owner: str, before: int, now: int) -> Move:
    """A move that some program is the reason of."""
    return Move(owner, before, now, "another program")


def test_documents_follow_their_addresses(store: Store, ports: StoredPorts) -> None:
    """In the collections that name addresses; what people have stored stays as it is."""
    for collection in (*ADDRESSED, "blobs"):
        store.put(collection, "x", {"url": "http://localhost:100/"})
    ports.move([move("a", 100, 101)])
    urls = {name: (store.get(name, "x") or {})["url"] for name in (*ADDRESSED, "blobs")}
    assert urls == {
        "resources": "http://localhost:101/",
        "applications": "http://localhost:101/",
        "blobs": "http://localhost:100/",
    }


def test_two_that_change_places_are_not_mixed_up(store: Store, ports: StoredPorts) -> None:
    """Everything follows in one step."""
    store.put("resources", "x", {"urls": ["localhost:100", "localhost:200"]})
    ports.move([move("a", 100, 200), move("b", 200, 201)])
    assert (store.get("resources", "x") or {})["urls"] == ["localhost:200", "localhost:201"]


def test_an_interrupted_move_has_moved_nothing(
    store: Store, ports: StoredPorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle, the next start moves again."""
    store.put("applications", "x", {"url": "localhost:100"})
    put = store.put

    def fail(collection: str, key: str, value: dict[str, object]) -> None:
        if collection == "applications":
            raise KeyboardInterrupt
        put(collection, key, value)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(store, "put", fail)
        ports.move([move("a", 100, 101)])
    assert (ports.all(), ports.moved()) == ({"a": 100, "b": 200}, {})


def test_every_port_that_an_owner_had_leads_to_the_present_one(ports: StoredPorts) -> None:
    """Whoever looks only now may have missed a move."""
    ports.move([move("a", 100, 101)])
    ports.move([move("a", 101, 102)])
    assert ports.moved() == {100: 102, 101: 102}


def test_a_port_that_has_a_new_owner_leads_nowhere_else(ports: StoredPorts) -> None:
    """An address with it means the new owner."""
    ports.move([move("a", 100, 101)])
    ports.put("c", 100)
    assert ports.moved() == {}
    ports.move([move("c", 100, 103)])
    assert ports.moved() == {100: 103}


def test_a_deleted_owner_leads_nowhere(ports: StoredPorts) -> None:
    """Its address means nothing any more."""
    ports.move([move("a", 100, 101)])
    ports.delete("a")
    assert ports.moved() == {}
