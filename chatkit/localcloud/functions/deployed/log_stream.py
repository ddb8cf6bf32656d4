"""The log stream of a site's deployment endpoint, as Kudu gives it: lines of text, as they come.

Follows Kudu's page "Diagnostic Log Stream". `az webapp log tail` reads it. On Azure, function apps
on Linux have one on Premium and Dedicated plans only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from chatkit.core.disk.tail import read_tail
from chatkit.core.time import clock
from chatkit.localcloud.core.connection_limits import connection_of
from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.console.followers import Follower

# What comes behind /logstream and leads to the app's log: there is no other one here.
PROVIDERS = ("", "application")
TIMEOUT_SETTING = "SCM_LOGSTREAM_TIMEOUT"
TIMEOUT_S = 2 * 3600
HEARTBEAT_S = 60.0
# How much of the log from before is shown, and read to find it.
LAST_LINES = 10
LAST_BYTES = 1 << 16
WELCOME = (
    "Welcome, you are now connected to log-streaming service. The default timeout is 2 hours."
    f" Change the timeout with the App Setting {TIMEOUT_SETTING} (in seconds)."
)


async def answer(
    request: web.Request, console: Console, log_file: Path, settings: Mapping[str, str]
) -> web.StreamResponse:
    """Send what the console writes until the caller leaves, or the time is over."""
    provider = request.match_info.get("provider", "").strip("/").lower()
    if provider not in PROVIDERS:
        return web.Response(
            status=404, text=f"The directory name {provider} does not exist: try 'application'.\n"
        )
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-cache"}
    stream = LogStream(web.StreamResponse(headers=headers), _timeout_s(settings))
    await stream.response.prepare(request)
    connection = connection_of(request)
    if request.method == "HEAD" or connection is None:
        return stream.response
    with console.followed() as follower:
        sending = asyncio.create_task(stream.send(follower, log_file))
        leaving = asyncio.create_task(connection.lost())
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
    return stream.response


class LogStream:
    """One answer."""

    def __init__(self, response: web.StreamResponse, timeout_s: float) -> None:
        self.response = response
        self._timeout_s = timeout_s

    async def send(self, follower: Follower, log_file: Path) -> None:
        """Send the end of the log from before, and then each line as it comes."""
        began = clock.steady()
        ends = began + self._timeout_s
        await self._write(_stamped(WELCOME))
        before = await asyncio.to_thread(_last_lines, log_file)
        if before:
            await self._write(f"Starting Log Tail -n {LAST_LINES} of existing logs ----", *before)
            await self._write("Ending Log Tail of existing logs ---")
        await self._write("Starting Live Log Stream ---")
        said = began
        while (left_s := ends - clock.steady()) > 0:
            try:
                async with asyncio.timeout(min(HEARTBEAT_S, left_s)):
                    lines = await follower.read()
            except TimeoutError:
                quiet_min = int((clock.steady() - said) // HEARTBEAT_S)
                if quiet_min:
                    line = f"No new trace in the past {quiet_min} min(s)."
                    await self._write(_stamped(line))
                continue
            if not lines:
                return  # the site is gone
            await self._write(*lines)
            said = clock.steady()
        minutes = int(self._timeout_s // 60)
        await self._write(_stamped(f"Stream terminated due to timeout {minutes} min(s)."))

    async def _write(self, *lines: str) -> None:
        text = "".join(f"{line}\r\n" for line in lines)
        await self.response.write(text.encode(errors="replace"))


def _timeout_s(settings: Mapping[str, str]) -> float:
    text = settings.get(TIMEOUT_SETTING, "")
    if text.isdecimal() and len(text) < 10:
        return float(text)
    return TIMEOUT_S


def _last_lines(path: Path) -> list[str]:
    return read_tail(path, most_bytes=LAST_BYTES).text.splitlines()[-LAST_LINES:]


def _stamped(sentence: str) -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}  {sentence}"
