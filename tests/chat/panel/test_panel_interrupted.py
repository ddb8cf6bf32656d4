"""The cell that opens a panel is stopped at any moment: no connection stays for ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatkit.chat.client import background_loop as loops
from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.panel import panel as panels
from chatkit.chat.panel.panel import ChatPanel
from chatkit.core.running import interrupts
from tests.chat.panel.panels import wait
from tests.chat.stub_room import StubRoom
from tests.interrupts import everywhere, needs_signals

# An interrupt before work was handed over to the loop: Python notes that nobody does that work.
pytestmark = [
    needs_signals,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]


@pytest.fixture(autouse=True)
def closed(app: StubRoom) -> Iterator[None]:
    """Nothing is open before, nor afterwards, while there is still a loop to close it."""
    del app
    assert not panels._open
    yield
    for panel in list(panels._open):
        panel.close()


def test_an_interrupted_panel_is_closed_by_the_next_run(
    app: StubRoom, background: BackgroundLoop
) -> None:
    """A Free unit has 20 connections: lost ones would soon be all of them."""

    def open_panel() -> None:
        ChatPanel.open(app.url, ("alice",), background=background)

    for _ in everywhere(open_panel, panels, loops, interrupts):
        open_panel()
        assert len(panels._open) == 1
        wait(background, lambda: len(app.sockets) == 1)


def test_an_interrupted_close_can_be_done_again(app: StubRoom, background: BackgroundLoop) -> None:
    """What is open is known."""

    def open_and_close() -> None:
        ChatPanel.open(app.url, ("alice",), background=background).close()

    for _ in everywhere(open_and_close, panels, loops, interrupts):
        for panel in list(panels._open):
            panel.close()
        wait(background, lambda: not app.sockets)
