"""The one address of a stage: what is there, what is not, and who a phone is."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import unicodedata
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from chatkit.localcloud.core.web import HandedOn
from chatkit.localcloud.stage.admission.joins import Joins
from chatkit.localcloud.stage.guests import (
    COOKIE,
    ID,
    MAX_EARLIER,
    Guest,
    Guests,
    NameRefused,
    new_key,
)
from chatkit.localcloud.stage.messages import MOST_READ
from tests.attacks.stage import (
    COOKIES,
    HEADERS,
    HOSTS,
    METHODS,
    NAMES,
    OTHER_PAGES,
    PATHS,
    REFUSED_NAMES,
)
from tests.localcloud.stage.stage_testing import (
    HOST,
    HUB_PORT,
    LIMIT_S,
    PLACE,
    RECORD,
    EchoChat,
    OpenStage,
    open_stage,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
CLOSE = 7  # a hub message of SignalR's protocol
ENDED = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)
SHORTEST_WEBSOCKET = (
    "GET /client/?hub=chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade"
    "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
)


# The allow list


@pytest.mark.parametrize("name", PATHS)
async def test_nothing_else_is_there(shared: OpenStage, name: str) -> None:
    """Every other path is 404, in every spelling; the app never hears of it."""
    method, target = PATHS[name]
    asked = len(shared.chat.seen)
    answer = await shared.get(target, method=method)
    if target.startswith("/?") or "comp=metadata" in target:
        assert answer.text.endswith(f"page {target.partition('?')[0]}")  # a page has no such words
    else:
        assert answer.status in (404, 405) if method == "PUT" else answer.status == 404
    assert len(shared.chat.seen) == asked


async def test_a_backslash_is_no_path(shared: OpenStage) -> None:
    """A target begins with a slash."""
    assert (await shared.get("\\app.js")).status == 400


@pytest.mark.parametrize("name", METHODS)
async def test_other_methods_are_refused(shared: OpenStage, name: str) -> None:
    """What is there takes the methods that the page uses."""
    method, target = METHODS[name]
    assert (await shared.get(target, method=method)).status == 405


@pytest.mark.parametrize("name", HOSTS)
async def test_other_hosts_are_misdirected(shared: OpenStage, name: str) -> None:
    """No page elsewhere reaches the stage by a name of its own, nor its hub."""
    answer = await shared.get("/", host=HOSTS[name])
    assert answer.status == 421
    socket = await shared.raw(f"{SHORTEST_WEBSOCKET}\r\nHost: {HOSTS[name]}")
    assert socket.status == 421


async def test_two_hosts_are_none(shared: OpenStage) -> None:
    """The header that was looked at is the only one."""
    answer = await shared.raw(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nHost: evil.example")
    assert answer.status == 400


async def test_another_hub_is_not_there(shared: OpenStage) -> None:
    """The hub of the chat alone is on the stage, whatever other hubs the instance has."""
    answer = await shared.raw(
        SHORTEST_WEBSOCKET.replace("hub=chat", "hub=other") + f"\r\nHost: {HOST}"
    )
    assert answer.status == 404
    negotiate = await shared.get("/client/negotiate?hub=other", method="POST")
    assert negotiate.status == 404


# The page


async def test_the_page_may_talk_to_the_stage_alone(shared: OpenStage) -> None:
    """The policy names this address; nothing tells other sites that they may read."""
    async with shared.phone().http.get(f"{PLACE.origin}/app.js") as answer:
        assert await answer.text() == "page /app.js"
        policy = answer.headers["Content-Security-Policy"]
        assert f"connect-src 'self' ws://{HOST}" in policy
        assert "frame-ancestors 'none'" in policy
        assert not [name for name in answer.headers if name.lower().startswith(("access-", "x-ms"))]


async def test_config_leads_to_the_same_address(shared: OpenStage) -> None:
    """Page, API and hub are one origin: no CORS is needed."""
    _, config = await shared.phone().ask("GET", "/config.json")
    own = {"guest": "/stage/guest", "rules": "/stage/rules"}
    assert config == {"apiBaseUrl": PLACE.origin, **own}


async def test_the_code_and_the_screen_are_there(shared: OpenStage) -> None:
    """The screen is a page like any other: what it shows of the stage it asks for."""
    phone = shared.phone()
    status, picture = await phone.ask("GET", "/stage/code.svg")
    assert status == 200
    assert picture.lstrip().startswith("<?xml")
    _, page = await phone.ask("GET", "/stage")
    assert "stage/screen.js" in page
    assert await phone.ask("GET", "/stage/state") == (200, {"open": True})


# Who is who


async def test_two_phones_chat_and_the_app_knows_both(shared: OpenStage) -> None:
    """Guests are people with an id and a name, in the headers of App Service Authentication."""
    alice = shared.phone()
    known = await alice.join("Älice Lovelace")
    assert ID.fullmatch(known["id"])
    await alice.ask("POST", "/api/messages", {"text": "hello", "sender": "carol", "senderId": "x"})
    _, _, handed_on = shared.chat.seen[-1]
    assert handed_on.headers["x-ms-client-principal-id"] == known["id"]
    assert handed_on.headers["x-ms-client-principal-name"] == "%C3%84lice Lovelace"
    assert json.loads(handed_on.body) == {"text": "hello", "sender": "Älice Lovelace"}


async def test_the_hub_itself_listens_there(shared: OpenStage) -> None:
    """Negotiate leads to the stage's address, and the client is one of the instance's own."""
    phone = shared.phone()
    await phone.join("dora")
    socket = await phone.connect()
    instance = shared.stage.instance()
    assert instance is not None
    assert len(instance.connections.hub("chat").connections) == 1
    await socket.close()


async def test_the_end_of_a_stage_ends_its_connections(stage: OpenStage) -> None:
    """Nobody goes on reading by an address that is closed; clients of other addresses stay."""
    phone = stage.phone()
    await phone.join("alice")
    socket = await phone.connect()
    own = await phone.connect(by=f"http://localhost:{HUB_PORT}")
    stage.stage.disconnect()
    assert json.loads((await socket.receive_str()).rstrip(RECORD))["type"] == CLOSE
    assert (await socket.receive(timeout=LIMIT_S)).type in ENDED
    instance = stage.stage.instance()
    assert instance is not None
    async with asyncio.timeout(LIMIT_S):
        while len(instance.connections.hub("chat").connections) != 1:
            await asyncio.sleep(0)
    assert not own.closed
    await own.close()


async def test_the_same_phone_comes_back_as_the_same_guest(shared: OpenStage) -> None:
    """A name may change; the id stays as long as the browser's data."""
    phone = shared.phone()
    first = await phone.join("erin")
    assert (await phone.ask("GET", "/stage/guest"))[1] == first
    again = await phone.join("erin the second")
    assert again["id"] == first["id"]


async def test_somebody_who_only_reads_is_the_same_guest_later(shared: OpenStage) -> None:
    """The first negotiate gives the phone its identity."""
    phone = shared.phone()
    await (await phone.connect()).close()
    _, known = await phone.ask("GET", "/stage/guest")
    assert ID.fullmatch(known["id"])
    assert (await phone.join("frank"))["id"] == known["id"]


async def test_no_script_reads_the_cookie(shared: OpenStage) -> None:
    """It is for this address only, and ends with the stage."""
    async with shared.phone().http.post(
        f"{PLACE.origin}/stage/guest", json={"name": "gina"}
    ) as answer:
        cookie = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert int(cookie["max-age"]) == 600


@pytest.mark.parametrize("name", COOKIES)
async def test_a_forged_cookie_is_nobody(shared: OpenStage, name: str) -> None:
    """Ids are known to everybody in the room; only the stage signs them."""
    guests = shared.stage.guests
    bob = Guest.unnamed("guest-b0bb0bb0bb0bb0bb")
    signature = guests.cookie(bob).partition(".")[2]
    another = guests.cookie(guests.new()).partition(".")[2]
    elsewhere = Guests(shared.platform.store, bytes.fromhex(new_key()))
    odd = "guest-BOB"
    forged = COOKIES[name].format(
        id=bob.id,
        rehearsing=bob.id.replace("guest", "rehearsal"),
        other=another,
        unkeyed=hmac.digest(b"", bob.id.encode(), hashlib.sha256).hex(),
        loud=signature.upper(),
        signature=signature,
        cut=signature[:-1],
        elsewhere=elsewhere.cookie(bob).partition(".")[2],
        signed_other=guests.cookie(Guest.unnamed(odd)),
    )
    answer = await shared.raw(
        f"GET /stage/guest HTTP/1.1\r\nHost: {HOST}\r\nCookie: {COOKIE}={forged}"
    )
    assert answer.text.endswith('{"id": null, "name": null}')
    right = await shared.raw(
        f"GET /stage/guest HTTP/1.1\r\nHost: {HOST}\r\nCookie: {COOKIE}={guests.cookie(bob)}"
    )
    assert bob.id in right.text


async def test_a_phone_of_a_rehearsal_is_no_guest(stage: OpenStage) -> None:
    """It is let in as a guest is, and nobody knows of it: no count, no name that is taken."""
    guests = stage.stage.guests
    phone = stage.phone()
    made = guests.new(is_rehearsing=True)
    phone.http.cookie_jar.update_cookies({COOKIE: guests.cookie(made)}, URL(PLACE.origin))
    known = await phone.join("bob")
    assert known == {"id": made.id, "name": made.name}
    socket = await phone.connect()
    status, _ = await phone.ask("POST", "/api/messages", {"text": "hello"})
    assert status == 200
    _, _, handed_on = stage.chat.seen[-1]
    assert handed_on.headers["x-ms-client-principal-id"] == made.id
    assert len(guests) == 0
    assert stage.stage.pace.per_second == 0
    assert (await stage.phone().join("bob"))["name"] == "bob"
    await socket.close()


@pytest.mark.usefixtures("passing")
async def test_joins_of_a_rehearsal_are_limited_as_others(tmp_path: Path) -> None:
    """Else it could not tell how many a minute take in."""
    async with open_stage(tmp_path) as stage:
        stage.stage.joins.limit = 1
        statuses = []
        for _ in range(2):
            phone = stage.phone()
            cookie = stage.stage.guests.cookie(stage.stage.guests.new(is_rehearsing=True))
            phone.http.cookie_jar.update_cookies({COOKIE: cookie}, URL(PLACE.origin))
            statuses.append((await phone.ask("POST", "/stage/guest", {"name": "x"}))[0])
        assert statuses == [200, 429]


@pytest.mark.parametrize("name", HEADERS)
async def test_headers_of_a_guest_tell_nothing(shared: OpenStage, name: str) -> None:
    """The app gets its identity headers from the stage, and no others."""
    phone = shared.phone()
    known = await phone.join(f"mallory {name}")
    await phone.ask("POST", "/api/messages", {"text": "I am bob"}, headers=HEADERS[name])
    _, _, handed_on = shared.chat.seen[-1]
    kept = {key.lower(): value for key, value in handed_on.headers.items()}
    assert kept["x-ms-client-principal-id"] == known["id"]
    for header, value in HEADERS[name].items():
        assert kept.get(header.lower()) != value
    allowed = ("accept", "accept-language", "content-type", "user-agent", "x-ms-client-principal")
    assert all(key.startswith(allowed) for key in kept)


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_like_bobs_gets_a_number(shared: OpenStage, name: str) -> None:
    """Some apps know people by their names, and so do people."""
    await shared.phone().join("bob")
    assert re.search(r" \d+$", (await shared.phone().join(NAMES[name]))["name"])


async def test_nobody_takes_up_a_name_that_a_guest_had(stage: OpenStage) -> None:
    """What was said with it can be read: it would be the words of somebody else."""
    bob, mallory = stage.phone(), stage.phone()
    await bob.join("bob")
    await bob.join("robert")
    assert (await mallory.join("bob"))["name"] == "bob 2"
    assert (await bob.join("bob"))["name"] == "bob"
    assert (await mallory.join("Robert"))["name"] == "Robert 2"


async def test_a_guest_has_so_many_names(stage: OpenStage) -> None:
    """None is ever free again, also after a restart: what was said with it can be read."""
    store, key = stage.platform.store, bytes.fromhex(new_key())
    guests = Guests(store, key)
    guest = guests.new()
    for number in range(2, MAX_EARLIER + 3):
        guests.name(guest, f"bob {number}")
    with pytest.raises(NameRefused, match="had before"):
        guests.name(guest, "one more")
    assert guests.name(guest, "bob 2").name == "bob 2"
    guests = Guests(store, key)
    assert len(guests.names_of(guest.id)) == MAX_EARLIER + 2  # with the one that the stage made
    assert guests.name(guests.new(), "bob 3").name == "bob 3 2"


async def test_signs_in_a_heap_are_no_name(stage: OpenStage) -> None:
    """They would cover the lines above and below; what languages need stays."""
    heap = "b\N{COMBINING OVERLINE}\N{COMBINING LOW LINE}" + "\N{COMBINING MACRON}" * 30 + "ob"
    name = (await stage.phone().join(heap))["name"]
    assert sum(unicodedata.combining(char) > 0 for char in name) == 4


@pytest.mark.parametrize("name", REFUSED_NAMES)
async def test_a_name_that_nobody_gets(shared: OpenStage, name: str) -> None:
    """A sentence says what to do."""
    status, answer = await shared.phone().ask("POST", "/stage/guest", {"name": REFUSED_NAMES[name]})
    assert status == 400
    assert answer["error"].endswith(".")


async def test_a_name_of_the_history_is_no_guests(stage: OpenStage) -> None:
    """Nobody takes up the name of somebody who wrote before the stage began."""
    stage.chat.history = [{"sender": "alice", "recipient": "dave", "text": "x"}, 7, {"sender": 8}]
    phone = stage.phone()
    assert (await phone.join("alice"))["name"] == "alice 2"
    assert (await stage.phone().join("Dave"))["name"] == "Dave 2"
    asked = [target for method, target, _ in stage.chat.seen if method == "GET"]
    assert asked == ["/api/messages?limit=200"]  # once
    assert (await phone.join("alice"))["name"] == "alice 2"


async def test_the_history_is_asked_again_when_the_app_was_down(stage: OpenStage) -> None:
    """An app that does not answer keeps nobody out, and what it knows is learned later."""
    stage.chat.is_down = True
    stage.chat.history = [{"sender": "alice", "text": "x"}]
    assert (await stage.phone().join("bob"))["name"] == "bob"
    stage.chat.is_down = False
    assert (await stage.phone().join("alice"))["name"] == "alice 2"


@pytest.mark.parametrize("name", OTHER_PAGES)
async def test_another_page_joins_for_nobody(shared: OpenStage, name: str) -> None:
    """A form elsewhere gives a phone no name, and sends no message for it."""
    phone = shared.phone()
    for path, body in (("/stage/guest", {"name": "bob"}), ("/api/messages", {"text": "x"})):
        status, _ = await phone.ask("POST", path, body, headers=OTHER_PAGES[name])
        assert status == 403


async def test_no_json_is_no_guest(shared: OpenStage) -> None:
    """What is not an object gets a sentence."""
    for body in ("[", "[]", '"bob"', ""):
        async with shared.phone().http.post(f"{PLACE.origin}/stage/guest", data=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]


# What the app answers


async def test_the_address_of_another_hub_stays(stage: OpenStage) -> None:
    """A chat on Azure's SignalR Service leads its phones there, not here."""
    stage.chat.url = "https://room.service.signalr.net/client/?hub=chat"
    _, answer = await stage.phone().ask("POST", "/api/negotiate")
    assert answer["url"] == stage.chat.url
    stage.chat.url = f"http://localhost:{HUB_PORT + 1}/client/?hub=chat"
    _, answer = await stage.phone().ask("POST", "/api/negotiate")
    assert answer["url"] == stage.chat.url


async def test_a_token_for_the_stage_is_the_instances(shared: OpenStage) -> None:
    """Nobody gets into the hub with no token, or with one of another key."""
    url = f"{PLACE.origin}/client/?hub=chat"
    for token in ("", "&access_token=x.y.z"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await shared.phone().http.ws_connect(url.replace("http", "ws", 1) + token)
        assert refused.value.status == 401


# Too many


@pytest.mark.usefixtures("passing")
async def test_a_room_behind_one_router_gets_in(tmp_path: Path) -> None:
    """Three hundred join within a minute; then a sentence says to wait."""
    async with open_stage(tmp_path, joins=Joins(0)) as stage:
        known = [stage.stage.joins.take("127.0.0.1") for _ in range(299)]
        assert not any(known)
        phone = stage.phone()
        await phone.join("the last one")
        late = stage.phone()
        status, answer = await late.ask("POST", "/stage/guest", {"name": "late"})
        assert status == 429
        assert "again" in answer["error"]
        assert (await late.ask("POST", "/api/negotiate"))[0] == 429
        await phone.join("who is there already is no new one")
        await (await phone.connect()).close()


async def test_a_long_body_is_not_read(shared: OpenStage) -> None:
    """A message is short."""
    async with shared.phone().http.post(
        f"{PLACE.origin}/api/messages", data=b"x" * 70_000
    ) as answer:
        assert answer.status == 413


async def test_who_connects_does_not_wait_behind_histories(tmp_path: Path) -> None:
    """A whole room that comes back reads it at once; the app is asked for a few at a time."""

    @dataclass
    class SlowHistory(EchoChat):
        """An app that answers no history until it may."""

        may: asyncio.Event = field(default_factory=asyncio.Event)
        asked: int = 0

        async def api(self, request: web.Request, handed_on: HandedOn) -> web.StreamResponse:
            if request.method == "GET":
                self.asked += 1
                await self.may.wait()
            return await super().api(request, handed_on)

    chat = SlowHistory()
    async with open_stage(tmp_path, chat=chat) as stage:
        phone = stage.phone()
        reading = [
            asyncio.create_task(phone.ask("GET", "/api/messages?limit=50"))
            for _ in range(3 * MOST_READ)
        ]
        while chat.asked < MOST_READ:
            await asyncio.sleep(0)
        assert (await phone.ask("POST", "/api/negotiate"))[0] == 200
        assert chat.asked == MOST_READ
        chat.may.set()
        assert [status for status, _ in await asyncio.gather(*reading)] == [200] * len(reading)


@pytest.mark.usefixtures("passing")
async def test_messages_a_second_are_counted(stage: OpenStage) -> None:
    """What the app has taken counts, what it refused does not."""
    phone = stage.phone()
    for _ in range(5):
        await phone.ask("POST", "/api/messages", {"text": "x"})
    stage.chat.is_down = True
    await phone.ask("POST", "/api/messages", {"text": "x"})
    assert stage.stage.pace.per_second == 0.5


async def test_a_page_that_could_not_be_had_comes_by_itself(stage: OpenStage) -> None:
    """No script of ours runs yet that could try again."""
    assert "Refresh:" not in (await stage.get("/")).text
    stage.chat.is_down = True
    answer = await stage.get("/")
    assert (answer.status, "Refresh: 3\r\n" in answer.text) == (503, True)
    assert "Refresh:" not in (await stage.get("/app.js")).text


async def test_the_instance_may_go(tmp_path: Path) -> None:
    """A chat whose hub was deleted answers with a sentence."""
    async with open_stage(tmp_path, instance=lambda: None) as stage:
        answer = await stage.get("/client/negotiate?hub=chat", method="POST")
        assert answer.status == 503
        socket = await stage.raw(f"{SHORTEST_WEBSOCKET}\r\nHost: {HOST}")
        assert socket.status == 503
