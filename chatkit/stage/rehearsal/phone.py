"""One phone of a rehearsal: loads the page, joins, writes, sleeps, and catches up."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from yarl import URL

from chatkit.chat.client.client import TARGET
from chatkit.chat.client.connection import FAILURES, HubConnection, State, Timing
from chatkit.chat.client.rest import refusal
from chatkit.core.errors import ServiceError
from chatkit.stage.rehearsal.tally import AROUND_BYTES, Tally
from chatkit.stage.rehearsal.venue import MOST_SOCKETS, Venue

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
TOO_MANY = 429
AGAIN_S = 1.0
MOST_AGAIN_S = 10.0
PAGE = 50  # what the page reads when it connects
FURTHER = 200  # what the app answers at most
# As a phone's page: at once, then soon.
TIMING = Timing(retry_delays_s=(0, 0.5, 1, 2, 5, 10))


class Phone:
    """One phone.

    Args:
        number: From 0.
        venue: Where it is.
        tally: Counts what arrives.
    """

    def __init__(self, number: int, venue: Venue, tally: Tally) -> None:
        self.number = number
        self.has: set[int] = set()
        self.is_in = False
        self._venue = venue
        self._tally = tally
        self._http: aiohttp.ClientSession | None = None
        self._connection: HubConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._knew: frozenset[int] = frozenset()
        self._until = 0.0
        self._named = asyncio.Event()
        self._came = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether messages come by themselves now."""
        return self._connection is not None and self._connection.state == "connected"

    async def join(self, until: float) -> None:
        """Load the page, say a name, connect, and read what was said before.

        A phone that is refused asks again, as a person does, until a time of the loop's clock.
        """
        began = time.perf_counter()
        self._until = until
        jar = aiohttp.CookieJar(unsafe=True)  # the stage is an address, not a name
        if self._venue.cookies:
            cookie = {self._venue.cookie: self._venue.cookies[self.number]}
            jar.update_cookies(cookie, URL(self._venue.page_url))
        self._http = aiohttp.ClientSession(
            connector=self._venue.connector(),
            cookie_jar=jar,
            timeout=TIMEOUT,
            # The address is this network's: a web proxy would not find it.
            trust_env=not self._venue.guest_url,
        )
        await self._insist(self._load, until)
        if self._venue.guest_url:
            await self._insist(self._say_name, until)
        self._named.set()
        await self._insist(self._connect, until)
        self._came.set()
        if self._connection is None:
            return
        self._tally.joined_s.append(time.perf_counter() - began)
        self._tally.joined_at.append(time.perf_counter())
        self.is_in = True
        await self._catch_up(PAGE)

    async def write(self, number: int, until: float) -> None:
        """Send a message, again as often as it is refused. Who waits for a place may write, too."""

        async def post() -> None:
            self._tally.begin(number)
            body = {"sender": f"Rehearsal {self.number}", "text": self._tally.text(number)}
            await self._ask("POST", f"{self._venue.api_url}/api/messages", body)
            self._tally.taken(number)

        await self._named.wait()
        await self._insist(post, until)

    async def sleep(self, for_s: float, until: float) -> None:
        """Lock for a while: the connection breaks. Then wake, connect and catch up."""
        await self._came.wait()
        connection = self._connection
        if connection is None:
            return
        self._connection = None
        self._knew = frozenset(self.has)
        connection.cut()
        await connection.stop()
        await asyncio.sleep(for_s)
        began = time.perf_counter()
        await self._insist(self._connect, until)
        await self._catch_up(PAGE)
        self._tally.awake_s.append(time.perf_counter() - began)

    async def settle(self) -> None:
        """Finish what it reads; then read once more what has not arrived."""
        if self._reading is not None:
            await asyncio.wait([self._reading])
        if self.is_in and not self.has.issuperset(self._tally.sent):
            self._knew = frozenset()
            await self._catch_up(FURTHER)

    async def close(self) -> None:
        """Leave."""
        if self._reading is not None:
            self._reading.cancel()
        connection = self._connection
        self._connection = None
        if connection is not None:
            await connection.stop()
        if self._http is not None:
            await self._http.close()

    # Listener of the connection

    def received(self, target: str, arguments: list[Any]) -> None:
        """A message, or something else."""
        if target != TARGET or not arguments or not isinstance(arguments[0], dict):
            return
        number = self._tally.number_of(str(arguments[0].get("text")))
        if number is not None and number not in self.has:
            self.has.add(number)
            self._tally.came(number)
            if not self._tally.message_bytes:
                self._tally.message_bytes = len(json.dumps(arguments[0])) + AROUND_BYTES

    def changed(self, state: State, why: str) -> None:
        """A connection that was lost and is there again may have missed something."""
        if state == "reconnecting":
            self._knew = frozenset(self.has)
            self._tally.refused[why] += 1
        if self._connection is None:
            return  # this is about a connection that nobody waits for any more
        if state == "connected" and self.is_in:
            self._reading = asyncio.create_task(self._catch_up(PAGE))
        if state == "closed":
            self._reading = asyncio.create_task(self._come_back())

    # What it does

    async def _load(self) -> None:
        """What a browser loads; one task after the other, a few at a time."""
        waiting = [*self._venue.files]

        async def load_some() -> None:
            while waiting:
                await self._load_file(waiting.pop())

        await asyncio.gather(*(load_some() for _ in range(MOST_SOCKETS)))

    async def _load_file(self, url: str) -> None:
        assert self._http is not None
        async with self._http.get(url) as answer:
            if answer.status != 200:
                raise refusal(answer.status, "GET", url, await answer.text(errors="replace"))
            await answer.read()

    async def _say_name(self) -> None:
        name = f"Rehearsal {self.number}"
        await self._ask("POST", self._venue.guest_url, {"name": name})

    async def _connect(self) -> None:
        assert self._http is not None
        url = f"{self._venue.api_url}/api/negotiate"
        connection = HubConnection(self._http, url, self, timing=TIMING)
        await connection.start()
        self._connection = connection

    async def _come_back(self) -> None:
        """Connect anew, as somebody does who loads the page again."""
        self._connection = None
        await self._insist(self._connect, self._until)
        await self._catch_up(PAGE)

    async def _catch_up(self, limit: int) -> None:
        """Read the history back to what the phone knew before."""
        before = ""
        try:
            while True:
                url = f"{self._venue.api_url}/api/messages?limit={limit}{before}"
                page = await self._ask("GET", url)
                if not self._read(page) or len(page) < limit:
                    return
                before = f"&before={page[-1]['id']}"
                limit = FURTHER
        except (*FAILURES, KeyError, TypeError) as error:
            self._tally.refuse(error)

    def _read(self, page: list[dict[str, Any]]) -> bool:
        """Take what a page of the history has; returns whether an older page may have more."""
        numbers = {self._tally.number_of(str(message.get("text"))) for message in page}
        found = {number for number in numbers if number is not None}
        self._tally.by_history += len(found - self.has)
        self.has |= found
        return bool(found) and not found & self._knew

    async def _ask(self, method: str, url: str, body: object = None) -> Any:
        assert self._http is not None
        async with self._http.request(method, url, json=body) as answer:
            text = await answer.text(errors="replace")
            if not 200 <= answer.status < 300:
                refused = refusal(answer.status, method, url, text)
                refused.add_note(answer.headers.get("Retry-After", ""))
                raise refused
        return json.loads(text) if text else None

    async def _insist(self, work: Callable[[], Awaitable[None]], until: float) -> None:
        """Do something; when it is refused, do it again after a moment."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await work()
            except FAILURES as error:
                self._tally.refuse(error)
                wait_s = _wait_s(error)
                if loop.time() + wait_s >= until:
                    return None
                await asyncio.sleep(wait_s)


def _wait_s(error: BaseException) -> float:
    """How long to wait before asking again: as the answer says, with something at random."""
    said = "".join(getattr(error, "__notes__", ()))
    wait_s = AGAIN_S
    if isinstance(error, ServiceError) and error.status == TOO_MANY and said.isdecimal():
        wait_s = min(MOST_AGAIN_S, float(said))
    return wait_s + random.uniform(0, AGAIN_S)
