"""Functions that take and give HTTP as streams, with the app's own web framework.

The framework is an ASGI application. Here it gets the request from the pipe and gives its answer to
it, piece by piece: one piece is under way at a time, so that a slow client slows the function down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import extensions, invoking
from .channel import Channel
from .loading import LoadedFunction

CALL = "chatkit.call"
Message = dict[str, Any]
REQUEST_OPERATIONS = {"body", "sent", "gone"}


class Gone(OSError):
    """The client has left."""


class Stream:
    """One request of the host, as an ASGI server sees it."""

    def __init__(self, channel: Channel, call: Message) -> None:
        self._channel = channel
        self._id = call["id"]
        self._pieces: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue()
        self._sent: asyncio.Queue[None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._is_read = False
        self._task = asyncio.current_task()
        self.has_failed = False

    @property
    def is_left(self) -> bool:
        """Whether the client has left."""
        return self._gone.is_set()

    def take(self, message: Message, body: bytes) -> None:
        """What the host says about the request."""
        match message["op"]:
            case "body":
                self._pieces.put_nowait((body, message["more"]))
            case "sent":
                self._sent.put_nowait(None)
            case "gone":
                # The function may wait for something else. What it does at its end goes on.
                if self._task is not None and not self._gone.is_set():
                    self._task.cancel()
                self._gone.set()

    async def receive(self) -> Message:
        """ASGI's: the next piece of the request's body, then that the client has left."""
        if self._is_read:
            await self._gone.wait()
        if self._gone.is_set():
            return {"type": "http.disconnect"}
        self._channel.send({"op": "want", "id": self._id})
        body, more = await self._pieces.get()
        self._is_read = not more
        return {"type": "http.request", "body": body, "more_body": more}

    async def send(self, message: Message) -> None:
        """ASGI's: the head of the answer, then its pieces."""
        if self.has_failed:
            return  # the host answers then
        if self._gone.is_set():
            raise Gone("The client has left.")
        if message["type"] == "http.response.start":
            headers = [
                [name.decode("latin-1"), value.decode("latin-1")]
                for name, value in message.get("headers", [])
            ]
            head = {"op": "head", "id": self._id, "status": message["status"]}
            self._channel.send({**head, "headers": headers})
            return
        # After the last piece a framework goes on with what it does behind the client's back
        # (BackgroundTask of Starlette). The answer ends before that, as it does with uvicorn.
        body = message.get("body", b"")
        is_last = not message.get("more_body", False)
        if body or is_last:
            self._channel.send({"op": "chunk", "id": self._id, "last": is_last}, body)
            await self._sent.get()


class Streams:
    """All requests of the child that are streams."""

    def __init__(self, channel: Channel, pool: Callable[[], ThreadPoolExecutor]) -> None:
        self._channel = channel
        self._pool = pool
        self._open: dict[str, Stream] = {}
        self._application: Any = None

    def take(self, message: Message, body: bytes) -> None:
        """Hand what the host says to the request that it is about."""
        stream = self._open.get(message["id"])
        if stream is not None:
            stream.take(message, body)

    async def run(self, function: LoadedFunction, call: Message) -> None:
        """Answer one request; never raises."""
        stream = Stream(self._channel, call)
        self._open[call["id"]] = stream
        invoking.invocation_id.set(call["id"])
        outcome: list[invoking.Answer] = []

        async def answer(request: Any) -> Any:
            try:
                extensions.sync_route_params(request, call["asgi"]["params"])
                return await self._call(function, call, request, outcome)
            except BaseException as error:
                stream.has_failed = True
                outcome[:] = [invoking.failure(call["id"], error)]
                raise

        try:
            if self._application is None:
                self._application = extensions.web_app(_dispatch)
            scope = {**_scope(call["asgi"]), CALL: answer}
            await self._application(scope, stream.receive, stream.send)
        except BaseException as error:
            # What the handler has raised is in the outcome already; a client may leave at any time.
            if not outcome or not (stream.has_failed or stream.is_left):
                outcome[:] = [invoking.failure(call["id"], error)]
        finally:
            del self._open[call["id"]]
            self._channel.send({"op": "end", "id": call["id"]})
            self._channel.send_all(outcome[0].messages())

    async def _call(
        self,
        function: LoadedFunction,
        call: Message,
        request: Any,
        outcome: list[invoking.Answer],
    ) -> Any:
        """Call the function; returns what it does, which the framework makes an answer of."""
        arguments = invoking.arguments_of(function, call, b"")
        arguments[function.stream] = request
        if function.is_async:
            result = await function.call(**arguments)
        else:
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(
                self._pool(), invoking.run_in_thread, function, call["id"], arguments
            )
        outcome.append(invoking.finish(function, call, arguments, None))
        return result


async def _dispatch(request: Any) -> Any:
    return await request.scope[CALL](request)


def _scope(asgi: Message) -> Message:
    return {
        "type": "http",
        # With an older version, Starlette reads the request while it answers, and drops what comes.
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": asgi["method"],
        "scheme": asgi["scheme"],
        "path": asgi["path"],
        "raw_path": asgi["raw_path"].encode("latin-1"),
        "query_string": asgi["query"].encode("latin-1"),
        "root_path": "",
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1", errors="replace"))
            for name, value in asgi["headers"]
        ],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", asgi["port"]),
        "state": {},
    }
