"""The document store keeps what it acknowledged."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

from chatkit.localcloud.core.store import Store


def test_a_document_comes_back_as_it_was_put(store: Store) -> None:
    """JSON values of every kind survive the trip."""
    document = {"name": "chat", "tags": {"a": "ü"}, "list": [1, 2.5, None, True]}
    store.put("resources", "/x", document)
    assert store.get("resources", "/x") == document


def test_a_returned_document_is_a_copy(store: Store) -> None:
    """Changing what `get` returned changes nothing in the store."""
    store.put("resources", "/x", {"list": []})
    store.get("resources", "/x")["list"].append(1)  # type: ignore[index]
    assert store.get("resources", "/x") == {"list": []}


def test_items_come_in_key_order_below_a_prefix(store: Store) -> None:
    """A prefix selects a subtree and nothing beside it."""
    for key in ("/b", "/a/2", "/a/1", "/ab"):
        store.put("resources", key, {"key": key})
    assert [key for key, _ in store.items("resources", "/a/")] == ["/a/1", "/a/2"]


def test_deleting_says_whether_it_was_there(store: Store) -> None:
    """The second delete finds nothing."""
    store.put("resources", "/x", {})
    assert (store.delete("resources", "/x"), store.delete("resources", "/x")) == (True, False)


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """An exception inside takes back every write, nested ones too."""
    with pytest.raises(ValueError, match="no"), store.transaction():
        store.put("resources", "/x", {})
        with store.transaction():
            store.put("resources", "/y", {})
        raise ValueError("no")
    assert list(store.items("resources")) == []


def test_a_failed_part_of_a_transaction_takes_back_its_own_writes(store: Store) -> None:
    """Whoever catches what went wrong inside can go on with the rest."""
    with store.transaction():
        store.put("resources", "/x", {})
        with suppress(ValueError), store.transaction():
            store.put("resources", "/x", {"half": True})
            store.put("resources", "/y", {})
            raise ValueError
        store.put("resources", "/z", {})
    assert list(store.items("resources")) == [("/x", {}), ("/z", {})]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are those of Unix")
def test_a_full_disk_is_said_and_blocks_nothing(tmp_path: Path) -> None:
    """The error is that of the disk, the transaction leaves nothing, and the next one is kept."""
    path = tmp_path / "state.db"
    code = f"""
import resource, signal
from pathlib import Path
from chatkit.core.errors import NotWritten
from chatkit.localcloud.core.store import Store

path = Path({str(path)!r})
store = Store(path)
store.put("resources", "/before", {{}})
written = path.with_name("state.db-wal").stat().st_size
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (written + 100, hard))
try:
    with store.transaction():
        store.put("resources", "/lost", {{"large": "x" * 20_000_000}})
except NotWritten as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
with store.transaction():
    store.put("resources", "/after", {{}})
"""
    said = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ).stdout
    assert "rollback" not in said
    # SQLite calls this an error of the disk, as it does a quota that is used up.
    assert "larger than a file may be" in said and "ulimit -f" in said
    assert not [*tmp_path.glob(".*probe")]
    with closing(Store(path)) as store:
        assert [key for key, _ in store.items("resources")] == ["/after", "/before"]


def test_what_was_written_survives_kill_9(tmp_path: Path) -> None:
    """A process that prints after each put and dies hard has lost none of what it printed."""
    code = (
        "import sys; from pathlib import Path; from chatkit.localcloud.core.store import Store\n"
        f"store = Store(Path({str(tmp_path / 'state.db')!r}))\n"
        "for n in range(10**6): store.put('n', f'{n:07}', {'n': n}); print(n, flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(200)]
    child.kill()
    child.communicate()
    with closing(Store(tmp_path / "state.db")) as store:
        kept = {value["n"] for _, value in store.items("n")}
    assert kept >= set(acknowledged)
