"""The local cloud was killed, stopped, or never started after the laptop: everybody says so first.

What can go on by itself does, and says that it has; what cannot says how the cloud starts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from chatkit import get, post
from chatkit.chat.client.background_loop import background_loop
from chatkit.chat.inspector.widget import Inspector
from chatkit.chat.panel.panel import ChatPanel
from chatkit.cli.app import main
from chatkit.cloud import local_cloud
from chatkit.cloud.connection import Cloud
from chatkit.core import settings as store
from chatkit.core.errors import ChatkitError, NotStarted
from chatkit.core.file_lock import holder
from chatkit.lesson import checks, sections
from chatkit.workshop import Workshop
from tests.attacks import cloud_down
from tests.chat.panel.panels import column_of, wait
from tests.lesson.doctor.ready_workshop import at_section_08
from tests.other_programs import taking_ports

pytestmark = pytest.mark.slow
SENTENCE = "The local cloud is not running."
WAYS_ON = ("Workshop.open()", "chatkit local up")
RAW = ("Errno", "refused", "ConnectionError", "Max retries", "start_functions", "8888")
BACK_S = 20.0
SIGNALR_PORTS = range(8888, 8909)


@dataclass(frozen=True)
class Learner:
    """Somebody in the middle of section 08.

    Attributes:
        cloud: The connection that an earlier cell has kept.
        panel: Open on the deployed functions.
        local_panel: Open on the functions of this machine.
        inspector: Of the first panel.
    """

    workshop: Workshop
    cloud: Cloud
    panel: ChatPanel
    local_panel: ChatPanel
    inspector: Inspector


@pytest.fixture(scope="module")
def learner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learner]:
    """A workshop at the end of section 08 with everything open that may be open."""
    with starting_workshop(tmp_path_factory.mktemp("home")) as workshop:
        panel = workshop.chat_panel("alice", "bob")
        local_panel = workshop.chat_panel("alice", "bob", where="local")
        yield Learner(workshop, workshop.cloud, panel, local_panel, panel.inspector())
        panel.close()
        local_panel.close()


@contextmanager
def starting_workshop(home: Path) -> Iterator[Workshop]:
    """A workshop whose SignalR Service has a port that the homes of other tests do not go to."""
    with ExitStack() as held:
        held.enter_context(taking_ports(*(f"http://localhost:{port}" for port in SIGNALR_PORTS)))
        with at_section_08(home) as workshop:
            held.close()
            yield workshop


@pytest.fixture
def down(learner: Learner) -> Learner:
    """The same with the local cloud killed."""
    kill(learner.workshop)
    return learner


def kill(workshop: Workshop) -> None:
    """End the local cloud as a power cut does."""
    lock = workshop.home / "local" / "lock"
    pid = holder(lock)
    if pid is None:
        return
    psutil.Process(pid).kill()
    # Its files are closed when the last of its threads has ended, a moment after the process.
    until = time.monotonic() + BACK_S
    while holder(lock) is not None:
        assert time.monotonic() < until
        time.sleep(0.01)


def typed(*arguments: str) -> str:
    """What a verb prints in a terminal, with its one sentence when it fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["chatkit", *arguments])
        main()
    return ""


def said_by_the_inspector(learner: Learner) -> str:
    """What stands under its buttons."""
    learner.inspector.drop_connection()
    said = learner.inspector.widget.children[2]
    wait(background_loop(), lambda: SENTENCE in said.value)
    return str(said.value).replace("&#x27;", "'")


def listed(learner: Learner) -> str:
    """The groups, by a client that was made before."""
    return str([*learner.cloud.resources().resource_groups.list()])


def subscriptions(learner: Learner) -> str:
    """A request through the pipeline of the SDKs, without a token."""
    rest = learner.cloud.rest(learner.cloud.resource_manager, signed_in=False)
    return str(rest.get("/subscriptions?api-version=2022-12-01"))


def app_registrations(learner: Learner) -> str:
    """A request to Graph, for which no token was asked yet."""
    return str(learner.cloud.graph_rest().get("/v1.0/applications"))


def messages(url: str | None) -> str:
    """Where messages go."""
    return f"{url}/api/messages"


MESSAGE = {"sender": "alice", "text": "Is anybody there?"}
ASK: dict[str, Callable[[Learner], object]] = {
    "the workshop's connection": lambda one: one.workshop.cloud,
    "an SDK client that a cell holds": listed,
    "a plain request of a connection that a cell holds": subscriptions,
    "a token that is not there yet": app_registrations,
    "a request to the deployed functions": lambda one: post(
        messages(one.workshop.api_base_url), MESSAGE
    ),
    "a request to the deployed page": lambda one: get(one.workshop.web_url or ""),
    "a message to the functions on this machine": lambda one: post(
        messages(one.workshop.local_api_base_url), MESSAGE
    ),
    "a message of the panel": lambda one: one.panel.say("alice", "Hello?"),
    "a message of the local run's panel": lambda one: one.local_panel.say("alice", "Hello?"),
    "the inspector's buttons": said_by_the_inspector,
    "the status": lambda one: one.workshop.status(),
    "the doctor": lambda one: one.workshop.doctor(),
    "chatkit status": lambda _: typed("status"),
    "chatkit status --json": lambda _: typed("status", "--json"),
    "chatkit doctor": lambda _: typed("doctor"),
    "chatkit local status": lambda _: typed("local", "status"),
    "chatkit local env": lambda _: typed("local", "env"),
    "chatkit local fault": lambda _: typed("local", "fault", "slow"),
    "chatkit local time": lambda _: typed("local", "time"),
}


def checking(section: str) -> Callable[[Learner], object]:
    """Somebody who runs a section's check."""
    return lambda one: one.workshop.check(section)


GO_ON: dict[str, Callable[[Learner], object]] = {
    **{
        f"check {section}": checking(section)
        for section in ("00", "01", "02", "03", "04", "05", "07", "08")
    },
    "signing in to the subscription": lambda one: one.workshop.sign_in(),
    "publishing the functions": lambda one: one.workshop.publish_functions(),
    "uploading the page": lambda one: one.workshop.upload_page(),
    "writing the local settings": lambda one: one.workshop.write_local_settings(),
    "starting the functions": lambda one: one.workshop.start_functions(),
    "opening a panel": lambda one: one.workshop.chat_panel("carol", "dave").close(),
    "opening the local run's panel": lambda one: one.workshop.chat_panel(
        "carol", "dave", where="local"
    ).close(),
}
IN_SHORT = ("check 04", "check 08", "publishing the functions", "opening a panel")


@pytest.mark.parametrize("name", cloud_down.ASKED)
def test_whoever_asks_is_told_what_is_down_and_how_it_starts(
    down: Learner, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """First of all, with both ways to start it, and without a connection's own words."""
    try:
        said = repr(ASK[name](down))
    except ChatkitError as error:
        said = str(error)
        assert error.__suppress_context__ or error.__context__ is None
    written = capsys.readouterr()
    if name.startswith("chatkit "):
        said = written.err + written.out
    words = "not running" if "doctor" in name else SENTENCE
    first = said.splitlines()[0]
    assert words in first
    assert all(way in said for way in WAYS_ON)
    assert not any(raw in first for raw in RAW)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in IN_SHORT else pytest.mark.long)
        for name in cloud_down.WENT_ON
    ],
)
def test_going_on_starts_it_again(down: Learner, name: str) -> None:
    """Who runs the next cell means to go on."""
    result = GO_ON[name](down)
    assert local_cloud.running(down.workshop.home / "local") is not None
    show = getattr(result, "_repr_mimebundle_", None)
    if show is not None:
        shown = show()
        assert "it did not run, and was started again" in shown["text/html"]
        assert "started again" not in shown["text/plain"]


@pytest.mark.parametrize("ending", ["killed", "stopped"])
def test_an_open_panel_says_so_and_comes_back_with_the_cloud(learner: Learner, ending: str) -> None:
    """However long it takes: nobody has to run its cell again."""
    workshop = learner.workshop
    # Another test's program may have taken SignalR's port while the cloud was down before.
    for verb in ("write_local_settings", "start_functions", "upload_settings"):
        getattr(workshop, verb)()
    both = tuple(
        workshop.chat_panel("carol", "dave", where=where) for where in ("deployed", "local")
    )
    until_all(both, "connected")
    if ending == "killed":
        kill(workshop)
    else:
        local_cloud.stop(workshop.home / "local")
    until_all(both, SENTENCE)
    local_cloud.start(workshop.home / "local")
    until_all(both, "connected")
    for panel in both:
        panel.say("carol", "We are back.")
        panel.close()


def until_all(panels: tuple[ChatPanel, ...], words: str) -> None:
    """Wait until every column of the panels has words in its heading."""
    headings = [column_of(panel, user).heading for panel in panels for user in panel.users]
    until = time.monotonic() + BACK_S
    while not all(words in heading.value.replace("reconnecting", "") for heading in headings):
        assert time.monotonic() < until, [heading.value for heading in headings]
        time.sleep(0.05)


def test_a_cloud_that_ends_in_the_middle_of_a_check_is_the_reason(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the function app, which the check had asked."""

    def broken(_session: object) -> Iterator[str]:
        kill(learner.workshop)
        yield str(post(messages(learner.workshop.api_base_url), MESSAGE).json()["id"])

    monkeypatch.setattr("chatkit.lesson.checks.deployed_page.check", broken)
    with pytest.raises(NotStarted, match=SENTENCE):
        checks.check(learner.workshop.session, "08")


def test_azure_is_never_told_about_the_local_cloud(down: Learner) -> None:
    """With target azure whatever fails there fails as it does there."""
    session = down.workshop.session
    before = session.settings
    store.save(session.home, replace(before, target="azure"))
    try:
        session.learn(resource_group="chatkit-x")
        assert session.absence() is None and not session.status(sections.TUTORIAL.done).absence
        assert session.availability("deployed").absence() is None
        assert get(before.facts.web_url).status == 0
    finally:
        store.save(session.home, before)


def test_before_the_first_step_a_cloud_that_does_not_run_is_no_fault(learner: Learner) -> None:
    """It starts when it is needed."""
    kill(learner.workshop)
    before = learner.workshop.settings
    learner.workshop.session.forget()
    try:
        found = {check.what: check for check in learner.workshop.doctor().checks}
        assert found["Local cloud"].ok and not learner.workshop.status().absence
    finally:
        store.save(learner.workshop.home, before)
