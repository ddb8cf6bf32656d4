"""Requests as they were sent, without secrets: what every form of a step is made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from chatkit.cloud.how import masking
from chatkit.core.settings import Names

# They answer a question. What they answer goes into a later request, or nowhere.
QUESTIONS = ("checknameavailability", "list", "listkeys", "whatif")
READ_FIRST = ("list", "listkeys")
# subscriptions/ID/resourceGroups/NAME
MOST_BEFORE_PROVIDER = 4
HEADERS = (
    "x-ms-version",
    "x-ms-blob-type",
    "x-ms-blob-content-type",
    "x-ms-blob-cache-control",
)
PACKAGE = "functions.zip"
WEB_CONTAINER = "$web"


@dataclass(frozen=True)
class Request:
    """One request, with placeholders in the place of secrets.

    Attributes:
        operation: The SDK's method, for example "SignalROperations.begin_create_or_update".
        arguments: What the method got besides the body.
        method: HTTP verb.
        url: Whole, with its api-version.
        body: The JSON that was sent, None when there was none.
        size_bytes: Of a body that is no JSON.
        content_type: Of the body.
        headers: Those that say what a blob is.
        meant: Names of the app settings that the step is about; the others were read before.
    """

    operation: str
    arguments: tuple[str, ...]
    method: str
    url: str
    body: dict[str, Any] | None = None
    size_bytes: int = 0
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    meant: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Its path, without host and query."""
        return unquote(urlsplit(self.url).path)

    @property
    def last(self) -> str:
        """The last part of its path, in lower case."""
        return self.path.rpartition("/")[2].lower()

    @property
    def changes_something(self) -> bool:
        """Whether something is different afterwards."""
        if self.method in ("GET", "HEAD"):
            return False
        return self.method != "POST" or self.last not in QUESTIONS

    @property
    def is_read_first(self) -> bool:
        """Whether its answer goes into a later request."""
        return self.method == "POST" and self.last in READ_FIRST

    @property
    def api_version(self) -> str:
        """Version of Resource Manager's API, empty elsewhere."""
        return parse_qs(urlsplit(self.url).query).get("api-version", [""])[0]

    @property
    def resource(self) -> ResourcePath | None:
        """The resource that it is about, None where it is about none of Resource Manager's."""
        return ResourcePath.parse(self.path)

    def value(self, *names: str) -> Any:
        """What stands in the body below some names; None when it is not there."""
        found: Any = self.body
        for name in names:
            if not isinstance(found, dict):
                return None
            found = found.get(name)
        return found

    def text(self, *names: str) -> str:
        """The text below some names of the body; empty when it is not there."""
        found = self.value(*names)
        if isinstance(found, bool):
            return str(found).lower()
        return "" if found is None else str(found)


@dataclass(frozen=True)
class ResourcePath:
    """A resource's address in Resource Manager.

    Attributes:
        group: Its resource group, empty for the group itself.
        type: With its provider, for example "Microsoft.Web/sites/config".
        names: One for each part of the type behind the provider.
        scope: Type and name of the resource that it is about, empty for most.
    """

    group: str
    type: str
    names: tuple[str, ...]
    scope: str = ""

    @property
    def name(self) -> str:
        """The name as a template has it: those of its parents first."""
        return "/".join(self.names)

    @classmethod
    def parse(cls, path: str) -> ResourcePath | None:
        """Read the path of a URL, or an id."""
        parts = path.strip("/").split("/")
        if len(parts) < 4 or parts[0].lower() != "subscriptions":
            return None
        group = ""
        if parts[2].lower() == "resourcegroups":
            group = parts[3]
        if "providers" not in parts:
            if not group:
                return None
            return cls("", "Microsoft.Resources/resourceGroups", (group,))
        # The last: a role assignment stands below the path of another resource.
        at = len(parts) - 1 - parts[::-1].index("providers")
        provider, *rest = parts[at + 1 :]
        if len(rest) < 2:
            return None
        scope = ""
        if at > MOST_BEFORE_PROVIDER:
            about = cls.parse("/".join(parts[:at]))
            if about is not None:
                scope = f"{about.type}/{about.name}"
        return cls(group, "/".join([provider, *rest[::2]]), tuple(rest[1::2]), scope)


@dataclass(frozen=True)
class Place:
    """Where a step was done.

    Attributes:
        resource_manager: Address of Azure Resource Manager.
        graph: Address of Microsoft Graph.
        authority: Address of Microsoft Entra ID.
        app_scheme: Scheme of what a browser opens.
        names: What the resources are called.
        api_base_url: Address of the deployed functions, empty while there are none.
        web_url: Address of the deployed page, empty while it is not known.
        client_id: Of the app registration, empty where the kit has made none.
        function_files: What is published, by its path in the functions' folder.
        template_file: The template that is deployed, empty for none.
    """

    resource_manager: str
    graph: str
    authority: str
    subscription_id: str
    tenant_id: str
    app_scheme: str
    names: Names
    api_base_url: str = ""
    web_url: str = ""
    client_id: str = ""
    function_files: tuple[str, ...] = ()
    template_file: str = ""
    functions_folder: str = "my-chat/functions"
    page_folder: str = "my-chat/content"

    def file_of(self, request: Request) -> str:
        """The file that a request sends."""
        _, is_of_page, name = request.path.partition(f"/{WEB_CONTAINER}/")
        return f"{self.page_folder}/{name}" if is_of_page else PACKAGE


@dataclass(frozen=True)
class LocalFile:
    """A JSON file that a step writes on this machine, with placeholders in the place of secrets."""

    path: str
    content: Mapping[str, Any]

    def text(self) -> str:
        """What the file says."""
        return json.dumps(self.content, indent=2)


def essential(requests: Sequence[Request]) -> list[Request]:
    """The requests that changed something, and those whose answers they need.

    All, where none changed anything.
    """
    wanted = []
    later: list[Request] = []
    for one in reversed(requests):
        if one.changes_something:
            later.append(one)
        if one.changes_something or any(_needs(other, one) for other in later):
            wanted.append(one)
    return wanted[::-1] or questions(requests)


def questions(requests: Sequence[Request]) -> list[Request]:
    """What a step asked that changes nothing; what was read for it says nothing by itself."""
    return [one for one in requests if not one.is_read_first] or [*requests]


def _needs(later: Request, earlier: Request) -> bool:
    """Whether a request says again what an earlier one was answered."""
    if not earlier.is_read_first:
        return False
    if earlier.last == "list":
        return later.path.lower() == earlier.path.rpartition("/")[0].lower()
    return "<connection string" in str(later.body) or later.operation.endswith(".upload_blob")


def read_request(
    operation: str,
    arguments: tuple[object, ...],
    *,
    sent: Sent,
    meant: tuple[str, ...] = (),
) -> Request:
    """Note a request, with its secrets replaced.

    Args:
        operation: The SDK's method.
        arguments: What it got.
        sent: The request.
        meant: Names of the app settings that the step is about.
    """
    content_type = sent.headers.get("Content-Type", "")
    body = _json(sent.body, content_type)
    size = len(sent.body) if body is None else 0
    return Request(
        operation,
        tuple(one for one in arguments if isinstance(one, str)),
        sent.method,
        masking.mask_url(sent.url),
        body if body is None else masking.mask_body(body, urlsplit(sent.url).path),
        size,
        content_type,
        tuple((name, sent.headers[name]) for name in HEADERS if name in sent.headers),
        meant,
    )


@dataclass(frozen=True)
class Sent:
    """What goes over the wire, secrets included; nothing keeps it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def _json(body: bytes, content_type: str) -> dict[str, Any] | None:
    if not body or "json" not in content_type:
        return None
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
