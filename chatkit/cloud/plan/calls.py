"""Every call of the tutorial, in order, from a whole one that was done on the local cloud.

`calls.json` is what the notebooks have sent, with names for what differs from one subscription to
another. A test does a tutorial again and compares.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NotRequired, TypedDict, cast

from chatkit.core.settings import Names

PATH = Path(__file__).parent / "calls.json"
QUESTIONS = re.compile(
    r"/(checkNameAvailability|listKeys|list|whatIf|exportTemplate|:generateToken|token)$",
    re.IGNORECASE,
)


class PlannedCall(TypedDict):
    """One call.

    Attributes:
        section: Its notebook: two digits.
        step: What the verb does that sends it; empty for cells, checks and the doctor.
        operation: The SDK's method, where a verb calls one.
        url: Without its query; `{arm}`, `{suffix}` and others stand for what differs.
        api_version: Of Resource Manager.
        action: What a role must allow, as `Microsoft.Web/sites/write`; empty elsewhere.
        body: What is sent, with `<...>` for secrets and for what Azure chooses meanwhile.
    """

    section: str
    step: str
    operation: str
    method: str
    url: str
    api_version: str
    action: str
    body: NotRequired[Any]


@cache
def all_calls() -> tuple[PlannedCall, ...]:
    """The calls of the whole tutorial."""
    found: list[PlannedCall] = json.loads(PATH.read_text(encoding="utf-8"))
    return tuple(found)


def changes_something(call: PlannedCall) -> bool:
    """Whether something is different afterwards."""
    if call["method"] in ("GET", "HEAD"):
        return False
    return call["method"] != "POST" or QUESTIONS.search(call["url"]) is None


def addresses(names: Names) -> dict[str, str]:
    """What stands for what, on Azure; `<...>` is not known before."""
    account = names.storage_account
    return {
        "{arm}": "https://management.azure.com",
        "{graph}": "https://graph.microsoft.com",
        "{authority}": "https://login.microsoftonline.com",
        "{app}": f"https://{names.function_app}.azurewebsites.net",
        "{scm}": f"https://{names.function_app}.scm.azurewebsites.net",
        "{blob}": f"https://{account}.blob.core.windows.net",
        "{web}": f"https://{account}.<zone>.web.core.windows.net",
        "{signalr}": f"https://{names.signalr}.service.signalr.net",
        "{subscription}": "<subscription id>",
        "{tenant}": "<tenant id>",
        "{client}": "<client id>",
        "{region}": names.region,
        "{suffix}": names.resource_group.rpartition("-")[2],
    }


def with_names(call: PlannedCall, names: Names) -> PlannedCall:
    """The call as these names make it."""
    known = addresses(names)
    return cast("PlannedCall", _named(call, known))


def _named(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {_named(name, known): _named(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [_named(one, known) for one in value]
    if not isinstance(value, str):
        return value
    for name, meant in known.items():
        value = value.replace(name, meant)
    return value


def body_text(call: PlannedCall) -> str:
    """What is sent, as one text; empty without a body."""
    body = call.get("body")
    if body is None:
        return ""
    return body if isinstance(body, str) else json.dumps(body)
