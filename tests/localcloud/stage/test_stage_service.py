"""A stage over time: opened, opened anew, moved with the network, and ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from chatkit.cloud import local_stage
from chatkit.core import ports
from chatkit.core.errors import PortInUse
from chatkit.core.running.following import host_now
from chatkit.core.running.own_addresses import OwnAddress
from chatkit.localcloud.cloud import LocalCloud
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.stage.order import Order, OrderRefused, rehearsing_people
from chatkit.localcloud.stage.service import StageService
from tests.localcloud.memory_transport import MemoryNetwork
from tests.times import HOUR_S, Times

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEY = "a2V5"
LOOPBACK = "127.0.0.1"
WIFI = OwnAddress("192.168.5.7", "wlan0")
OTHER_WIFI = OwnAddress("192.168.9.9", "wlan0")
CABLE = OwnAddress("10.0.0.3", "eth0")
PUBLIC = OwnAddress("203.0.114.5", "wlan0")
CONTAINERS = OwnAddress("172.17.0.1", "docker0")
# The page and the functions run on this machine; nothing listens there in these tests.
ORDER = Order(
    *(LOOPBACK, 0, HOUR_S, 0, "chat", "chat"),
    page_url="http://127.0.0.1:1",
    api_url="http://127.0.0.1:1",
)
HERE = {"Host": "127.0.0.1:1"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cloud(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalCloud]:
    """A local cloud in memory, with one SignalR Service instance."""
    network = MemoryNetwork()
    folder: Path = tmp_path_factory.mktemp("cloud")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Platform, "open", partial(Platform.open, open_port=network.listen))
        made = LocalCloud(folder, on_stop=lambda: None)
    await made.start()
    await made.signalr.apply(InstanceSpec("chat", 8888, KEY, KEY))
    yield made
    await made.stop()


class Machine:
    """A machine whose addresses change, and the stage on it."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.addresses = [WIFI, CABLE, CONTAINERS]
        self.service = self.started_anew()

    def started_anew(self) -> StageService:
        """The service of a local cloud's next process."""
        self.service = StageService(
            self._cloud.platform,
            self._cloud.signalr,
            self._cloud.functions,
            self._cloud.storage,
            addresses=lambda: self.addresses,
        )
        return self.service

    @property
    def url(self) -> str:
        return str(self.service.status()["url"])

    async def look_at(self, path: str = "config.json", **cookies: str) -> Any:
        """What the stage answers, by the one address that tests can use."""
        port = self.url.rpartition(":")[2].rstrip("/")
        headers = {"Host": self.url.removeprefix("http://").rstrip("/")}
        url = f"http://{LOOPBACK}:{port}/{path}"
        async with (
            aiohttp.ClientSession(cookies=cookies) as http,
            http.get(url, headers=headers) as answer,
        ):
            return await answer.json()


@pytest_asyncio.fixture(loop_scope="module")
async def machine(cloud: LocalCloud) -> AsyncIterator[Machine]:
    """One with a stage that is not open yet."""
    made = Machine(cloud)
    yield made
    await made.service.end()


@pytest.fixture
def any_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let loopback stand for every address: others are not this machine's."""
    bind_at = ports.bind_at
    monkeypatch.setattr(
        ports, "bind_at", lambda host, port, wanted_for: bind_at(LOOPBACK, port, wanted_for=host)
    )


async def test_a_stage_opens_and_ends(machine: Machine) -> None:
    """It is told where it is, and for how long; afterwards nothing listens."""
    assert machine.service.status() == {"open": False}
    await machine.service.open(ORDER)
    status = machine.service.status()
    assert status["tier"] == "free"
    assert status["holds"] == 20
    assert HOUR_S - 5 < status["seconds_left"] <= HOUR_S
    assert (await machine.look_at())["apiBaseUrl"] == machine.url.rstrip("/")
    url = machine.url
    where = machine._cloud.platform.folder
    left_open = local_stage.left_open(where)
    assert left_open is not None and left_open["url"] == url
    await machine.service.end()
    assert local_stage.left_open(where) is None
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(url)


async def test_guests_stay_who_they_are_over_a_restart(machine: Machine) -> None:
    """The local cloud's next process opens the same address, with the same key."""
    await machine.service.open(ORDER)
    url = machine.url
    guests = machine.service._stage.guests  # type: ignore[union-attr]
    cookie = guests.cookie(guests.name(guests.new(), "alice"))
    await machine.service.stop()
    await machine.started_anew().start()
    assert machine.url == url
    known = await machine.look_at("stage/guest", **{"chatkit-guest": cookie})
    assert known["name"] == "alice"


async def test_guests_stay_when_the_stage_is_opened_anew(machine: Machine) -> None:
    """Who opens it for longer keeps the room; who ends it does not."""
    await machine.service.open(ORDER)
    guests = machine.service._stage.guests  # type: ignore[union-attr]
    cookie = {"chatkit-guest": guests.cookie(guests.name(guests.new(), "alice"))}
    await machine.service.open(replace(ORDER, for_s=60))
    assert (await machine.look_at("stage/guest", **cookie))["name"] == "alice"
    assert machine.service.status()["seconds_left"] <= 60
    await machine.service.end()
    await machine.service.open(ORDER)
    assert (await machine.look_at("stage/guest", **cookie)) == {"id": None, "name": None}


async def test_it_ends_by_itself(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time counts while the machine sleeps, and the machine's clock does not matter."""
    times = Times(monkeypatch)
    await machine.service.open(ORDER)
    times.jump(10 * HOUR_S)
    await machine.service.look()
    assert machine.service.status()["open"]
    times.suspend(HOUR_S)
    await machine.service.look()
    assert machine.service.status() == {"open": False}


async def test_a_stage_whose_time_is_over_stays_closed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A local cloud that starts the next day opens nothing to the network."""
    times = Times(monkeypatch)
    await machine.service.open(ORDER)
    await machine.service.stop()
    times.suspend(2 * HOUR_S)
    await machine.started_anew().start()
    assert machine.service.status() == {"open": False}


@pytest.mark.usefixtures("any_address")
async def test_it_follows_the_network(machine: Machine) -> None:
    """A laptop that slept has another address; the stage says where it is now."""
    await machine.service.open(replace(ORDER, host=WIFI.host))
    before = machine.url
    machine.addresses = [CABLE, OTHER_WIFI]
    await machine.service.look()
    assert machine.url == before.replace(WIFI.host, OTHER_WIFI.host)
    assert machine.url in machine.service.status()["notice"]
    assert (await machine.look_at())["apiBaseUrl"] == machine.url.rstrip("/")


@pytest.mark.usefixtures("any_address")
async def test_without_a_network_it_waits(machine: Machine) -> None:
    """It comes back by itself, at the same address when that is there again."""
    await machine.service.open(replace(ORDER, host=WIFI.host))
    before = machine.url
    machine.addresses = [CONTAINERS, PUBLIC]
    await machine.service.look()
    status = machine.service.status()
    assert status["open"]
    assert status["url"] is None
    assert WIFI.host in status["notice"]
    machine.addresses = [WIFI]
    await machine.service.look()
    assert machine.url == before


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([CABLE, WIFI], WIFI),
        ([CABLE, OTHER_WIFI], OTHER_WIFI),
        ([CABLE, CONTAINERS], CABLE),
        ([CONTAINERS, PUBLIC], None),
        ([], None),
    ],
)
async def test_where_a_stage_goes(there: list[OwnAddress], expected: OwnAddress | None) -> None:
    """To the same interface first; never to a public address, nor to a network of containers."""
    assert host_now(WIFI.host, "wlan0", there) == (expected.host if expected else None)


@pytest.mark.parametrize(
    "changed",
    [
        {"host": "0.0.0.0"},
        {"host": "224.0.0.1"},
        {"host": "example.com"},
        {"host": "::1"},
        {"port": -1},
        {"for_s": 0},
        {"for_s": float("nan")},
        {"for_s": 25 * HOUR_S},
        {"people": -1},
        {"unknown": 1},
    ],
)
async def test_an_order_that_makes_no_sense(changed: dict[str, Any]) -> None:
    """A stage opens at one address, for some hours."""
    with pytest.raises(OrderRefused):
        Order.read({**ORDER.document(), **changed})


async def test_a_stage_that_opens_anew_stays_where_phones_know_it(machine: Machine) -> None:
    """At the port that it had, also when one that was taken then is free now."""
    with ports.bind_at(LOOPBACK, 0, wanted_for="test")[0] as elsewhere:
        port = elsewhere.getsockname()[1]
    await machine.service.open(replace(ORDER, port=port))
    url = machine.url
    await machine.service.open(replace(ORDER, port=0))
    assert machine.url == url
    with ports.bind_at(LOOPBACK, 0, wanted_for="test")[0] as elsewhere:
        other = elsewhere.getsockname()[1]
    await machine.service.open(replace(ORDER, port=other))
    assert machine.url.endswith(f":{other}/")


async def test_a_refused_order_leaves_the_stage_that_is_open(machine: Machine) -> None:
    """An address of another machine, a port in use, an instance that is not there."""
    await machine.service.open(ORDER)
    url = machine.url
    taken = ports.bind_at(LOOPBACK, 0, wanted_for="test")
    with taken[0]:
        taken[0].listen()
        with pytest.raises(PortInUse):
            await machine.service.open(replace(ORDER, port=ports.port_of(taken)))
    with pytest.raises(OrderRefused, match="192.0.2.1"):
        await machine.service.open(replace(ORDER, host="192.0.2.1"))
    with pytest.raises(OrderRefused, match="no SignalR"):
        await machine.service.open(replace(ORDER, instance="nothing"))
    assert machine.url == url
    assert (await machine.look_at())["guest"] == "/stage/guest"


async def test_somebody_ended_it_while_nothing_ran(machine: Machine, cloud: LocalCloud) -> None:
    """A local cloud that was killed does not open a stage again that a person has ended."""
    await machine.service.open(ORDER)
    await machine.service.stop()
    local_stage.end(cloud.platform.folder)
    await machine.started_anew().start()
    assert machine.service.status() == {"open": False}
    await machine.service.open(ORDER)  # it is about the stage that there was
    await machine.service.stop()
    await machine.started_anew().start()
    assert machine.service.status()["open"]


async def test_it_ends_with_its_hub(machine: Machine, cloud: LocalCloud) -> None:
    """Who deletes the chat does not leave an address open to the network."""
    await cloud.signalr.apply(InstanceSpec("other", 8889, KEY, KEY))
    await machine.service.open(replace(ORDER, instance="other"))
    await cloud.signalr.remove("other")
    await machine.service.look()
    assert machine.service.status()["open"]  # an instance that changes is away for a moment
    await machine.service.look()
    assert machine.service.status() == {"open": False}


@pytest.mark.parametrize("people", [0, -1, 5_001, 1.5, True, "3", None])
async def test_a_rehearsal_for_nobody_is_refused(people: object) -> None:
    """Nothing is guessed."""
    with pytest.raises(OrderRefused, match="1 to 5000"):
        rehearsing_people({"people": people})
    with pytest.raises(OrderRefused, match="1 to 5000"):
        rehearsing_people([people])
