"""Section 05: one POST reaches everybody in the hub exactly once, and nobody in another hub."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from chatkit.chat.client.client import TARGET
from chatkit.lesson.checks.connection_info import local_api
from chatkit.lesson.checks.core import evidence, service
from chatkit.lesson.checks.core.evidence import (
    QUIET_S,
    WRITER,
    HubEndpoint,
    Recipient,
    expect,
    listening,
    message_text,
    post_message,
    run,
)
from chatkit.lesson.checks.core.people import named_in_headers
from chatkit.lesson.http import fetch

if TYPE_CHECKING:
    from chatkit.chat.client.sign_in import SignedIn
    from chatkit.steps.session import Session

CODE = (
    "Compare send_message.py with the cell above: hubName chat, target newMessage, arguments a"
    " list with the message."
)


def check(session: Session) -> Iterator[str]:
    """Two people and a stranger, then bad requests."""
    api = local_api(session)
    other = service.endpoint_of(session, service.of_local_settings(session), "another")
    run(round_trip(api, other))
    yield (
        "alice and bob, both connected, each received one newMessage with one argument: the"
        " message."
    )
    yield "A client on another hub of the same instance received nothing."
    for body, what in (
        (b"{", "a body that is not JSON"),
        ({"sender": "alice"}, "a message without a text"),
    ):
        answer = fetch(
            "POST", f"{api}/api/messages", body=body, headers=named_in_headers()[WRITER].headers
        )
        expect(
            answer.status == 400,
            f"POST /api/messages with {what}",
            expected="400 and a sentence",
            got=answer,
            hint=CODE,
        )
    yield "A body that is not JSON and a message without a text are refused: 400 Bad Request."


async def round_trip(
    api: str,
    *others: HubEndpoint,
    origin: str = "",
    people: Mapping[str, SignedIn] | None = None,
) -> None:
    """Post a message and see who receives it.

    Args:
        api: Address of the functions.
        others: Where clients listen that must not receive it.
        origin: Origin header to send, as a page would.
        people: Alice, bob and the writer as they are signed in; by default they name themselves.

    Raises:
        CheckFailed: Not everybody received it exactly once, or somebody else did.
    """
    negotiate = f"{api}/api/negotiate"
    endpoints = [HubEndpoint("alice", negotiate), HubEndpoint("bob", negotiate), *others]
    text = message_text("this message goes to everybody once")
    headers = {name: person.headers for name, person in (people or named_in_headers()).items()}
    shown = dict(headers[WRITER])
    if origin:
        shown["Origin"] = origin
    async with listening(*endpoints, headers=headers) as recipients:
        body = {"sender": WRITER, "text": text}
        answer = await asyncio.to_thread(post_message, api, body, headers=shown)
        expect(
            200 <= answer.status < 300, "POST /api/messages", expected="200", got=answer, hint=CODE
        )
        people_here = recipients[:2]
        for recipient in people_here:
            await _expect_message(recipient, text)
        await asyncio.sleep(
            QUIET_S
        )  # a second copy, or one on another hub, may still be on its way
        for recipient in people_here:
            _expect_no_copy(recipient, text)
        for recipient in recipients[2:]:
            _expect_nothing(recipient)


def _expect_no_copy(recipient: Recipient, text: str) -> None:
    times = len(recipient.frames_with(text))
    expect(times == 1, recipient.name, expected="the message once", got=f"{times} times", hint=CODE)


def _expect_nothing(recipient: Recipient) -> None:
    expect(
        not recipient.frames,
        f"A client on hub {recipient.name}",
        expected="nothing",
        got="the message",
        hint=CODE,
    )


async def _expect_message(recipient: Recipient, text: str) -> None:
    arrived = await recipient.wait_for(text)
    got = f"nothing within {evidence.ARRIVAL_S:g} s"
    if recipient.frames:
        got = f"{recipient.frames[-1][0]} with something else"
    expect(arrived, f"What {recipient.name} received", expected="the message", got=got, hint=CODE)
    target, arguments = recipient.frames_with(text)[0]
    expect(target == TARGET, "The target", expected=TARGET, got=target, hint=CODE)
    right = (
        len(arguments) == 1 and isinstance(arguments[0], dict) and arguments[0].get("text") == text
    )
    expect(
        right,
        "The arguments",
        expected="one, the message as an object",
        got=f"{len(arguments)}",
        hint=CODE,
    )
