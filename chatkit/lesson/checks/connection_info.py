"""Section 04: SignalRInfo hands out an address and a token that opens it, for nobody in particular,
for an hour.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from chatkit.lesson.checks.core import service
from chatkit.lesson.checks.core.evidence import HubEndpoint, expect, listening, run
from chatkit.lesson.checks.core.people import named_in_headers
from chatkit.lesson.http import fetch
from chatkit.steps import app_files, identity

if TYPE_CHECKING:
    from chatkit.chat.client.sign_in import SignedIn
    from chatkit.steps.session import Session

CODE = (
    "Compare signalr_info.py with the cell above, then workshop.stop_functions() and"
    " workshop.start_functions()."
)

OTHER_KEY = (
    "Is the connection string the one of your instance? workshop.write_local_settings(),"
    " then start again."
)


def check(session: Session) -> Iterator[str]:
    """Both routes, the token's claims, and a connection made with it."""
    api = local_api(session)
    for route in ("SignalRInfo", "negotiate"):
        info = connection_info(f"{api}/api/{route}")
    yield "POST /api/SignalRInfo and POST /api/negotiate answer JSON with url and accessToken."
    yield _claims(session, info)
    run(_connect(f"{api}/api/negotiate"))
    yield f"A client that asked negotiate is connected to hub {session.hub}."


class ConnectionInfo(TypedDict):
    """What a negotiate function answers."""

    url: str
    accessToken: str


def local_api(session: Session) -> str:
    """Address of the functions on this machine.

    Raises:
        CheckFailed: They do not run, or people sign in to them.
    """
    api = session.local_api_base_url
    expect(
        not identity.has_sign_in(session, "local"),
        "The functions on this machine",
        expected="to run without sign-in, as in this section",
        got="sign-in in front of them",
        hint="workshop.start_functions() runs them without.",
    )
    expect(
        api,
        "The functions on this machine",
        expected="to run",
        got="nothing",
        hint="workshop.start_functions() starts them.",
    )
    return str(api)


def connection_info(url: str, people: Mapping[str, SignedIn] | None = None) -> ConnectionInfo:
    """What a negotiate function answers; to alice, where people sign in.

    Raises:
        CheckFailed: Not 200, or not JSON with url and accessToken.
    """
    answer = fetch("POST", url, headers=(people or named_in_headers())["alice"].headers)
    what = f"POST /api/{url.rpartition('/')[2]}"
    expect(answer.status == 200, what, expected="200", got=answer, hint=CODE)
    info = answer.json()
    expect(
        isinstance(info, dict) and {"url", "accessToken"} <= set(info),
        what,
        expected="JSON with url and accessToken",
        got=answer,
        hint="Return what the binding gave, as JSON.",
    )
    return {"url": str(info["url"]), "accessToken": str(info["accessToken"])}


def _claims(session: Session, info: ConnectionInfo) -> str:
    connection = service.of_local_settings(session)
    hub = session.hub
    expect(
        f"?hub={hub}" in info["url"].lower(),
        "The url",
        expected=f"hub={hub} in it",
        got=info["url"].partition("?")[2] or "no hub",
        hint=f"hubName is {hub}.",
    )
    claims = service.verified_claims(session, info["accessToken"], hint=OTHER_KEY)
    audience = f"{connection.endpoint}/client/?hub={hub}"
    expect(
        claims.get("aud") == audience,
        "The token's audience (aud)",
        expected=audience,
        got=claims.get("aud"),
        hint=f"hubName is {hub}.",
    )
    _lives_an_hour(claims)
    _names_nobody(session, claims)
    what = f"for hub {hub} only, lives 60 minutes and names no user."
    if connection.access_key:
        return f"The token is signed with your access key, is {what}"
    return f"The token comes from the service itself, as there is no key; it is {what}"


def _lives_an_hour(claims: dict[str, Any]) -> None:
    minutes = round((claims["exp"] - claims.get("iat", time.time())) / 60)
    expect(
        minutes == 60,
        "The token's life",
        expected="60 minutes",
        got=f"{minutes} minutes",
        hint="Is this machine's clock right?",
    )


def _names_nobody(session: Session, claims: dict[str, Any]) -> None:
    is_of = app_files.section_of(session.folder)
    hint = "userId comes in section 09; leave it out for now."
    if is_of >= "09":
        hint = (
            f"my-chat/functions is that of section {is_of}. The cells of notebook 04 that write"
            " files bring it back to section 04, and keep what is there beside."
        )
    users = [name for name in service.USER_CLAIMS if claims.get(name)]
    expect(
        not users,
        "The token's user",
        expected="none yet",
        got=f"claim {', '.join(users)}",
        hint=hint,
    )


async def _connect(url: str) -> None:
    alice = named_in_headers()["alice"]
    async with listening(HubEndpoint("alice", url), headers={"alice": alice.headers}):
        pass
