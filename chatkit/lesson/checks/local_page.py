"""Section 06: the page is served, may call the functions from its own origin only, and latecomers
get the history.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chatkit.lesson.checks.connection_info import local_api
from chatkit.lesson.checks.core.evidence import WRITER, expect, message_text, post_message
from chatkit.lesson.checks.core.people import named_in_headers
from chatkit.lesson.http import Answer, fetch

if TYPE_CHECKING:
    from chatkit.steps.session import Session

STRANGER = "https://stranger.example"
CORS = "workshop.write_local_settings() writes Host.CORS; then stop and start the functions."


def check(session: Session) -> Iterator[str]:
    """The page, CORS, history."""
    api = local_api(session)
    page = session.local_web_url
    expect(
        page,
        "The page on this machine",
        expected="to be served",
        got="nothing",
        hint="workshop.start_page() serves it.",
    )
    assert page
    yield served(page, api, "workshop.prepare_page() writes it.")
    yield cross_origin(api, page, CORS)
    yield history(api)


def served(page: str, api: str, hint: str) -> str:
    """The page is html, and its config names the functions.

    Raises:
        CheckFailed: It is not so.
    """
    index = fetch("GET", page)
    kind = index.headers.get("Content-Type", "")
    expect(
        index.status == 200 and "text/html" in kind,
        "The page",
        expected="200 text/html",
        got=f"{index.status} {kind}",
        hint=hint,
    )
    called = config_of(page).get("apiBaseUrl")
    expect(
        called == api,
        "config.json of the page",
        expected=f"apiBaseUrl {api}",
        got=called or "none",
        hint=hint,
    )
    return "The page is served as html, and its config.json names the address of these functions."


def config_of(page: str) -> dict[str, Any]:
    """The config.json of a page, empty when there is none."""
    if not page:
        return {}
    value = fetch("GET", f"{page.rstrip('/')}/config.json").json()
    return value if isinstance(value, dict) else {}


def cross_origin(api: str, page: str, hint: str) -> str:
    """A browser would let the page call the functions, and no other page.

    Raises:
        CheckFailed: It is not so.
    """
    origin = page.rstrip("/")
    allowed = _preflight(api, origin)
    got = allowed.headers.get("Access-Control-Allow-Origin", f"none (status {allowed.status})")
    expect(
        got == origin,
        "Access-Control-Allow-Origin for the page",
        expected=origin,
        got=got,
        hint=hint,
    )
    credentials = allowed.headers.get("Access-Control-Allow-Credentials", "none")
    expect(
        credentials == "true",
        "Access-Control-Allow-Credentials",
        expected="true",
        got=credentials,
        hint=hint,
    )
    refused = _preflight(api, STRANGER).headers.get("Access-Control-Allow-Origin")
    expect(
        refused is None,
        "Access-Control-Allow-Origin for another page",
        expected="none",
        got=refused,
        hint=hint,
    )
    return "A browser lets this page call the functions, with credentials, and no other page."


def history(api: str) -> str:
    """Messages are stored, newest first, and the limit is kept.

    Raises:
        CheckFailed: It is not so.
    """
    code = (
        "Compare get_messages.py and send_message.py with the cells above, then stop and start"
        " the functions."
    )
    texts = [message_text(f"message {number} of 3 for the history") for number in (1, 2, 3)]
    headers = named_in_headers()[WRITER].headers
    for text in texts:
        answer = post_message(api, {"sender": WRITER, "text": text}, headers=headers)
        expect(
            200 <= answer.status < 300, "POST /api/messages", expected="200", got=answer, hint=code
        )
    answer = fetch("GET", f"{api}/api/messages?limit=2", headers=headers)
    expect(answer.status == 200, "GET /api/messages", expected="200", got=answer, hint=code)
    stored: Any = answer.json()
    got: list[str] = []
    if isinstance(stored, list):
        got = [str(item.get("text")) for item in stored]
    expect(
        got == texts[:0:-1],
        "GET /api/messages?limit=2",
        expected="the last two messages, newest first",
        got=f"{len(got)} others",
        hint=code,
    )
    return "Three messages were stored; the last two came back, newest first."


def _preflight(api: str, origin: str) -> Answer:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return fetch("OPTIONS", f"{api}/api/messages", headers=headers)
