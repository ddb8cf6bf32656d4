"""Requests that no client library would send."""

from __future__ import annotations

from dataclasses import dataclass

from tests.attacks.group import Group
from tests.localcloud.hostile import Sent


@dataclass(frozen=True)
class Case:
    """A request, and the status that refuses it."""

    service: str
    sent: Sent | bytes
    status: int


DEEP = b'{"displayName":' * 900 + b"1" + b"}" * 900
LONE = b'{"location": "eastus", "tags": {"a": "\\ud800"}}'
GROUP = b"/subscriptions/SUB/resourceGroups/lone"
COPY = ((b"x-ms-copy-source", b"http://[::1"), (b"x-ms-version", b"2023-11-03"))
IDS = b'{"ids": [' + b'"a", ' * 1000 + b'"a"]}'
FORM = ((b"Content-Type", b"application/x-www-form-urlencoded"),)
LONG = b"client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46&scope=" + b"s" * 9000
CASES: dict[str, Case] = {
    "Graph: JSON nested 900 deep": Case(
        "graph", Sent(b"POST", b"/v1.0/applications", (), DEEP), 400
    ),
    "Graph: half a character": Case(
        "graph", Sent(b"POST", b"/v1.0/applications", (), b'{"displayName": "\\ud800"}'), 400
    ),
    "Graph: more ids than it looks up": Case(
        "graph", Sent(b"POST", b"/v1.0/directoryObjects/getByIds", (), IDS), 400
    ),
    "Entra: a scope that nobody could keep": Case(
        "entra", Sent(b"POST", b"/TENANT/oauth2/v2.0/devicecode", FORM, LONG), 400
    ),
    "Resource Manager: a name with a line end": Case(
        "resource-manager", Sent(b"PUT", GROUP + b"%0A", (), b'{"location": "eastus"}'), 400
    ),
    "storage: a name with a line end": Case(
        "dev-storage", Sent(b"PUT", b"/devstoreaccount1/box%0A?restype=container"), 400
    ),
    "Resource Manager: JSON nested 900 deep": Case(
        "resource-manager", Sent(b"PUT", GROUP, (), DEEP), 400
    ),
    "Resource Manager: half a character": Case(
        "resource-manager", Sent(b"PUT", GROUP, (), LONE), 400
    ),
    "storage: a source that is no URL": Case(
        "dev-storage", Sent(b"PUT", b"/devstoreaccount1/box/blob", COPY), 400
    ),
    "storage: a NUL that an answer would repeat": Case(
        "dev-storage", Sent(b"GET", b"/devstoreaccount1?comp=%00"), 501
    ),
    "sign-in: a redirect that is no URL": Case(
        "sign-in",
        Sent(b"GET", b"/TENANT/oauth2/v2.0/authorize?client_id=x&redirect_uri=http://[::1"),
        400,
    ),
    "control: a number that is none": Case("control", Sent(b"GET", b"/trace?after=x"), 400),
    "control: faults that are no object": Case(
        "control", Sent(b"POST", b"/signalr/chat/faults", (), b"[1]"), 400
    ),
    "functions: a port that is none": Case(
        "site", b"GET /api/a HTTP/1.1\r\nHost: localhost:99999\r\nConnection: close\r\n\r\n", 421
    ),
    "a request that is no HTTP": Case("website", b"GET / HTTP/9.x\r\n\r\n", 400),
    "a header without a name": Case(
        "resource-manager", b"GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n", 400
    ),
}
GROUPS = (
    Group(
        "Requests that no library would send",
        "test_hostile_requests.py",
        "test_a_hostile_request_is_refused",
        tuple(CASES),
    ),
)
