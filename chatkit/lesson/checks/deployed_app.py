"""Section 07: the functions run in the cloud with the right settings, and a message goes round
there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatkit.cloud.provision import app_settings
from chatkit.cloud.publish import functions
from chatkit.lesson.checks.connection_info import connection_info
from chatkit.lesson.checks.core.evidence import expect, run
from chatkit.lesson.checks.core.people import everybody
from chatkit.lesson.checks.local_page import cross_origin
from chatkit.lesson.checks.send_message import round_trip
from chatkit.steps import local_settings

if TYPE_CHECKING:
    from chatkit.cloud.stack import Stack
    from chatkit.steps.session import Session

EXPECTED = ("GetMessages", "SendMessage", "SignalRInfo", "negotiate")
PUBLISH = "workshop.publish_functions() publishes what is in my-chat/functions."


def check(session: Session) -> Iterator[str]:
    """The list, the settings, CORS, and a round trip."""
    api = deployed_api(session)
    stack = session.stack()
    missing = sorted(set(EXPECTED) - set(functions.listed(stack)))
    got = f"no {', '.join(missing)}"
    expect(
        not missing, "The deployed functions", expected=", ".join(EXPECTED), got=got, hint=PUBLISH
    )
    yield f"Deployed: {', '.join(EXPECTED)}."
    yield _settings(session, stack)
    people = everybody(api)
    connection_info(f"{api}/api/negotiate", people)
    page = session.web_url
    expect(
        page,
        "The page's address",
        expected="one",
        got="none",
        hint="workshop.allow_page() reserves it.",
    )
    yield cross_origin(api, str(page), "workshop.allow_page() sets exactly one origin.")
    run(round_trip(api, people=people))
    yield (
        "A message that was posted to the deployed functions reached both connected clients, once"
        " each."
    )


def deployed_api(session: Session) -> str:
    """Address of the deployed functions.

    Raises:
        CheckFailed: There are none.
    """
    api = session.api_base_url
    expect(
        api,
        "The function app",
        expected="one",
        got="none",
        hint="workshop.create_function_app() creates it.",
    )
    return str(api)


def _settings(session: Session, stack: Stack) -> str:
    local = local_settings.values(session.functions_folder)
    deployed = app_settings.read_app_settings(stack)
    wrong = [
        item
        for item in app_settings.compare(local, deployed)
        if item.state in ("differs", "not uploaded")
    ]
    got = ", ".join(f"{item.name} {item.state}" for item in wrong)
    expect(
        not wrong,
        "The deployed settings",
        expected="the local ones",
        got=got,
        hint="workshop.upload_settings() uploads them.",
    )
    return "The settings there have the same hashes as the local ones."
