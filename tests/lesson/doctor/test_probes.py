"""Probes that need no running workshop: what the SDK emits, what an app's log says, answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from chatkit.core.errors import NotAnswering
from chatkit.lesson.doctor.probes import GENERAL, PROBES, loading, this_machine
from chatkit.lesson.doctor.snapshot import emitted
from chatkit.lesson.doctor.snapshot.app_log import last_failure
from chatkit.lesson.doctor.snapshot.emitted import EmittedApp, EmittedFunction
from chatkit.lesson.doctor.snapshot.lookups import NoAnswer, NotThere, Unknown
from chatkit.lesson.http import Answer

APP = """
import azure.functions as func
print("an app may print while it is imported")
app = func.FunctionApp()
HUB = "chat"

@app.function_name("SendMessage")
@app.route(route="messages", methods=["POST"])
@app.generic_output_binding(arg_name="out", type="signalR", hub_name=HUB,
                            connection_string_setting="AzureSignalRConnectionString")
def send(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse: ...
"""
LOG = """
[2026-11-28T12:00:00.000Z] Executed 'Functions.SendMessage' (Failed, Id=1, Duration=3ms)
[2026-11-28T12:00:00.000Z] System.Private.CoreLib: Exception while executing function:\
 Functions.SendMessage. Result: Failure
Exception: KeyError: 'text'
Stack: Traceback (most recent call last):
  File "{folder}/send_message.py", line 12, in send
    text = body["text"]
"""


def test_what_the_sdk_emits_is_read_and_not_the_text(tmp_path: Path) -> None:
    """Names in snake case, a hub in a constant: both are what the host would get."""
    (tmp_path / "function_app.py").write_text(APP, encoding="utf-8")
    found = emitted.index(tmp_path, {})
    ((function, binding),) = found.bindings("signalR")
    assert (function.name, function.file) == ("SendMessage", "function_app.py")
    assert function.parameters == ("req", "out")
    assert (binding["hubName"], binding["name"]) == ("chat", "out")
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("route", "wanted", "is_there"),
    [
        ("messages", "messages", True),
        ("go/{name}", "go/docs", True),
        ("go/{name}", "go", False),
        ("go/{name}", "to/docs", False),
        ("files/{*path}", "files/a/b", True),
    ],
)
def test_a_route_with_a_parameter_is_no_missing_address(
    route: str, wanted: str, is_there: bool
) -> None:
    """A course may name an address as people type it."""
    assert loading._takes(("GET", route), ("GET", wanted)) is is_there
    assert not loading._takes(("POST", route), ("GET", wanted))


@pytest.mark.long
def test_why_an_app_does_not_load_has_file_and_line(tmp_path: Path) -> None:
    """Also when the file is not even Python."""
    (tmp_path / "function_app.py").write_text("import azure.functions\n1 +\n", encoding="utf-8")
    found = emitted.index(tmp_path, {})
    assert found.failure.startswith("SyntaxError: ") and found.where == "function_app.py, line 2"


def test_an_app_whose_import_does_not_end_is_ended(tmp_path: Path) -> None:
    """The doctor may have gone by then; it hears where the app is."""
    (tmp_path / "function_app.py").write_text("x = 1\nwhile x: pass\n", encoding="utf-8")
    with pytest.raises(Unknown, match=r"not ended after 0\.2 s, function_app\.py, line 2$"):
        emitted.index(tmp_path, {}, limit_s=0.2)


def test_no_app_is_neither_wrong_nor_unknown(tmp_path: Path) -> None:
    """Before section 03 there is none."""
    with pytest.raises(NotThere):
        emitted.index(tmp_path, {})


def test_an_app_setting_stands_for_its_value() -> None:
    """As in the host: `%HUB%`."""
    assert emitted.resolved("%HUB%", {"HUB": "chat"}) == "chat"
    assert emitted.resolved("%HUB%", {}) == "%HUB%"


def test_what_failed_before_the_app_was_loaded_anew_is_corrected(tmp_path: Path) -> None:
    """Somebody has corrected the line: the old exception says nothing any more."""
    found = last_failure(LOG.format(folder=tmp_path), tmp_path)
    assert found is not None and (found.function, found.line) == ("SendMessage", 12)
    assert last_failure(f"{LOG}\nChanged: a.py. Starting the app anew.\n", tmp_path) is None


@pytest.mark.parametrize(
    ("status", "key"),
    [
        (404, "negotiate-404"),
        (500, "settings-not-uploaded"),
        (502, "host-not-running"),
        (503, "host-not-running"),
    ],
)
def test_a_negotiate_that_does_not_work_is_seen(status: int, key: str) -> None:
    """Where nothing particular is seen, this says that something is wrong."""

    def nothing() -> Answer:
        raise NotThere("not there yet")

    snapshot: Any = SimpleNamespace(
        emitted=EmittedApp,
        local_negotiate=nothing,
        negotiate=lambda: Answer(status),
        failed_here=nothing,
        failed_there=nothing,
    )
    seen = {name: probe(snapshot) for name, probe in GENERAL.items() if probe(snapshot)}
    assert seen == {key: f"negotiate in the function app answers {status}"}


@pytest.mark.parametrize("status", [404, 503])
def test_an_app_without_functions_is_seen(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """It was published, and Azure lists none. While it starts anew, that is not known."""
    monkeypatch.setattr(loading, "fetch", lambda *_: Answer(status))
    snapshot = published_without_functions(functions_now=list)
    if status == 404:
        assert PROBES["no-functions"](snapshot).endswith("the function app has none")
    else:
        with pytest.raises(Unknown, match="answers 503"):
            PROBES["no-functions"](snapshot)


def test_an_app_that_has_just_started_is_not_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """It listed none while it started; now it does, and its negotiate may be switched off."""
    monkeypatch.setattr(loading, "fetch", lambda *_: Answer(404))
    snapshot = published_without_functions(functions_now=lambda: ["SendMessage"])
    assert not PROBES["no-functions"](snapshot)


def published_without_functions(*, functions_now: Callable[[], list[str]]) -> Any:
    """What the doctor sees of an app that listed no functions at the first look."""
    return SimpleNamespace(
        facts=SimpleNamespace(published="1", completed=()),
        emitted=EmittedApp,
        functions=list,
        functions_now=functions_now,
        api="https://demo.example",
    )


def test_the_hub_of_a_token_counts() -> None:
    """From section 09 on negotiate has no binding: what it hands out names the hub."""
    url = "http://localhost:8888/client/?hub=tchat"
    answer = Answer(200, content=json.dumps({"url": url, "accessToken": "x"}).encode())
    sending = ({"type": "signalR", "hubName": "%HUB%"},)
    function = EmittedFunction("SendMessage", "send_message.py", ("req",), sending)
    snapshot: Any = SimpleNamespace(
        local_negotiate=lambda: answer,
        emitted=lambda: EmittedApp((function,)),
        folder=SimpleNamespace(values={"HUB": "chat"}),
    )
    assert PROBES["hubs-differ"](snapshot) == (
        "clients that ask negotiate listen on hub tchat, and SendMessage (send_message.py) sends"
        " to hub chat"
    )


@pytest.mark.parametrize(("api", "page"), [("http://x:1", ""), ("", "http://x:2")])
def test_a_server_that_runs_and_does_not_answer_is_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, api: str, page: str
) -> None:
    """It hangs, or something else has its port: its record alone says that it runs.

    Without its folder it has ended, and that is another problem.
    """
    asked: list[str] = []

    def silent(_: str, url: str) -> Answer:
        asked.append(url)
        return Answer(0)

    monkeypatch.setattr(this_machine, "fetch", silent)
    folder = SimpleNamespace(functions=tmp_path / "app", page=tmp_path / "app")
    snapshot: Any = SimpleNamespace(absent=None, local_api=api, local_page=page, folder=folder)
    assert not PROBES["not-running"](snapshot)
    folder.page.mkdir()
    assert f"should run at {api or page}" in PROBES["not-running"](snapshot)
    assert asked == [f"{api}/admin/host/ping" if api else page]  # which starts no app that rests


def test_a_suspended_cloud_is_said_how_to_go_on() -> None:
    """What starts one that is off does not help there."""
    absent = NotAnswering("It is suspended.", hint="`kill -CONT 1` lets it go on.")
    snapshot: Any = SimpleNamespace(absent=absent)
    seen = "it is suspended: `kill -CONT 1` lets it go on"
    assert PROBES["not-running"](snapshot) == seen


def _not_found() -> object:
    raise NoAnswer("the function app: ResourceNotFoundError") from ResourceNotFoundError("gone")


def _no_answer() -> object:
    raise NoAnswer("the function app: no answer in time")


@pytest.mark.parametrize(
    ("site", "is_seen"), [(_not_found, True), (_no_answer, False), (lambda: "site", False)]
)
def test_what_a_list_does_not_have_yet_is_not_gone(
    site: Callable[[], object], is_seen: bool
) -> None:
    """Azure's lists are late, and an instance that a class shares is in another group."""
    facts = SimpleNamespace(
        resource_group="group", signalr="shared", storage_account="", function_app="app"
    )
    snapshot: Any = SimpleNamespace(
        facts=facts, resources=list, instance=lambda: "instance", site=site
    )
    assert PROBES["resources-gone"](snapshot).endswith("they are gone: app") is is_seen
