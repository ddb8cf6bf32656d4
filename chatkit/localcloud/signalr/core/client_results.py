"""Results that the app asks of a client: an invocation goes out, its completion comes back."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from chatkit.localcloud.signalr.core.connection import Connection
from chatkit.localcloud.signalr.core.errors import NotFound
from chatkit.localcloud.signalr.core.instance_trace import InstanceTrace, excerpt
from chatkit.wire.hub_messages import Completion, Invocation

RESULT_WITHIN_S = 30


class ClientResults:
    """Invocations of clients that wait for their completion."""

    def __init__(self, trace: InstanceTrace) -> None:
        self._trace = trace
        self._waiting: dict[tuple[str, str], asyncio.Future[Completion]] = {}

    async def invoke(self, connection: Connection, message: Invocation) -> Completion:
        """Ask one client for a result.

        Raises:
            TimeoutError: It did not answer in time.
            NotFound: It went away.
        """
        key = (connection.id, uuid4().hex)
        waiting: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()
        self._waiting[key] = waiting
        try:
            self._trace.emit(
                "frame",
                direction="out",
                connection=connection.id,
                target=message.target,
                arguments=excerpt(message.arguments),
            )
            connection.send(Invocation(message.target, message.arguments, invocation_id=key[1]))
            async with asyncio.timeout(RESULT_WITHIN_S):
                return await waiting
        finally:
            self._waiting.pop(key, None)

    def complete(self, connection: Connection, completion: Completion) -> None:
        """A client has answered."""
        waiting = self._waiting.pop((connection.id, completion.invocation_id), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(completion)

    def fail(self, connection: Connection) -> None:
        """A client went away: fail what waits for its results."""
        for key in [key for key in self._waiting if key[0] == connection.id]:
            waiting = self._waiting.pop(key)
            if not waiting.done():
                waiting.set_exception(NotFound("Error.Connection.NotExisted"))
