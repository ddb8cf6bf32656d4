"""404: no function has that address; which addresses there are, and the nearest of them.

The host answers 404 for another path as well as for another method, and says nothing with it.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from chatkit.chat.client.background_loop import background_loop
from chatkit.chat.client.rest import ask
from chatkit.cloud.app_log.failures import without_functions
from chatkit.cloud.app_log.logs import LocalRunLog
from chatkit.core.errors import ChatkitError
from chatkit.core.work.course_choice import is_tutorial
from chatkit.steps.local_servers import FUNCTIONS

if TYPE_CHECKING:
    from chatkit.steps.session import Session

ASKED = re.compile(r"\b(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS) (/[^\s?:,]{0,200})")
TRIGGER = "httptrigger"
ANY_METHOD = ("GET", "POST")
PARAMETER = "{}"
IN_BRACES = re.compile(r"\{[^{}]{0,200}\}")
LIMIT_S = 5.0
PREFIX = "api"
# What the platform and the host answer themselves.
NOT_FUNCTIONS = ("/.", "/admin", "/runtime")
# Functions of the app that is taught, by what they answer, with their files.
APP = {
    ("POST", "negotiate"): ("negotiate", "signalr_info.py"),
    ("POST", "signalrinfo"): ("SignalRInfo", "signalr_info.py"),
    ("POST", "messages"): ("SendMessage", "send_message.py"),
    ("GET", "messages"): ("GetMessages", "get_messages.py"),
}


@dataclass(frozen=True)
class Address:
    """What one function answers.

    Attributes:
        function: Its name.
        path: With the prefix and its parameters: "/api/messages/{id}".
        methods: In capitals.
    """

    function: str
    path: str
    methods: tuple[str, ...]

    def __str__(self) -> str:
        return f"{'/'.join(self.methods)} {self.path}"

    def has_path(self, path: str) -> bool:
        """Whether a path is one of its own; case does not matter to the host."""
        own, asked = IN_BRACES.sub(PARAMETER, self.path.lower()).split("/"), path.lower().split("/")
        pairs = zip(own, asked, strict=False)
        return len(own) == len(asked) and all(one in (two, PARAMETER) for one, two in pairs)


@dataclass(frozen=True)
class NotFound:
    """Why an address answers 404.

    Attributes:
        what: Which address it is.
        there: What the functions answer.
        ask: What to ask instead.
        correct: What to correct in the app, when the address is right.
    """

    what: str
    there: str
    ask: str
    correct: str


def asked_in(error: ChatkitError) -> tuple[str, str] | None:
    """Method and path that an error is about."""
    found = ASKED.search(error.message)
    return (found[1], found[2]) if found else None


def why(session: Session, where: str, method: str, path: str) -> NotFound | None:
    """Why an address answers 404; None when a function has it, or nobody knows.

    Args:
        session: The home and the target.
        where: "local" or "deployed".
        method: In capitals.
        path: From the slash on.
    """
    from azure.core.exceptions import AzureError

    if path.lower().startswith(NOT_FUNCTIONS):
        return None
    try:
        known = [*(_local(session) if where == "local" else _deployed(session))]
    except (ChatkitError, AzureError, OSError):
        return None
    if not known:
        return _nothing(session, where, method, path)
    at_path = [one for one in known if one.has_path(path)]
    if any(method in one.methods for one in at_path):
        return None
    with_method = [one for one in known if method in one.methods]
    near = _near(path, with_method) or at_path or _near(path, known)
    listed = ", ".join(str(one) for one in sorted(known, key=lambda one: (one.path, one.methods)))
    instead = f"The nearest is {near[0]}." if near else "Compare the address with these."
    correct = _correction(method, path, known) or instead
    return NotFound(
        f"No function answers {method} {path}.", f"The functions answer {listed}.", instead, correct
    )


def _nothing(session: Session, where: str, method: str, path: str) -> NotFound | None:
    """What is said where no function is listed; one that is deployed may be listed later."""
    if where != "local":
        return None
    none = without_functions(LocalRunLog(session.servers.log(FUNCTIONS)).read().text)
    if not none:
        return None
    correct = "Correct that, then workshop.start_functions()."
    return NotFound(
        f"No function answers {method} {path}.", f"No functions: {none}", correct, correct
    )


def _correction(method: str, path: str, known: list[Address]) -> str:
    """What to do in the app when it is the tutorial's own address that no function has."""
    function, file = APP.get((method, path.rpartition("/")[2].lower()), ("", ""))
    if not function or not is_tutorial():
        return ""
    is_at = next((one for one in known if one.function == function), None)
    if is_at is None:
        return (
            f"{function} is not in the app: function_app.py has to register the blueprint of {file}"
            " (the notebook's cell does), then start or publish the functions."
        )
    return f"{function} answers {is_at}: correct the route or the methods in functions/{file}."


def path_of(url: str) -> str:
    """The path of an address."""
    return urlsplit(url).path or "/"


def _near(path: str, known: list[Address]) -> list[Address]:
    by_name = {one.path.rpartition("/")[2].lower(): one for one in known}
    names = get_close_matches(path.rstrip("/").rpartition("/")[2].lower(), [*by_name], n=1)
    return [by_name[name] for name in names]


async def _listed(session: Session) -> Any:
    """What the host on this machine tells of its functions."""
    async with aiohttp.ClientSession() as client:
        return await ask(client, "GET", f"{session.local_api_base_url}/admin/functions")


def _local(session: Session) -> Iterator[Address]:
    found = background_loop().call(_listed(session), timeout_s=LIMIT_S)
    for one in found or ():
        template = one.get("invoke_url_template")
        if template:
            yield from _addresses(one.get("config") or {}, path_of(template))


def _deployed(session: Session) -> Iterator[Address]:
    names = session.names
    sites = session.connect(start=False).web().web_apps
    for one in sites.list_functions(names.resource_group, names.function_app):
        config = (one.as_dict().get("properties") or {}).get("config") or {}
        yield from _addresses(config, "")


def _addresses(config: Mapping[str, Any], path: str) -> Iterator[Address]:
    name = str(config.get("name", ""))
    for binding in config.get("bindings") or ():
        if str(binding.get("type", "")).lower() == TRIGGER:
            methods = tuple(str(one).upper() for one in binding.get("methods") or ANY_METHOD)
            route = str(binding.get("route") or name).strip("/")
            yield Address(name, path or f"/{PREFIX}/{route}", methods)
