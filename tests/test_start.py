"""What a verb runs in: decided before anything is installed."""

from __future__ import annotations

import builtins
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit import start

ROOT = Path(__file__).resolve().parents[1]
SYSTEM_PYTHON = str(getattr(sys, "_base_executable", sys.executable))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout without an environment."""
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "chatkit", tmp_path / "chatkit", ignore=unwanted)
    for lock in ROOT.glob("requirements*.lock"):
        shutil.copy2(lock, tmp_path)
    return tmp_path


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_about_the_tests_installs_nothing(checkout: Path, word: str) -> None:
    """A few lines on stdout; no environment is made, and no installer is on the path."""
    command = [SYSTEM_PYTHON, "-m", "chatkit", "test", word]
    done = subprocess.run(
        command,
        cwd=checkout,
        env={**os.environ, "PATH": ""},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: chatkit test") and done.stdout.count("\n") <= 12
    assert not (checkout / ".venv").exists()


def test_what_is_imported_before_the_environment_is_there_is_the_standard_library() -> None:
    """Nothing else could be imported then."""
    code = (
        "import sys; import chatkit.__main__;names = {name.partition('.')[0] for name in"
        " sys.modules};print(*names - {*sys.stdlib_module_names} - {'__main__'})"
    )
    command = [SYSTEM_PYTHON, "-S", "-c", code]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "chatkit"


@pytest.mark.parametrize(
    ("arguments", "is_said"),
    [(["clean", "-y"], True), (["reset"], True), (["clean", "--help"], False), (["status"], False)],
)
def test_what_may_take_a_while_says_first_what_it_does(
    arguments: list[str],
    is_said: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before its imports, which take longer than a person waits without a word."""

    def imported(name: str, *_: object) -> None:
        said.append(capsys.readouterr().err)
        raise ImportError(name)

    said: list[str] = []
    monkeypatch.setattr(sys, "argv", ["chatkit", *arguments])
    monkeypatch.setattr(builtins, "__import__", imported)
    with pytest.raises(ImportError):
        start._command_line()
    assert ("looking at what there is" in said[0]) == is_said


def test_each_line_reaches_a_file_or_a_pipe_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a server's address reads it there."""
    written = io.BytesIO()
    output = io.TextIOWrapper(written, encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(sys, "argv", ["chatkit", "test", "--help"])
    assert start.main() == 0 and written.getvalue()
