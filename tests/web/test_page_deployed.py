"""The page on the local cloud: as F5 runs it on this machine, and as it is deployed."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from chatkit.cloud import local_cloud
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import rest_token
from chatkit.workshop import Workshop
from tests.web.conftest import join
from tests.web.deployed import finished_workshop

WHERE = ["local", "deployed"]
Open = Callable[[str, str], Page]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Everything made, published and uploaded once for all tests here."""
    with finished_workshop(tmp_path_factory.mktemp("home")) as workshop:
        yield workshop


@pytest.fixture
def enter(browser: Browser, workshop: Workshop) -> Iterator[Open]:
    """A function that opens the local or the deployed page as somebody."""
    contexts: list[BrowserContext] = []

    def open_page(where: str, name: str) -> Page:
        if where == "local":
            workshop.prepare_page()  # the last step before was to name the deployed functions
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.goto({"local": workshop.local_web_url, "deployed": workshop.web_url}[where] or "")
        join(page, name)
        return page

    yield open_page
    for context in contexts:
        context.close()


def write(page: Page, text: str) -> None:
    page.get_by_label("Message to everybody").fill(text)
    page.keyboard.press("Enter")


def drop_all(workshop: Workshop) -> None:
    """Let SignalR Service close every connection of the hub, by its REST API."""
    values = json.loads((workshop.functions_folder / "local.settings.json").read_text("utf-8"))[
        "Values"
    ]
    connection = SignalRConnectionString.parse(values["AzureSignalRConnectionString"])
    path = "/api/hubs/chat/:closeConnections?api-version=2022-06-01"
    headers = {"Authorization": f"Bearer {rest_token(connection, path)}"}
    url = f"{connection.endpoint}:{connection.port}{path}"
    urllib.request.urlopen(urllib.request.Request(url, method="POST", headers=headers)).close()


@pytest.mark.parametrize("where", WHERE)
def test_two_windows_chat(enter: Open, where: str) -> None:
    """Both ways, live; and what was said is there for who comes later."""
    alice, bob = enter(where, "alice"), enter(where, "bob")
    write(alice, f"Hello from {where}")
    expect(bob.locator(".text").last).to_have_text(f"Hello from {where}")
    write(bob, "Hello, alice")
    expect(alice.locator(".text").last).to_have_text("Hello, alice")
    expect(alice.locator(".message.sending, .message.failed, .fate")).to_have_count(0)
    carol = enter(where, "carol")
    expect(carol.locator(".text").last).to_have_text("Hello, alice")


@pytest.mark.parametrize("where", WHERE)
def test_the_page_reconnects_when_the_service_closes_its_connection(
    enter: Open, workshop: Workshop, where: str
) -> None:
    """And hears what is said afterwards."""
    alice, bob = enter(where, "alice"), enter(where, "bob")
    with alice.expect_websocket():
        drop_all(workshop)
    for page in (alice, bob):
        expect(page.locator(".state")).to_have_text("Connected")
    write(bob, "Still there?")
    expect(alice.locator(".text").last).to_have_text("Still there?")


def test_the_local_page_waits_for_its_functions(enter: Open, workshop: Workshop) -> None:
    """A message that cannot go out says so, and goes out once they run again."""
    page = enter("local", "alice")
    workshop.stop_functions()
    write(page, "Is anybody there?")
    expect(page.locator(".message.waiting .fate")).to_contain_text(
        "The function app does not answer. Is it running? On this machine,"
    )
    workshop.start_functions()
    expect(page.locator(".message.sent .text").last).to_have_text(
        "Is anybody there?", timeout=20_000
    )


@pytest.mark.long
def test_a_page_without_its_cloud_says_how_it_starts_and_comes_back(
    enter: Open, workshop: Workshop
) -> None:
    """Whom it misses is named: the deployed function app, or SignalR Service behind a local run."""
    deployed, local = enter("deployed", "alice"), enter("local", "alice")
    local_cloud.stop(workshop.home / "local")
    for page, missing in ((deployed, "The function app"), (local, "SignalR Service")):
        banner = page.locator(".banner")
        expect(banner).to_contain_text(f"{missing} does not answer.", timeout=20_000)
        expect(banner).to_contain_text("`chatkit local up` starts the local cloud")
    expect(local.locator(".banner")).not_to_contain_text("start_functions")
    local_cloud.start(workshop.home / "local")
    for page in (deployed, local):
        expect(page.locator(".state")).to_have_text("Connected", timeout=60_000)


def test_the_deployed_page_breaks_no_rule(enter: Open, workshop: Workshop) -> None:
    """No error in the console, nobody asked but page, functions and SignalR Service, and every file
    with its type.
    """
    page = enter("deployed", "alice")
    problems: list[str] = []
    hosts: set[str] = set()
    types: dict[str, str] = {}
    page.on(
        "console",
        lambda message: (
            problems.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on(
        "response",
        lambda response: types.update(
            {urlsplit(response.url).path: response.headers.get("content-type", "")}
        ),
    )
    page.reload()
    page.wait_for_selector(".connected")
    write(page, "Hello")
    expect(page.locator(".message.sent .text").last).to_have_text("Hello")
    known = {urlsplit(url or "").netloc for url in (workshop.web_url, workshop.api_base_url)}
    assert (problems, {host.split(":")[0] for host in hosts - known} - {"localhost"}) == ([], set())
    assert types["/app.js"].startswith("text/javascript") and types["/app.css"].startswith(
        "text/css"
    )


def test_an_address_that_is_not_there_is_answered_with_the_sites_own_page(
    browser: Browser, workshop: Workshop
) -> None:
    """And leads back to the chat room."""
    page = browser.new_page()
    response = page.goto(f"{workshop.web_url}not/there")
    assert response and response.status == 404
    page.get_by_role("link", name="first page").click()
    expect(page.get_by_label("Your name")).to_be_visible()
    page.close()
