"""A cell is run again: what goes, what stays, and that nothing is left behind."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from itertools import count

import aiohttp
import pytest
from ipywidgets.widgets.widget import _instances as WIDGETS

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.panel import panel as panels
from chatkit.chat.panel.panel import ChatPanel
from chatkit.chat.panel.reopening import Run
from tests.chat.panel.panels import wait
from tests.chat.stub_room import StubRoom


@pytest.fixture
def cell(
    app: StubRoom, background: BackgroundLoop, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], None]]:
    """Begins the next run of a cell."""
    numbers = count()

    def run(name: str) -> None:
        now = Run(name, next(numbers))
        monkeypatch.setattr(panels, "this_run", lambda: now)

    yield run
    for panel in list(panels._open):
        panel.close()


def is_open(panel: ChatPanel) -> bool:
    """Say whether a panel can be used."""
    return panel.widget.comm is not None


def test_two_panels_of_one_cell_stay_side_by_side(
    cell: Callable[[str], None], app: StubRoom, background: BackgroundLoop
) -> None:
    """Bob at his laptop and bob at his phone."""
    cell("a")
    laptop, phone = (ChatPanel.open(app.url, ("bob",), background=background) for _ in range(2))
    assert is_open(laptop) and is_open(phone) and len(app.sockets) == 2


def test_running_that_cell_again_replaces_both(
    cell: Callable[[str], None], app: StubRoom, background: BackgroundLoop
) -> None:
    """Two before, two after."""
    cell("a")
    old = [ChatPanel.open(app.url, ("bob",), background=background) for _ in range(2)]
    cell("a")
    new = [ChatPanel.open(app.url, ("bob",), background=background) for _ in range(2)]
    wait(background, lambda: len(app.sockets) == 2)
    assert all(map(is_open, new)) and not any(map(is_open, old))


def test_a_cell_run_again_with_other_users_replaces_its_panel(
    cell: Callable[[str], None], app: StubRoom, background: BackgroundLoop
) -> None:
    """The learner edited the names."""
    cell("a")
    old = ChatPanel.open(app.url, ("alice", "bob"), background=background)
    cell("a")
    ChatPanel.open(app.url, ("alice", "carol"), background=background)
    wait(background, lambda: len(app.sockets) == 2)
    assert not is_open(old)


@pytest.mark.parametrize(("users", "stays"), [(("bob",), True), (("alice", "bob"), False)])
def test_another_cell_replaces_the_same_users_only(
    cell: Callable[[str], None],
    app: StubRoom,
    background: BackgroundLoop,
    users: tuple[str, ...],
    stays: bool,
) -> None:
    """Bob's phone beside the panel of alice and bob stays.

    The same panel a second time does not.
    """
    cell("a")
    first = ChatPanel.open(app.url, ("alice", "bob"), background=background)
    cell("b")
    ChatPanel.open(app.url, users, background=background)
    assert is_open(first) is stays


def test_the_same_users_in_another_room_are_another_panel(
    cell: Callable[[str], None], app: StubRoom, background: BackgroundLoop
) -> None:
    """The functions on this machine beside those deployed."""
    cell("a")
    here = ChatPanel.open(app.url, ("alice",), background=background)
    cell("b")
    ChatPanel.open(app.url.replace("127.0.0.1", "localhost"), ("alice",), background=background)
    assert is_open(here)


def test_closing_leaves_no_session_no_socket_and_no_widget(
    app: StubRoom, background: BackgroundLoop
) -> None:
    """Whatever was opened, also by the inspector, is gone."""
    before = set(WIDGETS)
    for _ in range(3):
        panel = ChatPanel.open(app.url, ("alice", "bob"), background=background)
        panel.say("alice", "hello")
    panel.close()
    wait(background, lambda: not app.sockets)
    sessions = [item for item in gc.get_objects() if isinstance(item, aiohttp.ClientSession)]
    assert all(session.closed for session in sessions)
    assert set(WIDGETS) == before
