"""The zip package of a function app."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from chatkit.cloud.publish.package import build_package, left_out
from chatkit.core.errors import AppFileDamaged, SetupError
from chatkit.core.settings import checkout
from tests.attacks import publishing

SMALLEST = ["function_app.py", "host.json", "requirements.txt"]


def names(package: bytes) -> list[str]:
    """Entries of a package."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.namelist()


def write(folder: Path, *paths: str) -> None:
    """Make files with some content."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path, encoding="utf-8")


def test_host_json_is_at_the_root(app: Path) -> None:
    """A package with a folder around it is what makes zero functions."""
    assert names(build_package(app)) == SMALLEST


def test_same_files_give_the_same_bytes(app: Path) -> None:
    """Times of files do not count."""
    before = build_package(app)
    os.utime(app / "host.json", (1, 1))
    assert build_package(app) == before


@pytest.mark.parametrize(
    "path",
    [
        "local.settings.json",
        "local.settings.json.before-1",
        ".venv/lib/x.py",
        ".git/config",
        "__pycache__/function_app.cpython-312.pyc",
        "deep/__pycache__/x.pyc",
        "notes.ipynb",
        "send_message.py.before-1",
        ".funcignore",
    ],
)
def test_secrets_and_leftovers_never_travel(app: Path, path: str) -> None:
    """Whatever .funcignore says: here it asks for them."""
    write(app, path)
    (app / ".funcignore").write_text(f"!{path}\n", encoding="utf-8")
    assert names(build_package(app)) == SMALLEST


@pytest.mark.parametrize(
    ("rule", "gone", "kept"),
    [
        ("*.md", "docs/read.md", "docs/read.txt"),
        ("/only_top.txt", "only_top.txt", "deep/only_top.txt"),
        ("data/", "data/x.csv", "database.csv"),
        ("**/secret/*\n!**/secret/ok.txt", "a/secret/no.txt", "a/secret/ok.txt"),
        ("# comment\n\nx?.txt", "x1.txt", "x12.txt"),
    ],
)
def test_funcignore_works_as_gitignore_does(app: Path, rule: str, gone: str, kept: str) -> None:
    """Patterns, anchors, folders, negation, comments."""
    write(app, gone, kept)
    (app / ".funcignore").write_text(rule, encoding="utf-8")
    packed = names(build_package(app))
    assert gone not in packed and kept in packed


def test_a_folder_without_host_json_is_refused(tmp_path: Path) -> None:
    """Said before anything is sent."""
    with pytest.raises(
        SetupError, match="no host.json and no function_app.py and no requirements.txt"
    ):
        build_package(tmp_path)


@pytest.mark.parametrize("name", publishing.APP_FILES)
def test_a_private_file_stays(app: Path, name: str) -> None:
    """Whatever its name looks like to another file system."""
    write(app, name)
    assert names(build_package(app)) == SMALLEST


def test_what_stays_is_named(app: Path) -> None:
    """An app may need its certificate; the settings that every app has are no news."""
    write(app, "local.settings.json", "ca.pem", ".cache/x", "__pycache__/x.pyc", ".git/config")
    assert left_out(app) == (
        " Stayed here: .cache/, ca.pem. A line with ! in app/.funcignore asks for a file."
    )


def test_a_private_file_goes_when_it_is_named(app: Path) -> None:
    """A certificate of a database's authority is no key."""
    write(app, "ca.pem", "credentials.json", "deep/other.pem", ".deployment")
    (app / ".funcignore").write_text("!ca.pem\n!*.json\n!/.deployment\n", encoding="utf-8")
    assert set(names(build_package(app))) == {*SMALLEST, "ca.pem", ".deployment"}
    assert left_out(app).startswith(" Stayed here: credentials.json, deep/other.pem.")


@pytest.mark.parametrize("name", ["credentials.py", "secrets/vault.py", "keys.txt", "model.bin"])
def test_an_apps_own_file_goes(app: Path, name: str) -> None:
    """Modules and data, whatever they are called."""
    (app / name).parent.mkdir(exist_ok=True)
    (app / name).write_text("x = 1", encoding="utf-8")
    assert name in names(build_package(app))


def test_what_core_tools_never_pack_is_not_packed(app: Path) -> None:
    """Their own list, besides what `.funcignore` names."""
    write(app, ".gitignore", "project.lock.json", ".vscode/tasks.json", "deep/.git/config")
    assert names(build_package(app)) == SMALLEST


@pytest.mark.parametrize("name", publishing.APP_LINKS)
def test_a_link_stops_the_package(app: Path, tmp_path: Path, name: str) -> None:
    """It could carry any file of this machine away; left out, it would be missing at run time."""
    write(tmp_path / "outside", "private.html")
    link, target = publishing.LINKS[name]
    (app / link).symlink_to(target)
    with pytest.raises(SetupError, match="leads out of app|a link to a folder") as caught:
        build_package(app)
    assert ".funcignore" in caught.value.hint
    (app / ".funcignore").write_text(f"{link}\n", encoding="utf-8")
    assert names(build_package(app)) == SMALLEST


def test_a_link_that_an_editor_leaves_stops_nothing(app: Path) -> None:
    """Emacs locks a file with a link to nowhere."""
    (app / ".#function_app.py").symlink_to("alice@machine.1")
    assert names(build_package(app)) == SMALLEST


@pytest.mark.parametrize("name", publishing.APP_SECRETS)
def test_a_secret_stops_the_package(app: Path, name: str) -> None:
    """With the file, the line, and where a secret belongs; it can be asked for."""
    (app / "config.py").write_text(f'\nKEY = """{publishing.SECRETS[name]}"""\n', encoding="utf-8")
    with pytest.raises(SetupError, match=r"config\.py, line 2: ") as caught:
        build_package(app)
    assert "local.settings.json" in caught.value.hint
    assert publishing.LETTERS[:12] not in str(caught.value)
    (app / ".funcignore").write_text("!/config.py\n", encoding="utf-8")
    assert "config.py" in names(build_package(app))


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("host.json", "{", "host.json is damaged: it is not valid JSON"),
        ("host.json", "[]", "host.json is damaged: it is no JSON object"),
        ("host.json", '{"extensionBundle": 5}', "damaged: its `extensionBundle` is no object"),
        ("function_app.py", "\n", "function_app.py is damaged: it is empty"),
        (
            "host.json",
            '{"version": "2.0"}',
            "does not name Microsoft.Azure.Functions.ExtensionBundle",
        ),
        ("requirements.txt", "requests", "does not name azure-functions"),
        ("send_message.py", "def broken(:", "send_message.py, line 1 is not Python"),
        ("send_message.py", "x = '\0'", "send_message.py.* is not Python"),
        ("send_message.py", "\0\xff\x13 not what it was", "is damaged: it is not Python"),
    ],
)
def test_what_would_end_as_zero_functions_is_said_before_the_build(
    app: Path, file: str, text: str, sentence: str
) -> None:
    """A build takes Azure more than a minute, and says less."""
    (app / file).write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match=sentence):
        build_package(app)


def test_files_are_read_as_azure_reads_them(app: Path) -> None:
    """Comments in host.json, a preview of the bundle, UTF-16 from PowerShell."""
    bundle = "Microsoft.Azure.Functions.ExtensionBundle.Preview"
    host = f'{{"version": "2.0", /* ours */ "extensionBundle": {{"id": "{bundle}"}},}}'
    (app / "host.json").write_text(host, encoding="utf-8-sig")
    (app / "requirements.txt").write_text("azure-functions\r\n", encoding="utf-16")
    assert "host.json" in names(build_package(app))


@pytest.mark.parametrize("name", ["host.json", "function_app.py", "send_message.py"])
@pytest.mark.parametrize("damage", ["emptied", "garbage"])
def test_a_damaged_file_of_the_app_is_named_with_the_way_on(
    app: Path, name: str, damage: str
) -> None:
    """One sentence; the file stays as it is."""
    path = app / name
    path.write_bytes(b"" if damage == "emptied" else b"\x00\xff\x13 not what it was\r\n" * 9)
    before = path.read_bytes()
    if (name, damage) == ("send_message.py", "emptied"):
        assert name in names(build_package(app))
        return
    with pytest.raises(AppFileDamaged) as caught:
        build_package(app)
    assert f"{path} is damaged: " in str(caught.value) and "\n" not in str(caught.value)
    assert f"`%%chatfile {app.name}/{name}`" in caught.value.hint
    assert path.read_bytes() == before


def test_the_kits_own_app_is_accepted() -> None:
    """Whole, with nothing that stays behind."""
    packed = names(build_package(checkout() / "functions"))
    assert {
        "host.json",
        "function_app.py",
        "requirements.txt",
        "send_message.py",
        "signalr_info.py",
    } <= {*packed}
