"""Section 09: people who are not signed in are refused, whatever they claim.

People who are signed in cannot pass for somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatkit.chat.client.sign_in import PersonNeeded, SignedIn
from chatkit.lesson.checks.connection_info import connection_info
from chatkit.lesson.checks.core import service
from chatkit.lesson.checks.core.evidence import expect, message_text, post_message
from chatkit.lesson.checks.core.people import ON, expect_sign_in, signed_in
from chatkit.lesson.checks.deployed_app import deployed_api
from chatkit.lesson.checks.local_page import config_of
from chatkit.lesson.http import Answer, fetch

if TYPE_CHECKING:
    from chatkit.steps.session import Session

PUBLISH = "Run the cells above that write the app's files, then workshop.publish_functions()."
UNKNOWN = (
    "function_app.py does not register that function: run the cells of section 06, then this"
    " section again."
)
PAGE = "workshop.set_page_url(), then workshop.upload_page()."
NAME = "X-MS-CLIENT-PRINCIPAL-NAME"
ID = "X-MS-CLIENT-PRINCIPAL-ID"
FORGED = (
    {NAME: "bob"},
    {ID: "bob"},
    {NAME.lower(): "bob"},
    {NAME.replace("-", "_"): "bob"},
    {"X-ZUMO-AUTH": "bob"},
)
STRANGER = "https://stranger.example/"


def check(session: Session) -> Iterator[str]:
    """Outside, forgery, identity, page."""
    api = deployed_api(session)
    expect_sign_in(api)
    yield _refuses_without_sign_in(api)
    yield _removes_forged_headers(api)
    yield _page(session, api)
    try:
        alice = signed_in(api, "alice")["alice"]
    except PersonNeeded:
        yield (
            "Entra asks for a password here: sign in on the page, and look whose name your"
            " messages have."
        )
        return
    yield _token_names(session, api, alice)
    yield _takes_the_sender_from_sign_in(api, alice)


def _refuses_without_sign_in(api: str) -> str:
    """Each function asks who it is, in a sentence."""
    for method, route in (("POST", "negotiate"), ("POST", "messages"), ("GET", "messages")):
        _refused(_ask(api, method, route, {}), f"{method} /api/{route} without sign-in")
    return (
        "Without sign-in negotiate, sending and reading are refused: 401 Unauthorized, with a"
        " sentence."
    )


def _removes_forged_headers(api: str) -> str:
    """The platform removes what pretends to be its own."""
    for headers in FORGED:
        for method, route in (("POST", "negotiate"), ("POST", "messages"), ("GET", "messages")):
            answer = _ask(api, method, route, headers)
            name = next(iter(headers))
            expect(
                answer.status == 401,
                f"{method} /api/{route} with a forged {name}",
                expected="401",
                got=answer,
                hint=ON,
            )
    return (
        "A forged X-MS-CLIENT-PRINCIPAL-NAME or -ID never reaches the app, however it is spelt,"
        " and a made-up token is refused."
    )


def _token_names(session: Session, api: str, alice: SignedIn) -> str:
    info = connection_info(f"{api}/api/negotiate", {"alice": alice})
    claims = service.verified_claims(session, info["accessToken"], hint=PUBLISH)
    user = next((str(claims[name]) for name in service.USER_CLAIMS if claims.get(name)), "nobody")
    expect(user == alice.id, "The user in alice's token", expected=alice.id, got=user, hint=PUBLISH)
    return "Signed in as alice, negotiate hands out a token for her id."


def _takes_the_sender_from_sign_in(api: str, alice: SignedIn) -> str:
    """Neither body nor header make alice somebody else."""
    claimed = {"sender": "bob", "senderId": "bob"}
    body = {**claimed, "text": message_text("alice claims to be bob, and stays alice")}
    answer = post_message(api, body, headers={**alice.headers, NAME: "bob", ID: "bob"})
    expect(
        answer.status == 200,
        "POST /api/messages as alice",
        expected="200",
        got=answer,
        hint=PUBLISH,
    )
    said = answer.json() or {}
    for field, right in (("sender", alice.name), ("senderId", alice.id)):
        got = str(said.get(field))
        what = f"The {field} of alice's message"
        expect(got == right, what, expected=right, got=got, hint=PUBLISH)
    return "When alice claims to be bob, in the body or in a header, the message still says alice."


def _page(session: Session, api: str) -> str:
    page = session.web_url or ""
    offered = config_of(page).get("signIn")
    expect(
        offered == "aad",
        "config.json of the page",
        expected="signIn aad",
        got=offered or "no signIn",
        hint=PAGE,
    )
    expect(
        _may_return_to(api, page),
        "Sign-in from the page",
        expected="a way back to the page",
        got="none",
        hint=ON,
    )
    expect(
        not _may_return_to(api, STRANGER),
        "Sign-in from another page",
        expected="no way back",
        got="one",
        hint=ON,
    )
    return (
        "The page offers sign-in, and people come back to it with their token, and to no other"
        " page."
    )


def _may_return_to(api: str, page: str) -> bool:
    """Whether a sign-in that ends at a page may begin.

    The answer is a redirect to the sign-in page then.
    """
    answer = fetch(
        "GET", f"{api}/.auth/login/aad?session_mode=token&post_login_redirect_url={page}"
    )
    return answer.status == 200


def _ask(api: str, method: str, route: str, headers: dict[str, str]) -> Answer:
    body = None
    if (method, route) == ("POST", "messages"):
        body = {"sender": "bob", "text": message_text("this message must not arrive")}
        return post_message(api, body, headers=headers)
    return fetch(method, f"{api}/api/{route}", body=body, headers=headers)


def _refused(answer: Answer, what: str) -> None:
    value = answer.json()
    right = answer.status == 401 and isinstance(value, dict) and value.get("error")
    hint = UNKNOWN if answer.status == 404 else PUBLISH
    expect(right, what, expected="401 and a sentence", got=answer, hint=hint)
