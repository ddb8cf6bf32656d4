"""A learner's own mistake shows the learner's own line, in the cell that met it."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatkit import get, post
from chatkit.chat.panel.panel import ChatPanel
from chatkit.core import settings as store
from chatkit.core.errors import CheckFailed, NotStarted, ServiceError, SetupError
from chatkit.lesson import app_log, checks
from chatkit.lesson.checks import send_message
from chatkit.steps.local_servers import FUNCTIONS
from chatkit.steps.session import Session
from tests.chat.stub_room import StubRoom

LINE = 'send_message.py, line 21: raise ValueError("no") → ValueError: no'
LOG = """[{at}] Executed 'Functions.SendMessage' (Failed, Id=1, Duration=5ms)
[{at}] System.Private.CoreLib: Exception while executing function: Functions.SendMessage. \
Result: Failure
Exception: ValueError: no
Stack: Traceback (most recent call last):
  File "/somewhere/send_message.py", line 21, in send_message
    raise ValueError("no")
ValueError: no

"""
BROKEN = """[{at}] A host error has occurred: the function app did not start.
[{at}] Result: Failure
Exception: NameError: x
Stack: Traceback (most recent call last):
  File "/somewhere/function_app.py", line 3, in <module>
    x
NameError: x
"""


def stamp(at: datetime) -> str:
    """A time as the host writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app: StubRoom) -> Session:
    """A session whose functions on this machine are a stand-in that answers as it is told."""
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path))
    monkeypatch.setattr(Session, "local_api_base_url", property(lambda _: app.url))
    monkeypatch.setattr(Session, "absence", lambda _: None)
    monkeypatch.setattr("chatkit.cloud.local_cloud.absence", lambda _: None)
    monkeypatch.setattr(app_log, "LATE_S", 0.0)
    store.save(tmp_path, store.Settings(suffix="abc123"))
    return Session(tmp_path)


def says(session: Session, text: str, at: datetime | None = None) -> None:
    """Let the function host have written something, soon or at a time."""
    path = session.servers.log(FUNCTIONS)
    path.parent.mkdir(exist_ok=True)
    at = at or datetime.now(UTC) + timedelta(seconds=30)
    path.write_text(text.replace("{at}", stamp(at)), encoding="utf-8")


def test_a_request_of_a_cell_names_the_line(session: Session, app: StubRoom) -> None:
    """The answer is the bare 500; what is shown below it comes from the log."""
    app.refuse_messages = 500
    says(session, LOG)
    answer = post(f"{app.url}/api/messages", {"sender": "alice", "text": "Hello"})
    assert LINE not in answer.text and answer.status == 500
    assert repr(answer).splitlines()[-3:] == [
        "Your function SendMessage failed.",
        f"Why: {LINE}",
        "Do: Correct line 21 of functions/send_message.py, then workshop.start_functions().",
    ]


def test_an_old_failure_is_not_blamed(session: Session, app: StubRoom) -> None:
    """It says nothing about this answer; neither does a log that is not there."""
    app.refuse_history = 500
    assert "Why" not in repr(get(f"{app.url}/api/messages"))
    says(session, LOG, datetime.now(UTC) - timedelta(minutes=1))
    assert "Why" not in repr(get(f"{app.url}/api/messages"))


def test_an_app_that_was_not_loaded_is_blamed_however_long_ago(
    session: Session, app: StubRoom
) -> None:
    """503 everywhere until it is corrected."""
    app.refuse_history = 503
    says(session, BROKEN, datetime.now(UTC) - timedelta(minutes=1))
    shown = repr(get(f"{app.url}/api/messages"))
    assert "function_app.py, line 3: x → NameError: x" in shown


def test_another_apps_answer_blames_nobody(session: Session, app: StubRoom) -> None:
    """Only the learner's own functions have a log here."""
    app.refuse_messages = 500
    says(session, LOG)
    session.learn(api_base_url="http://localhost:1")
    assert "Why" not in repr(post(f"{app.url.replace('127.0.0.1', 'LOCALHOST')}/api/messages", {}))


@pytest.mark.parametrize("switch", ["refuse", "refuse_messages"])
def test_the_panel_names_the_line(session: Session, app: StubRoom, switch: str) -> None:
    """When it opens, and when somebody speaks; the exception keeps its type."""
    setattr(app, switch, 500)
    says(session, LOG)
    availability = session.availability("local", app_log.blame(session, "local"))
    with pytest.raises(ServiceError, match="Your function SendMessage failed") as caught:
        panel = ChatPanel.open(app.url, ("alice",), availability=availability)
        try:
            panel.say("alice", "Hello")
        finally:
            panel.close()
    assert (caught.value.status, caught.value.why) == (500, LINE)


def test_a_check_names_the_function_not_its_own_expectation(
    session: Session, app: StubRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither hub nor target nor arguments are wrong when the function raises."""
    says(session, LOG)
    failed = CheckFailed("POST /api/messages", expected="200", got="500", hint="hubName chat")

    def fail(_: Session) -> None:
        raise failed

    monkeypatch.setattr(send_message, "check", fail)
    monkeypatch.setattr(Session, "on_cloud", lambda _: nullcontext())
    monkeypatch.setattr(checks, "removed_after", lambda _: nullcontext([]))
    with pytest.raises(CheckFailed) as caught:
        checks.check(session, 5)
    assert caught.value is failed
    assert (failed.message, failed.why) == ("Your function SendMessage failed.", LINE)
    assert "hub" not in str(failed) and failed.expected == "200"


def test_logs_show_the_newest_last(session: Session) -> None:
    """As many lines as are asked for, and nothing that takes over a terminal."""
    says(session, "".join(f"[{{at}}] line {number} \x1b[2J\n" for number in range(9)))
    said = app_log.said(session, "local", lines=2)
    assert [line.rpartition("] ")[2] for line in said.lines] == [
        "line 7 \\u001b[2J",
        "line 8 \\u001b[2J",
    ]


def test_logs_follow(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last lines first, then each new one."""
    monkeypatch.setattr(app_log, "FOLLOW_S", 0.01)
    says(session, "[{at}] one\n")
    following = app_log.follow(session, "local")
    assert next(following).endswith("one")
    with session.servers.log(FUNCTIONS).open("a", encoding="utf-8") as file:
        file.write("two\n")
    assert next(following) == "two"


def test_logs_of_nowhere_are_refused(session: Session) -> None:
    """A place that is none, and an app that is not deployed."""
    with pytest.raises(SetupError, match="Places are local, deployed"):
        app_log.said(session, "elsewhere")
    with pytest.raises(NotStarted, match="no function app yet"):
        app_log.said(session, "deployed")
