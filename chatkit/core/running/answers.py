"""What answers at the port of a server on this machine."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

LIMIT_S = 20.0
HOST_STATUS = "/admin/host/status"
# These servers are on this machine: a proxy would not find them.
NO_PROXY = urllib.request.ProxyHandler({})


def status_at(url: str, *, limit_s: float = LIMIT_S) -> int:
    """The status that an address answers with, 0 when nothing does within a limit."""
    try:
        with urllib.request.build_opener(NO_PROXY).open(
            url, timeout=min(limit_s, LIMIT_S)
        ) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def has_lost_app(url: str) -> bool:
    """Whether the function host at an address could not load its app; its home page answers then,
    too.
    """
    try:
        with urllib.request.build_opener(NO_PROXY).open(
            f"{url}{HOST_STATUS}", timeout=LIMIT_S
        ) as response:
            return bool(json.load(response).get("state") == "Error")
    except (OSError, ValueError, AttributeError):
        return False
