"""Every verb says the same sentence about a damaged home, and two verbs lead out of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chatkit import Workshop
from chatkit.cloud import local_cloud
from chatkit.core import settings
from chatkit.core.errors import HomeDamaged, NotStarted, SetupError
from chatkit.core.home import records, state, version
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.storage.state.repository import Repository
from chatkit.localcloud.storage.state.spec import AccountSpec
from tests.cli.typing_verbs import Chatkit
from tests.core.home import used_homes

MEND = "`chatkit local repair` mends what can be mended"
VERBS = (
    ("status",),
    ("status", "--json"),
    ("lab", "--no-browser"),
    ("run",),
    ("check", "01"),
    ("catch-up",),
    ("clean", "-y"),
    ("reset", "-y"),
    ("local", "up"),
    ("local", "status"),
    ("local", "status", "--json"),
    ("local", "env"),
    ("local", "fault"),
    ("local", "time"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A used home that no test changes."""
    home = tmp_path_factory.mktemp("made")
    used_homes.make(home)
    return home


@pytest.fixture
def used(made: Path, home: Path) -> Iterator[Path]:
    """A copy of it, in which verbs are typed."""
    used_homes.copy(made, home)
    yield home
    local_cloud.stop(home / "local")


def my_chat(home: Path) -> dict[str, bytes]:
    """The learner's app, byte for byte."""
    folder = home / "my-chat"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def tenant(home: Path) -> str:
    """The tenant of a home whose local cloud does not run."""
    return state.look(home / "local" / "state.db").tenant_id


def empty(path: Path) -> str:
    """Empty a file; return the end of what a verb says about it."""
    path.write_bytes(b"")
    return f"{path} is damaged: "


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_says_which_file_and_what_to_type(
    chatkit: Chatkit, used: Path, verb: tuple[str, ...]
) -> None:
    """One line, without a traceback; no new tenant begins."""
    path = used / "local" / "state.db"
    said = empty(path)
    typed = chatkit(*verb)
    assert (typed.code, typed.err.count("\n")) == (1, 1)
    assert said in typed.err and MEND in typed.err
    assert path.read_bytes() == b""


@pytest.mark.parametrize("verb", [*VERBS[:10], ("doctor",)], ids=" ".join)
def test_every_verb_that_needs_names_says_that_they_are_damaged(
    chatkit: Chatkit, used: Path, verb: tuple[str, ...]
) -> None:
    """They are not replaced by new ones."""
    said = empty(used / "settings.json")
    typed = chatkit(*verb)
    assert typed.code == 1
    text = " ".join(f"{typed.out} {typed.err}".split())  # the doctor wraps its lines
    assert said.strip() in text and MEND in text
    assert (used / "settings.json").read_bytes() == b""


def test_a_notebooks_first_cell_says_the_same(used: Path) -> None:
    """And so does every later one."""
    workshop = Workshop.open()
    local_cloud.stop(used / "local")
    said = empty(used / "local" / "state.db")
    with pytest.raises(NotStarted) as caught:
        Workshop.open()
    assert said in str(caught.value) and MEND in str(caught.value)
    with pytest.raises(NotStarted) as later:
        workshop.sign_in()
    assert str(later.value) == str(caught.value)
    with pytest.raises(SetupError) as status:
        workshop.status()
    assert str(status.value) in str(caught.value)


def test_the_doctor_names_the_file(chatkit: Chatkit, used: Path) -> None:
    """With what repairs it, in JSON too; it looks only."""
    said = empty(used / "local" / "tls" / "ca.pem")
    typed = chatkit("doctor", "--json")
    report = json.loads(typed.out)
    (check,) = (check for check in report["checks"] if not check["ok"])
    assert (typed.code, report["ok"]) == (1, False)
    assert check["found"].startswith(said) and MEND in check["hint"]
    assert (used / "local" / "tls" / "ca.pem").read_bytes() == b""


def test_an_older_table_is_one_sentence(chatkit: Chatkit, used: Path) -> None:
    """What a service raises over a document that it does not know is not shown."""
    path = used / "local" / "state.db"
    with closing(Store(path)) as store:
        store.put("entra", "signing-key", {"key": "of another kind"})
    typed = chatkit("local", "up")
    assert (typed.code, typed.err.count("\n")) == (1, 1)
    assert f"{path} is damaged: a document in it is not as the kit writes it" in typed.err


def test_a_damaged_file_of_endpoints_is_written_anew(chatkit: Chatkit, used: Path) -> None:
    """The cloud runs, and is found again; it is the same one."""
    chatkit("local", "up")
    path = used / "local" / "cloud.json"
    before = path.read_text(encoding="utf-8")
    path.write_text(before[: len(before) // 2], encoding="utf-8")
    typed = chatkit("local", "up")
    assert typed.code == 0 and "was damaged" in typed.err
    assert path.read_text(encoding="utf-8") == before
    (aside,) = path.parent.glob("cloud.json.damaged-*")
    assert before.startswith(aside.read_text(encoding="utf-8"))


# Repair


def test_repair_of_a_whole_home_changes_nothing(chatkit: Chatkit, used: Path) -> None:
    """It says so."""
    before = {path: path.read_bytes() for path in used.rglob("*") if path.is_file()}
    typed = chatkit("local", "repair")
    assert (typed.code, typed.out) == (0, "No file of the home is damaged.\n")
    after = {path: path.read_bytes() for path in used.rglob("*") if path.is_file()}
    assert after.keys() - before.keys() <= {used / "local" / "reserve"}
    changed = {path.name for path in before if before[path] != after[path]}
    assert changed <= {"lock"}


def test_repair_makes_new_certificates(chatkit: Chatkit, used: Path) -> None:
    """The damaged ones are kept beside; the cloud is the same one."""
    before = tenant(used)
    (used / "local" / "tls" / "server.pem").write_text("nonsense", encoding="utf-8")
    typed = chatkit("local", "repair")
    assert typed.code == 0 and typed.out.startswith("local/tls/server.pem: kept nothing; lost the")
    (aside,) = (used / "local" / "tls").glob("server.pem.damaged-*")
    assert aside.read_text(encoding="utf-8") == "nonsense"
    assert used_homes.open_and_close(used / "local")[0] == before


def test_repair_reads_what_is_left_of_the_documents(chatkit: Chatkit, used: Path) -> None:
    """One damaged page: what stands elsewhere is kept, and the cloud starts."""
    path = used / "local" / "state.db"
    before = tenant(used)
    content = bytearray(path.read_bytes())
    last = len(content) - 4096
    content[last:] = b"\xee" * 4096
    path.write_bytes(content)
    assert chatkit("status").code == 1
    typed = chatkit("local", "repair")
    assert typed.code == 0, typed.err
    assert "local/state.db: kept " in typed.out
    (aside,) = path.parent.glob("state.db.damaged-*")
    assert aside.read_bytes() == bytes(content)
    assert tenant(used) == before
    assert chatkit("status").code == 0


def test_repair_takes_out_the_document_that_no_service_reads(chatkit: Chatkit, used: Path) -> None:
    """It is named, where there is no second copy of it."""
    path = used / "local" / "state.db"
    path.with_name("state.copy.db").unlink()
    with closing(Store(path)) as store:
        store.put("entra", "signing-key", {"key": "of another kind"})
        store.put("storage-blobs", "account/container/one", {"name": "one"})
    typed = chatkit("local", "repair")
    assert typed.code == 0, typed.err
    assert "lost 2 that could not be read: entra signing-key, storage-blobs account/" in typed.out
    used_homes.open_and_close(used / "local")


def test_repair_keeps_the_blobs_of_an_account_whose_document_is_lost(
    chatkit: Chatkit, used: Path
) -> None:
    """A start would take the account for a new one, and delete its files."""
    (used / "local" / "state.copy.db").unlink()
    with closing(Store(used / "local" / "state.db")) as store:
        store.put("storage", "chatkitusg4zs", {"website": None})
    blobs = {path.name for path in (used / "local" / "blobs" / "chatkitusg4zs").iterdir()}
    typed = chatkit("local", "repair")
    assert typed.code == 0 and "storage chatkitusg4zs" in typed.out
    with closing(Store(used / "local" / "state.db")) as store:
        account = Repository(store, used / "local" / "blobs").apply(
            AccountSpec("chatkitusg4zs", "a2V5", "a2V5")
        )
    assert account.website.enabled
    assert blobs == {path.name for path in (used / "local" / "blobs" / "chatkitusg4zs").iterdir()}


@pytest.mark.parametrize("loss", ["emptied", "gone", "a note", "without its tenant"])
def test_repair_takes_the_documents_from_their_second_copy(
    chatkit: Chatkit, used: Path, loss: str
) -> None:
    """As they were at the last start; the damaged file is kept, and the cloud is the same."""
    where = used / "local"
    path = where / "state.db"
    before = tenant(used)
    if loss == "emptied":
        path.write_bytes(b"")
    elif loss == "gone":
        path.unlink()
    elif loss == "a note":
        path.write_text("a note", encoding="utf-8")
    else:
        with closing(Store(path)) as store:
            store.put("entra", "own", {"kept": True})
            for key, _ in [*store.items("entra")]:
                if key != "own":
                    store.delete("entra", key)
    assert chatkit("status").code == 1
    typed = chatkit("local", "repair")
    assert typed.code == 0, typed.err
    assert "of them as they were at 20" in typed.out
    assert [*where.glob("state.db.damaged-*")] or loss == "gone"
    assert tenant(used) == before
    if loss == "without its tenant":
        with closing(Store(path)) as store:
            assert store.get("entra", "own") == {"kept": True}
    status = json.loads(chatkit("status", "--json").out)
    assert status["resource_group"] == "chatkit-usg4zs"
    assert chatkit("local", "repair").out == "No file of the home is damaged.\n"


@pytest.mark.parametrize("copy", ["damaged", "of another cloud"])
def test_a_copy_that_is_none_is_not_used(
    chatkit: Chatkit, used: Path, copy: str, tmp_path: Path
) -> None:
    """No other tenant begins by it."""
    path = used / "local" / "state.copy.db"
    if copy == "damaged":
        path.write_bytes(path.read_bytes()[:5000])
    else:
        (tmp_path / "other").mkdir()
        used_homes.open_and_close(tmp_path / "other")
        path.write_bytes((tmp_path / "other" / "state.db").read_bytes())
    said = empty(used / "local" / "state.db")
    typed = chatkit("local", "repair")
    assert typed.code == 1 and said in typed.err


def test_repair_cannot_make_a_tenant(chatkit: Chatkit, used: Path) -> None:
    """It names the other way, and leaves the file as it is."""
    (used / "local" / "state.copy.db").unlink()
    said = empty(used / "local" / "state.db")
    typed = chatkit("local", "repair")
    assert typed.code == 1 and said in typed.err
    assert "`chatkit local reset --keep-app` begins anew" in typed.err
    assert "local repair" not in typed.err
    assert (used / "local" / "state.db").read_bytes() == b""


def test_repair_takes_an_older_copy_as_it_is(chatkit: Chatkit, used: Path) -> None:
    """Blobs that it does not name are kept beside."""
    where = used / "local"
    copy = (where / "state.db").read_bytes()
    (blob,) = [*(where / "blobs").glob("*/*")][:1]
    blob.with_name("newer").write_text("newer", encoding="utf-8")
    used_homes.open_and_close(where)
    (where / "state.db").write_bytes(copy)
    typed = chatkit("local", "repair")
    assert typed.code == 0 and "it is older than the rest of the home" in typed.out
    (kept,) = where.glob("blobs.damaged-*/*/newer")
    assert kept.read_text(encoding="utf-8") == "newer"
    assert chatkit("status").code == 0


def test_repair_writes_the_version_from_the_documents(chatkit: Chatkit, used: Path) -> None:
    """They know which cloud it is."""
    before = version.read(used / "local")
    (used / "local" / "version.json").write_text("{", encoding="utf-8")
    typed = chatkit("local", "repair")
    assert typed.code == 0 and "local/version.json: kept what state.db says" in typed.out
    assert version.read(used / "local") == before


@pytest.mark.parametrize("verb", [("status",), ("run",), ("local", "up")], ids=" ".join)
@pytest.mark.parametrize("traces", ["records", "resources"])
def test_names_that_are_gone_are_not_replaced(
    chatkit: Chatkit, used: Path, verb: tuple[str, ...], traces: str
) -> None:
    """Nobody would know the old resources. Repair finds their names in the cloud's documents."""
    path = used / "settings.json"
    path.unlink()
    others = [used / name for name in settings.WRITTEN_LATER]
    if traces == "resources":
        for other in others:
            other.unlink(missing_ok=True)
    else:
        assert any(other.exists() for other in others)
    typed = chatkit(*verb)
    assert typed.code == 1 and typed.err.count("\n") == 1
    assert f"{path} is damaged: it is gone, and it holds the names" in typed.err
    assert MEND in typed.err and not path.exists()
    typed = chatkit("local", "repair")
    assert typed.code == 0 and "settings.json: kept the names (suffix usg4zs)" in typed.out
    assert settings.load(used).suffix == "usg4zs"


def test_a_notebook_whose_names_are_deleted_says_so(used: Path) -> None:
    """In the middle, too: a later cell chooses no new ones."""
    workshop = Workshop.open()
    (used / "settings.json").unlink()
    with pytest.raises(HomeDamaged, match="it is gone, and it holds the names"):
        workshop.create_resource_group()


def test_a_group_of_ones_own_needs_no_settings(chatkit: Chatkit, home: Path) -> None:
    """Whoever uses the local cloud alone may call one as they like."""
    (home / "local").mkdir(parents=True)
    used_homes.open_and_close(home / "local")
    with closing(Store(home / "local" / "state.db")) as store:
        store.put("resource-groups", "/subscriptions/s/resourcegroups/chatkit-mine", {"id": "x"})
    typed = chatkit("local", "status")
    assert "not running" in typed.out and not typed.err


@pytest.mark.parametrize("kept", ["the beginning of the file", "the resources' names"])
def test_repair_finds_the_names_again(chatkit: Chatkit, used: Path, kept: str) -> None:
    """In what is left of the file, else in the local cloud."""
    path = used / "settings.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[:90] if kept == "the beginning of the file" else "", encoding="utf-8")
    typed = chatkit("local", "repair")
    assert typed.code == 0 and "settings.json: kept the names (suffix usg4zs)" in typed.out
    assert settings.load(used).suffix == "usg4zs"
    (aside,) = used.glob("settings.json.damaged-*")
    assert text.startswith(aside.read_text(encoding="utf-8"))


def test_repair_says_when_the_names_are_new(chatkit: Chatkit, home: Path) -> None:
    """Resources on Azure keep their old ones: a person has to know."""
    home.mkdir()
    (home / "settings.json").write_text("{}", encoding="utf-8")
    typed = chatkit("local", "repair")
    suffix = settings.load(home).suffix
    assert f"lost the names, which are new ones (suffix {suffix})" in typed.out


def test_repair_names_each_record(chatkit: Chatkit, used: Path) -> None:
    """Once, and not on stderr besides."""
    for name in ("timings.json", "steps.json", "chatfiles.json", "servers/functions.json"):
        (used / name).write_text("{", encoding="utf-8")
    typed = chatkit("local", "repair")
    assert (typed.code, typed.err) == (0, "")
    assert [line.partition(":")[0] for line in typed.out.splitlines()] == [
        "chatfiles.json",
        "servers/functions.json",
        "steps.json",
        "timings.json",
    ]


def test_repair_starts_a_cloud_again_that_ran(chatkit: Chatkit, used: Path) -> None:
    """It has to be stopped for it."""
    chatkit("local", "up")
    assert chatkit("local", "repair").code == 0
    assert local_cloud.running(used / "local") is not None


def test_repair_mends_blobs(chatkit: Chatkit, used: Path) -> None:
    """History keeps what is there, other blobs go; their files are kept beside."""
    folder = used / "local" / "blobs" / "chatkitusg4zs"
    contents = {path: path.read_bytes() for path in sorted(folder.iterdir())}
    page = next(path for path, content in contents.items() if content.startswith(b"<!doctype"))
    history = next(path for path, content in contents.items() if content.startswith(b'\n{"id"'))
    half = page.read_bytes()[:100]
    page.write_bytes(half)
    lines = history.read_bytes()
    history.write_bytes(lines[: len(lines) // 2])
    up = chatkit("local", "up")
    assert (
        up.code == 0 and "$web/index.html and 1 others is damaged" in up.err and MEND[:22] in up.err
    )
    chatkit("local", "down")
    typed = chatkit("local", "repair")
    assert typed.code == 0, typed.err
    assert f"local/blobs/chatkitusg4zs/{page.name}: kept nothing; lost the blob" in typed.out
    assert f"{history.name}: kept {len(lines) // 2} of {len(lines)} bytes" in typed.out
    (aside,) = (used / "local").glob(f"blobs.damaged-*/chatkitusg4zs/{page.name}")
    assert aside.read_bytes() == half
    assert chatkit("local", "repair").out == "No file of the home is damaged.\n"


def test_repair_brings_back_what_was_appended_since_the_copy(chatkit: Chatkit, used: Path) -> None:
    """The copy knows how long history was at the last start; the file has the rest."""
    where = used / "local"
    folder = where / "blobs" / "chatkitusg4zs"
    (history,) = [path for path in folder.iterdir() if path.read_bytes().startswith(b'\n{"id"')]
    before = len(history.read_bytes())
    with history.open("ab") as file:
        file.write(b'\n{"id":"later"}')
    (where / "state.db").unlink()
    typed = chatkit("local", "repair")
    said = f"{history.name}: kept {before + 15} bytes of the blob "
    assert typed.code == 0 and said in typed.out and "15 of them appended since" in typed.out
    with closing(Store(where / "state.db")) as store:
        pieces = [document["pieces"] for _, document in store.items("storage-blobs")]
    assert [[history.name, before + 15, ""]] in pieces
    assert chatkit("local", "repair").out == "No file of the home is damaged.\n"


def test_repair_names_an_app_whose_files_are_gone(chatkit: Chatkit, used: Path) -> None:
    """Publishing sends them again."""
    for path in (used / "local" / "sites").rglob("host.json"):
        path.unlink()
    typed = chatkit("local", "repair")
    assert typed.code == 0 and "workshop.publish_functions(again=True)" in typed.out


# Beginning anew


@pytest.mark.parametrize("name", ["local/state.db", "settings.json", "local/tls/ca.pem"])
def test_reset_keeps_the_app_and_damaged_files(chatkit: Chatkit, used: Path, name: str) -> None:
    """The cloud begins anew; the learner's files are byte for byte as they were."""
    before = tenant(used)
    app = my_chat(used)
    path = used / name
    path.write_text("damaged", encoding="utf-8")
    typed = chatkit("local", "reset", "--keep-app", "--yes")
    assert typed.code == 0, typed.err
    assert my_chat(used) == app
    (aside,) = used.glob(f"{path.name}{records.MARK}*")
    assert aside.read_text(encoding="utf-8") == "damaged"
    assert used_homes.open_and_close(used / "local")[0] != before
    status = json.loads(chatkit("status", "--json").out)
    assert (status["resource_group"], status["web_url"]) == (None, None)


def test_reset_keeps_the_names_and_what_is_known_of_azure(chatkit: Chatkit, used: Path) -> None:
    """Resources there cost money. The sections that were done stay done."""
    known = settings.load(used)
    azure = settings.Known(resource_group="chatkit-usg4zs", completed=("01",))
    settings.save(used, replace(known, known={**known.known, "azure": azure}))
    assert chatkit("local", "reset", "--keep-app", "--yes").code == 0
    after = settings.load(used)
    assert (after.suffix, after.target, after.known["azure"]) == (known.suffix, "local", azure)
    assert after.known["local"] == settings.Known(completed=known.facts.completed)


def test_reset_asks_first(chatkit: Chatkit, used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an answer, nothing is done."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    before = tenant(used)
    assert chatkit("local", "reset", "--keep-app").code == 1
    assert tenant(used) == before
