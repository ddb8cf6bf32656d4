"""The magic that writes the learner's app."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chatkit.core import settings
from chatkit.core.errors import SetupError
from chatkit.core.work.app_sections import AppSections
from chatkit.steps import app_files
from tests.app_versions import write_app

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write into a folder of the test's own."""
    return lambda name, text: app_files.write(
        name, text, folder=tmp_path / "my-chat", home=tmp_path / "home"
    )


def test_writes_the_cells_bytes(write: Write, tmp_path: Path) -> None:
    """One newline at the end, however the front end cut the cell; nothing else is touched."""
    assert write("functions/a.py", 'x = "ä\\n"\n\ny = 1') == "my-chat/functions/a.py: 3 lines"
    assert (tmp_path / "my-chat/functions/a.py").read_bytes() == 'x = "ä\\n"\n\ny = 1\n'.encode()


def test_writing_again_says_the_same(write: Write, tmp_path: Path) -> None:
    """A cell can be run twice."""
    assert write("a.txt", "one\n") == write("a.txt", "one\n") == "my-chat/a.txt: 1 line"
    assert [path.name for path in (tmp_path / "my-chat").iterdir()] == ["a.txt"]


def test_a_later_section_replaces_what_an_earlier_one_wrote(write: Write, tmp_path: Path) -> None:
    """The kit's own versions are not worth keeping."""
    write("a.txt", "one")
    assert write("a.txt", "two") == "my-chat/a.txt: 1 line"
    assert [path.name for path in (tmp_path / "my-chat").iterdir()] == ["a.txt"]


def test_what_the_learner_wrote_is_kept(write: Write, tmp_path: Path) -> None:
    """Each edited version, beside the file."""
    path = tmp_path / "my-chat/a.txt"
    for number in (1, 2):
        write("a.txt", "ours")
        path.write_text(f"mine {number}", encoding="utf-8")
        assert write("a.txt", "ours").endswith(f"; your version is kept as a.txt.before-{number}")
        assert (
            path.with_name(f"a.txt.before-{number}").read_text(encoding="utf-8") == f"mine {number}"
        )


@pytest.mark.parametrize("section", ["05", "09", "10"])
def test_a_version_of_the_notebooks_is_not_the_learners(
    write: Write, tmp_path: Path, section: str
) -> None:
    """Even when the record is lost: sections 06, 09 and 10 write SendMessage anew."""
    write_app(tmp_path / "my-chat", until=section)
    assert (
        write("functions/send_message.py", "another") == "my-chat/functions/send_message.py: 1 line"
    )
    assert not list(tmp_path.rglob("*.before-*"))


@pytest.mark.parametrize("name", ["", "/etc/x", "../x", "a/../../x", "C:\\x", "C:/x", "a\\b"])
def test_a_path_out_of_the_folder_is_refused(write: Write, tmp_path: Path, name: str) -> None:
    """Nothing is written."""
    with pytest.raises(SetupError, match="inside my-chat"):
        write(name, "x")
    assert not list(tmp_path.rglob("*x*"))


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a right there")
@pytest.mark.parametrize("name", ["functions/a.py", "functions/below/a.py"])
def test_a_folder_that_is_a_link_to_elsewhere_is_refused(
    write: Write, tmp_path: Path, name: str
) -> None:
    """What the kit writes is in my-chat."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "my-chat").mkdir()
    (tmp_path / "my-chat" / "functions").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SetupError, match=r"not inside my-chat: .+ Give that link another name"):
        write(name, "x")
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a right there")
@pytest.mark.parametrize("there", [True, False])
def test_a_file_that_is_a_link_is_replaced_itself(
    write: Write, tmp_path: Path, *, there: bool
) -> None:
    """What the learner has in the file behind it is kept beside; that file stays as it is."""
    target = tmp_path / "elsewhere.txt"
    if there:
        target.write_text("mine", encoding="utf-8")
    (tmp_path / "my-chat").mkdir()
    path = tmp_path / "my-chat" / "a.txt"
    path.symlink_to(target)
    assert write("a.txt", "ours").endswith("; your version is kept as a.txt.before-1")
    assert path.read_text(encoding="utf-8") == "ours\n" and not path.is_symlink()
    assert target.exists() == there
    if there:
        assert target.read_text("utf-8") == path.with_name("a.txt.before-1").read_text("utf-8")


def test_a_folder_of_the_files_name_is_kept_beside(write: Write, tmp_path: Path) -> None:
    """With what is in it."""
    (tmp_path / "my-chat" / "a.txt" / "below").mkdir(parents=True)
    assert write("a.txt", "ours").endswith("; your version is kept as a.txt.before-1")
    assert (tmp_path / "my-chat" / "a.txt.before-1" / "below").is_dir()


def test_a_broken_record_only_makes_it_careful(write: Write, tmp_path: Path) -> None:
    """Without a record every other text counts as the learner's."""
    write("a.txt", "one")
    (tmp_path / "home" / app_files.RECORD).write_text("{", encoding="utf-8")
    assert "kept as a.txt.before-1" in write("a.txt", "two")


def test_the_page_is_copied_whole(tmp_path: Path) -> None:
    """Files and folders, byte for byte; the learner's changes are kept beside."""
    source = tmp_path / "kit"
    (source / "vendor").mkdir(parents=True)
    (source / "index.html").write_bytes(b"<p>\r\n")
    (source / "vendor/vue.js").write_bytes(b"\x00")
    places = {"folder": tmp_path / "my-chat", "home": tmp_path / "home"}
    assert app_files.copy_page(source, **places) == []
    assert (tmp_path / "my-chat/content/index.html").read_bytes() == b"<p>\r\n"
    (tmp_path / "my-chat/content/vendor/vue.js").write_text("mine", encoding="utf-8")
    assert app_files.copy_page(source, **places) == ["vue.js.before-1"]


def test_a_kit_without_its_page_says_so(tmp_path: Path) -> None:
    """An installed package has no checkout around it."""
    with pytest.raises(SetupError, match="not here"):
        app_files.copy_page(tmp_path / "none", folder=tmp_path, home=tmp_path)


def test_an_app_is_put_aside_without_the_notebooks(tmp_path: Path) -> None:
    """Kernels run in their folder; without an app there is nothing to keep."""
    folder, home = tmp_path / "my-chat", tmp_path / "home"
    for name in ("notebooks/00.ipynb", "functions/host.json"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(name, encoding="utf-8")
    assert app_files.put_aside(folder, home=home) == "my-chat.before-1"
    assert [path.name for path in folder.iterdir()] == ["notebooks"]
    assert (tmp_path / "my-chat.before-1/functions/host.json").read_text(
        encoding="utf-8"
    ) == "functions/host.json"
    assert app_files.put_aside(folder, home=home) == ""


def test_going_back_keeps_the_finished_app_and_says_so(write: Write, tmp_path: Path) -> None:
    """Once, however many cells go back; secrets are not copied, and forward is a sentence away."""
    places = {"folder": tmp_path / "my-chat", "home": tmp_path / "home"}
    functions = tmp_path / "my-chat/functions"
    known = settings.load(places["home"])
    settings.save(places["home"], known)
    write_app(tmp_path / "my-chat", until="10")
    (functions / "local.settings.json").write_text("{}", encoding="utf-8")
    mine = functions / "send_message.py"
    mine.write_text(f"{mine.read_text(encoding='utf-8')}# mine\n", encoding="utf-8")
    finished = {path.name: path.read_text(encoding="utf-8") for path in functions.glob("*.py")}
    early = {"functions/chat_message.py": "05", "functions/send_message.py": "05"}
    said = [write(name, old(name, section)) for name, section in early.items()]
    assert "section 05 again: function_app.py, signalr_info.py and send_message.py went" in said[0]
    assert "went back, too; not in it yet: app_identity.py, day_blobs.py," in said[0]
    assert 'kept in my-chat/functions.before-1; workshop.catch_up("11") goes' in said[0]
    assert "your version is kept as send_message.py.before-1\n" in said[0]
    assert said[1] == "my-chat/functions/send_message.py: 31 lines"
    kept = tmp_path / "my-chat/functions.before-1"
    assert (
        finished.items()
        <= {path.name: path.read_text(encoding="utf-8") for path in kept.iterdir()}.items()
    )
    assert not (kept / "local.settings.json").exists()
    assert app_files.bring_forward("11", **places) == ""
    settings.save(places["home"], known.with_section("06"))
    assert "brought forward: function_app.py" in app_files.bring_forward("11", **places)


def old(name: str, section: str) -> str:
    """A file as a section leaves it."""
    return AppSections(settings.kit() / "notebooks").at_end_of(section)[name].content.decode()


def test_in_a_class_that_shares_an_instance_the_app_has_its_own_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody would be in one chat otherwise; the file counts as the notebook's all the same."""
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path))
    settings.save(tmp_path, replace(settings.load(tmp_path), hub="chat_abc123", shared="44wfwr"))
    sections = app_files._sections()
    for name, section in (
        ("functions/send_message.py", "05"),
        ("functions/signalr_tokens.py", "10"),
    ):
        app_files.write(name, old(name, section), folder=tmp_path / "my-chat", home=tmp_path)
        written = (tmp_path / "my-chat" / name).read_bytes()
        assert b'"chat_abc123"' in written and b'"chat"' not in written
        assert written in [version.content for version in sections.versions(name)]
