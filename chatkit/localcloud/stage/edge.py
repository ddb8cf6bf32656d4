"""The HTTP edge of a stage: the few addresses it has, and nothing else.

A request is looked up by its target as it was sent, letter by letter: no other spelling of a path
finds anything, whatever another reader would make of it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from chatkit.core import strict_json
from chatkit.localcloud.core.answering import MISDIRECTED, plainly
from chatkit.localcloud.core.runners import HttpServer
from chatkit.localcloud.core.web import EVERY_PATH, OTHER_PAGE, HandedOn, is_from_other_page
from chatkit.localcloud.easy_auth.principal import Principal
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.signalr.edge import CLIENT_METHODS, answer_client, client_sockets
from chatkit.localcloud.signalr.transports.clients import Reach
from chatkit.localcloud.stage import entrance, screen
from chatkit.localcloud.stage.admission.joins import Joins
from chatkit.localcloud.stage.chat import Chat
from chatkit.localcloud.stage.entrance import Entrance
from chatkit.localcloud.stage.guests import (
    COOKIE,
    PROVIDER,
    Guest,
    Guests,
    NameRefused,
    wanted_name,
)
from chatkit.localcloud.stage.messages import MESSAGES, Messages
from chatkit.localcloud.stage.moderation.moderator import Moderator
from chatkit.localcloud.stage.moderation.posts import Writer
from chatkit.localcloud.stage.pace import Pace
from chatkit.localcloud.stage.place import REFUSAL, Place

MAX_BODY_BYTES = 64 * 1024
GUEST = "/stage/guest"
SCREEN = screen.SCREEN
CONFIG = "/config.json"
NEGOTIATE = ("/api/negotiate", "/api/SignalRInfo")
RULES = f"{SCREEN}/rules"
STATE = f"{SCREEN}/state"
API_METHODS = {**dict.fromkeys(NEGOTIATE, ("POST",)), MESSAGES: ("GET", "POST")}
OWN_METHODS = {
    GUEST: ("GET", "POST"),
    **dict.fromkeys((*screen.FILES, screen.CODE), ("GET", "HEAD")),
    CONFIG: ("GET", "HEAD"),
    RULES: ("GET", "HEAD"),
    STATE: ("GET", "HEAD"),
}
READING = ("GET", "HEAD")
HISTORY_PAGE = 200
AGAIN_S = 3  # after which a phone asks for the page again that could not be had
# A file of the page: it has a kind, no name begins with a dot, nothing is encoded.
NAME = "[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}"
PAGE_FILE = re.compile(rf"/|(/{NAME}){{0,7}}/{NAME}\.[A-Za-z0-9]+")
OTHERS_FOLDERS = (f"{SCREEN}/", "/api/", "/client/")
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self' {socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# All that the app gets of what a browser sends.
PASSED = ("Accept", "Accept-Language", "Content-Type", "User-Agent")
NOT_TOLD = ("access-control-", "x-ms-")
NOTHING = "There is nothing at this address."
NO_HUB = "There is no SignalR Service instance any more."
NOT_JSON = "A guest is a JSON object with a name."
NOT_ALLOWED = "The presenter does not allow this name. Please choose another one."
TOO_MANY_NAMES = "You change your name too often. Please try again in a moment."
TOO_MANY = "Too many people are joining from this network. Please try again in a moment."


@dataclass(frozen=True)
class Stage:
    """What one open stage consists of.

    Attributes:
        place: Where it is.
        chat: The page and the app.
        guests: Who is who.
        joins: How many guests may come.
        pace: How many messages there are.
        hub: Name of the only hub that is there.
        instance: Finds the SignalR Service instance, as it is now.
        seconds_left: Until the stage ends by itself.
        moderator: Knows what nobody sees, and who may write.
        state: What everybody may know of the stage.
        entrance: Where connections to the hub come in.
    """

    place: Place
    chat: Chat
    guests: Guests
    joins: Joins
    pace: Pace
    hub: str
    instance: Callable[[], Instance | None]
    seconds_left: Callable[[], float]
    moderator: Moderator
    state: Callable[[], Mapping[str, object]]
    entrance: Entrance

    @property
    def reach(self) -> Reach:
        """How clients come to the hub."""
        come_in = self.entrance
        return Reach(self.place.token_host, REFUSAL, self.hub, come_in.admit, come_in.note)

    def limits(self) -> dict[str, float]:
        """How many guests may come, and how often they may write."""
        return {"joins_per_minute": self.joins.limit, **self.moderator.rates.told()}

    def disconnect(self) -> None:
        """End every connection to the hub that came by this address."""
        self.entrance.disconnect()


def server(stage: Stage) -> HttpServer:
    """What serves the stage's address: WebSockets of its hub, and HTTP for the rest."""
    edge = Edge(stage)
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.on_response_prepare.append(edge.harden)
    app.router.add_route("*", EVERY_PATH, edge.handle)
    return HttpServer(
        app,
        refuse=_refuse,
        serves=stage.place.is_meant,
        peek=client_sockets(stage.instance, stage.reach),
    )


class Edge:
    """Answers requests to a stage.

    Args:
        stage: What it shows.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._messages = Messages(stage.chat, stage.moderator)
        self._asking = asyncio.Lock()
        self._knows_history = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        if len(request.headers.getall("Host", [])) != 1:
            return plainly(request, 400, "The Host header must be there once.")  # RFC 9112 §3.2
        target = request.raw_path.partition("?")[0]
        methods = methods_of(target)
        if not methods:
            return plainly(request, 404, NOTHING)
        if request.method not in methods:
            allowed = {"Allow": ", ".join(methods)}
            return web.Response(status=405, headers=allowed, text="This method is not for this.\n")
        if request.method not in READING and is_from_other_page(request):
            return plainly(request, 403, OTHER_PAGE)
        if target in CLIENT_METHODS:
            return await self._client(request)
        if target in API_METHODS:
            return await self._api(request, target)
        return await self._own(request, target)

    async def harden(self, request: web.Request, response: web.StreamResponse) -> None:
        """Say to browsers what a page of the stage may do, and nobody else's page."""
        headers = response.headers
        if request.raw_path.partition("?")[0] in CLIENT_METHODS:
            return  # as the service answers
        place = self._stage.place
        socket = place.origin.replace("http://", "ws://")
        headers.setdefault("Content-Security-Policy", PAGE_POLICY.format(socket=socket))
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["X-Frame-Options"] = "DENY"  # browsers from before frame-ancestors
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers.setdefault("Cache-Control", "no-cache")
        if response.status >= 500 and request.method == "GET" and _is_shown(request):
            headers["Refresh"] = str(AGAIN_S)
        for name in [*headers]:
            if name.lower().startswith(NOT_TOLD):
                headers.popall(name, None)
        headers["Server"] = "chatkit"

    # The hub

    async def _client(self, request: web.Request) -> web.StreamResponse:
        instance = self._stage.instance()
        if instance is None:
            return plainly(request, 503, NO_HUB)
        return await answer_client(instance, self._stage.reach, request)

    # The app

    async def _api(self, request: web.Request, target: str) -> web.StreamResponse:
        if target == MESSAGES:
            return await self._message(request)
        guest = self._guest(request)
        is_new = guest is None
        if guest is None:
            guest = self._stage.guests.new()
        if is_new and (refusal := self._too_many(request)):
            return refusal
        self._stage.guests.note(guest)
        if (place := self._stage.entrance.lobby.ask(guest.id)) is not None:
            in_line = entrance.waits(place)
            self._remember(in_line, guest)  # the cookie keeps the place
            return in_line
        body = await request.read()
        answer = await self._stage.chat.api(request, HandedOn(self._headers(request, guest), body))
        if not isinstance(answer, web.Response):
            return answer  # a stream, which has begun
        made = _answered(answer)
        if answer.status == 200:
            made.body = self._with_own_hub(_content(answer))
        if is_new:
            self._remember(made, guest)
        return made

    async def _message(self, request: web.Request) -> web.StreamResponse:
        """What was said, or a guest who says something."""
        guest = self._guest(request)
        has_cookie = guest is not None
        if request.method == "GET":
            reader = guest or self._stage.guests.new()
            headers = self._headers(request, reader)
            answer = await self._messages.read(request, headers, with_checks=reader.is_rehearsing)
        else:
            guest = guest or self._stage.guests.without_cookie(request.remote or "")
            names = self._stage.guests.names_of(guest.id)
            writer = Writer(guest.id, guest.name, has_cookie, names)
            answer = await self._messages.post(request, self._headers(request, guest), writer)
            if answer.status == 200 and not guest.is_rehearsing:
                self._stage.pace.note()
        return _answered(answer) if isinstance(answer, web.Response) else answer

    def _with_own_hub(self, content: bytes) -> bytes:
        """Where the hub is, in what the app has answered to negotiate: at the stage's address.

        An address of something else stays as it is.
        """
        instance = self._stage.instance()
        try:
            document = strict_json.loads(content)
            url = urlsplit(str(document["url"]))
            is_ours = instance is not None and url.port == instance.spec.port
        except (ValueError, TypeError, KeyError):
            return content
        if not is_ours or url.hostname not in ("localhost", "127.0.0.1"):
            return content
        origin = urlsplit(self._stage.place.origin)
        document["url"] = url._replace(scheme="http", netloc=origin.netloc).geturl()
        return json.dumps(document).encode()

    def _headers(self, request: web.Request, guest: Guest) -> Mapping[str, str]:
        """What the app gets: who the guest is, as App Service Authentication tells it."""
        passed = {name: request.headers[name] for name in PASSED if name in request.headers}
        claims = (("name", guest.name),)
        return {**passed, **Principal(PROVIDER, guest.id, guest.name, claims).headers()}

    # The stage's own

    async def _own(self, request: web.Request, target: str) -> web.StreamResponse:
        if target == GUEST:
            return await self._who(request)
        if target == CONFIG:
            origin = self._stage.place.origin
            return web.json_response({"apiBaseUrl": origin, "guest": GUEST, "rules": RULES})
        if target == RULES:
            return _now(self._stage.moderator.rules.told())
        if target == STATE:
            return _now(self._stage.state())
        if target in screen.FILES:
            return screen.file(target)
        if target == screen.CODE:
            return screen.code(request, self._stage.place)
        return await self._stage.chat.page(request)

    async def _who(self, request: web.Request) -> web.Response:
        """Who a phone is, and who it wants to be."""
        guest = self._guest(request)
        if request.method == "GET":
            if guest is None:
                return web.json_response({"id": None, "name": None})
            return _described(guest)
        # Before its body is read: a request can be cloned until then.
        history = request.clone(method="GET", rel_url=f"{MESSAGES}?limit={HISTORY_PAGE}")
        try:
            document = strict_json.loads(await request.read())
        except ValueError:
            document = None
        if not isinstance(document, dict):
            return web.json_response({"error": NOT_JSON}, status=400)
        if guest is None or guest.is_rehearsing:
            if refusal := self._too_many(request):
                return refusal
            guest = guest or self._stage.guests.new()
        elif wait_s := self._stage.moderator.rates.name_wait_s(guest.id):
            return _later(TOO_MANY_NAMES, wait_s)
        await self._reserve_names(history)
        try:
            wanted = wanted_name(document)
            if self._stage.moderator.forbids_name(wanted):
                raise NameRefused(NOT_ALLOWED)
            guest = self._stage.guests.name(guest, wanted)
        except NameRefused as refused:
            return web.json_response({"error": str(refused)}, status=400)
        answer = _described(guest)
        self._remember(answer, guest)
        return answer

    async def _reserve_names(self, history: web.Request) -> None:
        """Before anybody gets a name: who has spoken in the room is none of the guests.

        Args:
            history: Asks the app for the newest messages.
        """
        async with self._asking:
            if self._knows_history:
                return
            stranger = self._stage.guests.new()
            headers = self._headers(history, stranger)
            people = await self._messages.people(history, headers, HISTORY_PAGE)
            if people is not None:
                self._knows_history = True
                self._stage.guests.reserve(people)

    def _guest(self, request: web.Request) -> Guest | None:
        return self._stage.guests.of(request.cookies.get(COOKIE, ""))

    def _too_many(self, request: web.Request) -> web.Response | None:
        wait_s = self._stage.joins.take(request.remote or "")
        return _later(TOO_MANY, wait_s) if wait_s else None

    def _remember(self, answer: web.Response, guest: Guest) -> None:
        """Let the browser know the guest until the stage ends; no page's script reads it."""
        answer.set_cookie(
            COOKIE,
            self._stage.guests.cookie(guest),
            max_age=int(self._stage.seconds_left()),
            httponly=True,
            samesite="Strict",
        )


def methods_of(target: str) -> tuple[str, ...]:
    """The methods that a target takes, as it was sent; none for what is not there."""
    known = CLIENT_METHODS.get(target) or API_METHODS.get(target) or OWN_METHODS.get(target)
    if known:
        return known
    if PAGE_FILE.fullmatch(target) and not target.startswith(OTHERS_FOLDERS):
        return READING
    return ()


def _answered(answer: web.Response) -> web.Response:
    """The app's answer, as a phone gets it."""
    kind = answer.headers.get("Content-Type", "application/json")
    headers = {"Content-Type": kind}
    if "Retry-After" in answer.headers:
        headers["Retry-After"] = answer.headers["Retry-After"]
    return web.Response(status=answer.status, body=_content(answer), headers=headers)


def _content(answer: web.Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b""


def _now(document: Mapping[str, object]) -> web.Response:
    """What holds at this moment."""
    return web.json_response(document, headers={"Cache-Control": "no-store"})


def _later(sentence: str, wait_s: float) -> web.Response:
    headers = {"Retry-After": str(int(wait_s) + 1)}
    return web.json_response({"error": sentence}, status=429, headers=headers)


def _is_shown(request: web.Request) -> bool:
    """Whether the answer is what a person looks at, not something that a page asked for."""
    return request.raw_path.partition("?")[0] in ("/", "/index.html")


def _described(guest: Guest) -> web.Response:
    return web.json_response({"id": guest.id, "name": guest.name if guest.is_named else None})


def _refuse(request: web.Request, status: int, sentence: str) -> web.Response:
    return plainly(request, status, REFUSAL if status == MISDIRECTED else sentence)
