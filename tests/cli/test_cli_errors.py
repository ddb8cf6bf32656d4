"""Whatever goes wrong, a person reads one sentence and a script gets the right exit code."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chatkit import __version__
from chatkit.cli.failures import INTERRUPTED, exit_code, sentence
from chatkit.cloud import local_cloud
from chatkit.cloud.silence import switched_off
from chatkit.core import settings
from chatkit.core.errors import ChatkitError, PortInUse
from chatkit.core.running import start_proof
from chatkit.lesson.sections import SECTIONS
from chatkit.steps.session import Session
from tests.cli.typing_verbs import Chatkit

LAST = SECTIONS[-1].number


@pytest.mark.parametrize(
    "arguments",
    [
        "no-such-verb",
        "run --no-such-option",
        "lab --port many",
        "lab --port 70000",
        "func stop",
        "status extra",
        "--versoin",
    ],
)
def test_bad_usage_is_two(chatkit: Chatkit, arguments: str) -> None:
    """The sentence says what is wrong and where help is."""
    typed = chatkit(*arguments.split())
    assert (typed.code, typed.out, typed.err.count("\n")) == (2, "", 1)
    assert "--help" in typed.err


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        ("run --until 99", LAST),
        ("run --target azur", "azure"),
        ("catch-up 99", LAST),
        ("check 99", LAST),
        ("check 5x", "05"),
        ("check section-7", "07"),
    ],
)
def test_what_is_not_there_is_bad_usage_too(chatkit: Chatkit, arguments: str, nearest: str) -> None:
    """With the nearest that is."""
    typed = chatkit(*arguments.split())
    assert typed.code == 2 and f"the nearest is {nearest}." in typed.err
    assert not local_cloud.running(local_cloud.folder())


def test_the_version_is_said(chatkit: Chatkit) -> None:
    """On a line that can be pasted."""
    assert chatkit("--version").out == f"chatkit {__version__}\n"


@pytest.mark.parametrize("arguments", ["", "local", "func"])
def test_no_verb_shows_the_verbs(chatkit: Chatkit, arguments: str) -> None:
    """Help, and still exit code 2: nothing was asked for."""
    typed = chatkit(*arguments.split())
    assert typed.code == 2 and "Commands:" in typed.err


def test_a_failure_is_one_sentence_without_a_traceback(chatkit: Chatkit, home: Path) -> None:
    """Exit code 1."""
    typed = chatkit("local", "env")
    assert (typed.code, typed.out) == (1, "")
    assert typed.err == f"chatkit: {switched_off(home / 'local')}\n"


def test_debug_shows_the_traceback(chatkit: Chatkit) -> None:
    """The option works before and after the verb."""
    for arguments in (["--debug", "local", "env"], ["local", "env", "--debug"]):
        with pytest.raises(ChatkitError):
            chatkit(*arguments)


def test_damaged_settings_say_where_they_are(chatkit: Chatkit) -> None:
    """A file that a person edited badly is named, not overwritten."""
    settings.home().mkdir()
    (settings.home() / "settings.json").write_text("{", encoding="utf-8")
    typed = chatkit("status")
    assert typed.code == 1 and str(settings.home() / "settings.json") in typed.err
    assert (settings.home() / "settings.json").read_text(encoding="utf-8") == "{"


def test_a_taken_port_is_one(chatkit: Chatkit) -> None:
    """`lab --port` takes no other port than the one asked for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        typed = chatkit("lab", "--no-browser", "--port", str(port))
    assert (typed.code, typed.err.count("\n")) == (1, 1)
    assert typed.err.startswith(f"chatkit: Port {port} is taken by ")
    assert f"(process {os.getpid()}); JupyterLab needs it. End that program" in typed.err
    assert "choose another port: --port" in typed.err


def test_a_program_that_waits_for_a_verb_learns_of_a_taken_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It tries another one; for a person every failure is 1."""
    error = PortInUse(7071, wanted_for="a test")
    assert exit_code(error) == 1
    monkeypatch.setenv(start_proof.VARIABLE, "secret")
    assert exit_code(error) == PortInUse.exit_code


def test_an_interrupted_verb_says_so(chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words, with exit code 1; Typer alone would say nothing and exit with 130."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "status", interrupt)
    typed = chatkit("status")
    assert (typed.code, typed.out, typed.err) == (1, "", f"{INTERRUPTED}\n")


@pytest.mark.parametrize("module", ["chatkit.start", "jupyterlab.labapp"])
def test_an_interrupt_while_a_verb_is_imported_shows_no_traceback(module: str) -> None:
    """The first second of every verb is imports; Lab has its own."""
    verb = "chatkit.cli.lab_server" if module == "jupyterlab.labapp" else "chatkit"
    code = (
        "import runpy, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        f"runpy.run_module({verb!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8"
    )
    assert (done.returncode, done.stderr) == (1, f"{INTERRUPTED}\n")


def test_an_unknown_target_is_named(chatkit: Chatkit) -> None:
    """The sentence lists the targets."""
    typed = chatkit("run", "--target", "mars")
    assert typed.code == 2 and "local, azure" in typed.err


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "disk is read-only"),
        (errno.EACCES, "not allowed"),
    ],
)
def test_disk_errors_are_sentences(number: int, words: str) -> None:
    """The file is named."""
    assert words in sentence(
        OSError(number, os.strerror(number), "some.file")
    ) and "some.file" in sentence(OSError(number, os.strerror(number), "some.file"))


def test_hints_added_to_an_sdks_error_are_shown() -> None:
    """The SDK's own error stays what it is; the note says what to do."""
    error = ValueError("the service\nsaid no")
    error.add_note("Try again tomorrow.")
    assert sentence(error) == "ValueError: the service said no Try again tomorrow."
