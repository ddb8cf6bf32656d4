"""What the kit does with the errors that are documented for its calls: tried, not told.

Each is answered to a real client of the SDK, and counted how often it asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from azure.core.exceptions import HttpResponseError

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.hints import problem_of
from chatkit.cloud.plan.calls import PlannedCall
from chatkit.localcloud.resource_manager.core.faults import KINDS
from tests.cloud.fake_azure import FakeAzure, cloud_over
from tests.steps.test_kit_faults import SURVIVED
from tests.steps.test_kit_faults_lasting import SAID

ONCE = "raised at once"


@dataclass(frozen=True)
class Documented:
    """An error that a service documents, or that was seen of it.

    Attributes:
        status: Of the answer.
        code: In its body.
        methods: Of the requests it answers, as a pattern.
        url: Of them, as a pattern.
    """

    status: int
    code: str
    methods: str = ".*"
    url: str = r"^\{arm\}"

    def fits(self, call: PlannedCall) -> bool:
        """Whether it may answer a call."""
        methods = re.fullmatch(self.methods, call["method"])
        return bool(methods and re.search(self.url, call["url"], re.IGNORECASE))


SITE = r"/sites/[^/]+$"
CREATED = r"/providers/[^/]+/[^/]+/[^/]+$"
BLOBS = r"^\{blob\}"
ONE_BLOB = r"^\{blob\}/.+/.+"
GRAPH = r"^\{graph\}"
SCM = r"^\{scm\}"
HUB = r"^\{signalr\}"
NOT_REGISTERED = "MissingSubscriptionRegistration"
ERRORS = (
    Documented(401, "InvalidAuthenticationToken"),
    Documented(401, "ExpiredAuthenticationToken"),
    Documented(403, "AuthorizationFailed"),
    Documented(404, "SubscriptionNotFound"),
    Documented(409, "ReadOnlyDisabledSubscription", "PUT|PATCH|DELETE"),
    Documented(429, "SubscriptionRequestsThrottled"),
    Documented(429, "TooManyRequests"),
    Documented(500, "InternalServerError"),
    Documented(503, "ServerTimeout"),
    Documented(504, "GatewayTimeout"),
    Documented(404, "ResourceGroupNotFound", "GET|DELETE", r"/resourcegroups/[^/]+$"),
    Documented(404, "ResourceGroupNotFound", "PUT|PATCH|POST", r"/resourcegroups/.*/providers/"),
    Documented(404, "ResourceNotFound", "GET|PATCH", CREATED),
    Documented(404, "ParentResourceNotFound", "PUT|POST", r"/(config|blobServices|functions)/"),
    Documented(409, "ResourceGroupBeingDeleted", "PUT", r"/resourcegroups/"),
    Documented(409, "InvalidResourceGroupLocation", "PUT", r"/resourcegroups/[^/]+$"),
    Documented(409, "InvalidResourceLocation", "PUT", CREATED),
    Documented(409, "ScopeLocked", "PUT|PATCH|DELETE"),
    Documented(403, "RequestDisallowedByPolicy", "PUT|PATCH"),
    Documented(409, NOT_REGISTERED, "PUT|PATCH|POST", r"/providers/(?!.*/register)"),
    Documented(400, "LocationNotAvailableForResourceType", "PUT", CREATED),
    Documented(400, "BadArgument", "PUT", r"/signalr/[^/]+$"),
    Documented(409, "FreeTierQuotaExceeded", "PUT", r"/signalr/[^/]+$"),
    Documented(403, "LocalAuthDisabled", "POST", r"/signalr/[^/]+/listkeys$"),
    Documented(400, "AccountNameInvalid", "PUT", r"/storageaccounts/[^/]+$"),
    Documented(409, "StorageAccountAlreadyTaken", "PUT", r"/storageaccounts/[^/]+$"),
    Documented(409, "Conflict", "PUT", SITE),
    Documented(400, "UnsupportedPythonVersion", "PUT", SITE),
    Documented(400, "PrincipalNotFound", "PUT", r"/roleassignments/"),
    Documented(409, "RoleAssignmentExists", "PUT", r"/roleassignments/"),
    Documented(403, "KeyBasedAuthenticationNotPermitted", url=BLOBS),
    Documented(403, "AuthorizationPermissionMismatch", url=BLOBS),
    Documented(403, "AuthorizationFailure", url=BLOBS),
    Documented(403, "AuthenticationFailed", url=BLOBS),
    Documented(404, "ContainerNotFound", url=BLOBS),
    Documented(404, "BlobNotFound", "GET|DELETE", ONE_BLOB),
    Documented(409, "ContainerBeingDeleted", "PUT", BLOBS),
    Documented(503, "ServerBusy", url=BLOBS),
    Documented(401, "InvalidAuthenticationToken", url=GRAPH),
    Documented(403, "Authorization_RequestDenied", url=GRAPH),
    Documented(404, "Request_ResourceNotFound", url=GRAPH),
    Documented(400, "Request_BadRequest", "POST", GRAPH),
    Documented(429, "TooManyRequests", url=GRAPH),
    Documented(401, "", url=SCM),
    Documented(403, "", url=SCM),
    Documented(404, "", url=SCM),
    Documented(409, "", "POST", SCM),
    Documented(503, "", url=SCM),
    Documented(401, "", url=HUB),
    Documented(403, "", url=HUB),
    Documented(404, "", url=HUB),
    Documented(429, "", url=HUB),
)
MANAGER = "Resource Manager"
SERVICES = {one.url: MANAGER for one in ERRORS} | {
    BLOBS: "Blob storage",
    ONE_BLOB: "Blob storage",
    GRAPH: "Microsoft Graph",
    SCM: "SCM",
    HUB: "SignalR, data plane",
}
MADE = "the verb makes it; the clean-up takes it for the proof (`test_kit_sequence.py`)"
SAYS = "the verb says what to do (`test_kit_publish.py`)"
# What a verb makes of an error, and the test that shows it.
VERBS: dict[tuple[str, str, str], str] = {
    (MANAGER, "GET", "ResourceGroupNotFound"): MADE,
    (MANAGER, "GET", "ResourceNotFound"): MADE,
    (MANAGER, "PUT", "MissingSubscriptionRegistration"): "the verb registers the provider and asks"
    " again (`test_kit_faults.py`)",
    (MANAGER, "PUT", "ResourceGroupBeingDeleted"): "the verb looks first, and waits for the end of"
    " the deletion (`test_kit_resource_group.py`)",
    (MANAGER, "POST", "LocalAuthDisabled"): "the verb goes on without keys"
    " (`test_keyless_chat.py`)",
    (MANAGER, "PUT", "RoleAssignmentExists"): "the verb takes it for done"
    " (`test_keyless_roles.py`)",
    ("Microsoft Graph", "POST", "Authorization_RequestDenied"): "the verb names the manual way"
    " (`test_kit_authentication.py`)",
    ("SCM", "POST", "401"): SAYS,
    ("SCM", "POST", "409"): "the verb waits and sends it again (`test_kit_publish.py`)",
    ("SCM", "POST", "404"): SAYS,
}


@cache
def behaviour(method: str, status: int, code: str, *, is_blob: bool) -> str:
    """What a client of the kit does when a request is answered so: how often it asks, what it says.

    It is tried: a client sends the request, and everything it sends is answered so.
    """
    azure = FakeAzure()
    body: object = {"error": {"code": code, "message": "It is so."}} if code else None
    if code == "BadArgument":
        body = {"error": {"code": code, "message": "Leaf domain a is already in use."}}
    if code == "Conflict":  # App Service has a form of its own
        body = {"Code": code, "Message": "Website with given name a already exists."}
    if is_blob:
        body = (
            f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>.</Message></Error>".encode()
        )
    azure.on(method, "", (status, body, {"x-ms-error-code": code} if is_blob else {}))
    cloud = cloud_over(azure)
    send = _asking_blobs(cloud, method) if is_blob else _asking(cloud, method)
    problem = _problem(send)
    times = len(azure.seen)
    asked = ONCE if times == 1 else f"asked {times} times, then raised"
    return f"{asked}; {problem}"


def _asking(cloud: Cloud, method: str) -> Callable[[], object]:
    rest = cloud.rest(cloud.resource_manager)

    def ask() -> None:
        answer = Calls().call(rest.send, method, "/subscriptions/s", retry_backoff_factor=0)
        answer.raise_for_status()

    return ask


def _asking_blobs(cloud: Cloud, method: str) -> Callable[[], object]:
    at_once = {"initial_backoff": 0, "increment_base": 0, "random_jitter_range": 0}
    container = cloud.blobs("https://a.blob.core.windows.net", "a2V5", **at_once)
    client = container.get_container_client("c")
    asked: dict[str, Callable[[], object]] = {
        "GET": client.get_container_properties,
        "PUT": client.create_container,
        "DELETE": client.delete_container,
    }
    return asked[method]


def _problem(send: Callable[[], object]) -> str:
    try:
        send()
    except HttpResponseError as error:
        found = problem_of(error)
        return f"known as “{found.title}”" if found else "shown as the service says it"
    return "no error"


def documented(call: PlannedCall) -> list[Documented]:
    """The errors that may answer a call."""
    return [one for one in ERRORS if one.fits(call)]


def table(calls: list[PlannedCall]) -> Iterator[str]:
    """Each error with each method that it may answer, and what the kit does."""
    yield "| service | status | code | method | what the client does | what the verb does |"
    yield "|---|---|---|---|---|---|"
    rows: dict[tuple[str, int, str, str, str], list[str]] = {}
    for service, status, code, method in _answers(calls):
        verb = VERBS.get((service, method, code or str(status)), "ends with it")
        tried = behaviour(method, status, code, is_blob=service == "Blob storage")
        rows.setdefault((service, status, code, tried, verb), []).append(method)
    for (service, status, code, tried, verb), methods in rows.items():
        cells = (service, str(status), code or "any", ", ".join(methods), tried, verb)
        yield f"| {' | '.join(cells)} |"


def _answers(calls: list[PlannedCall]) -> list[tuple[str, int, str, str]]:
    """Service, status, code and method of each error that may answer some calls."""
    found = {
        (SERVICES[one.url], one.status, one.code, call["method"])
        for call in calls
        for one in documented(call)
    }
    return sorted(found)


def rehearsed() -> Iterator[str]:
    """What verbs do with a failure that is switched on in the local cloud."""
    yield "| failure | what happens | gets through | ends, and says |"
    yield "|---|---|---|---|"
    kinds = dict.fromkeys(fault.kind for fault in (*SURVIVED, *SAID))
    for kind in kinds:
        survived = dict.fromkeys(f"`{one.verb}`" for one in SURVIVED if one.kind == kind)
        said = dict.fromkeys(f"`{one.verb}`: “{one.said}”" for one in SAID if one.kind == kind)
        cells = (f"`{kind}`", KINDS[kind].sentence, ", ".join(survived), ", ".join(said))
        yield f"| {' | '.join(cell or '-' for cell in cells)} |"
