"""The functions of the board, and what each takes.

POST   negotiate  a code, the board's or the screen's token: where the hub is, and a token
POST   results    a code: keep events, and send them to the board
DELETE results    a code: forget all that this person has reported
GET    results    the board's or the screen's token: all that there is so far
POST   hands      the board's token: lower a person's hand
"""

from __future__ import annotations

import json
import re
import time
import uuid

import azure.functions as func

from . import events, hub, storage
from .answers import Refused, answer, refuse
from .callers import BOARD, PERSON, SCREEN, Admission, Caller
from .events import Event

PERSON_ID = re.compile(r"[a-z0-9]{1,16}")
NOT_FOR_YOU = "This is for the instructor's board."
NOT_FOR_BOARDS = "Only somebody with a join code reports."
HUB = {
    "arg_name": "out",
    "type": "signalR",
    "hubName": hub.HUB,
    "connectionStringSetting": "AzureSignalRConnectionString",
}

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
admission = Admission()


@app.function_name("negotiate")
@app.route(route="negotiate", methods=["POST"])
@app.generic_output_binding(**HUB)
def negotiate(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    """Answer `{"url", "accessToken", "person", "ends", "left"}`; put the caller into its group."""
    try:
        caller = admission.admit(req)
    except Refused as refused:
        return refuse(refused)
    out.set(json.dumps([hub.joins(caller)]))
    found = {"person": caller.id, "ends": caller.ends, "left": max(0.0, caller.ends - time.time())}
    return answer({**hub.connection_info(caller), **found})


@app.function_name("results")
@app.route(route="results", methods=["GET", "POST", "DELETE"])
@app.generic_output_binding(**HUB)
def results(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    """Keep a person's events, forget them, or tell them to a board."""
    try:
        caller = admission.admit(req)
        if req.method == "GET":
            return answer(_told(caller))
        _check(caller, PERSON, NOT_FOR_BOARDS)
        if req.method == "DELETE":
            storage.forget(caller.id)
            out.set(json.dumps(hub.gone(caller.id)))
            return answer({"forgotten": True})
        stored = storage.keep(caller.id, events.read(req.get_body()))
    except Refused as refused:
        return refuse(refused)
    # Known ones, too: their first sending may have failed, and a board takes each id once.
    out.set(json.dumps(hub.news(caller.id, stored.events)))
    return answer({"kept": len(stored.events), "new": stored.new, "hand": stored.hand})


@app.function_name("hands")
@app.route(route="hands", methods=["POST"])
@app.generic_output_binding(**HUB)
def hands(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    """Lower the hand of `{"person"}`."""
    try:
        _check(admission.admit(req), BOARD, NOT_FOR_YOU)
        person = _person(req.get_body())
        body = {"id": uuid.uuid4().hex, "kind": "hand", "text": "", "ago": 0}
        lowered = events.read(json.dumps({"events": [body]}).encode())
        kept = storage.keep(person, lowered).events
    except Refused as refused:
        return refuse(refused)
    out.set(json.dumps([*hub.news(person, kept), hub.lowered(person)]))
    return answer({"lowered": person})


def _told(caller: Caller) -> dict[str, dict[str, list[Event]]]:
    """All that there is: for the screen without what tells who somebody is, or what they ask."""
    if caller.kind == BOARD:
        return {"people": storage.everything()}
    _check(caller, SCREEN, NOT_FOR_YOU)
    found = storage.everything()
    return {
        "people": {
            hub.row_of(person): [hub.on_screen(event) for event in reported]
            for person, reported in found.items()
        }
    }


def _check(caller: Caller, kind: str, sentence: str) -> None:
    if caller.kind != kind:
        raise Refused(403, sentence)


def _person(body: bytes) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "The body is not JSON.") from None
    person = document.get("person") if isinstance(document, dict) else None
    if not isinstance(person, str) or not PERSON_ID.fullmatch(person):
        raise Refused(400, 'The body has to be {"person": "an id"}.')
    return person
