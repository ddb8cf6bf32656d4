"""What a token looks like when it has run out, for learners who want to see a 401."""

from __future__ import annotations

import base64
import json
import time

HOUR_S = 3600


def expired(token: str) -> str:
    """The same token with an end that lies in the past.

    Only the issuer's key can sign, so the signature does not fit any more either: a service refuses
    the token, as it would refuse the original an hour later. A token that is not a JWT becomes a
    wrong one.
    """
    head, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        past = {**claims, "exp": int(time.time()) - HOUR_S}
    except (ValueError, TypeError):
        return f"expired-{token}"
    text = json.dumps(past, separators=(",", ":"))
    body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return f"{head}.{body}.{signature}"
