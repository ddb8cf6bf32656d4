"""The stage's screen in Chromium: what the room reads, and what the presenter does."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Literal

import pytest
import segno
from aiohttp import web
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.core.codes.qr import QUIET_ZONE
from tests.attacks.stage_screen import GROUPS, LINKS, MESSAGES
from tests.web.own_loop import closed
from tests.web.stand_in_stage import KINDS, TOKEN, URL, StageRoom, message, opened
from tests.web.test_page_safety import watch

pytestmark = pytest.mark.long
Scheme = Literal["light", "dark"]
OpenScreen = Callable[..., Page]
DESK = (1280, 720)
IMPOSTORS = GROUPS[-1].names
SCREENS: list[tuple[tuple[int, int], Scheme]] = [
    (DESK, "light"),
    ((1920, 1080), "dark"),
    ((3840, 2160), "light"),
    ((1024, 768), "dark"),
]
TALK = [message(number, name, f"message {number}") for number, name in enumerate("abcabcabc")]
# Of each text that is seen its size, and of each message whether the list shows all of it.
TEXT_SIZES = """() => [...document.querySelectorAll("body *")]
    .filter((one) => one.checkVisibility() && one.tagName !== "NOSCRIPT"
        && !one.matches(".unseen") && getComputedStyle(one).clipPath === "none"
        && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((one) => parseFloat(getComputedStyle(one).fontSize))"""
OUTSIDE = """() => [...document.querySelectorAll("#messages li, main, aside > *, footer, #bar > *")]
    .filter((one) => one.checkVisibility()).filter((one) => {
        const box = one.getBoundingClientRect();
        return box.left < 0 || box.top < 0 || box.right > innerWidth + 1
            || box.bottom > innerHeight + 1;
    }).map((one) => one.outerHTML.slice(0, 80))"""
CUT = """() => {
    const list = document.getElementById("messages").getBoundingClientRect();
    return [...document.querySelectorAll("#messages li")].filter((one) => one.checkVisibility())
        .filter((one) => one.getBoundingClientRect().top < list.top - 1).length;
}"""
MODULES = """async ([picture, count]) => {
    const image = new Image();
    image.src = picture;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const size = image.width / count;
    const at = (place) => Math.floor((place + 0.5) * size);
    return [...Array(count).keys()].map((row) => [...Array(count).keys()].map((column) =>
        canvas.getImageData(at(column), at(row), 1, 1).data.slice(0, 3).join(",")));
}"""


@dataclass
class Served:
    """A room, and the port at which its screen is."""

    room: StageRoom
    port: int
    runner: web.AppRunner
    loop: BackgroundLoop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/stage"

    def end(self) -> None:
        """Stop answering."""
        self.loop.call(closed(self.runner))

    def begin_again(self) -> None:
        """Answer at the same port, as a local cloud that was started anew."""
        self.room.run += "1"
        self.runner = self.loop.call(opened(self.room, self.port))


@dataclass
class Impostor:
    """A program of somebody else, which writes down what it is sent."""

    lets_in: bool
    heard: list[str] = field(default_factory=list)
    was_asked: Event = field(default_factory=Event)

    async def open(self, port: int) -> web.AppRunner:
        """Listen at a port."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    async def _answer(self, request: web.Request) -> web.Response:
        self.heard.append(f"{request.raw_path} {[*request.headers.items()]} {await request.text()}")
        self.was_asked.set()
        status = 200 if self.lets_in or request.path.endswith("/run") else 403
        return web.json_response({"run": "chosen-by-mallory"}, status=status)


@pytest.fixture
def served() -> Iterator[Served]:
    loop = BackgroundLoop()

    async def start() -> tuple[StageRoom, web.AppRunner]:
        room = StageRoom()
        return room, await opened(room)

    room, runner = loop.call(start())
    served = Served(room, runner.addresses[0][1], runner, loop)
    yield served
    served.end()
    loop.stop()


@pytest.fixture
def screen(browser: Browser, served: Served) -> Iterator[OpenScreen]:
    """A function that opens the screen, by default as the presenter."""
    contexts: list[BrowserContext] = []

    def open_screen(
        size: tuple[int, int] = DESK, scheme: Scheme = "light", token: str = TOKEN
    ) -> Page:
        viewport = ViewportSize(width=size[0], height=size[1])
        contexts.append(browser.new_context(viewport=viewport, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.goto(f"{served.url}#{token}" if token else served.url)
        return page

    yield open_screen
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("size", "scheme"), SCREENS)
def test_the_last_row_reads_everything(
    served: Served, screen: OpenScreen, size: tuple[int, int], scheme: Scheme
) -> None:
    """No text is small, nothing is outside, no message is cut at its beginning."""
    hostile = [message(number, *said) for number, said in enumerate(MESSAGES.values())]
    page = screen(size, scheme)
    problems = watch(page)
    drill = {"kind": "slow", "title": "Slow", "happens": "x " * 40, "look": "y " * 30}
    drills = {**served.room.rest["drills"], "active": [{**drill, "seconds_left": 20.0}]}
    for last in (1, 2, 5, len(hostile)):
        served.room.tell(messages=hostile[:last])
        expect(page.locator("#messages li .text").last).to_have_text(hostile[last - 1]["text"])
        assert page.evaluate(CUT) == 0
    assert page.evaluate(OUTSIDE) == []
    assert min(page.evaluate(TEXT_SIZES)) >= max(24, size[1] * 0.03)
    served.room.tell(connected=20, waiting=7, paused=True, drills=drills)
    expect(page.locator("#here")).to_have_text("20 of 20 here")
    expect(page.locator("#full")).to_have_text("Full: 7 wait for a place.")
    expect(page.locator(".drill h2")).to_contain_text("Slow")
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert problems == []


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_text_on_the_screen_whatever_it_is(
    served: Served, screen: OpenScreen, name: str
) -> None:
    """As it was written, within the list, and with the messages before and after it."""
    around = [message(0, "alice", "before"), message(2, "bob", "after")]
    served.room.tell(messages=[around[0], message(1, *MESSAGES[name]), around[1]])
    page = screen()
    problems = watch(page)
    rows = page.locator("#messages li")
    expect(rows).to_have_count(3)
    assert rows.nth(1).locator(".text").evaluate("one => one.textContent") == MESSAGES[name][1]
    assert rows.nth(1).locator(".name").evaluate("one => one.textContent") == MESSAGES[name][0]
    expect(rows.first).to_be_visible()
    expect(rows.last).to_be_visible()
    assert page.evaluate(OUTSIDE) == []
    assert rows.locator(":is(script, img, b, h1)").count() == 0
    assert problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_camera_reads_the_code_in_the_corner(
    served: Served, screen: OpenScreen, scheme: Scheme
) -> None:
    """Each module black or white, with four modules of white around, also on a dark screen."""
    served.room.tell(messages=TALK)
    page = screen(scheme=scheme)
    expect(page.locator("#messages li").last).to_be_visible()
    expect(page.locator("#code")).to_have_js_property("complete", value=True)
    picture = base64.b64encode(page.locator("#code").screenshot()).decode()
    matrix = segno.make(URL, error="m", micro=False).matrix
    count = len(matrix) + 2 * QUIET_ZONE
    seen = page.evaluate(MODULES, [f"data:image/png;base64,{picture}", count])
    white = ["255,255,255"] * count
    inner = [["0,0,0" if dark else "255,255,255" for dark in row] for row in matrix]
    side = white[:QUIET_ZONE]
    # The corners of the white are round.
    seen[0][0] = seen[0][-1] = seen[-1][0] = seen[-1][-1] = white[0]
    assert (
        seen == [white] * QUIET_ZONE + [side + row + side for row in inner] + [white] * QUIET_ZONE
    )
    box = page.locator("#code").bounding_box()
    assert box is not None
    assert box["width"] / count >= 6


def test_the_chosen_message_is_the_one_that_is_hidden(served: Served, screen: OpenScreen) -> None:
    """Whatever has come meanwhile; and its guest is muted."""
    served.room.tell(messages=TALK)
    page = screen()
    expect(page.locator("#messages li").last).to_contain_text("message 8")
    page.keyboard.press("h")
    expect(page.locator("#said")).to_contain_text("Choose a message first")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    chosen = page.get_by_role("option", selected=True)
    expect(chosen).to_contain_text("message 7")
    expect(page.get_by_role("listbox")).to_be_focused()  # what is chosen is read out
    more = [message(number, "d", f"message {number}") for number in range(9, 30)]
    served.room.tell(messages=[*TALK, *more])
    expect(page.locator("#still")).to_contain_text("21 new messages")
    expect(chosen).to_contain_text("message 7")
    page.keyboard.press("h")
    expect(page.locator("#said")).to_have_text("Done: hide.")
    expect(page.locator("#messages li").last).to_contain_text("message 29")
    page.keyboard.press("ArrowUp")
    page.get_by_role("button", name="Mute guest").click()
    expect(page.locator("#said")).to_have_text("Done: mute.")
    assert served.room.orders == [
        {"do": "hide", "id": TALK[7]["id"]},
        {"do": "mute", "guest": more[-1]["senderId"]},
    ]


def test_a_message_that_has_gone_is_not_chosen_any_more(served: Served, screen: OpenScreen) -> None:
    """And what is hidden is not on the screen, also while it is held still."""
    served.room.tell(messages=TALK)
    page = screen()
    page.get_by_role("option", name="message 8").click()
    expect(page.get_by_role("option", selected=True)).to_contain_text("message 8")
    served.room.tell(messages=[*TALK[:-1], {**TALK[-1], "hidden": True, "why": "hidden"}])
    expect(page.get_by_text("message 8")).to_have_count(0)
    expect(page.get_by_role("option", selected=True)).to_have_count(0)
    page.keyboard.press("Space")
    served.room.tell(messages=TALK[:-2])
    expect(page.get_by_text("message 7")).to_have_count(0)
    served.room.tell(messages=TALK)
    expect(page.locator("#still")).to_have_text("Held · 2 new messages · Space goes on")
    page.keyboard.press("Space")
    expect(page.get_by_text("message 8")).to_be_visible()


POWERS = [
    ("p", "Pause", {"do": "pause"}),
    ("s", "Slow", {"do": "slow", "seconds": 5}),
    ("u", "Undo", {"do": "undo"}),
]


@pytest.mark.parametrize(("key", "label", "order"), POWERS)
def test_a_power_has_a_key_and_a_button(
    served: Served, screen: OpenScreen, key: str, label: str, order: dict[str, object]
) -> None:
    """Both do the same, and what was refused is said."""
    served.room.tell(undo="Hide a message of bob")
    page = screen()
    button = page.get_by_role("button", name=label, exact=True)
    expect(button).to_be_visible()
    page.keyboard.press(key)
    expect(page.locator("#said")).to_have_text(f"Done: {order['do']}.")
    served.room.refusal = "There is nothing to do."
    button.click()
    expect(page.locator("#said")).to_have_text("There is nothing to do.")
    page.keyboard.press("Control+p")
    assert served.room.orders == [order, order]


def test_each_key_can_be_pressed_in_their_list(served: Served, screen: OpenScreen) -> None:
    """By a pointer: what has no button in the bar, too."""
    served.room.tell(messages=TALK)
    page = screen()
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("dialog").get_by_role("button", name="Space").click()
    expect(page.locator("#still")).to_contain_text("Held")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").get_by_role("button")).to_have_count(18)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_clearing_asks_once(served: Served, screen: OpenScreen) -> None:
    """The same key again agrees, Escape does not; a key that is held down is no answer."""
    page = screen()
    expect(page.get_by_role("button", name="Clear")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="Clear the room?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.down("c")
    page.keyboard.down("c")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert served.room.orders == []
    page.keyboard.up("c")
    page.keyboard.press("c")
    expect(page.locator("#said")).to_have_text("Done: clear.")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert served.room.orders == [{"do": "clear"}]


def test_keys_are_where_they_are_on_other_keyboards(served: Served, screen: OpenScreen) -> None:
    """Of a keyboard with another alphabet the key in the place of C."""
    page = screen()
    expect(page.get_by_role("button", name="Clear")).to_be_visible()
    press = """() => (document.querySelector("dialog[open] button") ?? document.body).dispatchEvent(
        new KeyboardEvent("keydown", { key: "с", code: "KeyC", bubbles: true }))"""
    page.evaluate(press)
    expect(page.get_by_role("dialog", name="Clear the room?")).to_be_visible()
    page.evaluate(press)
    expect(page.locator("#said")).to_have_text("Done: clear.")
    assert served.room.orders == [{"do": "clear"}]


def test_words_are_covered_while_they_are_edited(served: Served, screen: OpenScreen) -> None:
    """The room sees the screen. Letters go into the field and are no keys there."""
    served.room.tell(words=["darn"])
    page = screen()
    expect(page.get_by_role("button", name="Words")).to_be_visible()
    page.keyboard.press("w")
    field = page.get_by_role("textbox", name="Words")
    expect(field).to_have_value("darn")
    expect(field).to_have_css("-webkit-text-security", "disc")
    page.keyboard.press("Control+End")
    page.keyboard.type("\nhush  \n\n")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert served.room.orders == [{"do": "words", "words": ["darn", "hush"]}]


def test_drills_by_number_are_explained(served: Served, screen: OpenScreen) -> None:
    """Beginning, what the room is shown, and ending."""
    page = screen()
    expect(page.get_by_role("button", name="Drill")).to_be_visible()
    page.keyboard.press("d")
    expect(page.locator(".choices button")).to_have_count(len(KINDS))
    page.keyboard.press("3")
    expect(page.locator("#said")).to_have_text("Done: drill.")
    told = {"kind": "storage-down", "title": "Storage is down", "happens": "It answers 503."}
    active = [{**told, "look": "Look at the history.", "seconds_left": 30.0}]
    served.room.tell(drills={**served.room.rest["drills"], "active": active})
    expect(page.locator(".drill")).to_contain_text("It answers 503.")
    expect(page.locator(".drill")).to_contain_text("Look at the history.")
    expect(page.get_by_role("timer")).to_contain_text("s")
    page.keyboard.press("d")
    page.keyboard.press("0")
    expect(page.locator("#said")).to_have_text("Done: end-drill.")
    served.room.tell(drills={**served.room.rest["drills"], "active": []})
    expect(page.locator(".drill")).to_have_count(0)
    assert [order["do"] for order in served.room.orders] == ["drill", "end-drill"]
    assert served.room.orders[0]["kind"] == "storage-down"


def test_the_map_shows_a_message_on_its_way(served: Served, screen: OpenScreen) -> None:
    """In the place of the messages, in words, too; the same key takes it away."""
    served.room.tell(messages=TALK)
    page = screen()
    expect(page.locator("#messages li").last).to_be_visible()
    page.keyboard.press("m")
    expect(page.locator("#way-title")).to_have_text("alice: Hello from the first row")
    expect(page.locator("#hop")).to_have_text("It arrived at 20 connections.")
    expect(page.locator("#picture")).to_have_attribute("alt", re.compile("arrived at 20"))
    page.keyboard.press("ArrowUp")
    expect(page.locator("#said")).to_have_text("No messages are shown at the moment.")
    hidden = {**message(9, "alice", "Hello from the first row"), "hidden": True, "why": "hidden"}
    served.room.tell(messages=[*TALK, hidden])
    expect(page.locator("#way-title")).to_have_text("A message that is hidden")
    page.keyboard.press("m")
    expect(page.locator("#messages li").last).to_be_visible()


@pytest.mark.parametrize("link", LINKS)
def test_without_the_token_there_are_code_and_count_alone(
    served: Served, screen: OpenScreen, link: str
) -> None:
    """An old link says so in a sentence, and what to do."""
    token = LINKS[link]
    served.room.tell(messages=TALK, words=["darn"])
    page = screen(token=token)
    expect(page.locator("#address")).to_have_text("192.168.178.101:8080")
    expect(page.locator("#here")).to_have_text("12 here")
    expect(page.locator("#code")).to_be_visible()
    if token:
        expect(page.get_by_role("alert")).to_contain_text("chatkit stage status")
    else:
        expect(page.get_by_role("alert")).to_have_count(0)
    page.keyboard.press("c")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "message" not in page.locator("body").inner_text()
    assert served.room.orders == []
    assert page.url == served.url


def test_the_token_stands_nowhere_and_lasts_as_long_as_the_tab(
    served: Served, screen: OpenScreen
) -> None:
    """Not in the address line; a reload keeps it, a new token ends it."""
    page = screen()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert page.url == served.url
    page.reload()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert TOKEN not in page.content()
    served.room.token = "another-token"
    served.room.tell(connected=13)
    expect(page.get_by_role("alert")).to_contain_text("another stage")
    expect(page.get_by_role("button")).to_have_count(0)
    page.goto(f"{served.url}#another-token")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page).to_have_url(served.url)


def test_the_code_follows_the_network(served: Served, screen: OpenScreen) -> None:
    """The page shows the new address by itself; without a network it says so."""
    page = screen()
    expect(page.locator("#code")).to_have_attribute("alt", "QR code of 192.168.178.101:8080")
    served.room.tell(url=None, notice="192.168.178.101 is not this machine's address any more.")
    expect(page.locator("#no-code")).to_be_visible()
    expect(page.locator("#code")).to_be_hidden()
    served.room.tell(url="http://10.0.0.9/", notice="The network has changed.")
    expect(page.locator("#code")).to_have_attribute("alt", "QR code of 10.0.0.9")
    expect(page.locator("#address")).to_have_text("10.0.0.9")
    expect(page.locator("#notice")).to_have_text("The network has changed.")
    served.room.tell(open=False, url=None, notice="")
    expect(page.get_by_role("alert")).to_contain_text("`chatkit stage up` opens it again")


def test_a_local_cloud_that_was_away_is_found_again(served: Served, screen: OpenScreen) -> None:
    """What was there stays on the screen meanwhile."""
    served.room.tell(messages=TALK)
    page = screen()
    expect(page.get_by_text("message 8")).to_be_visible()
    served.end()
    expect(page.get_by_role("alert")).to_contain_text("The local cloud does not answer.")
    expect(page.get_by_text("message 8")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator("#said")).to_contain_text("Try again when it does.")
    served.room.tell(messages=TALK[:-1])
    served.begin_again()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_text("message 8")).to_have_count(0)


def test_one_answer_that_is_lost_is_no_silence(served: Served, screen: OpenScreen) -> None:
    """A browser ends what it has asked for when the network of the machine changes."""
    page = screen()
    expect(page.locator("#here")).to_have_text("12 here")
    page.evaluate("""() => {
        const problem = document.getElementById("problem");
        window.alerts = [];
        new MutationObserver(() => problem.hidden || window.alerts.push(problem.textContent))
            .observe(problem, { attributes: true, childList: true });
    }""")
    served.room.failures = 1
    served.room.tell(connected=13)
    expect(page.locator("#here")).to_have_text("13 here")
    assert page.evaluate("window.alerts") == []
    served.room.failures = 2
    served.room.tell(connected=14)
    expect(page.locator("#here")).to_have_text("14 here")
    assert page.evaluate("window.alerts") != []


@pytest.mark.parametrize("lets_in", [False, True], ids=IMPOSTORS)
def test_the_token_goes_to_nobody(served: Served, screen: OpenScreen, *, lets_in: bool) -> None:
    """Something else may listen at the port while the local cloud is down."""
    page = screen()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    served.end()
    impostor = Impostor(lets_in)
    runner = served.loop.call(impostor.open(served.port))
    impostor.was_asked.wait(10)
    page.keyboard.press("p")
    # Unless the page has seen before that the local cloud is not there.
    said = page.locator("#said:not(:empty)").or_(page.get_by_role("alert"))
    expect(said.first).to_be_visible()
    served.loop.call(closed(runner))
    assert impostor.heard
    assert TOKEN not in "".join(impostor.heard)
    served.begin_again()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_powers_that_were_refused_come_back(served: Served, screen: OpenScreen) -> None:
    """Who had the port for a while and refused was not the stage."""
    served.room.tell(messages=TALK)
    page = screen()
    expect(page.get_by_text("message 8")).to_be_visible()
    served.room.token = "of-somebody-else"
    served.room.tell(connected=13)
    expect(page.get_by_role("alert")).to_contain_text("another stage")
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_text("message 8")).to_have_count(0)
    served.room.token = TOKEN
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_text("message 8")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_refused_screen_keeps_nothing_of_the_room(served: Served, screen: OpenScreen) -> None:
    """Neither a list that is open nor a rule: of the stage that there is now nothing is known."""
    served.room.tell(messages=TALK, paused=True, words=["secret word"])
    page = screen()
    expect(page.locator("#rules")).to_contain_text("paused")
    page.keyboard.press("w")
    expect(page.get_by_role("dialog")).to_be_visible()
    served.room.token = "of-somebody-else"
    served.room.tell(connected=13)
    expect(page.get_by_role("alert")).to_contain_text("another stage")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#rules")).to_be_hidden()
    served.room.token = TOKEN
    expect(page.locator("#rules")).to_contain_text("paused")


def test_nothing_moves_when_nothing_happens(served: Served, screen: OpenScreen) -> None:
    """Two pictures of the same room are the same."""
    served.room.tell(messages=TALK)
    page = screen()
    expect(page.get_by_text("message 8")).to_be_visible()
    expect(page.locator("#code")).to_have_js_property("complete", value=True)
    assert page.evaluate("document.getAnimations().length") == 0
    assert page.screenshot() == page.screenshot()


def test_light_and_dark_by_a_key(screen: OpenScreen) -> None:
    """From what the system says to the other one, and back; the code stays black on white."""
    page = screen(scheme="dark")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    dark = "rgb(17, 19, 26)"
    expect(page.locator("body")).to_have_css("background-color", dark)
    page.keyboard.press("l")
    expect(page.locator("body")).not_to_have_css("background-color", dark)
    page.keyboard.press("l")
    expect(page.locator("body")).to_have_css("background-color", dark)
    expect(page.locator("#code")).to_have_css("background-color", "rgb(255, 255, 255)")
