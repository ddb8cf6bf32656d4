"""Tokens of SignalR Service: a few claims, signed with the access key of the connection string.

They are JSON Web Tokens, which PyJWT signs. Where the settings name the service and hold no key,
the app signs in with its own identity, and the service makes the tokens of clients.
https://learn.microsoft.com/azure/azure-signalr/signalr-concept-client-negotiation
"""

import json
import os
import time
import urllib.parse
import urllib.request

import jwt

from app_identity import credential

HUB = "chat"
LIFETIME_S = 3600
TIMEOUT_S = 5

# Straight to the service, whatever proxy the machine has.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def connection_info(user: str) -> dict[str, str]:
    """Where the hub is, and a token that connects to it as this user."""
    parts = connection()
    if "accesskey" in parts:
        token = signed(f"{parts['endpoint']}/client/?hub={HUB}", {"asrs.s.uid": user})
    else:
        token = _made_by_service(user)
    return {"url": f"{parts['address']}/client/?hub={HUB}", "accessToken": token}


def signed(audience: str, claims: dict[str, str]) -> str:
    """Sign claims for one audience: an address of the service, without its port."""
    now = int(time.time())
    payload = {**claims, "aud": audience, "iat": now, "nbf": now, "exp": now + LIFETIME_S}
    return jwt.encode(payload, connection()["accesskey"], algorithm="HS256")


def connection() -> dict[str, str]:
    """The parts of the connection string; `address` is the endpoint with its port."""
    text = os.environ.get("AzureSignalRConnectionString")
    text = text or f"Endpoint={os.environ['AzureSignalRConnectionString__serviceUri']}"
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        parts[name.strip().lower()] = value.strip()
    endpoint = parts["endpoint"].rstrip("/")
    parts["endpoint"] = endpoint
    parts["address"] = f"{endpoint}:{parts['port']}" if "port" in parts else endpoint
    return parts


def authorization(path: str) -> dict[str, str]:
    """The header that lets one request in at the service."""
    parts = connection()
    if "accesskey" in parts:
        return {"Authorization": f"Bearer {signed(parts['endpoint'] + path, {})}"}
    token = credential().get_token("https://signalr.azure.com/.default").token
    return {"Authorization": f"Bearer {token}"}


def _made_by_service(user: str) -> str:
    """A client's token, for a service that has no key to sign with."""
    path = f"/api/hubs/{HUB}/:generateToken?api-version=2022-11-01"
    url = f"{connection()['address']}{path}&userId={urllib.parse.quote(user, safe='')}"
    request = urllib.request.Request(url, headers=authorization(path), method="POST")
    with direct.open(request, timeout=TIMEOUT_S) as answer:
        return str(json.load(answer)["token"])
