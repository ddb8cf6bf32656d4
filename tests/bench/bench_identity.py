"""Sign-in and private messages on the deployed app.

The peer of an authenticated call is the same call with authentication off; that of a message
without keys is the same message with keys.

Both calls end in the same line of the app, before it touches storage (a wrong `limit`); what
differs is who says the name:
App Service Authentication, from a session token, or the request itself.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from chatkit.chat.client.sign_in import SignedIn, sign_in
from chatkit.workshop import Workshop
from tests.web.deployed import finished_workshop

CALLS, TURNS, POSTS = 300, 4, 200
HANDSHAKE = '{"protocol":"json","version":1}\x1e'


def run() -> dict[str, object]:
    """Measure on a home of its own; milliseconds."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        finished_workshop(Path(home), sign_in=True) as workshop,
    ):
        api = str(workshop.api_base_url)
        alice, bob = asyncio.run(both(api))
        signed_in = [asyncio.run(taken_ms(lambda: sign_in(api, "carol"))) for _ in range(20)]
        figures: dict[str, object] = {
            "sign_in_without_a_browser_p50_ms": round(statistics.median(signed_in), 1)
        }
        figures |= asyncio.run(messages(api, alice, bob))
        forged = {"X-MS-CLIENT-PRINCIPAL-NAME": alice.name}
        on = asyncio.run(calls_ms(api, alice.headers))
        turn_off(workshop)
        off = asyncio.run(calls_ms(api, forged))
        figures |= {
            "call_p50_ms": round(on, 2),
            "peer": "authentication off",
            "peer_p50_ms": round(off, 2),
            "authentication_adds_ms": round(on - off, 2),
        }
        return figures | asyncio.run(without_keys(workshop, alice.name))


async def without_keys(workshop: Workshop, name: str) -> dict[str, object]:
    """POST to frame with the identity's tokens, beside the same with keys; tokens are kept."""
    alice = SignedIn(name)
    keyed = await messages(str(workshop.api_base_url), alice, alice)
    await asyncio.to_thread(workshop.remove_keys)
    keyless = await messages(str(workshop.api_base_url), alice, alice)
    with_keys = float(str(keyed["public_to_frame_p50_ms"]))
    without = float(str(keyless["public_to_frame_p50_ms"]))
    return {
        "keyless_to_frame_p50_ms": without,
        "keyless_peer": "the same app with keys",
        "keyless_peer_p50_ms": with_keys,
        "keyless_ratio": round(without / with_keys, 2),
    }


async def both(api: str) -> tuple[SignedIn, SignedIn]:
    """Alice and bob."""
    return await sign_in(api, "alice"), await sign_in(api, "bob")


async def taken_ms(call: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of one call."""
    begun = time.perf_counter()
    await call()
    return (time.perf_counter() - begun) * 1000


async def calls_ms(api: str, headers: dict[str, str]) -> float:
    """Median of many calls that the app refuses; the least busy of some turns."""

    async def call() -> None:
        async with http.get(f"{api}/api/messages?limit=0") as answer:
            assert answer.status == 400, answer.status
            await answer.read()

    async with aiohttp.ClientSession(headers=headers) as http:
        return min(
            [statistics.median([await taken_ms(call) for _ in range(CALLS)]) for _ in range(TURNS)]
        )


async def messages(api: str, alice: SignedIn, bob: SignedIn) -> dict[str, object]:
    """From alice's POST to the frame at bob, a message to everybody and one to him alone."""
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{api}/api/negotiate", headers=bob.headers) as answer:
            info = await answer.json()
        async with http.ws_connect(
            info["url"], params={"access_token": info["accessToken"]}
        ) as socket:
            await socket.send_str(HANDSHAKE)
            await socket.receive()
            figures: dict[str, object] = {}
            for kind, more in (("public", {}), ("private", {"recipient": bob.name})):
                times = [
                    await arrival_ms(http, socket, api, alice, f"{kind} {n}.", more)
                    for n in range(POSTS)
                ]
                cuts = statistics.quantiles(times[10:], n=100)
                figures |= {
                    f"{kind}_to_frame_p50_ms": round(cuts[49], 2),
                    f"{kind}_to_frame_p99_ms": round(cuts[98], 2),
                }
            return figures


async def arrival_ms(
    http: aiohttp.ClientSession,
    socket: aiohttp.ClientWebSocketResponse,
    api: str,
    sender: SignedIn,
    text: str,
    more: dict[str, str],
) -> float:
    """Milliseconds from a POST to the frame with its text."""
    begun = time.perf_counter()
    post = asyncio.ensure_future(
        http.post(f"{api}/api/messages", json={"text": text, **more}, headers=sender.headers)
    )
    while text not in await socket.receive_str():
        pass
    took_ms = (time.perf_counter() - begun) * 1000
    (await post).release()
    return took_ms


def turn_off(workshop: Workshop) -> None:
    """Switch authentication off at the platform."""
    apps, settings = workshop.cloud.web().web_apps, workshop.settings
    current = apps.get_auth_settings_v2_without_secrets(
        settings.names.resource_group, settings.names.function_app
    )
    current["properties"]["platform"]["enabled"] = False
    apps.update_auth_settings_v2(
        settings.names.resource_group, settings.names.function_app, current
    )
    deadline = time.monotonic() + 20
    while (
        workshop.cloud.rest(str(workshop.api_base_url), signed_in=False)
        .get("/.auth/me")
        .status_code
        == 200
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)
