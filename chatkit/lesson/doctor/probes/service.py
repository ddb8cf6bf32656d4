"""The SignalR Service instance: its mode, tier and connections, and the way to it."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from chatkit.chat.client.addresses import is_loopback
from chatkit.cloud.provision.signalr import service_mode
from chatkit.cloud.provision.tiers import FREE
from chatkit.lesson.doctor.preflight import machine
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.answers import claims_given
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot
from chatkit.lesson.http import fetch

SHORTEST_LIFE_S = 600
MODE = "workshop.create_signalr() sets the mode Serverless."


def _default_mode(snapshot: Snapshot) -> str:
    mode = service_mode(snapshot.instance())
    if mode == "Default":
        return f"the instance's service mode is {mode}"
    return ""


def _classic_mode(snapshot: Snapshot) -> str:
    mode = service_mode(snapshot.instance())
    if mode == "Classic":
        return f"the instance's service mode is {mode}"
    return ""


def _full(snapshot: Snapshot) -> str:
    refusal = snapshot.refusal()
    if "429" in refusal:
        return "the service takes no more connections: it answers 429"
    return ""


def _paid_tier(snapshot: Snapshot) -> str:
    sku = snapshot.instance().sku
    if sku and sku.name != FREE.sku:
        return f"the instance's tier is {sku.name}"
    return ""


def _stopped_app(snapshot: Snapshot) -> str:
    properties = snapshot.site().properties
    if properties and str(properties.state) == "Stopped":
        return "the function app is stopped"
    return ""


def _short_life(snapshot: Snapshot) -> str:
    for where, answer in (
        ("on this machine", known(snapshot.local_negotiate)),
        ("in the function app", known(snapshot.negotiate)),
    ):
        token = claims_given(answer)
        left_s = float(token.get("exp", 0)) - time.time()
        if token and left_s < SHORTEST_LIFE_S:
            return f"negotiate {where} gives tokens that end in {max(0, round(left_s))} seconds"
    return ""


def _no_way(snapshot: Snapshot) -> str:
    swallowed = machine.proxy()
    if not swallowed.ok:
        return f"a proxy is {swallowed.found}"
    if not snapshot.refusal() or is_loopback(snapshot.connection.client_url):
        return ""
    answers = fetch("GET", snapshot.connection.client_url).status
    host = urlsplit(snapshot.connection.client_url).hostname
    if not answers:
        return f"{host} does not answer"
    if any(code in snapshot.refusal() for code in ("401", "403", "429")):
        return ""
    return f"{host} answers, but no WebSocket opens"


PROBES: dict[str, Probe] = {
    "default-mode": _default_mode,
    "classic-mode": _classic_mode,
    "connection-limit": _full,
    "bill": _paid_tier,
    "app-stopped": _stopped_app,
    "token-ended": _short_life,
    "proxy-or-firewall": _no_way,
}
