"""The SignalR Service instance: its mode, tier and connections, and the way to it."""

from __future__ import annotations

from chatkit.knowledge.problem import MANAGER, Problem

MODE = "workshop.create_signalr() sets the mode Serverless."

PROBLEMS = (
    Problem(
        key="default-mode",
        title="The service is in Default mode, and no hub server is connected",
        cause="In Default mode the service waits for a hub server; Azure Functions need the mode"
        " Serverless.",
        fix=MODE,
        links=(
            "aspnet/AzureSignalR-samples#133",
            "aspnet/AzureSignalR-samples#225",
            "MicrosoftDocs/azure-docs#43345",
        ),
        says=(
            r"service is now in '?default'? mode",
            r"app servers? (are|is) not (currently )?connected",
            r"no (app )?servers? (is |are )?(currently )?(available|connected)",
            r"azure signalr service is not connected yet",
            r"(service ?mode|mode).{0,40}\bdefault\b.{0,60}(serverless|not supported|expected)",
        ),
    ),
    Problem(
        key="classic-mode",
        title="Connections are dropped every 15 seconds",
        cause="In Classic (or Default) mode the service takes the client for one of a hub server,"
        " which does not exist.",
        fix=MODE,
        links=("Azure/azure-signalr#540",),
        says=(r"(dropp|disconnect|clos)\w{0,20} .{0,40}(every|after) (about |~ ?)?1[05] ?(s|sec)",),
    ),
    Problem(
        key="message-limit",
        title="The day's messages are used up",
        cause="A Free unit of SignalR Service sends 20,000 messages a day, each copy counted; what"
        " is above is refused until midnight UTC.",
        fix="Wait, or use Standard: `chatkit scale --tier standard` (costs by the day).",
        links=("Azure/azure-signalr#234", "aspnet/AzureSignalR-samples#66"),
        codes=("MessageCountExceeded",),
        says=(
            r"message count (reach|exceed)",
            r"daily message",
            r"messages? (quota|limit) .{0,40}(reach|exceed|day)",
            r"(limit|quota) of messages",
        ),
    ),
    Problem(
        key="connection-limit",
        title="429, the connection count reaches its limit",
        cause="A Free unit holds 20 connections: tabs, panels, and connections that have not been"
        " given up yet.",
        fix="Close tabs and panels and wait a minute; count one connection a tab. Standard has"
        " 1,000 a unit: `chatkit scale --tier standard`.",
        links=("Azure/azure-signalr#536", "Azure/azure-signalr#241"),
        codes=("TooManyRequests", "ConnectionCountReached"),
        says=(
            r"connection (count|limit|quota) .{0,20}(reach|exceed)",
            r"\b429\b.{0,120}(signalr|connection|negotiat|websocket|hub)",
            r"(signalr|negotiat|websocket|hub|client/\?).{0,160}\b429\b",
            r"too many (connections|requests)",
            r"(stops?|fails?|refuse\w{0,2}) after \d{1,4} (users|people|tabs|connections)",
        ),
    ),
    Problem(
        key="bill",
        title="A bill that nobody expected",
        cause="The instance is of a tier that costs money by the day, used or not; many scripts"
        " make Standard_S1.",
        fix="`chatkit scale --tier free` (in a cell workshop.scale('free')), or Free in the portal"
        " (Scale). The kit makes Free_F1 by itself.",
        links=("aspnet/AzureSignalR-samples#159", "aspnet/AzureSignalR-samples#66"),
        says=(
            r"(bill|invoice|charged?|costs?)\b.{0,80}(signalr|standard_s1)",
            r"(signalr|standard_s1).{0,80}\b(bill|invoice|charged?|costs? (me|us|money))\b",
        ),
    ),
    Problem(
        key="token-ended",
        title="After a while nothing arrives any more",
        cause="The token has ended: it lives an hour, and not every client notices. A shorter life"
        " makes it happen sooner.",
        fix="Negotiate again when the connection closes, as content/live.js does, and leave the"
        " token's life at 60 minutes.",
        links=("Azure/azure-signalr#1954", "Azure/azure-signalr#943"),
        says=(
            r"idx10223",
            r"lifetime validation failed",
            r"(access ?token|jwt|signature|\btoken) (has |is )?expired",
            r"expiredsignatureerror",
            r"after (about )?(an|one|1) hour.{0,60}(disconnect|nothing|no (more )?messages|clos)",
        ),
    ),
    Problem(
        key="token-too-long",
        title="The access token is too long",
        cause="A token goes in the address of a WebSocket: with many claims it is longer than 4"
        " KB.",
        fix="Let negotiate sign the user id only, as signalr_tokens.py of section 09 does.",
        links=("https://learn.microsoft.com/azure/azure-signalr/signalr-howto-troubleshoot-guide",),
        says=(
            r"access token must not be longer than",
            r"414 (\(?uri|request-uri)",
            r"413 (payload|request entity) too large.{0,80}(token|negotiat)",
        ),
    ),
    Problem(
        key="message-too-large",
        title="A message is too large",
        cause="SignalR Service takes messages of up to 1 MB over REST; the chat's own limit is"
        " lower.",
        fix="Send less text; put pictures and files into Blob storage and send their address.",
        links=(f"{MANAGER}/management/azure-subscription-service-limits",),
        says=(
            r"message (size|is too (long|large|big))",
            r"maximum message size",
            r"(413|payload too large|request body too large|entity too large)",
            r"the maximum .{0,40}frame size",
        ),
    ),
    Problem(
        key="unknown-connection",
        title="The WebSocket is refused: token or connection id do not fit",
        cause="The client goes to the service with a token or an id that is not from this"
        " negotiation: a token of another hub or instance, one used with skipNegotiation, or one"
        " that has ended; less often a proxy blocks WebSockets.",
        fix="Use url and accessToken as negotiate gave them, both fresh, and no skipNegotiation"
        " with the functions' address. If that is so, look at the proxy.",
        links=("Azure/azure-signalr#1799", "aspnet/SignalR#2987"),
        says=(
            r"websocket failed to connect\. the connection could not be found",
            r"(websocket|handshake).{0,160}(status|code|http|response)[:= ]{1,3}(401|403|404)\b",
            r"server rejected websocket connection: http (401|403|404)",
            r"http authentication failed; no valid credentials",
            r"handshake status (?!101|429|5\d\d)\d{3}",
            r"invalid response status.{0,40}(401|403|404)",
            r"wsservererhandshakeerror|wsserverhandshakeerror",
            r"no connection with that id",
            r"invalidaudienceerror|audience (doesn't|does not) match",
            r"pysignalr\.exceptions\.negotiationfailure",
            r"handshake failed: http/1\.\d (401|403|404)",
            r"eventsource failed to connect",
        ),
        may_say=(
            r"websocket failed to connect",
            r"there was an error with the transport",
            r"unable to connect to the server with any of the available transports",
            r"failed to start the transport",
        ),
    ),
    Problem(
        key="service-closed",
        title="The service closed the connection",
        cause="SignalR Service ended it: too many connections or messages for the tier, an"
        " upstream that refused connected, a token that ended, or somebody closed it over REST.",
        fix="Look at the number of connections and the tier (workshop.doctor()), and negotiate"
        " anew, as content/live.js does.",
        links=("Azure/azure-signalr#536", "Azure/azure-signalr#943"),
        says=(
            r"connection closed with an error",
            r"server returned an error on close",
            r"\"type\": ?7\b",
            r"the server closed the connection",
        ),
    ),
    Problem(
        key="connection-lost",
        title="The connection to the service was lost",
        cause="The network between was interrupted, the machine slept, or the server ended without"
        " a goodbye: the client heard nothing for its time-out.",
        fix="Reconnect, as content/live.js does (withAutomaticReconnect and a new negotiate); on"
        " this machine look whether the local cloud runs: `chatkit local status`.",
        links=("Azure/azure-signalr#1297", "Azure/azure-signalr#540"),
        says=(
            r"server timeout(?: \([\d.]+m?s\))? elapsed without receiving",
            r"websocket closed with status code:? ?\d{4}",
            r"no close frame received or sent",
            r"connectionclosederror",
            r"connection disconnected with error",
            r"reconnect retries have been exhausted",
            r"the connection was closed by (peer|network)",
            r"remote party closed the websocket connection",
            r"sent 1011 .{0,40}keepalive ping timeout",
            r"keep.?alive (ping )?timeout",
            r"ping timeout",
            r"websocket is already in closing or closed state",
        ),
    ),
    Problem(
        key="proxy-or-firewall",
        title="A proxy or firewall is in the way",
        cause="Something between blocks WebSockets or *.service.signalr.net, or asks for a"
        " password; the browser may call it a CORS error.",
        fix="Set NO_PROXY=localhost,127.0.0.1; ask for *.service.signalr.net:443 with WebSocket,"
        " or use another network.",
        links=(
            "dotnet/aspnetcore#7308",
            "aspnet/SignalR#2987",
            "GrillPhil/ServerlessRealtimeDemo#2",
        ),
        says=(
            r"err_(tunnel_connection_failed|proxy_connection_failed|connection_reset)",
            r"service\.signalr\.net.{0,200}err_(tunnel|proxy|connection_(reset|timed_out"
            r"|refused))",
            r"(cannot|unable to) connect to proxy",
            r"proxyerror",
            r"407 \(?proxy authentication",
            r"tunnel connection failed",
            r"websocket connection to 'wss://[^']{1,300}' failed",
            r"err_blocked_by_client",
            r"blocked by (your )?(administrator|firewall|network)",
            r"connected (party|host) (did not properly respond|has failed to respond)",
        ),
    ),
)
