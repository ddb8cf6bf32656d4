"""The SignalR Service instance: its mode, tier and connections, and the way to it."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from chatkit.chat.client.addresses import is_loopback
from chatkit.cloud.provision.signalr import FREE_SKU, service_mode
from chatkit.lesson.doctor.preflight import machine
from chatkit.lesson.doctor.problems.problem import Problem
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot, claims_given
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
    if sku and sku.name != FREE_SKU:
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


PROBLEMS = (
    Problem(
        30,
        "The service is in Default mode, app servers are not connected",
        (
            "In Default mode the service waits for a hub server; Azure Functions need the mode"
            " Serverless."
        ),
        MODE,
        (
            "aspnet/AzureSignalR-samples#133",
            "aspnet/AzureSignalR-samples#225",
            "MicrosoftDocs/azure-docs#43345",
        ),
        (
            r"service is now in '?default'? mode",
            r"app servers? (are|is) not connected",
            r"no server (is )?(available|connected).{0,80}signalr",
        ),
        _default_mode,
    ),
    Problem(
        31,
        "Connections are dropped every 15 seconds",
        (
            "In Classic (or Default) mode the service takes the client for one of a hub server,"
            " which does not exist."
        ),
        MODE,
        ("Azure/azure-signalr#540",),
        (r"(dropp|disconnect|clos)\w{0,20} .{0,40}(every|after) (about |~ ?)?1[05] ?(s|sec)",),
        _classic_mode,
    ),
    Problem(
        32,
        "429, the connection count reaches its limit",
        (
            "A Free unit holds 20 connections: tabs, panels, and connections that have not been"
            " given up yet."
        ),
        (
            "Close tabs and panels and wait a minute; count one connection a tab. Standard has"
            " 1,000 a unit."
        ),
        ("Azure/azure-signalr#536", "Azure/azure-signalr#241"),
        (
            r"connection count (reach|exceed)",
            r"\b429\b.{0,120}(signalr|connection|negotiate)",
            r"(signalr|negotiate).{0,120}\b429\b",
        ),
        _full,
    ),
    Problem(
        33,
        "A bill that nobody expected",
        (
            "The instance is of a tier that costs money by the day, used or not; many scripts"
            " make Standard_S1."
        ),
        (
            "Choose Free in the portal (Scale), or `chatkit clean` and create it again: the kit"
            " makes Free_F1."
        ),
        ("aspnet/AzureSignalR-samples#159", "aspnet/AzureSignalR-samples#66"),
        (
            r"(bill|invoice|charged?|cost)\b.{0,80}signalr",
            r"signalr.{0,80}\b(bill|invoice|charged?)\b",
            r"\bstandard_s1\b",
        ),
        _paid_tier,
    ),
    Problem(
        34,
        "Still connected, and the functions are down",
        (
            "Clients are connected to the service, not to the functions: it is so by design in"
            " Serverless mode."
        ),
        (
            "Start the function app (in the portal); a page that has to know asks one of its"
            " functions from time to time."
        ),
        ("aspnet/AzureSignalR-samples#263",),
        (
            (
                r"(still|stays?|remains?|says) .?connected.{0,60}(backend|functions?|server"
                r"|app)\b.{0,30}(down|stopped|off|gone)"
            ),
            r"this web app is stopped",
        ),
        _stopped_app,
    ),
    Problem(
        35,
        "After a while nothing arrives any more",
        (
            "The token has ended: it lives an hour, and not every client notices. A shorter life"
            " makes it happen sooner."
        ),
        (
            "Negotiate again when the connection closes, as content/live.js does, and leave the"
            " token's life at 60 minutes."
        ),
        ("Azure/azure-signalr#1954", "Azure/azure-signalr#943"),
        (
            r"idx10223",
            r"lifetime validation failed",
            r"(access ?token|jwt|signature) (has |is )?expired",
            r"expiredsignatureerror",
        ),
        _short_life,
    ),
    Problem(
        36,
        "A proxy or firewall blocks the WebSocket",
        (
            "Something between blocks WebSockets or *.service.signalr.net; the browser may call"
            " it a CORS error."
        ),
        (
            "Set NO_PROXY=localhost,127.0.0.1; ask for *.service.signalr.net:443 with WebSocket,"
            " or use another network."
        ),
        ("dotnet/aspnetcore#7308", "aspnet/SignalR#2987", "GrillPhil/ServerlessRealtimeDemo#2"),
        (
            r"websocket connection to 'wss?://[^']*' failed",
            (
                r"err_(tunnel_connection_failed|proxy_connection_failed"
                r"|connection_reset).{0,200}signalr"
            ),
            (
                r"service\.signalr\.net.{0,200}err_(tunnel|proxy|connection_(reset|timed_out"
                r"|refused)|name_not_resolved)"
            ),
            r"websocket failed to connect",
        ),
        _no_way,
    ),
)
