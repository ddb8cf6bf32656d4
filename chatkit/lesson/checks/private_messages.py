"""Section 10: a private message reaches its two users in all their tabs, nobody else, and nobody
else's history.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from chatkit.chat.client.sign_in import PersonNeeded, SignedIn
from chatkit.lesson.checks import send_message
from chatkit.lesson.checks.authentication import PUBLISH
from chatkit.lesson.checks.core import evidence, service
from chatkit.lesson.checks.core.evidence import (
    QUIET_S,
    HubEndpoint,
    Recipient,
    expect,
    listening,
    message_text,
    post_message,
    run,
)
from chatkit.lesson.checks.core.people import TEST_USERS, everybody, expect_sign_in, signed_in
from chatkit.lesson.checks.deployed_app import deployed_api
from chatkit.lesson.http import Answer, fetch

if TYPE_CHECKING:
    from chatkit.steps.session import Session

TABS = (("alice", "alice's second tab"), ("bob", "bob"), ("bob", "bob's second tab"))
GUEST = "a-guest-of-a-check"
NOBODY = "nobody-of-this-id"
ASK_EVERY_S = 0.25
PAGE_SIZE = 5


def check(session: Session) -> Iterator[str]:
    """The wire, the feedback, the history."""
    api = deployed_api(session)
    expect_sign_in(api)
    people = signed_in(api, *TEST_USERS)
    message = run(wire(api, people))
    yield (
        "alice wrote to bob: both of bob's tabs and alice's other tab received it once, carol"
        " nothing."
    )
    _feedback(session, people["alice"], message)
    yield (
        "alice was told that bob was connected, that a guest had left, and that nobody has an id"
        " she made up."
    )
    yield history(api, people, message)


def among_people(
    api: str,
) -> Generator[str, None, tuple[Mapping[str, SignedIn], dict[str, Any]] | None]:
    """People who sign in write to all, and privately; for sections that change how they do.

    Yields:
        What was seen.

    Returns:
        The people, and the private message; None where signing in needs a person.
    """
    try:
        people = everybody(api)
    except PersonNeeded:
        yield "Entra asks for a password here: sign in on the page, and write a message."
        return None
    run(send_message.round_trip(api, people=people))
    yield "alice and bob sign in, and a message to everybody reaches both."
    message = run(wire(api, people))
    yield "A private message of alice's reaches bob's tabs and hers, and carol gets nothing."
    return people, message


async def wire(api: str, people: Mapping[str, SignedIn]) -> dict[str, Any]:
    """Send a private message, and see who gets it; returns the answer's message."""
    tabs = (*TABS, ("carol", "carol"))
    endpoints = [HubEndpoint(tab, f"{api}/api/negotiate") for _, tab in tabs]
    headers = {tab: people[user].headers for user, tab in tabs}
    text = message_text("this message is for bob only")
    async with listening(*endpoints, headers=headers) as recipients:
        # what a sender must not decide is sent along: all of it has to be ignored
        forged = {
            "sender": "carol",
            "isPrivate": False,
            "userId": people["carol"].id,
            "recipients": [people["carol"].id],
        }
        answer = await asyncio.to_thread(
            write, api, people["alice"], text, people["bob"].id, forged
        )
        expect(
            answer.status == 200,
            "POST /api/messages with a recipient",
            expected="200",
            got=answer,
            hint=PUBLISH,
        )
        for recipient in recipients[:-1]:
            expect(
                await recipient.wait_for(text),
                recipient.name,
                expected="the message",
                got=f"nothing within {evidence.ARRIVAL_S:g} s",
                hint=PUBLISH,
            )
        await asyncio.sleep(QUIET_S)
        for recipient in recipients:
            _expect_received(recipient, text, 0 if recipient.name == "carol" else 1)
    message: dict[str, Any] = answer.json()
    return message


def _expect_received(recipient: Recipient, text: str, times: int) -> None:
    got = len(recipient.frames_with(text))
    what = "the message once" if times else "nothing of it"
    expect(
        got == times,
        f"What {recipient.name} received",
        expected=what,
        got=f"it {got} times",
        hint=PUBLISH,
    )


def _feedback(session: Session, alice: SignedIn, message: dict[str, Any]) -> None:
    api = deployed_api(session)
    here = message.get("recipientConnected")
    expect(
        here is True,
        "recipientConnected while bob was there",
        expected="true",
        got=_json(here),
        hint=PUBLISH,
    )
    # Before the loop runs: without a key the service is asked for the guest's token.
    connection = service.of_local_settings(session)
    guest = service.endpoint_of(session, connection, session.hub, user_id=GUEST)
    away = run(_visit(guest, api, alice))
    expect(
        away is False,
        "recipientConnected after a guest has left",
        expected="false",
        got=_json(away),
        hint=PUBLISH,
    )
    answer = write(api, alice, message_text("nobody has this id"), NOBODY)
    unknown = (answer.json() or {}).get("recipientConnected")
    expect(
        unknown is False,
        "recipientConnected for a made-up id",
        expected="false",
        got=_json(unknown),
        hint=PUBLISH,
    )


async def _visit(guest: HubEndpoint, api: str, alice: SignedIn) -> Any:
    """Let a guest come and leave, and ask until the service has noticed it.

    The guest comes with a token of the service: the check brings nobody into the directory.
    """
    told = None
    async with listening(guest):
        pass
    for _ in range(int(evidence.ARRIVAL_S / ASK_EVERY_S)):
        answer = await asyncio.to_thread(
            write, api, alice, message_text("is the guest still here?"), GUEST
        )
        told = (answer.json() or {}).get("recipientConnected")
        if told is not True:
            break
        await asyncio.sleep(ASK_EVERY_S)
    return told


def history(api: str, people: Mapping[str, SignedIn], message: dict[str, Any]) -> str:
    """See whose history shows a private message."""
    identity = str(message.get("id"))
    for name in ("alice", "bob"):
        found = identity in _read(api, people[name])
        expect(
            found,
            f"The private message in {name}'s history",
            expected="there",
            got="not there",
            hint=PUBLISH,
        )
    for reader, before in (("carol", ""), ("carol", identity)):
        leaked = identity in _read(api, people[reader], before)
        expect(
            not leaked,
            f"The private message in {reader}'s history",
            expected="not there",
            got="there",
            hint=PUBLISH,
        )
    by_id = _read(api, people["carol"], identity, pages=1)
    expect(
        not by_id,
        "Paging from the private message's id as carol",
        expected="nothing",
        got=f"{len(by_id)} messages",
        hint=PUBLISH,
    )
    return (
        "The history shows it to alice and bob; carol finds nothing, not even by asking for what"
        " came before it."
    )


def _read(api: str, person: SignedIn, before: str = "", *, pages: int = 20) -> list[str]:
    """Ids of the newest messages a person gets, page by page."""
    ids: list[str] = []
    for _ in range(pages):
        cursor = ids[-1] if ids else before
        url = f"{api}/api/messages?limit={PAGE_SIZE}"
        if cursor:
            url += f"&before={quote(cursor, safe='')}"
        answer = fetch("GET", url, headers=person.headers)
        expect(answer.status == 200, "GET /api/messages", expected="200", got=answer, hint=PUBLISH)
        page = [str(item.get("id")) for item in answer.json()]
        ids += page
        if len(page) < PAGE_SIZE:
            break
    return ids


def write(
    api: str, person: SignedIn, text: str, recipient: str, more: Mapping[str, Any] | None = None
) -> Answer:
    """Send a private message."""
    body = {**(more or {}), "text": text, "recipient": recipient}
    return post_message(api, body, headers=person.headers)


def _json(value: object) -> str:
    return "nothing" if value is None else json.dumps(value)
