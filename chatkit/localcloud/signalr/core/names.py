"""Names of hubs, groups and users: what the service takes, and the sentences of its refusals.

Follows the patterns and lengths in Microsoft's "Azure SignalR Service REST API" definition.
"""

from __future__ import annotations

import re

from chatkit.localcloud.signalr.core.errors import BadRequest

HUB_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_`,.\[\]]{0,127}$")
MAX_NAME_CHARS = 1024
HUB_RULE = (
    "Invalid hub name. Valid hub name should be in between 1 and 128 characters long. "
    "The first character must be a letter, "
    "other characters can be letters, digits or the following symbols _`,.[]"
)
GROUP_RULE = "Invalid group name. Valid group name should be in between 1 and 1024 characters long."
USER_RULE = "Invalid user id. Valid user id should be in between 1 and 1024 characters long."


def valid_hub(name: str) -> str:
    """A hub name as it is.

    Raises:
        BadRequest: The service takes no such name.
    """
    if not HUB_NAME.fullmatch(name):
        raise BadRequest(HUB_RULE)
    return name


def valid_group(name: str) -> str:
    """A group name as it is.

    Raises:
        BadRequest: It is empty, blank or too long.
    """
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        raise BadRequest(GROUP_RULE)
    return name


def valid_user(user_id: str) -> str:
    """A user id as it is.

    Raises:
        BadRequest: It is empty or too long.
    """
    if not 1 <= len(user_id) <= MAX_NAME_CHARS:
        raise BadRequest(USER_RULE)
    return user_id
