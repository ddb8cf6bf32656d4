"""What of a folder is a page: a list, made by kinds and names."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path, PurePosixPath

import pytest

from chatkit.cloud.publish import page_list
from chatkit.cloud.publish.ignore_file import line_for
from chatkit.cloud.publish.website import PageFiles, read_page
from chatkit.core.errors import SetupError
from chatkit.core.settings import checkout
from tests.attacks import publishing


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page of one file."""
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "index.html").write_text("<p>hello</p>", encoding="utf-8")
    return folder


def write(folder: Path, *names: str) -> None:
    """Make small files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")


def names(page: PageFiles) -> list[str]:
    """Paths of the files."""
    return [str(file.path) for file in page.files]


@pytest.mark.parametrize("name", publishing.PRIVATE_FILES)
def test_a_private_file_stays(page: Path, name: str) -> None:
    """Whatever its name looks like to another file system."""
    write(page, name)
    assert names(read_page(page)) == ["index.html"]


@pytest.mark.parametrize(
    "name",
    [
        "photo.JPG",
        "Screenshot 2026-11-28 at 6.15.00\u202fPM.png",
        "font.woff2",
        "second page.html",
        "my/own/folder/song.mp3",
        "vendor/LICENSE",
        ".well-known/security.txt",
        ".well-known/acme-challenge/dGhlIG5hbWUgb2Y",
        ".well-known/apple-app-site-association",
        "secret-garden.jpg",
        "secretary.txt",
        "environment.js",
        "keys.html",
        "gitignore.md",
        "data.json",
        "credentials.js",
        "password-reset.html",
        "passwords.html",
        "password-strength.json",
        "secrets-of-signalr.md",
        "secrets-of-signalr.txt",
        "secret-garden.txt",
        "token-ring.svg",
        "token-ring.json",
        "design-tokens.json",
        "cookies-notice.html",
        "cookie-recipes.txt",
        "secrets/index.html",
        "keyboard-shortcuts.json",
        "monkeys.csv",
        "turkeys.json",
        "credentials.example.json",
        "tokenizer.json",
        "pwa.json",
    ],
)
def test_a_learners_own_file_goes(page: Path, name: str) -> None:
    """Pictures, fonts, pages, folders of theirs, and what others ask a website for."""
    write(page, name)
    assert set(names(read_page(page))) == {"index.html", name}
    assert read_page(page).left == ""


def test_what_stays_is_named(page: Path) -> None:
    """Somebody may miss it: with the way on, and a whole folder by its name alone."""
    write(page, ".env", ".aws/a", ".aws/b", "chat.db", "lo\nve.html", ".DS_Store", ".git/config")
    assert read_page(page).left == (
        " Stayed here: .aws/, .env, chat.db, lo\\nve.html."
        " A line with ! in content/.pageignore asks for a file."
    )


def test_many_that_stay_are_counted(page: Path) -> None:
    """The sentence stays one that people read."""
    write(page, *(f"{number:02}.db" for number in range(20)))
    assert "05.db and 14 more. A line" in read_page(page).left


@pytest.mark.parametrize("name", publishing.LINKS)
def test_a_link_takes_nothing_along(page: Path, name: str) -> None:
    """Neither what lies elsewhere, nor what stays in the folder itself."""
    outside = page.parent / "outside"
    write(outside, "private.html")
    write(page.parent / "content-private", "private.html")
    write(page, ".env", "drafts/plan.html")
    (page / ".pageignore").write_text("drafts/\n", encoding="utf-8")
    (page / "hop.html").symlink_to("../outside/private.html")
    link, target = publishing.LINKS[name]
    (page / link).symlink_to(target.replace("OUTSIDE", str(outside)))
    found = read_page(page)
    assert names(found) == ["index.html"]
    assert link in found.left or name == "to a file that is left out"


def test_a_link_to_a_file_of_the_page_goes(page: Path) -> None:
    """It is the page's own content under another name."""
    (page / "start.html").symlink_to("index.html")
    assert names(read_page(page)) == ["index.html", "start.html"]


@pytest.mark.parametrize("name", publishing.HARD_LINKS)
def test_a_second_name_takes_nothing(page: Path, name: str) -> None:
    """A file has no first name: each of them says what it is."""
    target = page / publishing.HARD_LINKS[name]
    write(page, ".env")
    (page / ".pageignore").write_text("drafts/\n", encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("x", encoding="utf-8")
    os.link(target, page / "copy.html")
    found = read_page(page)
    assert names(found) == ["index.html"]
    assert not page_list.selector(page).publishes(PurePosixPath("copy.html"))
    assert "copy.html" in found.left or name == "to a file that is left out"


def test_a_second_name_within_the_page_goes(page: Path) -> None:
    """Nothing about it is private. What has a name elsewhere goes when a line names it."""
    os.link(page / "index.html", page / "start.html")
    write(page.parent, "song.mp3")
    os.link(page.parent / "song.mp3", page / "song.mp3")
    assert names(read_page(page)) == ["index.html", "start.html"]
    assert page_list.selector(page).publishes(PurePosixPath("start.html"))
    (page / ".pageignore").write_text("!/song.mp3\n", encoding="utf-8")
    assert names(read_page(page)) == ["index.html", "song.mp3", "start.html"]


def test_a_pipe_and_a_socket_are_left(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading one would wait for ever."""
    if sys.platform == "win32":
        pytest.skip("Windows has neither in a folder")
    os.mkfifo(page / "pipe.txt")
    monkeypatch.chdir(page)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.txt")
        found = read_page(page)
    assert names(found) == ["index.html"]
    assert "pipe.txt, socket.txt" in found.left


def test_a_name_that_is_no_text_is_left(page: Path) -> None:
    """Blobs have no such names; the sentence can be printed."""
    (page / os.fsdecode(b"caf\xe9.html")).write_text("x", encoding="utf-8")
    found = read_page(page)
    assert names(found) == ["index.html"]
    assert "caf\\udce9.html" in found.left


def test_a_line_asks_for_another_kind(page: Path) -> None:
    """Of any file, or of all of a kind."""
    write(page, "openapi.yaml", "downloads/chat.zip", "downloads/other.zip", "chat.db")
    (page / ".pageignore").write_text("!*.yaml\n!/downloads/chat.zip\n", encoding="utf-8")
    assert names(read_page(page)) == ["downloads/chat.zip", "index.html", "openapi.yaml"]


def test_a_private_file_has_to_be_named(page: Path) -> None:
    """A pattern may mean others: people write such lines for folders."""
    write(page, ".nojekyll", "id_rsa", ".ssh/id_rsa", "ca.pem", ".env")
    (page / ".pageignore").write_text(
        "*\n!*/\n!*.html\n!*.pem\n!.*\n!/.nojekyll\n!.env\n", encoding="utf-8"
    )
    assert names(read_page(page)) == [".nojekyll", "index.html"]


@pytest.mark.parametrize("name", ["a b.db", "#1.db", "!.db", "[x]*.db", "deep/ü.db", "a\\.db"])
def test_the_line_that_is_proposed_asks_for_that_file(page: Path, name: str) -> None:
    """Whatever marks its name has; a backslash is none that Azure takes."""
    write(page, name, "deep/other.db")
    (page / ".pageignore").write_text(f"{line_for(PurePosixPath(name))}\n", encoding="utf-8")
    expected = {"index.html"} if "\\" in name else {"index.html", name}
    assert set(names(read_page(page))) == expected


def test_lines_leave_files_out(page: Path) -> None:
    """As in .gitignore; nobody is told about what they left out themselves."""
    write(page, "drafts/plan.html", "todo.txt", "kept.txt")
    (page / ".pageignore").write_text("# mine\r\ndrafts/\r\ntodo.*\r\n", encoding="utf-8")
    found = read_page(page)
    assert names(found) == ["index.html", "kept.txt"] and found.left == ""


@pytest.mark.parametrize("content", [b"caf\xe9\n", None])
def test_an_ignore_file_that_cannot_be_read_is_named(page: Path, content: bytes | None) -> None:
    """What it left out would be published otherwise."""
    if content is None:
        (page / ".pageignore").mkdir()
    else:
        (page / ".pageignore").write_bytes(content)
    with pytest.raises(SetupError, match=r"\.pageignore (is not UTF-8|cannot be read)"):
        read_page(page)


def test_contents_are_in_no_repr(page: Path) -> None:
    """A traceback shows reprs."""
    assert "hello" not in repr(read_page(page))


def test_the_page_of_the_kit_is_whole() -> None:
    """Nothing of it stays."""
    kit_page = checkout() / "content"
    selection = page_list.selector(kit_page).select()
    everything = {
        path.relative_to(kit_page).as_posix() for path in kit_page.rglob("*") if path.is_file()
    }
    assert {str(path) for path in selection.files} == everything and not selection.left
