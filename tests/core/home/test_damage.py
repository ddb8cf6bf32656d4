"""Every file of a used home, damaged in every way: one sentence that says what to type, the damaged
file is still there, and no new tenant begins.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chatkit.cloud import local_cloud
from chatkit.cloud.how import memory
from chatkit.core import tls
from chatkit.core.errors import HomeDamaged, HomeUnusable
from chatkit.core.home import check, state
from chatkit.core.work import notebooks
from chatkit.localcloud.core.store import Store
from chatkit.steps import app_files, timings
from chatkit.steps.local_servers import FUNCTIONS, LocalServers
from tests.attacks.homes import CERTIFICATES, LOST_DOCUMENTS
from tests.core.home import used_homes
from tests.core.home.damages import DAMAGES, FORGETTING, FORGOTTEN, STOP, STOPPING, UNREAD


def look(home: Path) -> None:
    """What a verb does before it does anything else."""
    check.check_home(home)
    local_cloud.check_stopped(home / "local")


def test_every_file_of_a_used_home_is_in_a_table(used_home: Path) -> None:
    """A new one needs a decision: what happens when it is damaged?"""
    ours = {"my-chat", "blobs", "sites"}
    names = {
        path.relative_to(used_home).as_posix()
        for path in used_home.rglob("*")
        if path.is_file() and not ours & {*path.relative_to(used_home).parts}
    }
    assert names <= {*STOP, *FORGOTTEN, *UNREAD}


def test_a_used_home_is_whole(used_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said about it."""
    look(used_home)
    assert capsys.readouterr().err == ""


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A database with a log, as a kill leaves them; the log has three changes."""
    path = tmp_path / state.FILE
    with closing(Store(path)) as store:
        for number in range(3):
            store.put("a", "one", {"value": number})
        for end in ("", "-wal"):
            shutil.copyfile(f"{path}{end}", f"{path}.killed{end}")
    return tmp_path / f"{state.FILE}.killed"


@pytest.mark.parametrize("where", ["header", "frame"])
def test_a_damaged_log_is_noticed(killed: Path, where: str) -> None:
    """SQLite reads it up to there, and says nothing about the changes behind."""
    state.look(killed)
    log = killed.with_name(f"{killed.name}-wal")
    content = bytearray(log.read_bytes())
    place = {"header": 20, "frame": len(content) - 5000}[where]
    content[place] ^= 0xFF
    log.write_bytes(content)
    with pytest.raises(HomeDamaged, match=r"-wal is damaged: .*`chatkit local repair`"):
        state.look(killed)


@pytest.mark.parametrize("left", [4000, 10])
def test_a_log_that_a_kill_has_cut_off_is_whole(killed: Path, left: int) -> None:
    """What was written last was not acknowledged."""
    log = killed.with_name(f"{killed.name}-wal")
    log.write_bytes(log.read_bytes()[: left - 4120])
    state.look(killed)


@pytest.mark.parametrize("size", [0, 10])
def test_a_log_without_its_beginning_is_an_empty_one(killed: Path, size: int) -> None:
    """A full disk, or a kill, has left it so, beside the shared memory of the process before."""
    log = killed.with_name(f"{killed.name}-wal")
    log.write_bytes(log.read_bytes()[:size])
    killed.with_name(f"{killed.name}-shm").write_bytes(bytes(32_768))
    state.look(killed)


def test_a_frame_cut_off_inside_an_older_log_is_no_damage(killed: Path) -> None:
    """A limit of the file's size ended the write; what stood there before stands behind it."""
    log = killed.with_name(f"{killed.name}-wal")
    content = log.read_bytes()
    older = bytes(byte ^ 0xFF for byte in content[-4120:])
    log.write_bytes(content[:-2000] + older[-2000:] + older)
    state.look(killed)


LOOK_WITHOUT_ROOM = """
import resource, sys
from pathlib import Path
from chatkit.core.errors import NotWritten
from chatkit.core.home import state
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    state.look(Path(sys.argv[1]))
except NotWritten as error:
    print(error)
"""
"""With a log of a killed cloud SQLite needs a file to read, and there is no room for one."""


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on what a process writes is Linux's")
def test_a_full_disk_is_no_damage(killed: Path) -> None:
    """After a kill on a full disk nothing says that the documents are to be mended."""
    command = [sys.executable, "-c", LOOK_WITHOUT_ROOM, str(killed)]
    said = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout
    assert "cannot be written: the disk is full" in said


@pytest.mark.parametrize(("name", "damage"), STOPPING)
def test_a_damaged_file_stops_everything(used_home: Path, name: str, damage: str) -> None:
    """The sentence names a file and what to type; what is in the file stays where it is."""
    path = used_home / name
    STOP[name][damage](path)
    content = path.read_bytes()
    with pytest.raises(HomeDamaged, match=r"is damaged: .*`chatkit local repair`") as caught:
        look(used_home)
    assert caught.value.path.parent == path.parent
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_daemon_says_the_same_as_a_verb(used_home: Path, damage: str) -> None:
    """It looks itself: another program may have started it."""
    STOP["local/state.db"][damage](used_home / "local" / "state.db")
    with pytest.raises(HomeDamaged) as verb:
        look(used_home)
    with pytest.raises(HomeDamaged) as daemon:
        used_homes.open_and_close(used_home / "local")
    assert str(daemon.value) == str(verb.value)


@pytest.mark.parametrize("name", ["state.db", "version.json"])
def test_a_lost_file_begins_no_new_tenant(used_home: Path, name: str) -> None:
    """The documents are missed; the note about them is written anew."""
    (used_home / "local" / name).unlink()
    if name == "state.db":
        with pytest.raises(HomeDamaged, match="it is gone, and a cloud was in it"):
            used_homes.open_and_close(used_home / "local")
        assert not (used_home / "local" / name).exists()
    else:
        tenant = used_homes.open_and_close(used_home / "local")
        assert tenant == used_homes.open_and_close(used_home / "local")


def test_a_home_of_0_1_0_without_documents_begins_no_new_tenant(used_home: Path) -> None:
    """Nothing but the other files says that there was one."""
    (used_home / "local" / "version.json").unlink()
    (used_home / "local" / "state.db").write_bytes(b"")
    with pytest.raises(HomeDamaged, match="a cloud was in it"):
        used_homes.open_and_close(used_home / "local")


@pytest.mark.parametrize("loss", LOST_DOCUMENTS)
def test_lost_documents_begin_no_new_tenant(used_home: Path, loss: str) -> None:
    """The sentence names the file; whatever is in it stays, and nothing else is made."""
    where = used_home / "local"
    LOST_DOCUMENTS[loss](where / "state.db")
    before = {path: path.read_bytes() for path in where.iterdir() if path.is_file()}
    with pytest.raises(HomeUnusable, match=r"/state\.db(-wal)? (is damaged|was written)"):
        used_homes.open_and_close(where)
    assert before == {path: path.read_bytes() for path in where.iterdir() if path.is_file()}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_of_another_machine_is_noticed(
    used_home: Path, tmp_path: Path, name: str
) -> None:
    """Clients would not trust the server, and not say why."""
    tls.load(tmp_path / "other")
    shutil.copy(tmp_path / "other" / name, used_home / "local" / "tls" / name)
    with pytest.raises(HomeDamaged, match="tls"):
        look(used_home)


def read_all(home: Path) -> None:
    """Read every record, as the verbs do."""
    timings.load(home, "local")
    memory.load(home, "local")
    app_files.read_record(home)
    notebooks.read_record(home)
    LocalServers(home).running(FUNCTIONS)
    local_cloud.check_stopped(home / "local")


@pytest.mark.parametrize(("name", "damage"), FORGETTING)
def test_a_damaged_record_is_put_aside(
    used_home: Path, capsys: pytest.CaptureFixture[str], name: str, damage: str
) -> None:
    """The kit goes on without it and says so once; nothing that was in it is gone."""
    path = used_home / name
    if not path.exists():
        path.write_text(json.dumps({"control": "http://127.0.0.1:1"}), encoding="utf-8")
    FORGOTTEN[name][damage](path)
    content = path.read_bytes()
    read_all(used_home)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{path} was damaged: " in said
    (aside,) = path.parent.glob(f"{path.name}.damaged-*")
    assert aside.read_bytes() == content
    assert aside.name in said
    assert not path.exists()
    read_all(used_home)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", UNREAD)
def test_a_file_that_is_not_read_does_no_harm(used_home: Path, name: str, damage: str) -> None:
    """Logs and locks: whatever is in them."""
    DAMAGES[damage](used_home / name)
    look(used_home)


@pytest.mark.parametrize(
    "name", ["settings.json", "local", "local/tls", "local/state.db", "local/lock", "logs"]
)
def test_a_file_in_place_of_a_folder_is_named(used_home: Path, name: str) -> None:
    """And a folder in the place of a file."""
    path = used_home / name
    make: Callable[[], object] = path.mkdir
    if path.is_dir():
        path.rename(used_home / "elsewhere")
        make = path.touch
    else:
        path.unlink()
    make()
    with pytest.raises(HomeDamaged, match="it should be a"):
        look(used_home)
