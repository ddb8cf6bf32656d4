"""Journeys from a trace's events.

Strategy: an event that ends a way (a function app's answer, a client's handshake) takes what
belongs to it from those that wait: what has the same cause, and what nobody named a cause for but
happened meanwhile (the app's own calls of storage). What waits too long is told alone, or dropped.
Each event is looked at once when it comes and once for each way that ends while it waits; how many
wait is bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import count, groupby

from chatkit.journeys.journey import LABELS, Hop, Journey, Node
from chatkit.localcloud.journeys import words
from chatkit.localcloud.journeys.seen import Seen

KEPT = 50
KEPT_MESSAGES = 10
WAITING = 300
# How long the app's own call of SignalR Service waits for the answer of the app.
OWN_S = 15.0
# The same of a call for which nobody named a cause: the notebook's own, for example.
OTHERS_S = 3.0
WEBHOOK = "/runtime/webhooks/signalr"
API = "/api/"
SERVICES = {"functions", "signalr", "storage", "website", "entra"}
SAME_IN_A_ROW = 3
HARMLESS = {404, 409, 412}  # a client asks whether something is there


class Assembly:
    """The newest journeys.

    Attributes:
        journeys: Oldest first.
    """

    def __init__(self) -> None:
        self.journeys: deque[Journey] = deque()
        self._numbers = count(1)
        self._waiting: deque[Seen] = deque(maxlen=WAITING)
        self._ends: dict[tuple[str, str], Callable[[Seen], None]] = {
            ("functions", "request"): self._answered,
            ("signalr", "handshake"): self._connected,
            ("signalr", "connection"): self._connection,
            ("signalr", "token"): self._token,
            ("signalr", "frame"): self._frame,
            ("website", "request"): self._page,
            ("entra", "sign-in"): self._signed_in,
            ("entra", "refused"): self._not_signed_in,
        }

    def feed(self, event: Seen) -> None:
        """Take a new event, of any trace; they come in the order in which they were seen."""
        if is_looked_at(event.source):
            service = event.source.partition("/")[0]
            self._ends.get((service, event.kind), self._wait)(event)

    def tell_late(self, now: float) -> None:
        """Tell what has waited for its end long enough.

        Args:
            now: Unix time.
        """
        late = self._take(lambda event: event.at < now - (OWN_S if event.cause else OTHERS_S))
        self._tell_tokens([event for event in late if _is_of_identity(event) and event.raw("app")])
        for send in late:
            if _is_send(send):
                self._tell_send(send, late)

    def _tell_send(self, send: Seen, late: list[Seen]) -> None:
        """Tell of a message that belongs to no request of a browser."""
        frames = [one for one in late if one.kind == "frame" and one.is_within(send)]
        if send.cause:
            hops = _middle([send, *frames], send, source="functions")
        else:  # nobody knows whose it is: the notebook's, or a program's beside the chat
            hops = _middle([send, *frames], send, source="browsers")
            hops[0] = replace(hops[0], words=f"{hops[0].words} (a program of its own)")
        title = send.text("path")
        if frames:
            title = words.message_title(frames[0], [send])
        receivers = sum(int(frame.number("receivers")) for frame in frames)
        outcome = words.ended(receivers)
        self._tell(send.began, title, hops, outcome, is_message=True, is_trial=_of_trial(frames))

    def _tell_tokens(self, asked: list[Seen]) -> None:
        """An app asks for a token before it is asked for anything, too: at its start."""
        for event in asked:
            title = f"{event.text('app')} gets a token"
            self._tell(event.began, title, _middle([event], event), "The app keeps it for a while.")

    def _wait(self, event: Seen) -> None:
        self._waiting.append(event)

    def _take(self, belongs: Callable[[Seen], bool]) -> list[Seen]:
        taken = [event for event in self._waiting if belongs(event)]
        for event in taken:
            self._waiting.remove(event)
        return sorted(taken, key=lambda event: (event.began, event.at))

    def _tell(
        self,
        at: float,
        title: str,
        hops: list[Hop],
        outcome: str,
        *,
        is_message: bool = False,
        is_trial: bool = False,
    ) -> None:
        for hop in hops:
            if hop.failed:
                ends = f"{LABELS[hop.source]} and {LABELS[hop.target]}"
                outcome = f"Stopped between {ends}: {hop.words}."
        number = next(self._numbers)
        way = Journey(number, at, title, tuple(hops), outcome, is_message, is_trial)
        if len(self.journeys) == KEPT:
            self.journeys.remove(self._least())
        self.journeys.append(way)

    def _least(self) -> Journey:
        """The oldest way, but not one of the last messages of people: a check has many requests."""
        said = [one.number for one in self.journeys if one.is_message and not one.is_trial]
        stays = said[-KEPT_MESSAGES:]
        return next(one for one in self.journeys if one.number not in stays)

    # A request to the functions

    def _answered(self, root: Seen) -> None:
        if root.raw("method") == "OPTIONS" and root.status < 400:
            return  # a preflight: the request follows
        own = self._take(lambda event: _belongs(event, root))
        if _is_host_path(root.raw("path")):
            return
        sends = [event for event in own if _is_send(event)]
        frames = [event for event in own if event.kind == "frame"]
        failure = next((event for event in own if event.kind == "invocation"), None)
        came_from: Node = "browsers"
        if root.raw("path").startswith(WEBHOOK):
            came_from = "signalr"
        what = f"{root.text('method')} {root.text('path')}"
        asked = what
        if root.raw("origin"):
            asked = f"{what}, for the page {root.text('origin')}"
        hops = [Hop(came_from, "functions", 0.0, None, asked)]
        hops += _shortened(_middle(own, root))
        hops.append(_answer(root, failure, came_from))
        title = what
        if frames:
            title = words.message_title(frames[0], sends)
        elif root.raw("user"):
            title = f"{what} by {words.person(root)}"
        receivers = None
        if frames:
            receivers = sum(int(frame.number("receivers")) for frame in frames)
        outcome = words.ended(receivers)
        trial = _of_trial(frames)
        self._tell(root.began, title, hops, outcome, is_message=bool(sends), is_trial=trial)

    # Clients of SignalR Service

    def _connected(self, handshake: Seen) -> None:
        connection = handshake.raw("connection")
        before = self._take(lambda event: event.raw("connection") == connection)
        began = min([event.at for event in before], default=handshake.at)
        user = next((event.text("user") for event in before if event.raw("user")), "")
        hops = [
            Hop("browsers", "signalr", _ms(event.at - began), None, _connecting(event))
            for event in before
        ]
        took = _ms(handshake.at - began)
        said = f"handshake accepted, protocol {handshake.text('protocol')}"
        hops.append(Hop("signalr", "browsers", took, None, said))
        self._tell(began, f"{user or 'a client'} connects", hops, "Connected.")

    def _connection(self, event: Seen) -> None:
        if event.raw("event") == "opened":
            self._wait(event)
        elif event.raw("event") == "closed" and event.raw("error"):
            hop = Hop("signalr", "browsers", 0.0, None, event.text("error").rstrip("."))
            self._tell(event.at, "a connection ends", [hop], "Its client may come back.")

    def _token(self, event: Seen) -> None:
        if event.detail.get("accepted") is True:
            return
        if event.raw("path").startswith(API):
            self._wait(event)
            return
        why = f"the token is refused: {event.text('reason')}"
        hop = Hop("browsers", "signalr", 0.0, None, why, failed=True)
        self._tell(event.at, "a client connects", [hop], "")

    def _frame(self, event: Seen) -> None:
        if event.raw("direction") != "in":
            if event.detail.get("receivers") is not None:
                self._wait(event)
            return
        if event.raw("target"):
            what = f"a client calls {event.text('target')}"
            hop = Hop("browsers", "signalr", 0.0, None, event.text("target"))
            self._tell(event.at, what, [hop], "The service passes it on to the functions.")

    # Page and sign-in

    def _page(self, event: Seen) -> None:
        path = event.raw("path")
        if event.status < 400 and not path.endswith(("/", ".html")):
            return
        what = f"{event.text('method')} {event.text('path')}"
        answer = f"answer {event.status}"
        failed = event.status >= 400
        hops = [
            Hop("browsers", "page", 0.0, None, what),
            Hop("page", "browsers", event.number("ms"), None, answer, failed),
        ]
        self._tell(event.began, what, hops, "The page is loaded.")

    def _signed_in(self, event: Seen) -> None:
        hop = Hop("browsers", "entra", 0.0, None, f"sign-in of {event.text('user')}")
        self._tell(event.at, f"{event.text('user')} signs in", [hop], "Entra knows who it is.")

    def _not_signed_in(self, event: Seen) -> None:
        if event.raw("error") == "authorization_pending":
            return  # a device asks every few seconds until somebody has typed its code
        why = f"refused: {event.text('error')} (AADSTS{int(event.number('number'))})"
        hop = Hop("browsers", "entra", 0.0, None, why, failed=True)
        self._tell(event.at, "a sign-in", [hop], "")


def is_looked_at(source: str) -> bool:
    """Whether journeys are made of what this source has seen."""
    return source.partition("/")[0] in SERVICES


def _belongs(event: Seen, root: Seen) -> bool:
    if event.cause:
        return event.cause == root.cause
    if event.kind in ("negotiate", "connection"):
        return False
    return event.is_within(root)


def _is_host_path(path: str) -> bool:
    """Whether the host itself answers, and no function of the app."""
    section = path.strip("/").partition("/")[0].lower()
    return section in ("", "admin", "favicon.ico")


def _is_of_identity(event: Seen) -> bool:
    """Whether an app has asked for a token of its managed identity."""
    return event.source == "entra" and event.kind == "identity"


def _is_call(event: Seen) -> bool:
    """Whether it is a request to SignalR Service's REST API."""
    is_signalr = event.source.startswith("signalr/")
    return is_signalr and event.kind == "request" and event.raw("path").startswith(API)


def _of_trial(frames: list[Seen]) -> bool:
    """Whether all that went out was a check's or a rehearsal's."""
    return bool(frames) and all(words.is_trial(frame) for frame in frames)


def _is_send(event: Seen) -> bool:
    """Whether it gives the service something to pass on."""
    return _is_call(event) and words.is_send(event.raw("method"), event.raw("path"))


def _middle(own: list[Seen], root: Seen, *, source: Node = "functions") -> list[Hop]:
    """What an app's function did before its answer, in the order in which it began."""
    hops: list[Hop] = []
    reasons = [event for event in own if event.kind == "token"]
    doubt = "" if root.detail.get("alone", True) else " (or another request's at the same time)"
    for began, event in _ordered(own):
        at = max(0.0, _ms(began - root.began))
        took = event.number("ms")
        failed = event.status >= 400 and event.status not in HARMLESS
        unsure = doubt if not event.cause else ""
        if event.source == "storage":
            said = f"{words.storage_words(event)}{unsure}"
            hops.append(Hop(source, "storage", at, took, said, failed))
        elif event.source == "entra" and event.kind == "token":
            said = f"a token, by {event.text('grant_type')}{unsure}"
            hops.append(Hop(source, "entra", at, None, said))
        elif _is_of_identity(event):
            said = f"{words.identity_words(event)}{unsure}"
            hops.append(Hop(source, "entra", at, took, said, failed))
        elif _is_call(event):
            reason = next((one for one in reasons if one.is_within(event)), None)
            said = f"{event.text('method')} {event.text('path')}: {event.status}{unsure}"
            if reason is not None:
                said = f"{said}, the token is refused: {reason.text('reason')}"
            hops.append(Hop(source, "signalr", at, took, said, failed))
        elif event.kind == "frame":
            hops.append(Hop("signalr", "browsers", at, None, words.frame_words(event)))
    return hops


def _ordered(own: list[Seen]) -> list[tuple[float, Seen]]:
    """Events with the times when they began, in that order.

    A call of the service is noted when it is over, and its frames before that. A process that had
    to wait for the processor in between would let a frame seem older than its own call.
    """
    begun: list[tuple[float, Seen]] = []
    frames: list[Seen] = []
    for event in sorted(own, key=lambda one: one.at):
        if event.kind == "frame":
            frames.append(event)
            continue
        of_call: list[Seen] = []
        if _is_call(event):
            of_call, frames = frames, []
        began = min([event.began, *(frame.at for frame in of_call)])
        begun += [(began, event), *((frame.at, frame) for frame in of_call)]
    begun += [(frame.at, frame) for frame in frames]
    return sorted(begun, key=lambda one: one[0])


def _shortened(hops: list[Hop]) -> list[Hop]:
    """Hops of which no more than a few in a row lead from one place to the same other one."""
    kept: list[Hop] = []
    for _, group in groupby(hops, key=lambda hop: (hop.source, hop.target, hop.failed)):
        same = [*group]
        kept += same[:SAME_IN_A_ROW]
        if same[SAME_IN_A_ROW:]:
            more = len(same) - SAME_IN_A_ROW + 1
            kept[-1] = replace(same[-1], words=f"{more} more of these; last: {same[-1].words}")
    return kept


def _answer(root: Seen, invocation: Seen | None, asker: Node) -> Hop:
    """The last hop, with what stopped the way there."""
    said = f"answer {root.status}"
    failed = root.status >= 400
    if invocation is not None and invocation.raw("failure"):
        name = invocation.text("function")
        said = f"answer {root.status}: {name} failed: {words.failure_words(invocation)}"
        failed = True
    elif failed and not root.raw("function"):
        said = f"answer {root.status}: {words.STATUSES.get(root.status, 'no function ran')}"
    return Hop("functions", asker, root.number("ms"), None, said, failed)


def _connecting(event: Seen) -> str:
    if event.kind == "negotiate":
        return f"negotiate for hub {event.text('hub')}"
    return "the connection is open"


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
