"""Secrets as Azure makes them, for tests that look for them where they must not be.

None of them is anybody's: each is made of one letter or a counted pattern.
"""

from __future__ import annotations

import base64
import json

RANDOM = bytes((one * 37 + 11) % 256 for one in range(64))
ACCOUNT_KEY = base64.b64encode(RANDOM).decode()
SIGNALR_KEY = base64.b64encode(RANDOM[:32]).decode()
NEW_SIGNALR_KEY = "4tQ9xW2pLm8Rv3Zk6Nc1Bj5Hy7Gd0Fs" + "JQQJ99BKACi0881XJ3w3AAAAASRSx2kL"
FUNCTION_KEY = "xq3Vd7LkPz" + "R2mT9wYb4NcH8sJgF1aQ6uEoKi5vXrZt-_AzFuQwErTy=="
CLIENT_SECRET = "aB18Q~" + "kLmN.pQrS_tUvW-xYz0123456789abcdefgh"
MASTER_KEY = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYg=="
HEX_KEY = "9f86d081884c7d659a2feaa0c55ad015" + "a3bf4f1b2b0b822cd15d6c15b0f00a08"
PASSWORD = "correct-Horse-7-battery"


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


JWT = f"{_part({'alg': 'RS256'})}.{_part({'sub': 'alice'})}.{_part('x' * 40)}"
SIGNATURE = base64.b64encode(RANDOM[32:]).decode()
SAS = f"sv=2026-10-06&sp=r&se=2026-12-01&sig={SIGNATURE.replace('+', '%2B').replace('/', '%2F')}"
# How each stands in a text; the part that must not be read.
PLANTED: dict[str, tuple[str, str]] = {
    "account key": (ACCOUNT_KEY, ACCOUNT_KEY),
    "storage connection string": (
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={ACCOUNT_KEY}",
        ACCOUNT_KEY,
    ),
    "SignalR connection string": (
        f"Endpoint=https://a.service.signalr.net;AccessKey={SIGNALR_KEY};Version=1.0;",
        SIGNALR_KEY,
    ),
    "SignalR key": (SIGNALR_KEY, SIGNALR_KEY),
    "newer SignalR key": (NEW_SIGNALR_KEY, NEW_SIGNALR_KEY),
    "SAS": (f"https://a.blob.core.windows.net/c?{SAS}", SAS.rpartition("sig=")[2]),
    "JWT": (JWT, JWT),
    "bearer": (f"Authorization: Bearer {JWT}", JWT),
    "cut JWT": (f"Authorization: Bearer {JWT.rpartition('.')[0]}", JWT.split(".")[1]),
    "function key": (FUNCTION_KEY, FUNCTION_KEY),
    "function key in an address": (
        f"https://a.azurewebsites.net/api/x?code={FUNCTION_KEY}",
        "xq3V",
    ),
    "client secret": (CLIENT_SECRET, CLIENT_SECRET),
    "master key": (MASTER_KEY, MASTER_KEY),
    "hex key": (HEX_KEY, HEX_KEY),
    "password": (f"password={PASSWORD}", PASSWORD),
    "password in JSON": (json.dumps({"pwd": PASSWORD}), PASSWORD),
}
