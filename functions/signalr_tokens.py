"""Tokens of SignalR Service: a few claims, signed with the access key of the connection string.

They are JSON Web Tokens, signed with HS256.
https://learn.microsoft.com/azure/azure-signalr/signalr-concept-client-negotiation
"""

import base64
import hashlib
import hmac
import json
import os
import time

HUB = "chat"
LIFETIME_S = 3600


def connection_info(user: str) -> dict[str, str]:
    """Where the hub is, and a token that connects to it as this user."""
    parts = connection()
    claims = {"asrs.s.uid": user}
    token = signed(f"{parts['endpoint']}/client/?hub={HUB}", claims)
    return {"url": f"{parts['address']}/client/?hub={HUB}", "accessToken": token}


def connection() -> dict[str, str]:
    """The parts of the connection string; `address` is the endpoint with its port."""
    parts: dict[str, str] = {}
    for part in os.environ["AzureSignalRConnectionString"].split(";"):
        name, _, value = part.partition("=")
        parts[name.strip().lower()] = value.strip()
    endpoint = parts["endpoint"].rstrip("/")
    parts["endpoint"] = endpoint
    parts["address"] = f"{endpoint}:{parts['port']}" if "port" in parts else endpoint
    return parts


def signed(audience: str, claims: dict[str, str]) -> str:
    """Sign claims for one audience: an address of the service, without its port."""
    now = int(time.time())
    payload = {**claims, "aud": audience, "iat": now, "nbf": now, "exp": now + LIFETIME_S}
    text = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(payload)}"
    signature = hmac.digest(connection()["accesskey"].encode(), text.encode(), hashlib.sha256)
    return f"{text}.{_base64(signature)}"


def _part(value: dict[str, object]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
