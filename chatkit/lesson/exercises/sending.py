"""Exercises about SignalR: sections 04, 05 and 10."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Collection, Iterator
from urllib.parse import parse_qs, urlsplit

import jwt

from chatkit.chat.client.addresses import negotiate_address
from chatkit.core.errors import CheckFailed
from chatkit.core.results import enumerated
from chatkit.lesson.checks.core.evidence import (
    QUIET_S,
    HubEndpoint,
    Recipient,
    expect,
    listening,
    run,
)
from chatkit.lesson.exercises.bench import Bench
from chatkit.lesson.exercises.failing import LOOK_BACK
from chatkit.lesson.exercises.running_app import NAME_HEADER, RunningApp
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import client_token, client_url

SECOND_HUB = "support"
HUB = "exercise"
ARRIVAL_LIMIT_S = 2.0
BINDING = "signalRConnectionInfo"


def second_hub(bench: Bench) -> Iterator[str]:
    """Section 04: negotiate gives out tokens for hub `support`."""
    with bench.running_with_signalr() as (app, connection):
        _expect_connection_info(app, connection)
        run(_connect(app))
    yield f"POST /api/negotiate answers with an address and a token for hub {SECOND_HUB}."
    yield "The token is signed with the access key, and a client gets in with it."


async def _connect(app: RunningApp) -> None:
    async with listening(HubEndpoint("a client", f"{app.url}/api/negotiate")):
        pass


def _expect_connection_info(app: RunningApp, connection: SignalRConnectionString) -> None:
    answer = app.ask("POST", "/api/negotiate").json()
    info = answer if isinstance(answer, dict) else {}
    url = str(info.get("url", ""))
    token = str(info.get("accessToken", ""))
    expect(
        url and token,
        "POST /api/negotiate answers something else",
        expected='JSON with "url" and "accessToken"',
        got=json.dumps(answer)[:200],
        hint=f"The binding of type {BINDING} makes it; the function only returns it.",
    )
    hub = "".join(parse_qs(urlsplit(url).query).get("hub", []))
    expect(
        hub == SECOND_HUB,
        "The address is for another hub",
        expected=f"hub {SECOND_HUB}",
        got=f"hub {hub}" if hub else "none",
        hint="hubName in the binding says for which hub the token is.",
    )
    hint = f"Let the binding make the answer: type {BINDING}, and the setting's name."
    try:
        jwt.decode(
            token, connection.access_key, algorithms=["HS256"], options={"verify_aud": False}
        )
    except jwt.InvalidTokenError as error:
        raise CheckFailed(
            "The token opens nothing",
            expected="one that your access key has signed",
            got=f"another one ({error})",
            hint=hint,
        ) from error
    expect(
        url == client_url(connection, SECOND_HUB),
        "The address is not that of the service",
        expected="the address in the connection string",
        got="another one",
        hint=hint,
    )


def typing(bench: Bench) -> Iterator[str]:
    """Section 05: everybody hears who is typing."""
    with bench.running_with_signalr() as (app, connection):
        run(_typing(app, connection))
    yield "alice and bob, both connected, each received typing once, with the sender's name."
    yield "Another sender, another name."


async def _typing(app: RunningApp, connection: SignalRConnectionString) -> None:
    async with listening(*(_endpoint(connection, name) for name in ("alice", "bob"))) as people:
        for sender in ("carol", f"guest-{uuid.uuid4().hex[:4]}"):
            await app.ask_beside("/api/typing", {"sender": sender})
            await _expect_only(app, people, {"alice", "bob"}, "typing", [sender])


def nudge(bench: Bench) -> Iterator[str]:
    """Section 10: one person hears of it, and nobody else."""
    with bench.running_with_signalr() as (app, connection):
        run(_nudge(app, connection))
    yield "bob was nudged, and heard from whom; alice and carol heard nothing."
    yield "Then carol was, and nobody else."


async def _nudge(app: RunningApp, connection: SignalRConnectionString) -> None:
    names = ("alice", "bob", "carol")
    async with listening(*(_endpoint(connection, name) for name in names)) as people:
        for sender, to in (("alice", "bob"), ("bob", "carol")):
            headers = {NAME_HEADER: sender}
            await app.ask_beside("/api/nudge", {"to": to}, headers=headers)
            await _expect_only(app, people, {to}, "nudge", [sender])


def _endpoint(connection: SignalRConnectionString, name: str) -> HubEndpoint:
    url = negotiate_address(client_url(connection, HUB))
    return HubEndpoint(name, url, client_token(connection, HUB, user_id=name))


async def _expect_only(
    app: RunningApp,
    people: list[Recipient],
    wanted: Collection[str],
    target: str,
    arguments: list[str],
) -> None:
    """Fail unless those who are wanted, and nobody else, got one call; then forget it."""
    waits = [
        person.wait_for_frames(1, limit_s=ARRIVAL_LIMIT_S)
        for person in people
        if person.name in wanted
    ]
    await asyncio.gather(*waits)
    await asyncio.sleep(QUIET_S)  # a second copy, or one for somebody else, may be on its way
    got = [person.name for person in people if person.frames]
    if not got:
        raise CheckFailed(
            "Nobody heard anything",
            expected=f"{target} for {enumerated(sorted(wanted))}",
            got="nothing",
            hint=await asyncio.to_thread(_why_nothing, app),
        )
    what = "Not everybody heard it"
    hint = 'Leave "userId" out of the value: then everybody in the hub gets it.'
    if len(wanted) == 1:
        what = "It went to somebody else"
        hint = "Whose name stands in the request is meant, and nobody else."
    expect(
        set(got) >= set(wanted),
        what,
        expected=f"{target} for {enumerated(sorted(wanted))}",
        got=f"{target} for {enumerated(got)}",
        hint=hint,
    )
    expect(
        set(got) == set(wanted),
        "Others heard it, too",
        expected=f"{target} for {enumerated(sorted(wanted))} alone",
        got=f"{target} for {enumerated(got)}",
        hint='"userId" in the value says who gets it; without it, everybody does.',
    )
    for person in people:
        if person.frames:
            _expect_call(person, target, arguments)
            person.frames.clear()


def _why_nothing(app: RunningApp) -> str:
    hubs = sorted(set(app.hubs("signalR")))
    if hubs != [HUB]:
        return f"They are connected to hub {HUB}; your binding has {enumerated(hubs) or 'no hub'}."
    return (
        'Is the output set, with "target" and "arguments"?'
        ' And a "userId", if there is one, has to be that of somebody who is here.'
    )


def _expect_call(person: Recipient, target: str, arguments: list[str]) -> None:
    got, its_arguments = person.frames[0]
    expect(
        len(person.frames) == 1,
        f"{person.name} heard it more than once",
        expected="once",
        got=f"{len(person.frames)} times",
        hint="One value of the output is one message.",
    )
    expect(
        got == target,
        f"{person.name}'s page does not know what to do",
        expected=f"target {target}",
        got=f"target {got}",
        hint='"target" names what the page listens for.',
    )
    expect(
        its_arguments == arguments,
        f"{person.name} heard something else",
        expected=f"arguments {json.dumps(arguments)}",
        got=f"arguments {json.dumps(its_arguments)[:200]}",
        hint="A list with one entry: the sender's name as the request says it."
        if target == "typing"
        else LOOK_BACK,
    )
