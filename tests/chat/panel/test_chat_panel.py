"""The panel without a browser.

Widgets are driven by their traits and messages, as a front end would.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from chatkit.chat.client.background_loop import BackgroundLoop
from chatkit.chat.client.messages import ChatMessage
from chatkit.chat.client.sign_in import SignedIn
from chatkit.chat.panel import panel as panels
from chatkit.chat.panel.panel import ChatPanel
from chatkit.chat.widgets import painter
from chatkit.core.errors import CheckFailed, ServiceError, UnknownUser
from tests.chat.panel.panels import column_of, shown_to, wait
from tests.chat.stub_room import StubRoom, until


@pytest.fixture
def panel(app: StubRoom, background: BackgroundLoop) -> Iterator[ChatPanel]:
    """Alice and bob, connected."""
    opened = ChatPanel.open(app.url, ("alice", "bob"), background=background)
    yield opened
    opened.close()


def test_say_returns_when_everybody_has_received(panel: ChatPanel) -> None:
    """Both users see the message, the sender too."""
    result = panel.say("alice", "hello")
    assert repr(result) == "alice: hello\nreceived by alice and bob"
    assert [message.text for message in panel.messages("bob")] == ["hello"]


def test_somebody_who_is_not_there_is_named_with_those_who_are(panel: ChatPanel) -> None:
    """In a sentence; whom a message is for may be in another panel."""
    for ask in (lambda: panel.say("dave", "hello"), lambda: panel.messages("dave")):
        with pytest.raises(UnknownUser, match=r"dave is not in this panel\. .* alice and bob"):
            ask()


def test_whom_a_message_is_for_is_named_as_the_speaker_knows_them(
    app: StubRoom, background: BackgroundLoop
) -> None:
    """As the list shows them, by the whole name, by the id; and only who wrote to the speaker."""
    people = {name: SignedIn(f"{name}@x.example", "t", f"id-{name}") for name in ("alice", "bob")}
    panel = ChatPanel.open(app.url, ("alice", "bob"), people=people, background=background)
    carol = {"id": "x", "sender": "carol@x.example", "senderId": "id-carol", "text": "psst"}
    panel._columns["alice"].message(ChatMessage.from_json(carol))
    wait(background, lambda: ("carol", "id-carol") in column_of(panel, "alice").to.options)
    for form in ("carol", "carol@x.example", "id-carol"):
        assert "received by alice" in repr(panel.say("alice", "yes?", to=form))
    assert {message["recipient"] for message in app.messages} == {"id-carol"}
    with pytest.raises(UnknownUser) as caught:
        panel.say("alice", "yes?", to="caroll")
    assert caught.value.hint.startswith("carol and bob can be written to;")
    with pytest.raises(UnknownUser, match="bob knows nobody who is called carol. alice can be"):
        panel.say("bob", "yes?", to="carol")
    assert [label for label, _ in column_of(panel, "bob").to.options] == ["everybody", "alice"]
    whole = panel.say("alice", "only for you", to="bob@x.example")
    assert "received by alice and bob" in repr(whole)
    panel.close()


def test_who_is_gone_from_the_room_stays_chosen(panel: ChatPanel, app: StubRoom) -> None:
    """What somebody is writing to one person goes to nobody else, and the column goes on."""
    column = panel._columns["alice"]
    column.message(ChatMessage("x", "carol", "hi"))
    column.paint()
    to = column_of(panel, "alice").to
    to.value = "carol"
    column.removed(["x"])
    column.paint()
    assert (to.value, [label for label, _ in to.options][-1]) == ("carol", "carol")
    to.value = ""
    column.paint()
    assert [label for label, _ in to.options] == ["everybody", "bob"]


def test_a_message_appears_in_both_lists(panel: ChatPanel, background: BackgroundLoop) -> None:
    """The widgets follow."""
    panel.say("alice", "hello")
    wait(background, lambda: all("hello" in shown_to(panel, user) for user in panel.users))


def test_enter_sends_and_clears_the_box(panel: ChatPanel, background: BackgroundLoop) -> None:
    """The front end's own submit event sends, from any thread."""
    bob = column_of(panel, "bob")
    bob.text.value = "from bob"
    thread = threading.Thread(target=lambda: bob.text._handle_custom_msg({"event": "submit"}, []))
    thread.start()
    thread.join()
    assert bob.text.value == ""
    wait(background, lambda: "from bob" in shown_to(panel, "alice"))


def test_an_empty_message_is_not_sent(panel: ChatPanel, app: StubRoom) -> None:
    """Blanks stay in the box."""
    alice = column_of(panel, "alice")
    alice.text.value = "  "
    alice.send.click()
    panel.say("bob", "only this")
    assert [message["text"] for message in app.messages] == ["only this"]


def test_a_message_that_was_not_sent_comes_back_with_a_sentence(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """Nothing typed is lost."""
    app.refuse_messages = 500
    alice = column_of(panel, "alice")
    alice.text.value = "precious"
    alice.send.click()
    wait(background, lambda: "Not sent" in alice.problem.value)
    assert alice.text.value == "precious"


def test_history_is_shown_once_even_if_it_overlaps(
    app: StubRoom, background: BackgroundLoop, panel: ChatPanel
) -> None:
    """A message that is in history and arrives live is one message."""
    panel.say("alice", "first")
    late = ChatPanel.open(app.url, ("carol",), background=background)
    background.call(app.invoke("newMessage", app.messages[0]))
    late.say("carol", "second")
    assert [message.text for message in late.messages("carol")] == ["first", "second"]
    late.close()


def test_a_room_without_history_is_a_room(app: StubRoom, background: BackgroundLoop) -> None:
    """As long as nobody has built GetMessages, people can talk, and nothing is wrong with that."""
    app.refuse_history = 404
    panel = ChatPanel.open(app.url, ("carol",), background=background)
    assert "received by carol" in repr(panel.say("carol", "hello"))
    wait(background, lambda: "hello" in shown_to(panel, "carol"))
    assert app.history_requests == 1 and not column_of(panel, "carol").problem.value
    panel.close()


def test_a_history_that_fails_is_said(app: StubRoom, background: BackgroundLoop) -> None:
    """In a sentence; people can talk all the same."""
    app.refuse_history = 503
    panel = ChatPanel.open(app.url, ("carol",), background=background)
    said = "No earlier messages: GET /api/messages answered 503"
    wait(background, lambda: said in column_of(panel, "carol").problem.value)
    panel.close()


@pytest.mark.parametrize(("token", "display"), [("", "none"), ("a-token", None)])
def test_private_messages_are_offered_where_names_are_true(
    app: StubRoom, background: BackgroundLoop, token: str, display: str | None
) -> None:
    """Before sign-in the app has none."""
    people = {"alice": SignedIn("alice", token)}
    panel = ChatPanel.open(app.url, ("alice",), people=people, background=background)
    assert column_of(panel, "alice").to.layout.display == display
    panel.close()


def test_a_flood_paints_at_most_ten_times_a_second(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """A thousand messages are a handful of trait updates."""
    updates: list[object] = []
    for block in column_of(panel, "bob").list.children:
        block.observe(lambda change: updates.append(change["owner"]), "value")

    async def flood() -> float:
        begun = background.loop.time()
        for number in range(1000):
            await app.invoke(
                "newMessage", {"id": f"f{number}", "sender": "carol", "text": f"{number}"}
            )
        await until(lambda: len(panel.messages("bob")) == 1000)
        await until(lambda: ">999<" in shown_to(panel, "bob"))
        return background.loop.time() - begun

    seconds = background.call(flood())
    assert all(1 <= updates.count(block) <= seconds / painter.EVERY_S + 2 for block in set(updates))


def test_markup_in_names_and_texts_stays_text(app: StubRoom, background: BackgroundLoop) -> None:
    """Script and quotes are shown, not run."""
    nasty = "<img src=x onerror=alert(1)>"
    panel = ChatPanel.open(app.url, (nasty,), background=background)
    panel.say(nasty, "</div><script>'\"")
    wait(background, lambda: "&lt;script&gt;" in shown_to(panel, nasty))
    shown = (
        shown_to(panel, nasty)
        + column_of(panel, nasty).heading.value
        + column_of(panel, nasty).people.value
    )
    assert "<img" not in shown and "<script" not in shown
    panel.close()


def test_running_the_cell_again_replaces_the_panel(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """The old panel's connections are gone, its widgets closed."""
    again = ChatPanel.open(app.url, ("alice", "bob"), background=background)
    wait(background, lambda: len(app.sockets) == 2)
    assert panel.widget.comm is None
    again.close()


def test_close_leaves_no_connection(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """Sockets and widgets are released; closing twice is harmless."""
    panel.close()
    wait(background, lambda: not app.sockets)
    panel.close()


def test_an_app_that_refuses_leaves_nothing_open(app: StubRoom, background: BackgroundLoop) -> None:
    """The error is the first user's, and nothing stays connected."""
    app.refuse = 500
    with pytest.raises(ServiceError, match="answered 500"):
        ChatPanel.open(app.url, ("alice", "bob"), background=background)
    assert not app.sockets


def test_says_who_did_not_receive(
    panel: ChatPanel, app: StubRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that reaches nobody is a failed check with a hint."""
    monkeypatch.setattr(panels, "ARRIVAL_S", 0.05)
    app.is_mute = True
    with pytest.raises(CheckFailed, match="it at alice within 0.05 s.* target newMessage"):
        panel.say("alice", "into the void")


def test_its_plain_text_is_stable(panel: ChatPanel) -> None:
    """A stored notebook and a new run show the same text."""
    assert panel._repr_mimebundle_()["text/plain"] == "Chat panel of alice and bob"


def test_a_reader_without_a_kernel_sees_what_was_said(panel: ChatPanel) -> None:
    """A stored notebook shows the chat as it was when the cell ran."""
    panel.say("alice", "<hello>")
    shown = panel._repr_mimebundle_()["text/html"]
    assert shown.count("&lt;hello&gt;") == 2 and "connected" in shown


def test_shows_that_the_connection_is_being_restored(
    panel: ChatPanel, app: StubRoom, background: BackgroundLoop
) -> None:
    """The state is said in words."""
    app.refuse = 503
    background.call(app.drop())
    wait(background, lambda: "reconnecting" in column_of(panel, "alice").heading.value)
