"""Section 08: the website serves the page, the page names the deployed functions, and a chat goes
round from its origin.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatkit.lesson.checks.core.evidence import expect, run
from chatkit.lesson.checks.core.people import everybody
from chatkit.lesson.checks.deployed_app import deployed_api
from chatkit.lesson.checks.local_page import served
from chatkit.lesson.checks.send_message import round_trip
from chatkit.lesson.http import fetch

if TYPE_CHECKING:
    from chatkit.steps.session import Session

UPLOAD = "workshop.set_page_url(), then workshop.upload_page()."


def check(session: Session) -> Iterator[str]:
    """The files, the not-found page, and a round trip."""
    api = deployed_api(session)
    page = session.web_url
    expect(
        page,
        "The static website",
        expected="on",
        got="off",
        hint="workshop.enable_static_website() switches it on.",
    )
    assert page
    yield served(page, api, UPLOAD)
    ours = (session.page_folder / "index.html").read_bytes()
    expect(
        fetch("GET", page).content == ours,
        "index.html",
        expected="the one in my-chat/content",
        got="another",
        hint=UPLOAD,
    )
    missing = fetch("GET", f"{page.rstrip('/')}/no-such-page")
    expect(
        missing.status == 404,
        "An address that does not exist",
        expected="404",
        got=missing,
        hint=UPLOAD,
    )
    yield "It is the page from my-chat/content; an address that does not exist answers 404."
    run(round_trip(api, origin=page.rstrip("/"), people=everybody(api)))
    yield "A message sent as the page sends it reached both connected clients, once each."
