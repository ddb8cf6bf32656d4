"""Whatever goes wrong, a person reads one sentence and a script gets the right exit code."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from chatkit.cli.failures import sentence
from chatkit.cloud.local_cloud import switched_off
from chatkit.core import settings
from chatkit.core.errors import ChatkitError, PortInUse
from tests.cli.typing_verbs import Chatkit


@pytest.mark.parametrize(
    "arguments",
    [
        "no-such-verb",
        "run --no-such-option",
        "lab --port many",
        "lab --port 70000",
        "func stop",
        "status extra",
    ],
)
def test_bad_usage_is_two(chatkit: Chatkit, arguments: str) -> None:
    """The sentence says what is wrong and where help is."""
    typed = chatkit(*arguments.split())
    assert (typed.code, typed.out, typed.err.count("\n")) == (2, "", 1)
    assert "--help" in typed.err


@pytest.mark.parametrize("arguments", ["", "local", "func"])
def test_no_verb_shows_the_verbs(chatkit: Chatkit, arguments: str) -> None:
    """Help, and still exit code 2: nothing was asked for."""
    typed = chatkit(*arguments.split())
    assert typed.code == 2 and "Commands:" in typed.err


def test_a_failure_is_one_sentence_without_a_traceback(chatkit: Chatkit) -> None:
    """Exit code 1."""
    typed = chatkit("local", "env")
    assert (typed.code, typed.out) == (1, "")
    assert typed.err == f"chatkit: {switched_off()}\n"


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


def test_a_taken_port_is_named(chatkit: Chatkit) -> None:
    """`lab --port` does not take another port than the one asked for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        typed = chatkit("lab", "--no-browser", "--port", str(port))
    assert typed.code == PortInUse.exit_code
    assert typed.err.startswith(f"chatkit: Port {port} is taken by ")
    assert f"(process {os.getpid()}); JupyterLab needs it. End that program" in typed.err
    assert "choose another port: --port" in typed.err


def test_an_unknown_target_is_named(chatkit: Chatkit) -> None:
    """The sentence lists the targets."""
    typed = chatkit("run", "--target", "mars")
    assert typed.code == 1 and "local and azure" in typed.err


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
