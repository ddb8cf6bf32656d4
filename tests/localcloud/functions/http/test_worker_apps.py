"""The apps of Microsoft's worker's own tests, as apps of ours: what is answered, and the log."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import aiohttp
import pytest

from tests.localcloud.functions.functions_testing import (
    APPS,
    Recorder,
    Serve,
    Served,
    settings_json,
    until,
)
from tests.localcloud.functions.http import worker_app_table
from tests.localcloud.functions.http.worker_app_cases import CASES, Case


@pytest.fixture
async def app(
    serve: Serve, signalr: Recorder, tmp_path: Path, request: pytest.FixtureRequest
) -> Served:
    """One of the apps, served."""
    folder = tmp_path / "app"
    shutil.copytree(APPS / "worker" / request.param, folder)
    settings = settings_json({"AzureSignalRConnectionString": signalr.connection_string})
    (folder / "local.settings.json").write_text(settings, encoding="utf-8")
    return await serve(folder)


@pytest.mark.parametrize("app", [*dict.fromkeys(case.app for case in CASES)], indirect=True)
async def test_an_app_is_answered_as_by_azure(app: Served, request: pytest.FixtureRequest) -> None:
    """Nothing differs but what is listed with its reason."""
    name = request.node.callspec.params["app"]
    cases = [case for case in CASES if case.app == name]
    found = {case.name: await differences(app, case) for case in cases}
    assert {name: found[name] for name in found if found[name]}.keys() == {
        case.name for case in cases if case.unlike_azure
    }, found


async def differences(app: Served, case: Case) -> list[str]:
    """How the answer and the log differ from what they are in Azure."""
    before = len(app.lines)
    async with app.client.request(
        case.method, app.url + case.path, data=case.body, headers=case.sent, allow_redirects=False
    ) as answer:
        wrong = _wrong_answer(case, answer, await answer.read())
    for words in case.logged:
        if not await _is_logged(app, before, words):
            wrong.append(f"the log has no {words!r}")
    log = "\n".join(app.lines[before:])
    return wrong + [f"the log has {words!r}" for words in case.not_logged if words in log]


async def _is_logged(app: Served, before: int, words: str) -> bool:
    """Whether some words come into the log behind its first lines."""
    try:
        await until(lambda: any(words in line for line in app.lines[before:]), 5)
    except TimeoutError:
        return False
    return True


def _wrong_answer(case: Case, answer: aiohttp.ClientResponse, body: bytes) -> list[str]:
    wrong = []
    if answer.status != case.status:
        wrong.append(f"the status is {answer.status}")
    if case.text is not None and body.decode() != case.text:
        wrong.append(f"the text is {body!r}")
    if case.path == "/api/echo" and body != case.body:
        wrong.append("the body is another one")
    for name, value in case.headers.items():
        found = answer.headers.getall(name, [])
        wanted = value if isinstance(value, list) else [value]
        if found != wanted:
            wrong.append(f"{name} is {found}")
    if case.fields and answer.status == case.status:
        given = _parsed(body)
        wrong += [name for name, value in case.fields.items() if given.get(name) != value]
    return wrong


def _parsed(body: bytes) -> dict[str, object]:
    """An answer's JSON object; anything else has no members."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def test_the_table_in_the_docs_is_current() -> None:
    """`python -m tests.localcloud.functions.http.worker_app_table` writes it."""
    page = worker_app_table.PAGE.read_text(encoding="utf-8")
    assert worker_app_table.table() in page
