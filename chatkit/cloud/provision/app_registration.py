"""The function app's registration in Microsoft Entra ID, through Microsoft Graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict
from urllib.parse import quote

from azure.core.exceptions import AzureError, ResourceNotFoundError

from chatkit.cloud.calls import lasting
from chatkit.cloud.how.references import SECRET_NAME
from chatkit.cloud.provision.app_settings import read_app_settings
from chatkit.cloud.provision.receipt import Item
from chatkit.cloud.recent import REGISTERED
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

SECRET_SETTING = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"
APPLICATIONS = "/v1.0/applications"
SERVICE_PRINCIPALS = "/v1.0/servicePrincipals"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
GONE_S = 300.0
# Graph finds what was just made only after a while; that it took more than a minute is reported
# (hashicorp/terraform-provider-azuread#1811).
CONSISTENT_S = 300.0
NOT_YET = "does not reference a valid application object"
MANUAL = (
    "Ask somebody who may register applications for one with the redirect URI {callback}"
    " and a client secret, then call"
    " workshop.enable_authentication(client_id=..., client_secret=...)."
)
MANUAL_BEFORE = (
    "Ask somebody who may register applications for one with a client secret, then call"
    " workshop.deploy_template(clientId=..., clientSecret=...)."
)
GONE = "workshop.register_app() makes another one."


@dataclass(frozen=True)
class Registration:
    """An app registration with a secret.

    Attributes:
        client_id: Its application id.
        secret: The client secret.
        is_new: Whether the secret was just made: Entra ID takes it after a while only.
    """

    client_id: str
    secret: str = field(repr=False)
    is_new: bool = False


class _Web(TypedDict):
    redirectUris: NotRequired[list[str]]


class _Secret(TypedDict):
    """A secret as Graph shows it: its first characters, and its end."""

    hint: NotRequired[str | None]
    endDateTime: NotRequired[str | None]


class _Application(TypedDict):
    """An app registration as Graph shows it, as far as it is used here."""

    id: str
    appId: str
    web: NotRequired[_Web]
    passwordCredentials: NotRequired[list[_Secret]]


def register(stack: Stack, callback: str) -> Registration:
    """Make sure the function app has an app registration, with a secret that works.

    Args:
        stack: Whose function app it is.
        callback: Where the identity provider sends people back.

    Raises:
        ServiceError: The signed-in account may not register applications; the hint says what to
            do instead.
    """
    graph = _Graph(stack, callback)
    name = stack.names.function_app
    wanted = _wanted(name, callback)
    found = _there(stack, graph)
    if found is not None:
        graph.would_ask("POST", APPLICATIONS, json=wanted)
    application: _Application = found or _created(stack, graph, wanted)
    address = f"{APPLICATIONS}/{application['id']}"
    if callback not in redirects(application):
        graph.ask("PATCH", address, json={"web": wanted["web"]})
    _make_principal(graph, application, is_new=found is None)
    return _with_secret(stack, graph, application, address)


def register_app(stack: Stack, callback: str, *, known: str = "") -> str:
    """Make sure there is an app registration, without a secret; its application id.

    Args:
        stack: Whose function app it is.
        callback: Where the identity provider sends people back; empty while that is not known.
        known: Id of the one that the kit has made already.

    Raises:
        ServiceError: The signed-in account may not register applications.
    """
    graph = _Graph(stack, callback)
    name = stack.names.function_app
    wanted = _wanted(name, callback)
    found = _there(stack, graph, known=known)
    if found is not None and callback:
        ask = graph.would_ask if callback in redirects(found) else graph.ask
        ask("PATCH", _by_id(found["appId"]), json={"web": wanted["web"]})
        return found["appId"]
    if found is not None:
        graph.would_ask("POST", APPLICATIONS, json=wanted)
    application: _Application = found or _created(stack, graph, wanted)
    _make_principal(graph, application, is_new=found is None)
    return application["appId"]


def leads_back(stack: Stack, client_id: str, callback: str) -> bool:
    """Whether a registration sends people back to an address after sign-in."""
    return callback in redirects(_Graph(stack, callback).ask("GET", _by_id(client_id)))


def with_secret(stack: Stack, client_id: str) -> Registration:
    """A registration with the secret that the app's settings hold, if it works; else a new one.

    Raises:
        ServiceError: There is no such registration, or this account may not change it.
    """
    graph = _Graph(stack, "")
    address = _by_id(client_id)
    return _with_secret(stack, graph, graph.ask("GET", address), address)


def secret_in_use(stack: Stack) -> str:
    """The client secret in the app's settings; empty where there is none, or no app."""
    try:
        return read_app_settings(stack).get(SECRET_SETTING, "")
    except ResourceNotFoundError:
        return ""


def _make_principal(graph: _Graph, application: _Application, *, is_new: bool) -> None:
    principal = {"appId": application["appId"]}
    if is_new:
        graph.ask("POST", SERVICE_PRINCIPALS, json=principal, allowed=(409,))
    else:
        graph.would_ask("POST", SERVICE_PRINCIPALS, json=principal)


def _with_secret(
    stack: Stack, graph: _Graph, application: _Application, address: str
) -> Registration:
    """With the secret in the app's settings, where it is one of the registration's; else a new."""
    secret = secret_in_use(stack)
    password = {"passwordCredential": {"displayName": SECRET_NAME}}
    is_new = not _is_current(application, secret)
    if is_new:
        secret = graph.ask("POST", f"{address}/addPassword", json=password)["secretText"]
    else:
        graph.would_ask("POST", f"{address}/addPassword", json=password)
    return Registration(application["appId"], secret, is_new)


def is_registered(stack: Stack) -> bool:
    """Whether Graph finds an app registration of the function app's name.

    False, too, where this account may not look.
    """
    address = by_name(stack.names.function_app)
    answer = stack.calls.call(stack.cloud.graph_rest().send, "GET", address)
    return answer.status_code == 200 and bool(answer.json()["value"])


def delete_registration(stack: Stack, client_id: str) -> Item:
    """Delete the app registration, and ask for it again."""
    calls = stack.calls
    graph = stack.cloud.graph_rest()
    address = _by_id(client_id)
    try:
        answer = calls.call(graph.send, "DELETE", address)
        if answer.status_code not in (204, 404):
            return Item(
                "app registration",
                f"Graph answers {answer.status_code} to its deletion",
                gone=False,
            )
        stack.recent.forget(REGISTERED, stack.names.function_app)
        for _ in calls.waiting(GONE_S, "Graph finds the app registration no more"):
            if calls.call(graph.send, "GET", address).status_code == 404:
                return Item("app registration", "GET answers 404", gone=True)
    except AzureError as error:
        return Item(
            "app registration", f"Graph could not be asked ({type(error).__name__})", gone=False
        )
    return Item("app registration", "GET still finds it", gone=False)


def _find(graph: _Graph, name: str, *, known: str = "") -> _Application | None:
    """The registration of this app's name that leads back to it, else one that leads nowhere.

    Before both comes the one that is known by its id.
    """
    there: list[_Application] = graph.ask("GET", by_name(name))["value"]
    same = [one for one in there if known and one["appId"] == known]
    mine = [one for one in there if graph.callback and graph.callback in redirects(one)]
    idle = [one for one in there if not redirects(one)]
    return next(iter(same or mine or idle), None)


def _there(stack: Stack, graph: _Graph, *, known: str = "") -> _Application | None:
    """The registration of the app; one that was seen is known, and nobody waits for it again."""
    found = _find(graph, stack.names.function_app, known=known)
    if found is None:
        return _asked_for(stack, graph)
    stack.recent.forget(REGISTERED, stack.names.function_app)
    return found


def _asked_for(stack: Stack, graph: _Graph) -> _Application | None:
    """The registration that was asked for a moment ago, perhaps in a run that was interrupted.

    Graph lists a new one late: whoever asks again meanwhile must not make a second.
    """
    name = stack.names.function_app
    left_s = stack.recent.left_s(REGISTERED, name, CONSISTENT_S)
    if not left_s:
        return None
    for _ in stack.calls.waiting(left_s, f"Graph lists the app registration {name}"):
        found = _find(graph, name)
        if found is not None:
            return found
    return None


def _created(stack: Stack, graph: _Graph, wanted: dict[str, Any]) -> _Application:
    name = stack.names.function_app
    stack.recent.note(REGISTERED, name)
    try:
        made: _Application = graph.ask("POST", APPLICATIONS, json=wanted)
    except ServiceError:
        stack.recent.forget(REGISTERED, name)  # refused: nothing was made
        raise
    return made


def redirects(application: _Application) -> list[str]:
    """Where a registration lets sign-in lead."""
    return application.get("web", {}).get("redirectUris") or []


def by_name(name: str) -> str:
    """The address at Graph that lists the registrations of a name."""
    return f"{APPLICATIONS}?$filter=" + quote(f"displayName eq '{name}'")


def _by_id(client_id: str) -> str:
    return f"{APPLICATIONS}(appId='{client_id}')"


def _wanted(name: str, callback: str) -> dict[str, Any]:
    back = {"redirectUris": [callback]} if callback else {}
    return {
        "displayName": name,
        "signInAudience": "AzureADMyOrg",
        "web": {**back, "implicitGrantSettings": {"enableIdTokenIssuance": True}},
        "requiredResourceAccess": [
            {"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": USER_READ, "type": "Scope"}]}
        ],
    }


def _is_current(application: _Application, secret: str) -> bool:
    """Whether a secret may be one of the application's, and has not ended."""
    now = datetime.now(UTC).isoformat()
    for known in application.get("passwordCredentials", ()):
        hint = known.get("hint")
        if secret and hint and secret.startswith(hint) and str(known.get("endDateTime")) > now:
            return True
    return False


def _is_too_early(answer: HttpResponse) -> bool:
    """Whether Graph does not know yet what it made a moment ago."""
    if answer.status_code == 404:
        return True
    return answer.status_code == 400 and NOT_YET in answer.text()


class _Graph:
    """Microsoft Graph, asked about the registration of one app.

    Args:
        stack: Whose app it is.
        callback: The redirect URI that the registration needs, for the sentence about a refusal.
    """

    def __init__(self, stack: Stack, callback: str) -> None:
        self.callback = callback
        self._calls = stack.calls
        self._send = stack.cloud.graph_rest().send

    def ask(
        self, method: str, url: str, *, json: object = None, allowed: tuple[int, ...] = ()
    ) -> Any:
        """Send a request and return the answer's document.

        What was made a moment ago may not be found yet; then the request is sent again.

        Args:
            method: HTTP verb.
            url: Path below Graph's address.
            json: Body.
            allowed: Statuses of refusals that do no harm.

        Raises:
            ServiceError: Graph refuses.
        """
        for _ in self._calls.waiting(CONSISTENT_S, "Graph knows what it has just made"):
            answer = self._calls.call(self._send, method, url, json=json)
            if not _is_too_early(answer):
                break
        if answer.status_code < 300 or answer.status_code in allowed:
            return answer.json() if answer.content else {}
        if _is_too_early(answer):
            raise ServiceError(
                answer.status_code,
                "NotKnownYet",
                f"Microsoft Graph does not know after {lasting(CONSISTENT_S)} what it has just"
                " made.",
                hint="Run the cell again: it goes on with the same app registration.",
            )
        raise self._refusal(answer)

    def would_ask(self, method: str, url: str, *, json: object) -> None:
        """Note the request for something that is there already."""
        self._calls.would_call(self._send, method, url, json=json)

    def _refusal(self, answer: HttpResponse) -> ServiceError:
        try:
            error = dict(answer.json()["error"])
        except (ValueError, KeyError, TypeError):
            error = {}
        code = str(error.get("code") or "GraphError")
        sentence = str(error.get("message") or f"Graph answers {answer.status_code}.")
        if answer.status_code == 403:
            sentence = f"This account may not register applications. Graph says: {sentence}"
        hint = MANUAL.format(callback=self.callback) if self.callback else MANUAL_BEFORE
        if answer.status_code == 404:
            hint = GONE
        return ServiceError(answer.status_code, code, sentence, hint=hint)
