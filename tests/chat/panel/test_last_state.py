"""What a panel and its inspector leave behind in a notebook, by what a front end is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.panel import view
from chatkit.chat.panel.panel import ChatPanel
from chatkit.chat.panel.view import Seen
from chatkit.chat.widgets import last_state
from tests.attacks.last_state import PASTED
from tests.chat.panel.panels import column_of, wait
from tests.chat.panel.test_panel_view import reader
from tests.chat.shell import Shell
from tests.chat.stub_room import StubRoom

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    own = Shell()
    monkeypatch.setattr(last_state, "ipython_shell", lambda: own)
    return own


@pytest.fixture
def panel(app: StubRoom, background: BackgroundLoop, shell: Shell) -> Iterator[ChatPanel]:
    """Alice and bob, connected, shown in a cell."""
    opened = ChatPanel.open(app.url, ("alice", "bob"), background=background)
    opened._ipython_display_()
    yield opened
    opened.close()


def test_a_panel_is_a_widget_and_its_last_state(panel: ChatPanel, shell: Shell) -> None:
    """Where there are no widgets, the first shows its name."""
    widget, last = shell.outputs.values()
    assert widget[WIDGET]["model_id"] == panel.widget.model_id
    assert widget["text/plain"] == "Chat panel of alice and bob"
    assert WIDGET not in last and "No messages yet." in last["text/html"]


def test_the_last_state_follows_what_cells_say(panel: ChatPanel, shell: Shell) -> None:
    """A program that runs a notebook sees it at the end of each cell."""
    panel.say("alice", "said by a cell")
    shell.end_cell()
    assert shell.stored()[1].count("said by a cell") == 2
    assert "  alice: said by a cell" in [*shell.outputs.values()][1]["text/plain"]


def test_the_last_state_follows_what_people_type(
    panel: ChatPanel, shell: Shell, background: BackgroundLoop
) -> None:
    """No cell has to run for it."""
    column_of(panel, "bob").text.value = "typed"
    column_of(panel, "bob").send.click()
    wait(background, lambda: shell.stored()[1].count("typed") == 2)


def test_the_inspector_leaves_its_events(panel: ChatPanel, shell: Shell) -> None:
    """Each can be unfolded without a kernel."""
    panel.inspector()._ipython_display_()
    panel.say("alice", "on the wire")
    shell.end_cell()
    assert shell.stored()[3].count("<details") >= 4 and "on the wire" in shell.stored()[3]
    assert "alice to app: http POST /api/messages" in [*shell.outputs.values()][3]["text/plain"]


def test_closing_leaves_the_last_state(panel: ChatPanel, shell: Shell) -> None:
    """As people were connected before that; nothing follows."""
    panel.say("alice", "goodbye")
    panel.close()
    assert shell.stored()[1].count("goodbye") == 2
    assert "was connected" in shell.stored()[1] and shell.after_cell == []


def test_a_closed_panel_shows_its_last_state_only(panel: ChatPanel, shell: Shell) -> None:
    """There is no widget any more."""
    panel.say("alice", "goodbye")
    panel.close()
    shell.outputs.clear()
    panel._ipython_display_()
    assert "goodbye" in shell.stored()[0] and len(shell.outputs) == 1


def test_only_the_newest_cells_are_kept_up_to_date(panel: ChatPanel, shell: Shell) -> None:
    """A cell that is run a hundred times costs as much as a few."""
    for _ in range(100):
        panel._ipython_display_()
    panel.say("alice", "still here?")
    shell.outputs = {
        key: shell.outputs[key] for key in [*shell.outputs][-2 * last_state.SHOWN_IN :]
    }
    shell.end_cell()
    assert sum("still here?" in html for html in shell.stored()) == last_state.SHOWN_IN
    assert len(shell.after_cell) == 1


def test_without_styles_messages_are_in_order(panel: ChatPanel, shell: Shell) -> None:
    """GitHub takes styles out."""
    for text in ("one", "two"):
        panel.say("alice", text)
    shell.end_cell()
    assert shell.stored()[1].index("one<") < shell.stored()[1].index("two<")


@pytest.mark.parametrize("attack", PASTED)
def test_no_secret_is_left_behind(attack: str) -> None:
    """Whoever pastes a key into the chat does not publish it with the notebook."""
    typed, secret = PASTED[attack]
    message = ChatMessage("1", "bob", f"Look at {typed} now")
    seen = {"alice": Seen("connected", [message], reader("alice"))}
    kept = view.snapshot("Chat panel", seen) + view.transcript(seen)
    assert "Look at " in kept and "***" in kept and secret not in kept


def test_a_program_prints_what_was_said(
    panel: ChatPanel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there is no notebook."""
    monkeypatch.setattr(last_state, "ipython_shell", lambda: None)
    panel.say("alice", "hello")
    panel._ipython_display_()
    assert "alice has seen:\n  alice: hello" in capsys.readouterr().out
