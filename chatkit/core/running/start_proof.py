"""How a server proves that it is the one that was started: it answers a challenge with a secret.

The starter gives its child a secret in an environment variable, which other users cannot read. Then
it asks at the port. A program of somebody else that was quicker does not know the answer, whatever
else it answers: "somebody listens there" is no proof on a shared machine.

Standard library only.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from chatkit.core.text.constant_time import is_same_secret

VARIABLE = "CHATKIT_START_SECRET"
CHALLENGE_HEADER = "x-chatkit-challenge"
PROOF_HEADER = "x-chatkit-proof"
# A server of somebody else may accept and never answer; ours answers before it has loaded anything.
ANSWER_LIMIT_S = 2.0


def new_secret() -> str:
    """A secret for one start."""
    return secrets.token_hex(32)


def given_secret(environment: Mapping[str, str] | None = None) -> str:
    """The secret that this process was started with, empty when nobody waits for a proof."""
    known = os.environ if environment is None else environment
    return known.get(VARIABLE, "")


def proof(secret: str, challenge: str, *, port: int) -> str:
    """The answer to a challenge at a port.

    The port is part of it: nobody can pass the challenge on to another server with that secret.
    """
    text = f"{port} {challenge}".encode(errors="replace")
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def is_proven(url: str, secret: str) -> bool:
    """Ask a server for its proof; False when nothing answers, or something else does."""
    address = urlsplit(url)
    challenge = secrets.token_hex(16)
    # http.client knows no proxies: the server is on this machine.
    connection = http.client.HTTPConnection(address.netloc, timeout=ANSWER_LIMIT_S)
    try:
        connection.request("GET", "/", headers={CHALLENGE_HEADER: challenge})
        given = connection.getresponse().getheader(PROOF_HEADER) or ""
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    wanted = proof(secret, challenge, port=address.port or 80)
    return bool(secret) and is_same_secret(given, wanted)
