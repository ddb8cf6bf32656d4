"""Programs: where an environment has them, one in the place of another, ending a family."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from chatkit.core import processes
from chatkit.core.system import programs
from tests.playing import play

LIMIT_S = 20.0
INSTEAD = """
import sys
from chatkit.core.system import programs
from tests.playing import Elsewhere
programs.sys = Elsewhere(sys.argv[1])
sys.exit(programs.become([sys.executable, "-c", "import os; print(os.getpid()); exit(7)"]))
"""
PARENT = (
    "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time;"
    " time.sleep(600)']); print(child.pid, flush=True); time.sleep(600)"
)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play Windows, with the constants that Python has there alone."""
    play(monkeypatch, "win32", programs)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)


def file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.usefixtures("windows")
def test_windows_has_scripts_where_others_have_bin(tmp_path: Path) -> None:
    """And conda's interpreter is on top of its environment."""
    assert programs.scripts(tmp_path) == tmp_path / "Scripts"
    assert programs.python_of(tmp_path) == tmp_path / "Scripts" / "python.exe"
    on_top = file(tmp_path / "python.exe")
    assert programs.python_of(tmp_path) == on_top


def test_others_have_bin(tmp_path: Path) -> None:
    """Linux and macOS alike."""
    assert programs.scripts(tmp_path) == tmp_path / "bin"
    assert programs.python_of(tmp_path) == tmp_path / "bin" / "python"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_a_program_in_the_place_of_another_gives_its_exit_code(platform: str) -> None:
    """As the same process where the system can do that, else as a child."""
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", INSTEAD, platform]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout is not None
        pid = int(process.stdout.read())
    assert process.returncode == 7 and (pid == process.pid) == (platform != "win32")


def test_ctrl_c_is_the_childs_to_handle() -> None:
    """Whoever waits for it goes on waiting: it may have something to clean up."""

    class Interrupted(subprocess.Popen[bytes]):
        times = 0

        def wait(self, timeout: float | None = None) -> int:
            self.times += 1
            if self.times < 3:
                raise KeyboardInterrupt
            return super().wait(timeout)

    process = Interrupted([sys.executable, "-c", "exit(5)"])
    assert programs.wait_for(process) == 5 and process.times == 3


@pytest.mark.usefixtures("windows")
def test_what_goes_on_has_a_console_of_its_own_without_a_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With DETACHED_PROCESS (8) each child of it would open a window."""
    given: list[dict[str, object]] = []

    def note(_command: object, **options: object) -> None:
        given.append(options)
        raise NotADirectoryError

    monkeypatch.setattr(subprocess, "Popen", note)
    with pytest.raises(NotADirectoryError):
        processes.start_detached(["x"], folder=tmp_path, log=tmp_path / "log")
    with pytest.raises(NotADirectoryError):
        processes.Survivor(["x"], environment={})
    for options in given:
        assert options["creationflags"] == 0x08000200


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_a_child_is_killed_with_all_it_has_started(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has no process groups: the family is looked up."""
    play(monkeypatch, platform, programs)
    if platform == "win32":
        monkeypatch.setattr(os, "killpg", None)
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        grandchild = psutil.Process(int(process.stdout.readline()))
        programs.kill_group(process.pid)
    assert psutil.wait_procs([grandchild], timeout=LIMIT_S)[1] == []
    programs.kill_group(process.pid)  # one that has gone is no error


@pytest.mark.usefixtures("windows")
def test_the_azure_cli_is_started_without_its_batch_file(tmp_path: Path) -> None:
    """cmd.exe would take the `&` of an address for its own."""
    installed = file(tmp_path / "CLI2" / "wbin" / "az.cmd")
    python = file(tmp_path / "CLI2" / "python.exe")
    assert programs.not_a_batch(str(installed)) == [str(python), "-IBm", "azure.cli"]
    by_pip = file(tmp_path / "venv" / "Scripts" / "az.bat")
    python = file(tmp_path / "venv" / "Scripts" / "python.exe")
    assert programs.not_a_batch(str(by_pip)) == [str(python), "-m", "azure.cli"]
    other = str(file(tmp_path / "other" / "az.cmd"))
    assert programs.not_a_batch(other) == [other] and programs.not_a_batch("az.exe") == ["az.exe"]
