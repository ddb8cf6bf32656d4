"""The line of the app where a function failed, as its host's log tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatkit.cloud.app_log.failures import FunctionFailure, failures, line_in
from chatkit.core.results import Result
from tests.attacks import app_log

AT = "[2026-11-29T00:00:00.123Z] "
RAISED = f"{AT}System.Private.CoreLib: Exception while executing function: Functions.SendMessage. "
LOCAL = """Result: Failure
Exception: ValueError: no
way
Stack: Traceback (most recent call last):
  File "{folder}/answers.py", line 3, in read
    return 1 / 0
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "{folder}/send_message.py", line 21, in send_message
    raise ValueError("no")
    ^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/lib/python3.12/json/decoder.py", line 1, in decode
    raise JSONDecodeError
ValueError: no
way
"""
UNREADABLE = """Result: Failure
Exception: OSError: [Errno 24] Too many open files
Stack: Traceback (most recent call last):
  File "{folder}/send_message.py", line 4, in send_message
OSError: [Errno 24] Too many open files
"""
AZURE = """System.Private.CoreLib: Result: Failure
Exception: KeyError: 'x'
Stack:   File "/azure-functions-host/workers/python/3.12/LINUX/X64/dispatcher.py", line 505, in call
    call_result = await function()
  File "{site}/send_message.py", line 9, in send_message
    body["x"]
  File "{site}/.python_packages/lib/site-packages/library.py", line 1, in get
    fail()
"""
NOT_LOADED = """Result: Failure
Exception: SyntaxError: invalid syntax (send_message.py, line 7)
Stack: Traceback (most recent call last):
  File "{folder}/function_app.py", line 5, in <module>
    import send_message
  File "{folder}/send_message.py", line 7
    retrun x
    ^^^^^^
SyntaxError: invalid syntax
"""

SITE = "/home" + "/site/wwwroot"  # where Azure unpacks an app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The learner's functions."""
    (tmp_path / "send_message.py").write_text("", encoding="utf-8")
    return tmp_path


def only(text: str, folder: Path) -> FunctionFailure:
    """The one failure of a log."""
    (found,) = failures(text.replace("{folder}", str(folder)).replace("{site}", SITE), folder)
    return found


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (LOCAL, 'send_message.py, line 21: raise ValueError("no") → ValueError: no'),
        (AZURE, "send_message.py, line 9: body[\"x\"] → KeyError: 'x'"),
        (UNREADABLE, "send_message.py, line 4 → OSError: [Errno 24] Too many open files"),
        ("BindingFailed: SignalR Service said no.", "BindingFailed: SignalR Service said no."),
    ],
)
def test_the_innermost_line_of_the_app_is_named(folder: Path, said: str, why: str) -> None:
    """Not that of a library, and of several exceptions the last one."""
    found = only(f"{RAISED}{said}\n{AT}Executing 'Functions.negotiate'\n", folder)
    assert (found.what, found.why) == ("Your function SendMessage failed.", why)


def test_an_app_that_does_not_load_names_the_line_that_keeps_it(folder: Path) -> None:
    """A line that is no Python is in no function."""
    found = only(f"{AT}{NOT_LOADED}", folder)
    assert (found.function, found.line, found.text) == ("", 7, "retrun x")
    assert "line 7 of functions/send_message.py" in found.fix("local")
    assert "publish_functions" in found.fix("deployed")


def test_a_build_log_leads_to_a_line_too(folder: Path) -> None:
    """The app is loaded there for the first time."""
    log = NOT_LOADED.replace("{folder}", str(folder)).replace("\n", "\n  ")
    named = "send_message.py, line 7: retrun x → SyntaxError: invalid syntax"
    assert line_in(log, folder) == named
    assert line_in("Every requirement is satisfied.", folder) == ""


@pytest.mark.parametrize(
    "said",
    ["", "Executed 'Functions.SendMessage' (Succeeded, Id=1, Duration=1ms)", "Exception: x", "\n"],
)
def test_what_is_no_failure_is_none(folder: Path, said: str) -> None:
    """Most of a log."""
    assert failures(f"{AT}{said}\n", folder) == failures(said, folder) == []


@pytest.mark.parametrize("kind", app_log.TAKES_OVER)
def test_what_a_stranger_wrote_takes_over_nothing(folder: Path, kind: str) -> None:
    """It may stand in the message of an exception: controls are spelled out, the line stays."""
    evil = app_log.TAKES_OVER[kind]
    found = only(RAISED + LOCAL.replace("no\nway", f"{evil}\nway"), folder)
    assert not set("\x1b\x07\u202e\r\x85\u2028\n") & set(found.why)
    assert (found.file, found.line) == ("send_message.py", 21)
    shown = Result(found.why)._repr_mimebundle_()["text/html"]
    assert "<script" not in shown
