"""Section 00: the workshop is open and its cloud answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatkit.lesson.checks.core.evidence import expect, expecting

if TYPE_CHECKING:
    from chatkit.steps.session import Session

SUBSCRIPTIONS = "/subscriptions?api-version=2022-12-01"
BETWEEN = "Is a proxy or a login page of the network in between? `chatkit doctor` looks."


def check(session: Session) -> Iterator[str]:
    """Resource Manager answers, and refuses a call without a token."""
    cloud = session.connect()
    client = cloud.rest(cloud.resource_manager, signed_in=False)
    with expecting("Resource Manager", expected="an answer", hint=BETWEEN):
        status = client.get(SUBSCRIPTIONS, retry_total=1).status_code
    expect(
        status == 401,
        "Resource Manager, asked without a token",
        expected="401",
        got=status,
        hint=BETWEEN,
    )
    yield "Resource Manager answers over TLS, with a certificate that was verified."
    yield "It refuses a request without a token: 401 Unauthorized."
