"""Phones at a stage, all of it real: the verb, the deployed chat with sign-in, and Chromium."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from chatkit.cloud import local_cloud
from chatkit.stage.shown import StageShown
from chatkit.workshop import Workshop
from tests.chromium import launched
from tests.web.bad_network import BadNetwork
from tests.web.conftest import join
from tests.web.deployed import finished_workshop

pytestmark = [pytest.mark.long, pytest.mark.slow]
HOST = "127.0.0.2"
# What Playwright knows as a Pixel 7.
PHONE = {
    "viewport": {"width": 412, "height": 839},
    "device_scale_factor": 2.625,
    "is_mobile": True,
    "has_touch": True,
}
ROOM = 30
WAIT_S = 20.0
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Everything made, published and uploaded once, with authentication on."""
    with finished_workshop(tmp_path_factory.mktemp("home"), sign_in=True) as workshop:
        yield workshop


@pytest.fixture(scope="module")
def stage(workshop: Workshop) -> StageShown:
    """Its stage."""
    return workshop.stage(host=HOST)


@pytest.fixture(scope="module")
def network(stage: StageShown) -> Iterator[BadNetwork]:
    """What lies between phones and the stage: good, until a test changes it."""
    with BadNetwork((HOST, urlsplit(stage.url).port or 80)) as network:
        yield network


@pytest.fixture(scope="module")
def browser(chromium: str, stage: StageShown, network: BadNetwork) -> Iterator[Browser]:
    """A Chromium that finds the stage's address at the other end of the network."""
    address = urlsplit(stage.url).netloc
    rules = f"--host-resolver-rules=MAP {address} 127.0.0.1:{network.port}"
    with launched(rules, path=chromium) as browser:
        yield browser


@pytest.fixture
def phone(browser: Browser, stage: StageShown, network: BadNetwork) -> Iterator[Open]:
    """A function that opens the page on a new phone, and joins."""
    contexts = []

    def open_page(name: str | None) -> Page:
        contexts.append(browser.new_context(**PHONE))  # type: ignore[arg-type]
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.goto(stage.url)
        if name is not None:
            join(page, name)
        return page

    yield open_page
    for context in contexts:
        context.close()
    network.delay_s = network.jitter_s = network.lost = 0.0
    network.is_gone = False


@pytest.fixture
def screen(browser: Browser, stage: StageShown) -> Iterator[Page]:
    """The presenter's screen, with its powers."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto(dict(stage.rows)["screen"])
    expect(page.get_by_role("button", name="Hide")).to_be_visible()
    yield page
    context.close()


def write(page: Page, text: str) -> None:
    """Write to everybody, and wait until the app has it."""
    page.get_by_label("Message to everybody").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator(".message.sent .text").last).to_have_text(text, timeout=20_000)


def test_two_phones_talk_and_come_back(phone: Open, workshop: Workshop) -> None:
    """From the code to the first message in three seconds; nobody signs in."""
    alice = phone("alice")
    write(alice, "Hello from the first row")
    began = time.monotonic()
    bob = phone("bob")
    expect(bob.locator(".text").last).to_have_text("Hello from the first row")
    assert time.monotonic() - began < 3
    write(bob, "And from the last")
    expect(alice.locator(".text").last).to_have_text("And from the last")
    alice.reload()
    alice.wait_for_selector(".connected")
    expect(alice.locator(".me .name")).to_have_text("alice")
    known = local_cloud.ask("GET", "/stage", where=workshop.home / "local")
    assert known["people"] >= 2
    assert known["connected"] >= 2


def test_a_phone_cannot_be_somebody_else(phone: Open) -> None:
    """Not by a script in its page: the stage says who sends."""
    mallory = phone("mallory")
    forged = {"text": "I am alice", "sender": "alice"}
    sent = mallory.evaluate(
        """async (message) => (await fetch("/api/messages", {
            method: "POST", body: JSON.stringify(message),
            headers: { "X-MS-CLIENT-PRINCIPAL-NAME": "alice" } })).json()""",
        forged,
    )
    assert sent["sender"] == "mallory"
    assert mallory.evaluate("document.cookie") == ""


def test_guests_write_to_each_other_privately(phone: Open) -> None:
    """The app knows both by their ids; a third phone sees nothing, now or from the history."""
    sender, reader, other = phone("dora"), phone("erin"), phone("dora")
    write(reader, "Here I am")
    expect(sender.locator(".text").last).to_have_text("Here I am")
    sender.get_by_label("To", exact=True).select_option(label="erin")
    sender.get_by_label("Private message to").fill("Only for erin")
    sender.keyboard.press("Enter")
    for page in (sender, reader):
        expect(page.locator(".message.private .text")).to_have_text(["Only for erin"])
    expect(reader.locator(".badge")).to_have_text("Private · to you")
    expect(other.locator(".me .name")).to_have_text("dora 2")
    other.reload()
    other.wait_for_selector(".connected")
    expect(other.locator(".text").last).to_have_text("Here I am")
    expect(other.locator(".message.private")).to_have_count(0)


def test_requests_of_a_stage_are_in_the_apps_trace(phone: Open, workshop: Workshop) -> None:
    """With the guest's name, for whoever looks at the way of a message."""
    write(phone("trace me"), "A message on its way")
    trace = local_cloud.ask("GET", "/trace?after=0", where=workshop.home / "local")
    users = {event["detail"].get("user") for event in trace["events"]}
    assert "trace me" in users


def test_slow_lossy_wifi_brings_everything_once(phone: Open, network: BadNetwork) -> None:
    """With delay, loss and packets out of order, everybody reads the same, each message once."""
    network.delay_s, network.jitter_s, network.lost = 0.05, 0.1, 0.05
    alice, bob = phone("alice"), phone("bob")
    texts = [f"number {number}" for number in range(ROOM)]
    for page, half in ((alice, texts[::2]), (bob, texts[1::2])):  # a guest writes 20 at once
        page.evaluate(
            """async (texts) => { await Promise.all(texts.map((text) => fetch("/api/messages", {
                method: "POST", body: JSON.stringify({ text }) }))); }""",
            half,
        )
    for page in (alice, bob):
        shown = page.locator(".text").filter(has_text="number ")
        expect(shown).to_have_count(ROOM, timeout=20_000)
        assert sorted(shown.all_inner_texts()) == sorted(texts)


def test_a_phone_that_slept_is_back_within_two_seconds(phone: Open, network: BadNetwork) -> None:
    """Its connections went without a word; what was said meanwhile is there."""
    alice = phone("alice")
    asleep = phone(None)
    asleep.clock.install()
    join(asleep, "bob")
    write(alice, "Before")
    expect(asleep.locator(".text").last).to_have_text("Before")
    asleep.context.set_offline(True)
    write(alice, "While bob's phone was in a pocket")
    asleep.context.set_offline(False)
    began = time.monotonic()
    asleep.clock.fast_forward(60_000)
    expect(asleep.locator(".text").last).to_have_text("While bob's phone was in a pocket")
    assert time.monotonic() - began < 2
    write(alice, "After")
    expect(asleep.locator(".text").last).to_have_text("After")


def test_a_local_cloud_that_was_killed_comes_back_with_its_room(
    phone: Open, workshop: Workshop
) -> None:
    """Same address, same guests; the phones connect again by themselves."""
    alice = phone("alice before")
    where = workshop.home / "local"
    known = local_cloud.read(where)
    process = psutil.Process(known["pid"])
    process.kill()
    process.wait(WAIT_S)
    assert local_cloud.start(where)["pid"] != known["pid"]
    alice.wait_for_selector(".connected", timeout=20_000)
    alice.reload()
    alice.wait_for_selector(".connected")
    expect(alice.locator(".me .name")).to_have_text("alice before")
    write(alice, "Still here")


def test_nobody_sees_what_the_presenter_hides(phone: Open, screen: Page) -> None:
    """By two keys: at once on every phone, its own too, and later in the history."""
    alice, mallory = phone("alice"), phone("mallory")
    write(mallory, "Something rude")
    expect(alice.get_by_text("Something rude")).to_be_visible()
    expect(screen.get_by_role("option", name="Something rude")).to_be_visible()
    screen.keyboard.press("ArrowUp")
    screen.keyboard.press("h")
    for page in (screen, alice, mallory):
        expect(page.get_by_text("Something rude")).to_have_count(0)
    alice.reload()
    write(alice, "Who was that?")
    expect(alice.get_by_text("Something rude")).to_have_count(0)
    screen.keyboard.press("u")
    for page in (screen, alice, mallory):
        expect(page.get_by_text("Something rude")).to_be_visible()


def test_a_guest_who_is_muted_writes_no_more(phone: Open, screen: Page) -> None:
    """Says why on the phone, until the presenter lets them speak again."""
    mallory = phone("mallory")
    write(mallory, "I am loud")
    expect(screen.get_by_role("option", name="I am loud")).to_be_visible()
    screen.keyboard.press("ArrowUp")
    screen.keyboard.press("g")
    expect(screen.get_by_text("I am loud")).to_have_count(0)
    mallory.get_by_label("Message to everybody").fill("Still loud")
    mallory.keyboard.press("Enter")
    expect(mallory.get_by_text("The presenter has muted you")).to_be_visible()
    screen.keyboard.press("g")
    screen.get_by_role("button", name="speak again").click()
    mallory.get_by_role("button", name="Try again").click()
    expect(screen.get_by_role("option", name="Still loud")).to_be_visible()


def test_a_drill_is_explained_and_everybody_comes_back(phone: Open, screen: Page) -> None:
    """By its number: the room reads what happens, and phones tell the truth meanwhile."""
    alice = phone("alice")
    expect(alice.locator(".connected")).to_be_visible()
    screen.keyboard.press("d")
    screen.keyboard.press("1")
    expect(screen.locator(".drill h2")).to_contain_text("thrown out")
    expect(alice.locator(".connected")).to_have_count(0)
    screen.keyboard.press("d")
    screen.keyboard.press("0")
    expect(screen.locator(".drill")).to_have_count(0)
    expect(alice.locator(".connected")).to_be_visible(timeout=20_000)


def test_the_stage_ends(phone: Open, workshop: Workshop, stage: StageShown) -> None:
    """Phones are told in their words, and a new one finds nothing."""
    alice = phone("alice at the end")
    assert repr(workshop.end_stage()) == "The stage is closed."
    expect(alice.locator(".banner")).to_contain_text("room's network?", timeout=20_000)
    assert repr(workshop.end_stage()) == "No stage is open."
