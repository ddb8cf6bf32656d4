"""Whether a client can connect to the hub."""

from __future__ import annotations

from chatkit.chat.client.connection import FAILURES
from chatkit.core.errors import ChatkitError
from chatkit.lesson.checks.core.evidence import listening
from chatkit.lesson.checks.core.service import hub_endpoint
from chatkit.wire.connection_strings import SignalRConnectionString


async def refusal_of(connection: SignalRConnectionString, hub: str) -> str:
    """Connect and leave again; returns why that is refused, empty when it is not."""
    try:
        async with listening(hub_endpoint(connection, hub)):
            return ""
    except FAILURES as error:
        if isinstance(error, ChatkitError):
            return error.message
        return type(error).__name__
