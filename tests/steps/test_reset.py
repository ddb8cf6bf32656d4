"""Going back to the start: what is in the way is seen before anything is deleted, and what was
deleted is told whatever fails after it.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from chatkit.cloud.connection import Cloud
from chatkit.core import files, settings
from chatkit.core.errors import NotStarted, NotWritten, SetupError
from chatkit.core.work import notebooks
from chatkit.steps import clean_up, session
from chatkit.workshop import Workshop
from tests.cloud.fake_azure import FakeAzure

FIRST = "00-start-here.ipynb"


@pytest.fixture
def workshop(
    home: Path, cloud: Cloud, azure: FakeAzure, monkeypatch: pytest.MonkeyPatch
) -> Workshop:
    """A workshop with copies of the notebooks and an app, over the stand-in."""
    monkeypatch.setattr(session, "connect", lambda settings, where: cloud)
    for name in ("CHATKIT_TARGET", "CHATKIT_SUFFIX", "CHATKIT_REGION"):
        monkeypatch.delenv(name, raising=False)
    made = Workshop.open(target="azure", suffix="abc123")
    azure.on("DELETE", "resourcegroups/", (200, None, {}))
    notebooks.bring_up_to_date(settings.kit() / notebooks.FOLDER, made.folder, home)
    made.functions_folder.mkdir()
    return made


def copy(workshop: Workshop) -> Path:
    """The learner's copy of the first notebook."""
    return workshop.folder / notebooks.FOLDER / FIRST


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parents[2] / "elsewhere.ipynb")


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a right there")
@pytest.mark.parametrize("change", [make_folder, make_dangling])
def test_what_is_no_file_is_put_beside(
    workshop: Workshop, change: Callable[[Path], object]
) -> None:
    """It neither stops the reset nor is lost, and nothing is made where a link leads."""
    change(copy(workshop))
    kept = f"{copy(workshop).stem}.before-1.ipynb"
    assert f"those you edited are kept as {kept}" in repr(workshop.reset())
    assert os.path.lexists(copy(workshop).with_name(kept))
    assert json.loads(copy(workshop).read_bytes())["cells"]
    assert not (workshop.folder.parent / "elsewhere.ipynb").exists()


@pytest.mark.parametrize("closed", ["", "notebooks", "functions", ".."])
def test_a_folder_that_takes_no_writes_is_seen_first(
    workshop: Workshop, azure: FakeAzure, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    """Nothing is deleted then. Root may write everywhere: its own rights are not asked."""
    folder = Path(os.path.normpath(workshop.folder / closed))
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != folder)
    with pytest.raises(NotWritten, match="takes no writes: it is read-only") as refused:
        workshop.reset()
    assert str(folder) in refused.value.hint
    assert not azure.sent("DELETE")


def test_a_file_in_the_place_of_the_folder_is_seen_first(
    workshop: Workshop, azure: FakeAzure
) -> None:
    """Nothing is deleted then."""
    folder = copy(workshop).parent
    folder.rename(folder.with_name("mine"))
    folder.write_text("mine", encoding="utf-8")
    with pytest.raises(SetupError, match="is a file"):
        workshop.reset()
    assert not azure.sent("DELETE")


def fill_the_disk(patch: pytest.MonkeyPatch) -> None:
    def refuse(_file: object, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(files, "write_all", refuse)


def interrupt(patch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    patch.setattr(clean_up, "put_aside", stop)


@pytest.mark.parametrize(
    ("fail", "error"), [(fill_the_disk, NotWritten), (interrupt, KeyboardInterrupt)]
)
def test_the_receipt_is_printed_whatever_fails_after_it(
    workshop: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fail: Callable[[pytest.MonkeyPatch], None],
    error: type[BaseException],
) -> None:
    """What is gone cannot be asked for again; the next reset goes on."""
    copy(workshop).write_text("edited", encoding="utf-8")
    with monkeypatch.context() as patch:
        fail(patch)
        with pytest.raises(error):
            workshop.reset()
    said = capsys.readouterr().out
    assert "Clean-up receipt" in said and "gone  resource group" in said
    assert "Back at the start." in repr(workshop.reset())


def test_what_was_deleted_is_told_when_nobody_answers_any_more(
    workshop: Workshop, azure: FakeAzure, capsys: pytest.CaptureFixture[str]
) -> None:
    """The group went; then the connection did."""
    azure.on("GET", "resourcegroups/", (400, {"error": {"code": "No", "message": "no"}}, {}))
    with pytest.raises(HttpResponseError):
        workshop.clean_up()
    said = capsys.readouterr().out.splitlines()
    assert "gone resource group its deletion was reported" in " ".join(said[1].split())


def test_a_damaged_file_of_settings_is_a_line_of_the_receipt(workshop: Workshop) -> None:
    """Whether there are keys in it nobody knows; everything else is deleted and told."""
    (workshop.functions_folder / "local.settings.json").write_text("{", encoding="utf-8")
    receipt = workshop.reset()
    assert not receipt.complete
    (line,) = [item for item in receipt.items if not item.gone]
    assert line.what == "keys in local.settings.json" and "is damaged" in line.proof
    assert workshop.functions_folder.is_dir()


def test_its_receipt_says_of_nothing_that_it_stays_where_it_was(workshop: Workshop) -> None:
    """The app is put aside and progress forgotten: a clean-up keeps both, a reset does not."""
    assert "names and progress" in repr(workshop.clean_up())
    receipt = workshop.reset()
    for said in receipt._repr_mimebundle_().values():
        assert "your app is kept as my-chat.before-1" in said
        assert "names and progress" not in said and "to build on" not in said


def test_who_has_no_app_any_more_is_not_told_to_start_it(workshop: Workshop) -> None:
    """A panel from before a reset names what works from here: the functions have to be made."""
    (workshop.functions_folder / "host.json").write_text("{}", encoding="utf-8")
    availability = workshop.session.availability("local")
    assert availability.app_hint() == session.START_FUNCTIONS
    workshop.reset()
    assert availability.app_hint() == session.MAKE_FUNCTIONS
    with pytest.raises(NotStarted) as caught:
        workshop.session.api_of("local")
    assert caught.value.hint == session.MAKE_FUNCTIONS
