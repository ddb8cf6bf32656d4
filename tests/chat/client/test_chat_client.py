"""The chat client against a stub of function app and service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

import pytest

from chatkit.chat.client.client import ChatClient
from chatkit.chat.client.connection import State, Timing
from chatkit.chat.client.messages import ChatMessage
from chatkit.core.availability import Availability
from chatkit.core.errors import NotStarted, RemoteProtocolError, ServiceError
from tests.chat.stub_room import StubRoom, until

FAST = Timing(
    keep_alive_s=0.02, server_timeout_s=5, handshake_timeout_s=1, retry_delays_s=(0, 0.01)
)


class Heard:
    """Notes what a client says."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.states: list[State] = []
        self.why = ""
        self.problems: list[str] = []
        self.gone: list[str] = []

    def message(self, message: ChatMessage) -> None:
        """Note a message."""
        self.texts.append(message.text)

    def removed(self, ids: Collection[str]) -> None:
        """Note messages that are gone."""
        self.gone.extend(ids)

    def state(self, state: State, why: str) -> None:
        """Note a state."""
        self.states.append(state)
        self.why = why or self.why

    def problem(self, sentence: str) -> None:
        """Note a problem."""
        self.problems.append(sentence)


@pytest.fixture
def heard() -> Heard:
    """Notes of one client."""
    return Heard()


@pytest.fixture
async def alice(room: StubRoom, heard: Heard) -> AsyncIterator[ChatClient]:
    """A client that is not connected yet."""
    client = ChatClient(room.url, "alice", heard, timing=FAST)
    yield client
    await client.close()


async def test_connects_in_two_steps_with_the_functions_token(
    room: StubRoom, alice: ChatClient, heard: Heard
) -> None:
    """The function's token goes to the service's negotiate and to the WebSocket."""
    await alice.start()
    assert room.tokens == ["Bearer token-1", "Bearer token-1"]
    assert heard.states == ["connecting", "connected"]


async def test_hears_its_own_message_through_the_hub(
    room: StubRoom, alice: ChatClient, heard: Heard
) -> None:
    """What is posted comes back over the connection."""
    await alice.start()
    sent = await alice.send("hello")
    await until(lambda: heard.texts == ["hello"])
    assert sent is not None and sent.sender == "alice"


async def test_reads_history_newest_first_and_limited(room: StubRoom, alice: ChatClient) -> None:
    """History keeps the server's order."""
    await alice.start()
    for text in ("one", "two", "three"):
        await alice.send(text)
    assert [message.text for message in await alice.history(limit=2)] == ["three", "two"]


async def test_negotiates_again_after_the_connection_was_lost(
    room: StubRoom, alice: ChatClient, heard: Heard
) -> None:
    """A reconnect asks the function for a new token."""
    await alice.start()
    await room.drop()
    await until(lambda: heard.states[-2:] == ["reconnecting", "connected"])
    await until(lambda: len(room.sockets) == 1)
    await room.invoke("newMessage", {"id": "1", "sender": "bob", "text": "back?"})
    await until(lambda: heard.texts == ["back?"])
    assert room.tokens[-1] == "Bearer token-2"


async def test_gives_up_after_the_last_attempt_and_says_why(
    room: StubRoom, alice: ChatClient, heard: Heard
) -> None:
    """The reason of the last failure is kept."""
    await alice.start()
    room.refuse = 503
    await room.drop()
    await until(lambda: heard.states[-1] == "closed")
    assert "answered 503: Sorry." in heard.why
    assert room.negotiations == 1 + len(FAST.retry_delays_s)


async def test_counts_silence_as_a_lost_connection(room: StubRoom, heard: Heard) -> None:
    """Without any frame within the time-out the client reconnects."""
    client = ChatClient(
        room.url, "alice", heard, timing=Timing(server_timeout_s=0.05, retry_delays_s=(0,))
    )
    await client.start()
    await until(lambda: heard.states.count("connected") >= 2)
    await client.close()
    assert "silent" in heard.why


async def test_hears_which_messages_are_gone(
    room: StubRoom, alice: ChatClient, heard: Heard
) -> None:
    """A check takes its messages out of the room again; what is no list of ids says nothing."""
    await alice.start()
    for arguments in ((["1", "2"],), ("3",), (), (None,)):
        await room.invoke("messagesRemoved", *arguments)
    await room.invoke("newMessage", {"id": "9", "sender": "bob", "text": "still here"})
    await until(lambda: heard.texts == ["still here"])
    assert heard.gone == ["1", "2"] and not heard.problems


async def test_sends_pings(room: StubRoom, alice: ChatClient) -> None:
    """The service hears from an idle client."""
    await alice.start()
    await until(lambda: room.pings >= 2)


@pytest.mark.parametrize(
    ("member", "last"), [("", "closed"), (',"allowReconnect":true', "connected")]
)
async def test_obeys_the_services_close(
    room: StubRoom, alice: ChatClient, heard: Heard, member: str, last: State
) -> None:
    """A close ends the connection for good unless it allows to reconnect."""
    await alice.start()
    await room.raw('{"type":7,"error":"Bye."' + member + "}\x1e")
    await until(lambda: len(heard.states) > 2 and heard.states[-1] == last)
    assert heard.why == "Bye."


async def test_close_frees_the_socket(room: StubRoom, alice: ChatClient, heard: Heard) -> None:
    """After close the service has no connection left, and a second close is harmless."""
    await alice.start()
    await until(lambda: len(room.sockets) == 1)
    await alice.close()
    await until(lambda: not room.sockets)
    await alice.close()
    assert heard.states[-1] == "closed"


async def test_close_ends_an_attempt_to_reconnect(room: StubRoom, heard: Heard) -> None:
    """Nothing reconnects after close."""
    client = ChatClient(room.url, "alice", heard, timing=Timing(retry_delays_s=(60,)))
    await client.start()
    await until(lambda: len(room.sockets) == 1)
    await room.drop()
    await until(lambda: heard.states[-1] == "reconnecting")
    await asyncio.wait_for(client.close(), 1)
    assert room.negotiations == 1


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_a_refused_negotiate_is_a_service_error_with_a_hint(
    room: StubRoom, alice: ChatClient, status: int
) -> None:
    """Status and the function's own words reach the learner."""
    room.refuse = status
    with pytest.raises(
        ServiceError, match=f"POST /api/negotiate answered {status}: Sorry."
    ) as caught:
        await alice.start()
    assert caught.value.hint


async def test_a_refused_handshake_says_the_services_words(
    room: StubRoom, alice: ChatClient
) -> None:
    """The handshake's error is not hidden."""
    room.handshake = "The protocol 'json' is not supported."
    with pytest.raises(RemoteProtocolError, match="'json' is not supported"):
        await alice.start()


async def test_nothing_listening_says_how_to_start(heard: Heard, unused_tcp_port: int) -> None:
    """A dead address names what starts the app."""
    hint = "workshop.start_functions() starts it."
    url = f"http://127.0.0.1:{unused_tcp_port}"
    client = ChatClient(url, "alice", heard, availability=Availability(app_hint=lambda: hint))
    with pytest.raises(NotStarted, match="start_functions"):
        await client.start()


async def test_splits_frames_wherever_the_service_does(
    room: StubRoom, alice: ChatClient, heard: Heard
) -> None:
    """Several hub messages in one WebSocket message, and one hub message in two."""
    await alice.start()
    one = '{"type":1,"target":"NEWMESSAGE","arguments":[{"text":"%s"}]}\x1e'
    await room.raw(one % "a" + '{"type":6}\x1e' + (one % "b")[:20])
    await room.raw((one % "b")[20:])
    await until(lambda: heard.texts == ["a", "b"])


async def test_garbage_closes_the_connection(
    room: StubRoom, alice: ChatClient, heard: Heard
) -> None:
    """Text that is not the hub protocol is not retried for ever."""
    await alice.start()
    await room.raw("hello\x1e")
    await until(lambda: heard.states[-1] == "closed")
    assert "JSON" in heard.why


@pytest.mark.parametrize(
    "arguments", [(), ({"text": 1},), ("hello",), ({"text": "a"}, {"text": "b"})]
)
async def test_a_wrong_message_is_a_sentence_not_a_lost_connection(
    room: StubRoom, alice: ChatClient, heard: Heard, arguments: tuple[object, ...]
) -> None:
    """A function that sends something else is told so, and the connection stays."""
    await alice.start()
    await room.invoke("newMessage", *arguments)
    await until(lambda: bool(heard.problems))
    await room.invoke("newMessage", {"text": "good"})
    await until(lambda: heard.texts == ["good"])


async def test_an_app_refusing_a_message_is_an_error_with_its_words(
    room: StubRoom, alice: ChatClient
) -> None:
    """400 and the app's own sentence."""
    await alice.start()
    with pytest.raises(ServiceError, match="answered 400: A message needs a text."):
        await alice.send("")


async def test_a_question_of_the_service_is_answered(room: StubRoom, alice: ChatClient) -> None:
    """An invocation with an id waits for a result.

    This client has none and says so instead of keeping silent.
    """
    await alice.start()
    await room.raw(
        '{"type":1,"invocationId":"7","target":"newMessage","arguments":[{"text":"?"}]}\x1e'
    )
    await until(
        lambda: any('"invocationId":"7"' in frame and "result" in frame for frame in room.frames)
    )
