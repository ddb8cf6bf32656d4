"""A real JupyterHub: three people run notebooks, one of them the whole tutorial, and alice opens
her chat through the hub.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import launched
from tests.jupyterhub import hub as hubs
from tests.jupyterhub.hub import PASSWORD, Hub
from tests.jupyterhub.person import Person, client, links
from tests.jupyterhub.tutorial import Done, done
from tests.tools import Tools
from tests.web.conftest import sign_in

pytestmark = [pytest.mark.long, pytest.mark.tools]
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
LIMIT_S, POLL_S = 60.0, 0.1
CHAT = """
from chatkit import Workshop, get, post
workshop = Workshop.open()
api, alice = f"{workshop.api_base_url}/api/messages", workshop.sign_in_as("alice")
"""
SAY = f'{CHAT}post(api, {{"text": "It is kept."}}, headers=alice.headers)'
READ = f"{CHAT}print(get(api, headers=alice.headers).text)"


@pytest.fixture(scope="module")
def hub(user: Path, tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub, and nobody there yet."""
    with hubs.running(user, tmp_path_factory.mktemp("hub"), tools) as hub:
        yield hub


@pytest.fixture(scope="module")
def course(hub: Hub) -> Done:
    """alice has done the tutorial, while bob and carol began it."""
    return done(hub, {"alice": "10", "bob": "01", "carol": "01"})


@pytest.fixture
async def alice(course: Done) -> AsyncIterator[Person]:
    """Her server, as a program uses it."""
    async with client(course.hub) as http:
        yield Person(course.hub, "alice", http)


def test_notebooks_show_addresses_at_the_hub(course: Done) -> None:
    """Nobody is shown an address of this machine to click on."""
    found = set.union(*(links(cells) for cells in course.shown["alice"].values()))
    assert {link for link in found if not link.startswith("https://")} == {
        link for link in found if re.match(r"/user/alice/proxy/\d+/", link)
    }
    assert re.fullmatch(r"/user/alice/proxy/\d+/", page_address(course))


def test_everybody_has_a_cloud_of_their_own(course: Done) -> None:
    """Each person's servers, kernels and local cloud listen at ports of their own."""
    ports = course.ports.values()
    assert all(len(own) >= 8 for own in ports)
    assert sum(map(len, ports)) == len(set.union(*ports))


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_alice_chats_through_the_hub(
    course: Done, chromium: str, options: Mapping[str, object]
) -> None:
    """She signs in to the hub, opens the link of her notebook, and signs in to her chat."""
    with launched(path=chromium) as browser:
        page, reached = at_the_hub(browser, course.hub, "alice", options)
        page.goto(urljoin(course.hub.url, page_address(course)))
        sign_in(page, "alice")
        text = f"From the hub, {options['viewport']}"
        page.get_by_label("Message to everybody").fill(text)
        page.keyboard.press("Enter")
        expect(page.locator(".message.sent .text", has_text=text)).to_have_count(1)
        page.reload()
        expect(page.locator(".message .text", has_text=text)).to_have_count(1)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"]  # type: ignore[index]
        assert reached == {urlsplit(course.hub.url).netloc}


def test_alices_page_is_closed_to_other_people_of_the_hub(course: Done, chromium: str) -> None:
    """The hub lets nobody else through to her ports: neither bob nor who is not signed in."""
    address = urljoin(course.hub.url, page_address(course))
    with launched(path=chromium) as browser:
        page, _ = at_the_hub(browser, course.hub, "bob", DESKTOP)
        answer = page.goto(address)
        assert answer is not None and answer.status in (403, 404)
        stranger = browser.new_context().new_page()
        stranger.goto(address)
        assert urlsplit(stranger.url).path == "/hub/login"


async def test_who_was_idle_comes_back_to_everything(alice: Person, course: Done) -> None:
    """jupyterhub-idle-culler ends the servers, and nothing that was started there goes on."""
    page = await alice.opens(page_address(course))
    await alice.type(SAY)
    said = await alice.type(READ)
    assert "It is kept." in str(said)
    with course.hub.culling():
        for name in course.shown:
            await nothing_runs(course.hub, name)
    await alice.start()
    assert await alice.opens(page_address(course)) == page
    assert await alice.type(READ) == said


async def test_a_killed_server_leaves_nothing_running(alice: Person, course: Done) -> None:
    """No kernel, no local cloud and no functions keep their memory; what is deployed comes back."""
    await alice.type("from chatkit import Workshop; Workshop.open().start_functions(auth=True)")
    own = course.hub.processes("alice")
    assert len(own) >= 4
    (server,) = [process for process in own if "jupyterhub-singleuser" in str(process.cmdline())]
    server.kill()
    await nothing_runs(course.hub, "alice")
    await alice.stop()  # the hub would notice by itself, a little later
    await alice.start()
    assert "<title>" in await alice.opens(page_address(course))


async def nothing_runs(hub: Hub, name: str) -> None:
    """Wait until no process of a person is left."""
    async with asyncio.timeout(LIMIT_S):
        while hub.processes(name):
            await asyncio.sleep(POLL_S)


def at_the_hub(
    browser: Browser, hub: Hub, name: str, options: Mapping[str, object]
) -> tuple[Page, set[str]]:
    """A page of somebody who has signed in to the hub, and the hosts that it asks from then on."""
    page = browser.new_context(locale="en-GB", **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(20_000)
    reached: set[str] = set()
    page.on("request", lambda request: reached.add(urlsplit(request.url).netloc))
    page.on("websocket", lambda socket: reached.add(urlsplit(socket.url).netloc))
    page.goto(f"{hub.url}hub/login?next=/hub/home")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/hub/home")
    return page, reached


def page_address(course: Done) -> str:
    """The link to her page that alice's last notebook of it has shown."""
    (name,) = [name for name in course.shown["alice"] if name.startswith("08")]
    (link,) = links(course.shown["alice"][name])
    return link
