"""Who takes part in a check: test users, signed in where the app has sign-in."""

from __future__ import annotations

from chatkit.chat.client.sign_in import SignedIn, sign_in
from chatkit.lesson.checks.core.evidence import WRITER, expect, run
from chatkit.lesson.http import Answer, fetch

ON = "workshop.enable_authentication() turns it on."
NAMES = ("alice", "bob", WRITER)
TEST_USERS = ("alice", "bob", "carol")


def has_sign_in(api: str) -> bool:
    """Whether authentication stands in front of the app: it answers `/.auth/me` by itself."""
    return _own_identity(api).status == 401


def expect_sign_in(api: str) -> None:
    """Fail when authentication does not stand in front of the app.

    Raises:
        CheckFailed: It is off.
    """
    answer = _own_identity(api)
    expect(
        answer.status == 401, "GET /.auth/me without sign-in", expected="401", got=answer, hint=ON
    )


def everybody(api: str) -> dict[str, SignedIn]:
    """Alice, bob and the writer of the check's messages, signed in where there is sign-in.

    Carol writes there: a check brings no name into the directory.
    """
    if not has_sign_in(api):
        return named_in_headers()
    people = signed_in(api, *TEST_USERS)
    return {**people, WRITER: people["carol"]}


def named_in_headers() -> dict[str, SignedIn]:
    """The same, naming themselves: for the app on this machine, whichever section it is from."""
    return {name: SignedIn(name) for name in NAMES}


def signed_in(api: str, *names: str) -> dict[str, SignedIn]:
    """Test users, signed in.

    Raises:
        SetupError: Authentication is off, or only people can sign in there.
    """
    return {name: run(sign_in(api, name)) for name in names}


def _own_identity(api: str) -> Answer:
    """What the app answers without sign-in when somebody asks who they are."""
    return fetch("GET", f"{api}/.auth/me")
