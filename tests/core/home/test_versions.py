"""The form of a home has a number: older ones are brought to it, newer ones are refused."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatkit.core import settings, strict_json
from chatkit.core.errors import HomeDamaged, HomeTooNew
from chatkit.core.home import check, state, version
from chatkit.localcloud.core.store import Store
from tests.core.home import used_homes
from tests.steps import old_homes


def form(path: Path) -> int:
    """The number in a database."""
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def test_a_home_of_0_1_0_gets_the_number(tmp_path: Path) -> None:
    """In both files, and with the tenant that it had."""
    old_homes.make("0.1.0", tmp_path)
    path = tmp_path / "local" / "state.db"
    before = state.look(path)
    assert (before.schema, form(path)) == (1, 0)
    tenant, _ = used_homes.open_and_close(tmp_path / "local")
    assert tenant == before.tenant_id
    known = version.read(tmp_path / "local")
    assert known is not None
    assert (known.schema, known.tenant_id, known.starts) == (version.SCHEMA, tenant, 1)
    assert form(path) == version.SCHEMA
    settings.save(tmp_path, settings.load(tmp_path))
    assert (
        json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))["schema"]
        == settings.SCHEMA
    )


def test_documents_of_0_1_0_are_brought_to_the_new_form(tmp_path: Path) -> None:
    """Parts that were null are empty; a refresh token knows what kind of client has it.

    The lines of a deployment's log are documents of their own.
    """
    path = tmp_path / "state.db"
    with closing(Store(path)) as store:
        store.put("entra-applications", "web", {"web": {"redirectUris": ["http://x"]}, "spa": None})
        store.put("entra-applications", "public", {"web": None})
        for client in ("web", "public"):
            store.put("entra-refresh", client, {"client_id": client})
        store.put("deployments/site", "d1", {"id": "d1", "log": [{"message": "Starting ..."}]})
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version=0")
    with closing(Store(path)) as store:
        applications = dict(store.items("entra-applications"))
        tokens = dict(store.items("entra-refresh"))
        assert store.get("deployments/site", "d1") == {"id": "d1"}
        assert [*store.items("deployment-logs/site")] == [
            ("d1/000000000", {"message": "Starting ..."})
        ]
    assert (applications["web"]["spa"], applications["public"]["web"]) == ({}, {})
    assert {key: token["needs_proof"] for key, token in tokens.items()} == {
        "web": True,
        "public": False,
    }


def test_a_migration_that_fails_leaves_the_old_form(tmp_path: Path) -> None:
    """As a start does that is killed in the middle."""
    path = tmp_path / "state.db"
    with closing(Store(path)) as store:
        store.put("entra-applications", "a", {"web": None})
        store.put("entra-refresh", "no client", {})
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version=0")
    with pytest.raises(KeyError):
        Store(path)
    assert form(path) == 0
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT value FROM documents WHERE key='a'").fetchall()
    assert rows == [('{"web":null}',)]


def test_a_newer_home_is_refused_and_stays(used_home: Path) -> None:
    """This version would lose what it does not know. Each file says it for itself."""
    where = used_home / "local"
    path = where / "state.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version={version.SCHEMA + 1}")
    with pytest.raises(HomeTooNew, match=r"written by a newer chatkit .*Update chatkit"):
        used_homes.open_and_close(where)
    assert form(path) == version.SCHEMA + 1
    document = json.loads((where / "version.json").read_text(encoding="utf-8"))
    (where / "version.json").write_text(
        json.dumps({**document, "schema": version.SCHEMA + 1}), encoding="utf-8"
    )
    with pytest.raises(HomeTooNew, match=r"version\.json"):
        check.check_cloud(where)


def test_newer_settings_are_refused_and_stay(used_home: Path) -> None:
    """Names of resources that cost money are in them."""
    path = used_home / "settings.json"
    text = json.dumps(
        {**json.loads(path.read_text(encoding="utf-8")), "schema": settings.SCHEMA + 1}
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HomeTooNew, match="CHATKIT_HOME"):
        settings.load(used_home)
    assert path.read_text(encoding="utf-8") == text


def test_a_first_start_that_was_killed_is_begun_again(tmp_path: Path) -> None:
    """Certificates are there, no tenant is: nothing was lost."""
    version.write(tmp_path, version.Version())
    Store(tmp_path / "state.db").close()
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "ca.pem").write_text("", encoding="utf-8")
    assert check.check_documents(tmp_path).tenant_id == ""


def test_a_start_that_was_killed_before_it_noted_itself_is_no_damage(used_home: Path) -> None:
    """The store counts first: it may know of one start more."""
    where = used_home / "local"
    with closing(Store(where / "state.db")) as store:
        store.count_start()
    check.check_cloud(where)


def test_an_older_copy_of_the_documents_is_noticed(used_home: Path, tmp_path: Path) -> None:
    """Blobs that it does not know would be deleted as left over."""
    where = used_home / "local"
    copy = (where / "state.db").read_bytes()
    used_homes.open_and_close(where)
    (where / "state.db").write_bytes(copy)
    with pytest.raises(HomeDamaged, match="older than the rest"):
        check.check_cloud(where)


def test_documents_of_another_cloud_are_noticed(used_home: Path, tmp_path: Path) -> None:
    """The state.db of another machine's home."""
    other = tmp_path / "other"
    other.mkdir()
    used_homes.open_and_close(other)
    (used_home / "local" / "state.db").write_bytes((other / "state.db").read_bytes())
    with pytest.raises(HomeDamaged, match="another one"):
        check.check_cloud(used_home / "local")


@pytest.mark.parametrize(
    "text", ["[]", '"x"', '{"schema": "two"}', '{"schema": null}', "[" * 99999]
)
def test_a_form_without_a_number_is_refused(tmp_path: Path, text: str) -> None:
    """Settings and the cloud's version are read by the same function."""
    path = tmp_path / "some.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"no object|no number|too deeply"):
        strict_json.read_numbered(path, known=2)


def test_a_newer_form_is_refused_and_an_older_one_has_a_number(tmp_path: Path) -> None:
    """0.1.0 wrote none."""
    path = tmp_path / "some.json"
    path.write_text('{"schema": 3}', encoding="utf-8")
    with pytest.raises(HomeTooNew, match="form 3 of a home; this version knows 2"):
        strict_json.read_numbered(path, known=2)
    path.write_text('{"a": 1}', encoding="utf-8")
    assert strict_json.read_numbered(path, known=2) == {"a": 1, "schema": 1}
