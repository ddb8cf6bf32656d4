"""An address that no function has: a cell names those there are, and the nearest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chatkit.core.errors import ChatkitError, CheckFailed, ServiceError
from chatkit.lesson import app_log, http, not_found
from chatkit.lesson.http import Answer
from chatkit.steps.session import Session

API = "http://localhost:1"


def function(name: str, route: str, *methods: str) -> dict[str, Any]:
    """A function as the host lists it."""
    trigger = {"type": "httpTrigger", "route": route, "methods": [*methods]}
    template = f"{API}/api/{route}"
    return {
        "invoke_url_template": template,
        "config": {"name": name, "bindings": [trigger, {"type": "http"}]},
    }


FUNCTIONS = [
    function("SendMessage", "mesages", "POST"),
    function("GetMessages", "messages", "GET"),
    function("One", "one/{id}", "GET"),
    {"invoke_url_template": None, "config": {"name": "Tick", "bindings": []}},
]
LISTED = "POST /api/mesages, GET /api/messages, GET /api/one/{id}"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Session:
    """A session whose functions on this machine list some addresses and answer 404."""
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path))
    monkeypatch.setattr(Session, "local_api_base_url", property(lambda _: API))

    async def listed(*_: object) -> object:
        return FUNCTIONS

    monkeypatch.setattr(not_found, "ask", listed)
    monkeypatch.setattr(http, "fetch", lambda *_, **__: Answer(404))
    return Session(tmp_path)


@pytest.mark.parametrize(
    ("method", "path", "ask"),
    [
        ("POST", "/api/messages", "The nearest is POST /api/mesages."),
        ("GET", "/messages", "The nearest is GET /api/messages."),
        ("POST", "/api/one/1", "The nearest is GET /api/one/{id}."),
        ("GET", "/api/history", "Compare the address with these."),
    ],
)
def test_a_cell_names_the_nearest(session: Session, method: str, path: str, ask: str) -> None:
    """Another path, another method, no /api: the host's answer is the same bare 404."""
    asking = {"GET": http.get, "POST": http.post}[method]
    shown = repr(asking(f"{API}{path}"))
    assert f"No function answers {method} {path}." in shown
    assert f"Why: The functions answer {LISTED}." in shown and f"Do: {ask}" in shown


@pytest.mark.parametrize(
    "path", ["/api/messages", "/API/Messages", "/api/one/2", "/other", "/.auth/me", "/admin/x"]
)
def test_a_function_that_says_404_itself_is_no_wrong_address(session: Session, path: str) -> None:
    """Nor is another program's address one of the app's."""
    url = f"http://localhost:2{path}" if path == "/other" else f"{API}{path}"
    assert http.get(url).reason == ""


@pytest.mark.parametrize(
    "error",
    [
        ServiceError(404, "", "POST /api/messages answered 404."),
        CheckFailed("POST /api/messages", expected="200", got="404", hint="Compare."),
        CheckFailed(
            "Connecting", expected="a hub", got="POST /api/messages answered 404.", hint=""
        ),
    ],
)
def test_panel_and_check_name_the_function_to_correct(
    session: Session, error: ChatkitError
) -> None:
    """Whose route is mistyped, and not the one that has the path by right."""
    app_log.blame(session, "local")(error, datetime.now(UTC))
    assert error.hint.startswith("SendMessage answers POST /api/mesages: correct")


def test_a_function_that_is_not_registered_is_not_in_the_app(session: Session) -> None:
    """Its file may be there, and right."""
    found = not_found.why(session, "local", "POST", "/api/negotiate")
    assert found is not None and found.correct.startswith("negotiate is not in the app")


def test_an_app_without_functions_says_why(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host's own list has the reason: a file that is gone, a setting for another language."""

    async def nothing(*_: object) -> object:
        return []

    monkeypatch.setattr(not_found, "ask", nothing)
    log = session.servers.log("functions")
    log.parent.mkdir(parents=True)
    listed = "\nFunctions:\n\n\tNo functions: there is no function_app.py.\n\n"
    log.write_text(listed, encoding="utf-8")
    assert "Why: No functions: there is no function_app.py." in repr(http.post(f"{API}/api/a"))


def test_another_courses_address_is_none_of_the_tutorials(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has other files."""
    monkeypatch.setenv("CHATKIT_COURSE", "small")
    found = not_found.why(session, "local", "POST", "/api/negotiate")
    assert found is not None and found.correct == "Compare the address with these."
