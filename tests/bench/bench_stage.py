"""The stage with a thousand guests: a whole local cloud on one core, all guests on the other.

The chat is the tutorial's, deployed; the guests are those of `chatkit stage rehearse`: they load
the page, join, write through the functions, and count what arrives. The fan-out through the stage's
address is compared with the same through the hub's own port, in turns. Chromium is a phone: its
profile, and a processor that is four times slower.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import aiohttp
import psutil

from chatkit.cloud import local_cloud
from chatkit.cloud.provision import signalr
from chatkit.core import descriptors
from chatkit.stage.rehearsal import venue
from chatkit.stage.rehearsal.machine import OWN, Machine, Used, with_children
from chatkit.stage.rehearsal.phone import Phone
from chatkit.stage.rehearsal.plan import Plan, Write
from chatkit.stage.rehearsal.play import Played, play
from chatkit.stage.rehearsal.tally import Tally, percentile
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import rest_token
from chatkit.workshop import Workshop
from tests.bench.bench_signalr import MESSAGE, Clients
from tests.homes import workshop_in

HOST = "127.0.0.1"
GUESTS = 1_000
PER_SECOND = 10
TALK_S = 30
JOINS_A_SECOND = 40
WRITERS = 100
TURNS = 5
BROADCASTS = 60
BACK_WITHIN_S = 60.0
LOOK_S = 0.005
SLOWER = 4


def run() -> dict[str, object]:
    """All figures."""
    descriptors.raise_limit()
    with tempfile.TemporaryDirectory() as folder, workshop_in(Path(folder) / "home") as workshop:
        workshop.catch_up("09")
        workshop.scale("standard", units=2)
        workshop.stage(host=HOST, people=GUESTS)
        with _pinned(workshop):
            figures = asyncio.run(_all(workshop))
            say_hello(workshop)
            figures["phone"] = phone(_stage(workshop)["url"])
        return figures


async def _all(workshop: Workshop) -> dict[str, object]:
    talk, memory = await _talk(workshop)
    return {
        "guests": GUESTS,
        "talk": talk,
        "memory": memory,
        "after_signalr_drop": await _drop(workshop),
        "fan_out": await _fan_out(workshop),
    }


# The chat


def _stage(workshop: Workshop) -> dict[str, Any]:
    return dict(local_cloud.ask("GET", "/stage", where=workshop.home / "local"))


@contextmanager
def _pinned(workshop: Workshop) -> Iterator[None]:
    """The local cloud and its functions on the first core, this process on the second."""
    own = psutil.Process()
    if sys.platform != "linux" or (os.cpu_count() or 1) < 2:
        yield
        return
    before = own.cpu_affinity() or []
    for pid in _pids(workshop):
        for thread in psutil.Process(pid).threads():
            os.sched_setaffinity(thread.id, {0})
    own.cpu_affinity([1])
    try:
        yield
    finally:
        own.cpu_affinity(before)


def _pids(workshop: Workshop) -> list[int]:
    known = local_cloud.running(workshop.home / "local")
    assert known is not None
    return [pid for pids in with_children(known["pid"]).values() for pid in pids]


async def _venue(workshop: Workshop, people: int) -> venue.Venue:
    where = workshop.home / "local"
    made = local_cloud.ask("PUT", "/stage/rehearsal", {"people": people}, where=where)
    async with aiohttp.ClientSession() as session:
        return await venue.look(session, _stage(workshop)["url"], tuple(made["cookies"]))


# Ten messages a second to everybody


async def _talk(workshop: Workshop) -> tuple[dict[str, object], dict[str, object]]:
    joined_s = GUESTS / JOINS_A_SECOND + 5
    joins = tuple(number / JOINS_A_SECOND for number in range(GUESTS))
    writes = tuple(
        Write(joined_s + number / PER_SECOND, number * 7 % WRITERS, number)
        for number in range(PER_SECOND * TALK_S)
    )
    plan = Plan(joins, writes, (), joined_s, joined_s + TALK_S, joined_s + TALK_S)
    machine = Machine(with_children(_pids(workshop)[0]))
    there = await _venue(workshop, GUESTS)
    played = await play(plan, there, machine, Tally(), lambda _: None)
    return _figures_of(played), _memory_of(played)


def _figures_of(played: Played) -> dict[str, object]:
    used = Used.between(played.samples[1], played.samples[2])
    return {
        "came_in": played.people_in,
        "sent": played.sent,
        "delivered": played.delivered,
        "of": played.expected,
        "live": len(played.tally.live_ms),
        "p50_ms": round(percentile(played.tally.live_ms, 50) or 0.0, 1),
        "p95_ms": round(percentile(played.tally.live_ms, 95) or 0.0, 1),
        "cores": {name: round(cores, 2) for name, cores in used.cores.items()},
        "cores_of_others": round(used.machine - sum(used.cores.values()), 2),
        "own_loop_late_p95_ms": round(1000 * (percentile(played.late_s, 95) or 0.0), 1),
    }


def _memory_of(played: Played) -> dict[str, object]:
    before, after = played.samples[:2]
    return {
        f"{name}, KB a guest": round((after.memory_bytes[name] - used) / 1024 / GUESTS, 1)
        for name, used in before.memory_bytes.items()
        if name != OWN
    }


# Everybody is thrown out


async def _drop(workshop: Workshop) -> dict[str, float]:
    there = await _venue(workshop, GUESTS)
    tally = Tally()
    phones = [Phone(number, there, tally) for number in range(GUESTS)]
    loop = asyncio.get_running_loop()
    until = loop.time() + BACK_WITHIN_S + 60

    async def join(phone: Phone) -> None:
        await asyncio.sleep(phone.number / JOINS_A_SECOND)
        await phone.join(until)

    await asyncio.gather(*map(join, phones))
    where = workshop.home / "local"
    order = {"for_s": 0}
    began = time.perf_counter()
    await asyncio.to_thread(local_cloud.ask, "PUT", "/drills/signalr-drop", order, where=where)
    back = await _back(phones, began)
    await asyncio.gather(*(phone.settle() for phone in phones))
    await asyncio.gather(*(phone.close() for phone in phones))
    return {
        "back": len(back),
        "half_s": round(percentile(back, 50) or 0.0, 2),
        "p95_s": round(percentile(back, 95) or 0.0, 2),
        "all_s": round(max(back, default=0.0), 2),
    }


async def _back(phones: list[Phone], began: float) -> list[float]:
    """When each was back, in seconds. One look at all of them: a thousand waits cost a core."""
    gone: set[Phone] = set()
    away = [*phones]
    back: list[float] = []
    while away and time.perf_counter() - began < BACK_WITHIN_S:
        await asyncio.sleep(LOOK_S)
        gone.update(phone for phone in away if not phone.is_connected)
        came = {phone for phone in gone if phone.is_connected}
        gone -= came
        away = [phone for phone in away if phone not in came]
        back += [time.perf_counter() - began] * len(came)
    return back


# The stage's address against the hub's own port


async def _fan_out(workshop: Workshop) -> dict[str, object]:
    per_s: dict[str, list[float]] = {"stage": [], "hub": []}
    hub = urlsplit(str(_negotiated(workshop)["url"]))
    stage = urlsplit(_stage(workshop)["url"])
    for _ in range(TURNS):
        for name, address in (("hub", hub), ("stage", stage)):
            per_s[name].append(await _turn(workshop, address.hostname or "", address.port or 0))
    ratios = [one / other for one, other in zip(per_s["stage"], per_s["hub"], strict=True)]
    return {
        "deliveries_per_s": {name: round(statistics.median(all_)) for name, all_ in per_s.items()},
        "ratio stage / hub": round(statistics.median(ratios), 2),
    }


def _negotiated(workshop: Workshop) -> dict[str, str]:
    request = Request(f"{workshop.api_base_url}/api/negotiate", method="POST")
    with urlopen(request, timeout=30) as answer:
        return dict(json.loads(answer.read()))


def say_hello(workshop: Workshop) -> None:
    """Have something in the history for who comes."""
    body = json.dumps({"sender": "bob", "text": "Hello"}).encode()
    headers = {"Content-Type": "application/json"}
    urlopen(Request(f"{workshop.api_base_url}/api/messages", body, headers), timeout=30).close()


async def _turn(workshop: Workshop, host: str, port: int) -> float:
    token = _negotiated(workshop)["accessToken"]
    path = "/client/?hub=chat"
    async with Clients.of(port, GUESTS, path=path, token=token, host=host) as clients:
        await asyncio.to_thread(_broadcast, workshop, 1)
        await clients.until(GUESTS)
        await asyncio.sleep(0.5)  # the rest of the first one, to know its size
        before = (await clients.received())["bytes"]
        began = time.time()
        await asyncio.to_thread(_broadcast, workshop, BROADCASTS)
        last = await clients.until(before * (1 + BROADCASTS))
        return GUESTS * BROADCASTS / (last - began)


def _broadcast(workshop: Workshop, times: int) -> None:
    text = signalr.connection_string(workshop.session.stack())
    connection = SignalRConnectionString.parse(text)
    path = "/api/v1/hubs/chat"
    body = json.dumps({"target": MESSAGE.target, "arguments": [*MESSAGE.arguments]})
    headers = {
        "Authorization": f"Bearer {rest_token(connection, path)}",
        "Content-Type": "application/json",
    }
    client = http.client.HTTPConnection("localhost", urlsplit(connection.server_url).port or 80)
    for _ in range(times):
        client.request("POST", path, body, headers)
        client.getresponse().read()
    client.close()


# A phone


def phone(url: str) -> dict[str, float]:
    """Seconds from the code's address to the first message that is seen, in Chromium."""
    from tests.chromium import launched

    times = []
    with launched() as browser:
        for turn in range(TURNS):
            context = browser.new_context(
                viewport={"width": 412, "height": 839},
                device_scale_factor=2.625,
                is_mobile=True,
                has_touch=True,
            )
            page = context.new_page()
            context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            began = time.perf_counter()
            page.goto(url)
            page.get_by_label("Your name").fill(f"alice {turn}")
            page.keyboard.press("Enter")
            page.locator("p.text").first.wait_for()
            times.append(time.perf_counter() - began)
            context.close()
    return {
        "best_s": round(min(times), 2),
        "median_s": round(statistics.median(times), 2),
        "worst_s": round(max(times), 2),
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
