"""Presence: is somebody connected now? The service knows, and answers callers that may read.

https://learn.microsoft.com/rest/api/signalr/dataplane/signalr/head-user-existence
"""

import logging
import urllib.error
import urllib.parse
import urllib.request

from signalr_tokens import HUB, authorization, connection, direct

TIMEOUT_S = 2


def is_connected(user: str) -> bool | None:
    """Say whether a user has a connection to the hub; None when the service cannot be asked."""
    name = urllib.parse.quote(user, safe="")
    path = f"/api/hubs/{HUB}/users/{name}?api-version=2022-06-01"
    url = connection()["address"] + path
    request = urllib.request.Request(url, headers=authorization(path), method="HEAD")
    try:
        with direct.open(request, timeout=TIMEOUT_S):
            return True
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return False
        reason = f"it answers {error.code}"
    except OSError as error:
        reason = type(error).__name__
    logging.warning("The service cannot say who is connected: %s", reason)
    return None
