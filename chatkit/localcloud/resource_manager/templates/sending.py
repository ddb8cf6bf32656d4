"""One resource of a deployment: sending its request, and waiting for the operation to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import quote

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch
from chatkit.localcloud.resource_manager.templates.planning.planned import Planned

TERMINAL = ("succeeded", "failed", "canceled")
MAX_WAIT_S = 15.0
TRIES = 5


class Stopped(Exception):
    """The deployment was cancelled while a resource was waited for."""


class Failed(Exception):
    """A resource that ended in another state than Succeeded.

    Attributes:
        state: The state.
        error: Its own error.
    """

    def __init__(self, state: str, error: JsonObject) -> None:
        super().__init__(state)
        self.state = state
        self.error = error


def url_of(one: Planned) -> str:
    """Path and query of a resource."""
    return f"{quote(one.id)}?api-version={quote(one.api_version)}"


class Sender:
    """Requests of one deployment, with the rights of the caller who deploys.

    Args:
        dispatch: Every operation.
        caller: Who deploys.
        is_stopped: Says whether the deployment was cancelled.
    """

    def __init__(self, dispatch: Dispatch, caller: Call, is_stopped: Callable[[], bool]) -> None:
        self._dispatch = dispatch
        self._caller = caller
        self._is_stopped = is_stopped

    async def fetch(self, method: str, url: str, body: Json = None) -> Json:
        """The body of an answer.

        Raises:
            ArmError: It is refused.
        """
        return (await self.send(method, url, body)).body

    async def send(self, method: str, url: str, body: Json = None) -> Answer:
        """Send a request; one that is throttled is sent again.

        Raises:
            ArmError: It is refused.
        """
        for attempt in range(TRIES):
            try:
                return await self._dispatch.send(method, url, self._caller, body)
            except ArmError as error:
                if error.status != 429 or attempt == TRIES - 1 or self._is_stopped():
                    raise
                await asyncio.sleep(_seconds(error.headers))
        raise AssertionError("the last attempt returns or raises")

    async def state(self, one: Planned) -> JsonObject | None:
        """A resource as it is; None when it is not there.

        Raises:
            ArmError: It cannot be asked for.
        """
        url = url_of(one)
        path, _, query = url.partition("?")
        match = self._dispatch.match("GET", one.id)
        try:
            if match is not None and match.route is not None:
                document = await self.fetch("GET", url)
            else:  # settings are read with a POST, for they may be secret
                document = await self.fetch("POST", f"{path}/list?{query}")
        except ArmError as error:
            if error.status in (404, 405, 501):
                return None
            raise
        return document if isinstance(document, dict) else None

    async def change(self, method: str, url: str, body: Json = None) -> Answer:
        """Send a request that changes a resource, and wait for its end.

        Raises:
            ArmError: It is refused.
            Failed: What it began has not succeeded.
            Stopped: The deployment was cancelled meanwhile.
        """
        first = await self.send(method, url, body)
        status_url = first.headers.get("Azure-AsyncOperation")
        if status_url:
            await self._until_terminal(status_url, first)
        elif first.status == 202 and "Location" in first.headers:
            await self._until_there(first.headers["Location"], first)
        return first

    async def _until_terminal(self, url: str, answer: Answer) -> None:
        while True:
            self._check()
            status = await self.send("GET", url)
            document = status.body if isinstance(status.body, dict) else {}
            state = str(document.get("status", "Succeeded"))
            if state.lower() == "succeeded":
                return
            if state.lower() in TERMINAL:
                raise Failed(state, document.get("error") or {})
            await self._pause({**answer.headers, **status.headers})

    async def _until_there(self, url: str, answer: Answer) -> None:
        while True:
            self._check()
            status = await self.send("GET", url)
            if status.status != 202:
                return
            await self._pause({**answer.headers, **status.headers})

    def _check(self) -> None:
        if self._is_stopped():
            raise Stopped

    async def _pause(self, headers: dict[str, str]) -> None:
        await asyncio.sleep(_seconds(headers))


def _seconds(headers: dict[str, str]) -> float:
    """How long to wait: what Retry-After says, up to some seconds."""
    try:
        return min(MAX_WAIT_S, max(0.05, float(headers.get("Retry-After", "1"))))
    except ValueError:
        return 1.0
