"""The journeys of a local cloud: of its own trace, and of the apps that run beside it.

Nothing is done until somebody asks.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from pathlib import Path
from typing import Any

import aiohttp

from chatkit.core.running.presence import FUNCTIONS, PAGE
from chatkit.core.running.reachable import TOKEN_HEADER, Reachable, those_running
from chatkit.journeys import telling
from chatkit.journeys.journey import Journey, News
from chatkit.localcloud.core.trace import EVENTS_AT_ONCE, Trace
from chatkit.localcloud.core.web import read_whole
from chatkit.localcloud.journeys.assembly import Assembly, is_looked_at
from chatkit.localcloud.journeys.seen import Seen

# Several readers ask at the same time; one look is for all of them.
LOOK_EVERY_S = 0.2
ANSWER_LIMIT_S = 1.0
MOST_BYTES = 16 * 1024 * 1024


class Journeys:
    """What messages passed through, the newest of them.

    Args:
        trace: Of the local cloud.
        home: Whose local runs belong to it.

    Attributes:
        run: Distinguishes this run of the local cloud from every other.
    """

    def __init__(self, trace: Trace, home: Path) -> None:
        self.run = secrets.token_hex(8)
        self._trace = trace
        self._home = home
        self._assembly = Assembly()
        self._known = 0
        self._known_of: dict[int, int] = {}  # of each local run, by its process
        self._looking = asyncio.Lock()
        self._looked_at = 0.0

    async def news(self, after: int) -> News:
        """The journeys after that number."""
        async with self._looking:
            if time.monotonic() - self._looked_at >= LOOK_EVERY_S:
                await self._look()
                self._looked_at = time.monotonic()
        new = [one for one in self._assembly.journeys if one.number > after]
        return {"run": self.run, "journeys": [_document(journey) for journey in new]}

    def find(self, number: int) -> Journey | None:
        """A journey that is still known."""
        for journey in self._assembly.journeys:
            if journey.number == number:
                return journey
        return None

    async def _look(self) -> None:
        # First what runs beside the cloud: an app's request ends after all that it has set off, and
        # so the cloud's own trace has all of that then.
        events = await self._of_local_runs()
        for event in self._trace.after(self._known):
            self._known = event.number
            if is_looked_at(event.source):
                events.append(Seen(event.at, event.source, event.kind, event.detail))
                await _let_others_in(len(events))
        events.sort(key=lambda event: event.at)
        for number, seen in enumerate(events, start=1):
            if number % EVENTS_AT_ONCE == 0:  # older ways first, also when there is much to read
                self._assembly.tell_late(seen.at)
            self._assembly.feed(seen)
            await _let_others_in(number)
        self._assembly.tell_late(time.time())

    async def _of_local_runs(self) -> list[Seen]:
        runs = await asyncio.to_thread(_local_runs, self._home)
        self._known_of = {pid: self._known_of.get(pid, 0) for pid in runs}
        asked = (self._ask(pid, reachable) for pid, reachable in runs.items())
        return [event for events in await asyncio.gather(*asked) for event in events]

    async def _ask(self, pid: int, reachable: Reachable) -> list[Seen]:
        """What is new in the trace of a local run; nothing when it does not answer."""
        url = f"http://127.0.0.1:{reachable.port}/?after={self._known_of[pid]}"
        limit = aiohttp.ClientTimeout(total=ANSWER_LIMIT_S)
        headers = {TOKEN_HEADER: reachable.token}
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as session,
                session.get(url, headers=headers, allow_redirects=False) as answer,
            ):
                text = await read_whole(answer.content, limit_bytes=MOST_BYTES)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return []
        known = self._known_of[pid]
        events = {number: event for number, event in _read(text or b"") if number > known}
        self._known_of[pid] = max([known, *events])
        return [*events.values()]


async def _let_others_in(count: int) -> None:
    if count % EVENTS_AT_ONCE == 0:
        await asyncio.sleep(0)


def _local_runs(home: Path) -> dict[int, Reachable]:
    found = [*those_running(home, FUNCTIONS), *those_running(home, PAGE)]
    return {running.pid: reachable for running, reachable in found}


def _read(text: bytes) -> list[tuple[int, Seen]]:
    """Events of a trace's answer with their numbers; none of an answer of another form."""
    try:
        return [
            (int(event["number"]), _seen(event))
            for event in json.loads(text)["events"]
            if is_looked_at(str(event["source"]))
        ]
    except (ValueError, LookupError, TypeError, RecursionError):
        return []


def _seen(event: dict[str, Any]) -> Seen:
    return Seen(float(event["at"]), str(event["source"]), str(event["kind"]), event["detail"])


def _document(journey: Journey) -> dict[str, Any]:
    rows = [telling.row(number, hop) for number, hop in enumerate(journey.hops, start=1)]
    told = {"line": telling.line(journey), "way": telling.way(journey), "rows": rows}
    return {**journey.as_json(), **told}
