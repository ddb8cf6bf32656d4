"""The chat page through a real Jupyter server on another host: two people chat, and nothing goes
past the proxy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from chatkit.workshop import Workshop
from tests.remote.conftest import PREFIX, TOKEN
from tests.web.conftest import join
from tests.web.deployed import finished_workshop

pytestmark = pytest.mark.slow


@dataclass
class Visitor:
    """Somebody with a browser of their own.

    Attributes:
        reached: Every address that the browser asked.
    """

    page: Page
    reached: set[str]

    def write(self, text: str) -> None:
        """Send a message."""
        self.page.get_by_label("Message to everybody").fill(text)
        self.page.keyboard.press("Enter")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """The chat room, run locally and deployed, with what JupyterHub tells its servers in the
    environment.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTERHUB_SERVICE_PREFIX", PREFIX)
        with finished_workshop(tmp_path_factory.mktemp("remote") / "home") as workshop:
            workshop.prepare_page()
            yield workshop


@pytest.fixture
def visit(browser: Browser, jupyter: str) -> Iterator[Callable[[str, str], Visitor]]:
    """A function that lets somebody into the Jupyter server, and then into the chat at one of its
    addresses.
    """
    pages: list[Page] = []

    def enter(name: str, url: str) -> Visitor:
        page = browser.new_context(locale="en-GB").new_page()
        pages.append(page)
        page.set_default_timeout(20_000)
        page.goto(f"{jupyter}api/me?token={TOKEN}")
        visitor = Visitor(page, set())
        page.on("request", lambda request: visitor.reached.add(request.url))
        page.on("websocket", lambda socket: remember(visitor, socket))
        page.goto(urljoin(jupyter, url))
        join(page, name)
        return visitor

    yield enter
    for page in pages:
        page.context.close()


def remember(visitor: Visitor, socket: WebSocket) -> None:
    """Note where a WebSocket went to."""
    visitor.reached.add(socket.url)


def link(result: object) -> str:
    """The address in a verb's result, as a notebook shows it."""
    html = result._repr_mimebundle_()["text/html"]  # type: ignore[attr-defined]
    return str(re.findall(r'href="([^"]+)"', html)[0])


@pytest.mark.parametrize("verb", ["start_page", "enable_static_website"])
def test_two_people_chat_through_the_proxy(
    workshop: Workshop, jupyter: str, visit: Callable[[str, str], Visitor], verb: str
) -> None:
    """With the page served locally, and with the deployed one: page, functions and WebSocket all
    come through Jupyter.
    """
    if verb == "enable_static_website":
        workshop.set_page_url()
        workshop.upload_page()
    address = link(getattr(workshop, verb)())
    assert re.fullmatch(rf"{PREFIX}proxy/\d+/", address)
    alice, bob = visit("alice", address), visit("bob", address)
    for writer, text in ((alice, f"From afar, {verb}"), (bob, f"So am I, {verb}")):
        writer.write(text)
        for reader in (alice, bob):
            expect(reader.page.locator(".message.sent .text", has_text=text)).to_have_count(1)
    reached = {urlsplit(url)[:2] for url in alice.reached | bob.reached}
    assert reached == {("http", urlsplit(jupyter).netloc), ("ws", urlsplit(jupyter).netloc)}


def test_a_way_that_somebody_chose_works_as_well(
    workshop: Workshop,
    jupyter: str,
    visit: Callable[[str, str], Visitor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For a Jupyter server without a hub: its whole address, as the browser shows it."""
    monkeypatch.setenv("CHATKIT_PUBLIC_URL", f"{jupyter}proxy/{{port}}/")
    workshop.prepare_page()
    address = link(workshop.start_page())
    assert address.startswith(jupyter)
    assert {urlsplit(url).netloc for url in visit("carol", address).reached} == {
        urlsplit(jupyter).netloc
    }


def test_the_page_works_on_the_machine_itself_as_well(workshop: Workshop, browser: Browser) -> None:
    """Whoever forwards the ports instead, as editors do, opens the page at its own address."""
    workshop.prepare_page()
    workshop.start_page()
    page = browser.new_page()
    page.goto(workshop.local_web_url or "")
    join(page, "carol")
    page.close()


def test_who_has_no_token_sees_nothing(workshop: Workshop, browser: Browser, jupyter: str) -> None:
    """The proxy is as closed as the Jupyter server."""
    page = browser.new_context().new_page()
    page.goto(urljoin(jupyter, link(workshop.start_page())))
    assert "/login" in page.url
    page.context.close()


def test_status_names_what_a_browser_opens(workshop: Workshop) -> None:
    """For people, in text and html; programs on this machine still get the local addresses."""
    status = workshop.status()
    assert re.search(rf"local_web_url +{PREFIX}proxy/\d+/", repr(status))
    assert link(status).startswith(f"{PREFIX}proxy/")
    assert str(status.as_dict()["web_url"]).startswith("http://127.0.0.1:")


@pytest.mark.parametrize("section", ["06", "08"])
def test_the_kernel_side_keeps_its_own_addresses(workshop: Workshop, section: str) -> None:
    """The checks of the sections pass: they ask from this machine, and so do panels."""
    prepare = (
        (workshop.prepare_page, workshop.start_page)
        if section == "06"
        else (workshop.set_page_url, workshop.upload_page)
    )
    for verb in prepare:
        verb()
    assert workshop.check(section)
