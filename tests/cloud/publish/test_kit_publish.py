"""Publishing a package to the deployment endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatkit.cloud.publish import functions
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError
from tests.cloud.fake_azure import Answer, FakeAzure, Request

SCM = "https://site.scm.example"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatkit.cloud.calls.time.sleep", lambda seconds: None)


def in_turn(*answers: tuple[int, Any]) -> Any:
    """A handler that gives one answer after another, the last one for ever."""
    left: Iterator[tuple[int, Any]] = iter(answers)
    last = answers[-1]

    def answer(request: Request) -> Answer:
        status, body = next(left, last)
        return status, body, {}

    return answer


@pytest.fixture
def accepted(azure: FakeAzure) -> FakeAzure:
    """A deployment endpoint that has started and takes the package."""
    azure.on("GET", "api/isdeploying", (200, False, {}))
    azure.on("POST", "api/publish", (202, "d1", {"Location": f"{SCM}/api/deployments/d1"}))
    return azure


def test_the_package_is_sent_once_as_zip_with_a_remote_build(
    accepted: FakeAzure, stack: Stack
) -> None:
    """And the deployment is followed until it succeeded."""
    accepted.on(
        "GET",
        "api/deployments/d1",
        in_turn((200, {"id": "d1", "status": 1}), (200, {"id": "d1", "status": 4})),
    )
    assert functions.upload_package(stack, SCM, b"zip").id == "d1"
    (sent,) = accepted.sent("POST")
    assert sent.path == "api/publish?RemoteBuild=true&Deployer=chatkit"
    assert sent.body == b"zip"


def test_an_endpoint_that_starts_is_waited_for(accepted: FakeAzure, stack: Stack) -> None:
    """Its name has to get into DNS, and the site has to start."""
    accepted.on(
        "GET", "api/isdeploying", in_turn((404, None), (503, None), (503, None), (200, False))
    )
    accepted.on("GET", "api/deployments/d1", (200, {"id": "d1", "status": 4}, {}))
    functions.upload_package(stack, SCM, b"zip")
    assert [sent.path for sent in accepted.sent("GET")].count("api/isdeploying") == 4


def test_not_found_at_first_is_waited_out(accepted: FakeAzure, stack: Stack) -> None:
    """The endpoint takes a moment to know its own deployment."""
    accepted.on(
        "GET",
        "api/deployments/d1",
        in_turn((404, None), (404, None), (404, None), (200, {"id": "d1", "status": 4})),
    )
    assert functions.upload_package(stack, SCM, b"zip").status == 4


def test_not_found_after_an_answer_means_done(accepted: FakeAzure, stack: Stack) -> None:
    """The worker is replaced at the end of a deployment."""
    accepted.on("GET", "api/deployments/d1", in_turn((200, {"id": "d1", "status": 2}), (404, None)))
    assert functions.upload_package(stack, SCM, b"zip").status == 4


def test_a_failed_build_says_the_last_lines_of_its_log(accepted: FakeAzure, stack: Stack) -> None:
    """Not just that it failed."""
    log = [{"message": f"line {number}"} for number in range(40)] + [
        {"message": "No matching distribution found for nope"}
    ]
    accepted.on(
        "GET",
        "api/deployments/d1",
        (200, {"id": "d1", "status": 3, "status_text": "Build failed"}, {}),
    )
    accepted.on("GET", "api/deployments/d1/log", (200, log, {}))
    with pytest.raises(ServiceError, match="The deployment failed") as caught:
        functions.upload_package(stack, SCM, b"zip")
    assert "No matching distribution found for nope" in str(caught.value)
    assert "line 0" not in str(caught.value)


def test_another_deployment_is_waited_for(accepted: FakeAzure, stack: Stack) -> None:
    """409 means busy."""
    accepted.on("POST", "api/publish", in_turn((409, None), (409, None), (202, "d1")))
    accepted.on("GET", "api/deployments/d1", (200, {"id": "d1", "status": 4}, {}))
    functions.upload_package(stack, SCM, b"zip")
    assert len(accepted.sent("POST")) == 3


@pytest.mark.parametrize(("status", "hint"), [(401, "Contributor"), (404, "Flex")])
def test_a_refusal_says_what_to_do(
    accepted: FakeAzure, stack: Stack, status: int, hint: str
) -> None:
    """With the endpoint's own words."""
    accepted.on("POST", "api/publish", (status, {"message": "no"}, {}))
    with pytest.raises(ServiceError, match="refused") as caught:
        functions.upload_package(stack, SCM, b"zip")
    assert hint in caught.value.hint


def test_triggers_are_synced_when_no_function_is_listed(azure: FakeAzure, stack: Stack) -> None:
    """Zero functions after a deployment is often just an unsynced list."""
    empty: dict[str, Any] = {"value": []}
    full = {"value": [{"name": "site/negotiate"}, {"name": "site/SendMessage"}]}
    synced: list[bool] = []

    def sync(request: Request) -> Answer:
        synced.append(True)
        return 204, None, {}

    azure.on("GET", "functions", lambda request: (200, full if synced else empty, {}))
    azure.on("POST", "syncfunctiontriggers", sync)
    assert functions.wait_until_listed(stack) == ["SendMessage", "negotiate"]


def test_an_app_without_functions_is_an_error(
    azure: FakeAzure, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never "published, 0 functions"."""
    monkeypatch.setattr(functions, "LISTED_LIMIT_S", -1)
    azure.on("GET", "functions", (200, {"value": []}, {}))
    with pytest.raises(ServiceError, match="has no functions") as caught:
        functions.wait_until_listed(stack)
    assert "import" in caught.value.hint


@pytest.fixture
def published(accepted: FakeAzure) -> FakeAzure:
    """A site whose newest deployment is d1, with one function."""
    state = [{"name": SCM.removeprefix("https://"), "hostType": "Repository"}]
    accepted.on(
        "GET",
        "sites/site[?]",
        (200, {"name": "site", "properties": {"hostNameSslStates": state}}, {}),
    )
    accepted.on("GET", "sites/site/functions", (200, {"value": [{"name": "site/negotiate"}]}, {}))
    accepted.on("GET", "api/deployments$", (200, [{"id": "d1", "status": 4}], {}))
    accepted.on("GET", "api/deployments/d1", (200, {"id": "d1", "status": 4}, {}))
    return accepted


def test_the_same_package_is_not_sent_twice(published: FakeAzure, stack: Stack) -> None:
    """A build takes Azure more than a minute."""
    names, known = functions.publish(stack, b"zip")
    assert functions.publish(stack, b"zip", known=known) == (names, known)
    assert len(published.sent("POST")) == 1


@pytest.mark.parametrize(("package", "newest"), [(b"other", "d1"), (b"zip", "d2")])
def test_another_package_or_another_deployment_is_replaced(
    published: FakeAzure, stack: Stack, package: bytes, newest: str
) -> None:
    """What counts is what the site runs."""
    _, known = functions.publish(stack, b"zip")
    published.on("GET", "api/deployments$", (200, [{"id": newest, "status": 4}], {}))
    functions.publish(stack, package, known=known)
    assert len(published.sent("POST")) == 2


def test_a_restart_is_waited_out(azure: FakeAzure, stack: Stack) -> None:
    """After a publish and after a settings change."""
    azure.on(
        "POST",
        "api/negotiate",
        in_turn((404, None), (503, None), (500, "starting"), (200, {"url": "u"})),
    )
    functions.wait_until_answers(stack, "https://app.example", "/api/negotiate")
    assert len(azure.sent("POST", "api/negotiate")) == 4


def test_an_error_of_the_app_itself_is_not_waited_out_for_minutes(
    azure: FakeAzure, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its own words."""
    monkeypatch.setattr(functions, "SURE_S", -1)
    azure.on(
        "POST",
        "api/negotiate",
        (500, b"NameError: name 'hub' is not defined", {"Content-Type": "text/plain"}),
    )
    with pytest.raises(ServiceError, match="500 NameError"):
        functions.wait_until_answers(stack, "https://app.example", "/api/negotiate")
    assert len(azure.sent("POST", "api/negotiate")) == 2
