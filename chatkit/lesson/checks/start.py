"""Section 00: the workshop is open and its cloud answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatkit.lesson.checks.evidence import expect

if TYPE_CHECKING:
    from chatkit.workshop import Workshop

SUBSCRIPTIONS = "/subscriptions?api-version=2022-12-01"


def check(workshop: Workshop) -> Iterator[str]:
    """Resource Manager answers, and not just anybody."""
    answer = workshop.cloud.rest(workshop.cloud.resource_manager, signed_in=False).get(SUBSCRIPTIONS)
    expect(
        answer.status_code == 401,
        "Resource Manager, asked without a token",
        expected="401",
        got=answer.status_code,
        hint="Is a proxy in between? `chatkit doctor` looks.",
    )
    yield "Resource Manager answers over TLS, with a certificate that was verified."
    yield "It refuses a request without a token: 401 Unauthorized."
