"""Azure's rules for names, checked before anything is asked of Azure.

The SDKs send whatever they are given. Follows Microsoft's page "Naming rules and restrictions for
Azure resources".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from azure.core.exceptions import HttpResponseError

from chatkit.cloud.recent import DELETED
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError, SetupError

R = TypeVar("R")
NO_RIGHT = 403
# "About 15 minutes" for a storage account (hashicorp/terraform#6702).
FREE_LIMIT_S = 900.0
TAKEN = re.compile(r"AlreadyTaken|AlreadyExists|already (taken|exists|in use)", re.IGNORECASE)


@dataclass(frozen=True)
class NameRule:
    """One kind of name."""

    kind: str
    pattern: re.Pattern[str]
    sentence: str


RULES = {
    rule.kind: rule
    for rule in (
        NameRule(
            "resource group",
            re.compile(r"[-\w._()]{0,89}[-\w_()]"),
            "1 to 90 letters, digits, hyphens, underscores, dots or brackets,"
            " and no dot at the end",
        ),
        NameRule(
            "SignalR instance",
            re.compile(r"[A-Za-z][A-Za-z0-9-]{1,61}[A-Za-z0-9]"),
            "3 to 63 letters, digits or hyphens,"
            " beginning with a letter and not ending with a hyphen",
        ),
        NameRule(
            "storage account",
            re.compile(r"[a-z0-9]{3,24}"),
            "3 to 24 lower-case letters and digits, nothing else",
        ),
        NameRule(
            "function app",
            re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]"),
            "2 to 60 letters, digits or hyphens, with no hyphen at either end",
        ),
        NameRule(
            "plan",
            re.compile(r"[A-Za-z0-9-]{1,60}"),
            "1 to 60 letters, digits or hyphens",
        ),
    )
}


def check_name(kind: str, name: str) -> str:
    """Return the name when Azure takes it for this kind of resource.

    Raises:
        SetupError: It breaks the rule; the sentence says which.
    """
    rule = RULES[kind]
    if not rule.pattern.fullmatch(name):
        raise SetupError(f"{name!r} cannot be the name of a {kind}: Azure wants {rule.sentence}.")
    return name


def if_allowed(ask: Callable[[], R]) -> R | None:
    """Ask the subscription something; None when this account may not.

    Who has rights on a resource group alone may make everything in it, and not ask beforehand
    whether a name is free: then the request that makes it says so.
    """
    try:
        return ask()
    except HttpResponseError as error:
        if error.status_code != NO_RIGHT:
            raise
        return None


class Availability(Protocol):
    """A service's answer to the question whether a name is free."""

    name_available: bool | None
    reason: Any
    message: str | None


def check_available(stack: Stack, name: str, ask: Callable[[], Availability]) -> None:
    """Make sure that nobody has a name; all of Azure shares these.

    One that this chat has just deleted is free only after a while: it is waited for.

    Args:
        stack: Whose name it is.
        name: The name.
        ask: Asks the service.

    Raises:
        ServiceError: Somebody has it, in the service's own words.
    """
    left_s = stack.recent.left_s(DELETED, stack.names.resource_group, FREE_LIMIT_S)
    answer: Availability | None = None
    for _ in stack.calls.waiting(left_s, f"Azure frees the name {name}, which was just deleted"):
        answer = if_allowed(ask)
        if answer is None or answer.name_available is not False:
            return
    assert answer is not None
    code = str(getattr(answer.reason, "value", answer.reason) or "AlreadyExists")
    sentence = answer.message or f"The name {name} is taken."
    hint = "`Workshop.open(suffix='...')` chooses other names."
    if left_s:
        hint = f"Azure keeps a deleted name for a while: run the cell again later, or {hint}"
    raise ServiceError(409, code, sentence, hint=hint)


def once_free(stack: Stack, create: Callable[[], R]) -> R:
    """Make several things at once; names that this chat has just deleted are free after a while.

    Args:
        stack: Whose names they are.
        create: Makes them, and goes on with those that are there when it is called again.

    Raises:
        azure.core.exceptions.HttpResponseError: As Azure refuses it.
    """
    left_s = stack.recent.left_s(DELETED, stack.names.resource_group, FREE_LIMIT_S)
    for _ in stack.calls.waiting(left_s, "Azure frees the names that were just deleted"):
        try:
            return create()
        except HttpResponseError as error:
            if not TAKEN.search(str(error)):
                raise
            last = error
    raise last
