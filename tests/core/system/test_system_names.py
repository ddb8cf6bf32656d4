"""Names and paths that Windows has no place for."""

from __future__ import annotations

import errno
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.core.errors import NotWritten
from chatkit.core.files import writing
from chatkit.core.system import names
from tests.playing import Elsewhere, play

DEEP = "\\".join(["folder"] * 60)
NOT_IN_NAMES = '<>:"|?*\\/'
WINDOWS_NAMES = st.text(
    st.characters(exclude_characters=NOT_IN_NAMES, min_codepoint=32), min_size=1
)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play Windows."""
    play(monkeypatch, "win32", names)


@pytest.mark.parametrize("name", ["con", "NUL", "aux.py", "com1", "lpt9.txt", "COM³", "nul .txt"])
def test_a_device_is_known_by_its_name(name: str) -> None:
    """On every system: a package may be unpacked on another one."""
    assert names.is_device(name)


@pytest.mark.parametrize("name", ["console", "com", "com10", "nul1", "my.con", "lpt", "auxi.py"])
def test_other_names_are_no_devices(name: str) -> None:
    """Nobody loses a name that is like one."""
    assert not names.is_device(name)


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize("name", ["a:b", "what?", "a|b", "star*", "end.", "end ", 'quo"te', "a\tb"])
def test_a_name_that_windows_does_not_take_is_named(name: str) -> None:
    """A colon would write into another stream of the file."""
    assert names.fault(name).startswith("Windows has no ")


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_other_systems_take_every_name(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Azure's Linux has, they have, too."""
    play(monkeypatch, platform, names)
    assert names.fault("a:b?") == "" and names.own_folder("con") == "con"
    assert names.extended("/a/b") == "/a/b" and not names.is_too_long("/a" * 1000)


@pytest.mark.usefixtures("windows")
def test_an_account_may_be_called_as_a_device_is() -> None:
    """Azure lets people; its folder has a name that Azure's names cannot have."""
    assert names.own_folder("con") == "con_" and names.own_folder("console") == "console"
    assert not names.is_device(names.own_folder("aux"))


@pytest.mark.usefixtures("windows")
def test_a_long_path_gets_the_form_without_a_limit() -> None:
    """Microsoft's page "Maximum Path Length Limitation": on this machine, and on another one."""
    assert names.extended(rf"C:\Users\alice/{DEEP}") == rf"\\?\C:\Users\alice\{DEEP}"
    assert names.extended(r"\\server\share\a") == r"\\?\UNC\server\share\a"
    assert names.extended(r"\\?\C:\a") == r"\\?\C:\a"
    assert names.is_too_long(rf"C:\{DEEP}") and not names.is_too_long(rf"\\?\C:\{DEEP}")


@given(WINDOWS_NAMES)
def test_the_form_without_a_limit_names_the_same_file(name: str) -> None:
    """Whatever it is called."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(names, "sys", Elsewhere("win32"))
        if names.fault(name):
            return
        assert PureWindowsPath(names.extended(rf"C:\a\{name}")).name == name


def test_a_path_that_is_too_long_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows says that there is no such file."""
    play(monkeypatch, "win32", names)
    long = Path("C:\\" + DEEP)
    with pytest.raises(NotWritten, match="too long") as caught, writing(long):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")
    assert "CHATKIT_HOME" in caught.value.hint
    with pytest.raises(FileNotFoundError), writing(Path("short")):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")
