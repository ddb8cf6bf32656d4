"""`chatkit test` shares the tests among processes, unless somebody says how pytest runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit.cli import test as verb
from chatkit.core.settings import checkout
from tests.cli.typing_verbs import Chatkit

FILE = "tests/core/test_public_urls.py"
OTHER = "tests/core/test_listeners.py"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would run, after the verb; nothing runs."""
    called: list[str] = []

    def call(command: list[str], *, cwd: Path, env: dict[str, str]) -> int:
        assert (cwd, env["CHATKIT_HOME"] != os.environ["CHATKIT_HOME"]) == (checkout(), True)
        assert env["PYTHONWARNDEFAULTENCODING"] == "1"
        called.extend(command[3:])
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    monkeypatch.setattr(verb, "processors", lambda: 2)
    return called


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-x",),
        ("tests/core",),
        ("-m", "long"),
        ("-p", "no:cacheprovider"),
        (FILE, OTHER),
        ("--deselect", FILE),
    ],
)
def test_several_processes_share_the_tests_and_it_says_so(
    chatkit: Chatkit, command: list[str], arguments: tuple[str, ...]
) -> None:
    """Two for each processor, because tests wait; a file stays whole."""
    typed = chatkit("test", *arguments)
    assert command == [
        "-n",
        "4",
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
        "-rfEs",
        *arguments,
    ]
    assert (typed.code, typed.out.count("\n")) == (0, 1)
    assert typed.out.startswith("chatkit: running the tests in 4 processes")


def test_compiled_files_are_kept(chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images of containers often switch them off: every process would compile what it imports."""
    kept: list[bool] = []

    def call(command: list[str], *, cwd: Path, env: dict[str, str]) -> int:
        kept.append("PYTHONDONTWRITEBYTECODE" not in env)
        return 0

    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(subprocess, "call", call)
    chatkit("test", FILE)
    assert kept == [True]


@pytest.mark.parametrize(
    "arguments",
    [
        ("-n", "1"),
        ("-n0",),
        ("--numprocesses=3",),
        ("-p", "no:xdist"),
        ("-pno:xdist",),
        ("--pdb",),
        ("--version",),
        ("--collect-only", "-q"),
        (FILE,),
        (f"{FILE}::test_name", "-x"),
    ],
)
def test_who_says_how_pytest_runs_gets_just_that(
    chatkit: Chatkit, command: list[str], arguments: tuple[str, ...]
) -> None:
    """A single file, too, is quicker in one process."""
    typed = chatkit("test", *arguments)
    assert (command, typed.out) == ([*arguments], "")


def test_the_number_of_processes_has_an_end(
    chatkit: Chatkit, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them starts local clouds and kernels."""
    monkeypatch.setattr(verb, "processors", lambda: 64)
    chatkit("test")
    assert command[:2] == ["-n", "8"]


def test_artifacts_go_to_a_folder_of_where_the_person_is(
    chatkit: Chatkit, command: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """pytest itself runs in the checkout."""
    monkeypatch.chdir(tmp_path)
    chatkit("test", "--artifacts", "kept", FILE)
    assert command == ["--chatkit-artifacts", str(tmp_path / "kept"), FILE]


def test_pytests_exit_code_is_the_verbs(chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 when a test failed."""
    monkeypatch.setattr(subprocess, "call", lambda *_, **__: 1)
    assert chatkit("test", "-n0").code == 1


def test_a_real_run_of_one_file(tmp_path: Path) -> None:
    """From any folder, with its arguments as pytest understands them."""
    done = subprocess.run(
        [sys.executable, "-m", "chatkit", "test", FILE, "-k", "nearest_word"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(checkout())},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert "deselected" in done.stdout and "chatkit: running" not in done.stdout


def typed_in_the_checkout(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Type the verb, as a person does who looks at one file."""
    command = [sys.executable, "-m", "chatkit", "test", *arguments]
    return subprocess.run(command, cwd=checkout(), capture_output=True, text=True, encoding="utf-8")


@pytest.mark.long
def test_a_file_of_long_tests_says_how_they_are_run() -> None:
    """It passes, alone as well; pytest calls it a failure when nothing is left to run."""
    done = typed_in_the_checkout("tests/web/test_page_trouble.py")
    assert done.returncode == 0
    assert "long tests were left out: `-m long` runs them" in done.stdout


@pytest.mark.long
def test_a_notebook_alone_goes_on_from_those_before_it() -> None:
    """They are one program; what was missed is done first."""
    done = typed_in_the_checkout("notebooks/03-initialise-the-function-app.ipynb")
    assert done.returncode == 0, done.stdout
