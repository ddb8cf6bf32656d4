"""Opening a workshop's stage, telling about it, and ending it.

With the local cloud it is one address of this machine. On Azure the chat has addresses of its own:
there the stage makes the code and the screen, and opens nothing to the network.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from chatkit.cloud import local_cloud, local_stage
from chatkit.cloud.local_stage import StageState
from chatkit.core.codes import screen
from chatkit.core.errors import NoSuchChoice, NotOffered, NotStarted, SetupError
from chatkit.core.results import Result
from chatkit.core.running import room_hosts
from chatkit.core.running.answers import status_at
from chatkit.core.running.presence import FUNCTIONS, PAGE
from chatkit.stage import on_azure, size
from chatkit.stage.shown import StageShown
from chatkit.steps.session import Session

NOT_FOUND = 404
MINUTE_S = 60.0
HOUR_S = 3600.0
MOST_S = 24 * HOUR_S
MOST_PEOPLE = 100_000
FOR_S = 4 * HOUR_S
TOLD = ("url", "stage_url", "people", "connected", "messages_per_s", "tier")
PLACES = ("local", "deployed")
NO_CHAT = "There is no chat yet that phones could use."
MAKE_ONE = (
    "Sections 07 and 08 deploy it. On this machine workshop.start_functions() and"
    " workshop.start_page() run it."
)
WITH_SIGN_IN = "The functions on this machine run with sign-in in front, which no phone can pass."
WITHOUT = "workshop.start_functions() runs them without; or deploy the chat, which may have it."
BACK = "If the tier was changed for the talk, `chatkit scale --tier free` goes back."
NOT_THERE = "--host, --port and --where are for the local cloud: on Azure the chat has its address."


@dataclass(frozen=True)
class Wanted:
    """What somebody wants of a stage.

    Attributes:
        host: An address of this machine; empty for the only one on a local network.
        port: The port; 0 for a free one near 8080.
        for_s: After how long it ends by itself.
        people: How many are expected; 0 when nobody knows.
        where: "local" or "deployed"; empty for the deployed chat if there is one.
    """

    host: str = ""
    port: int = 0
    for_s: float = FOR_S
    people: int = 0
    where: str = ""

    def check(self) -> None:
        """Look whether there are such stages.

        Raises:
            NotOffered: It would be open for no time, or for too long, or for too many.
            NoSuchChoice: There is no such place for a chat.
        """
        if not _is_number(self.for_s) or not 0 < self.for_s <= MOST_S:
            raise NotOffered("A stage is open for more than nothing, and for at most 24 hours.")
        if type(self.people) is not int or not 0 <= self.people <= MOST_PEOPLE:
            raise NotOffered(f"A stage is for a whole number of people, up to {MOST_PEOPLE:,}.")
        if self.where and self.where not in PLACES:
            raise NoSuchChoice("place", self.where, PLACES)


def up(session: Session, wanted: Wanted) -> StageShown:
    """Open the stage, or open it anew: then its guests stay who they are.

    Raises:
        SetupError: There is no such address, or it cannot be opened.
        NotStarted: There is no chat to show.
    """
    wanted.check()
    if session.settings.target == "azure":
        if wanted.host or wanted.port or wanted.where == "local":
            raise SetupError(NOT_THERE)
        there = on_azure.up(session, for_s=wanted.for_s, people=wanted.people)
        rows = (*there.rows, ("open for", left(wanted.for_s)))
        return StageShown(there.text, rows, url=there.url)
    with session.on_cloud():
        chat = _chat(session, wanted.where)
        address = room_hosts.chosen(wanted.host)
        order: dict[str, object] = {
            "host": address.host,
            "port": wanted.port,
            "for_s": wanted.for_s,
            "people": wanted.people,
            "instance": session.settings.facts.signalr,
            "hub": session.hub,
            "scaled": None,
            **chat,
        }
        scaled = None
        tier = ""
        if wanted.people:
            scaled = size.make_room(session, wanted.people)
        if scaled is not None:
            order["scaled"] = scaled.document()
            tier = scaled.sentence(wanted.people)
        try:
            opened = local_stage.open_stage(session.home / "local", order)
        except SetupError:
            if scaled is not None:
                size.take_back(session, scaled)
            raise
    return shown(opened, people=wanted.people, tier=tier)


def state(session: Session) -> StageState | None:
    """The stage that is open; None when none is.

    Raises:
        HomeUnusable: Nobody can tell, because a file of the home is damaged.
    """
    where = session.home / "local"
    if session.settings.target == "azure" or local_cloud.running(where) is None:
        session.check_home()
        return None
    return local_stage.state(where)


def comes_back(session: Session) -> str:
    """That a stage comes back with a local cloud that does not run; empty when none does."""
    where = session.home / "local"
    if session.settings.target == "azure" or local_cloud.running(where) is not None:
        return ""
    left_open = local_stage.left_open(where)
    if left_open is None:
        return ""
    return (
        f"The local cloud does not run. The stage comes back with it, at {left_open['url']} for"
        f" {left(left_open['until'] - time.time())} more, with the same guests: `chatkit local up`."
    )


def down(session: Session, *, forget: bool = False) -> Result:
    """End the stage: its address answers no more, and its guests are nobody any more.

    Args:
        session: Whose stage.
        forget: Also delete what guests have written, and their names.
    """
    ended = local_stage.end(session.home / "local", forget=forget)
    if session.settings.target == "azure":
        was_there = on_azure.down(session)
        said = "The screen has ended" if was_there else "No screen ran"
        return Result(f"{said}: the chat on Azure is where it was. {BACK}")
    said = "The stage is closed." if ended["was_open"] else "No stage is open."
    if forget:
        said = f"{said} {_forgotten(ended['forgotten'])}"
    return Result(said)


def _forgotten(messages: int | None) -> str:
    if messages is None:
        return "The names and messages of guests are deleted when the local cloud starts again."
    what = "1 message" if messages == 1 else f"{messages} messages"
    return f"The names of guests are deleted, and {what} of theirs in the history."


def summary(session: Session, known: StageState | None) -> dict[str, Any]:
    """The values of `stage status --json`; None for what is not known."""
    told: dict[str, Any] = dict.fromkeys(TOLD)
    if known is not None:
        told = {name: value for name, value in known.items() if name in TOLD}
    if session.settings.target == "azure":
        told |= {"url": session.web_url, "stage_url": on_azure.link(session)}
    return told


def shown(known: StageState, *, people: int = 0, tier: str = "") -> StageShown:
    """A stage as a cell and a terminal show it.

    Args:
        known: What the local cloud tells.
        people: How many are expected.
        tier: What was done to the tier.
    """
    url = known["url"] or ""
    if not url:
        return StageShown(known["notice"], (("open for", left(known["seconds_left"])),))
    chat = "deployed chat" if known["deployed"] else "chat on this machine"
    text = f"The stage is open: the {chat} for everybody in this network, with a name alone."
    rows = [
        ("address", url),
        ("to type", screen.short(url)),
        ("screen", known["stage_url"] or ""),
        ("open for", left(known["seconds_left"])),
        ("room for", _room(known, people)),
    ]
    if tier:
        rows.append(("tier", tier))
    if known["waiting"]:
        rows.append(("waiting", f"{known['waiting']} people, until somebody leaves"))
    if known["notice"]:
        rows.insert(0, ("news", known["notice"]))
    return StageShown(text, tuple(rows), url=url)


def left(seconds: float) -> str:
    """How long, in hours and minutes; of the last minute, the seconds."""
    if seconds < MINUTE_S:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / MINUTE_S)
    parts = ((minutes // 60, "h"), (minutes % 60, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _room(known: StageState, people: int) -> str:
    holds = known["holds"] or 0
    text = f"{holds} connections at the same time (SignalR Service, {known['tier']} tier)"
    if people > holds:
        return f"{text}: too few for {people} people; `chatkit scale` makes room"
    return text


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def _is_uploaded(session: Session) -> bool:
    """Whether the deployed chat has a page. Its address is known before: section 07 allows it."""
    facts = session.settings.facts
    return bool(facts.function_app and facts.web_url) and status_at(facts.web_url) != NOT_FOUND


def _chat(session: Session, where: str) -> dict[str, str]:
    """The part of an order that says which chat.

    Raises:
        NotStarted: There is none.
        SetupError: It is one that phones cannot use.
    """
    facts = session.settings.facts
    if where != "local" and _is_uploaded(session):
        return {"site": facts.function_app, "account": facts.storage_account}
    functions = session.servers.running(FUNCTIONS)
    page = session.servers.running(PAGE)
    if where == "deployed" or functions is None or page is None:
        raise NotStarted(NO_CHAT, hint=MAKE_ONE)
    if functions.has_sign_in:
        raise SetupError(WITH_SIGN_IN, hint=WITHOUT)
    return {"page_url": page.url, "api_url": functions.url}
