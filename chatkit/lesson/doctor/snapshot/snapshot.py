"""A snapshot of the learner's workshop: files, resources in the cloud, and what answers where.

Everything is looked at only, through the same SDK calls on both targets, once, and at the same time
as everything else. Nothing is started: a local cloud that does not run is not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from chatkit.chat.client.background_loop import background_loop
from chatkit.chat.client.connection import FAILURES
from chatkit.chat.client.sign_in import SignedIn, sign_in
from chatkit.cloud import local_cloud
from chatkit.cloud.connection import Cloud
from chatkit.core.errors import ChatkitError, LocalProtocolError, NotAnswering
from chatkit.lesson.checks.evidence import listening
from chatkit.lesson.checks.service import hub_endpoint
from chatkit.lesson.doctor.snapshot.folder import Folder
from chatkit.lesson.doctor.snapshot.lookups import Lookups, Unknown
from chatkit.lesson.http import Answer, fetch
from chatkit.lesson.tokens import Claims, claims
from chatkit.steps import identity, local_settings
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import rest_token

if TYPE_CHECKING:
    from azure.mgmt.signalr.models import SignalRResource
    from azure.mgmt.web.models import AppServicePlan, CorsSettings, Site

    from chatkit.steps.session import Session

T = TypeVar("T")
LIMITS_S = {"local": 2.2, "azure": 25.0}
QUICK: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 10}
SIGNALR_SETTING = local_settings.SIGNALR_SETTING


def looked_up(look: Callable[[Snapshot], T]) -> Callable[[Snapshot], T]:
    """Make a method one whose answer is looked up once, on a thread of its own.

    It raises Unknown when there is none.
    """

    @wraps(look)
    def get(self: Snapshot) -> T:
        return self.lookups.ask(look.__name__.replace("_", " "), partial(look, self))()

    return get


class Snapshot:
    """One look at a workshop.

    Args:
        session: Of any section; it need not be open.
        limit_s: Seconds for everything together; by default 2.2 on the local cloud, 25 on Azure.
    """

    def __init__(self, session: Session, *, limit_s: float | None = None) -> None:
        self.session = session
        self.settings = session.settings
        self.facts = self.settings.facts
        self.lookups = Lookups(limit_s or LIMITS_S[self.settings.target])

    # On this machine

    @cached_property
    def folder(self) -> Folder:
        """The learner's files."""
        return Folder(self.session.functions_folder, self.session.page_folder)

    @cached_property
    def local_api(self) -> str:
        """Address of the functions on this machine, empty while they do not run."""
        return self.session.local_api_base_url or ""

    @cached_property
    def local_page(self) -> str:
        """Address of the page on this machine, empty while it is not served."""
        return self.session.local_web_url or ""

    @property
    def local_sign_in(self) -> bool:
        """Whether sign-in stands in front of the functions on this machine."""
        return identity.has_sign_in(self.session, "local")

    @property
    def api(self) -> str:
        """Address of the deployed functions, empty while there is no function app."""
        return self.facts.api_base_url

    @property
    def page(self) -> str:
        """Address of the deployed page without the slash at its end, empty while it is unknown."""
        return self.facts.web_url.rstrip("/")

    # In the cloud

    @property
    def may_ask(self) -> bool:
        """Whether there is a cloud to ask without starting one."""
        if self.settings.target == "azure":
            return True
        return local_cloud.running(self.session.home / "local") is not None

    @cached_property
    def absent(self) -> ChatkitError | None:
        """Why what was made cannot answer now; None when nothing was made, or all runs.

        A cloud that answers nobody is in the way of the first step, too.
        """
        absent = self.session.absence()
        if self.facts.resource_group or isinstance(absent, NotAnswering):
            return absent
        return None

    @looked_up
    def cloud(self) -> Cloud:
        """The cloud, with its clients made: their packages do not like to be imported by several
        threads at once.
        """
        if not self.may_ask:
            raise Unknown("the local cloud does not run")
        cloud = self.session.connect(start=False)
        for make in (cloud.resources, cloud.signalr, cloud.storage, cloud.web):
            make()
        return cloud

    @looked_up
    def site(self) -> Site:
        """The function app."""
        self._needs(self.facts.function_app)
        return (
            self.cloud()
            .web()
            .web_apps.get(
                self.settings.names.resource_group, self.settings.names.function_app, **QUICK
            )
        )

    @looked_up
    def cors(self) -> CorsSettings | None:
        """Who may call the function app from a browser."""
        self._needs(self.facts.function_app)
        sites = self.cloud().web().web_apps
        found = sites.get_configuration(
            self.settings.names.resource_group, self.settings.names.function_app, **QUICK
        )
        return found.properties.cors if found.properties else None

    def allowed_origins(self) -> list[str]:
        """Origins that may call the function app from a browser."""
        cors = self.cors()
        return list((cors and cors.allowed_origins) or ())

    @looked_up
    def app_settings(self) -> dict[str, str]:
        """App settings of the function app. Never shown."""
        self._needs(self.facts.function_app)
        sites = self.cloud().web().web_apps
        found = sites.list_application_settings(
            self.settings.names.resource_group, self.settings.names.function_app, **QUICK
        )
        return dict(found.properties or {})

    @looked_up
    def functions(self) -> list[str]:
        """Names of the deployed functions."""
        self._needs(self.facts.function_app)
        sites = self.cloud().web().web_apps
        found = sites.list_functions(
            self.settings.names.resource_group, self.settings.names.function_app, **QUICK
        )
        return sorted(str(one.name).rpartition("/")[2] for one in found)

    @looked_up
    def authentication(self) -> dict[str, Any]:
        """App Service Authentication of the function app, empty while it is off."""
        self._needs(self.facts.function_app)
        sites = self.cloud().web().web_apps
        names = (self.settings.names.resource_group, self.settings.names.function_app)
        found = (
            sites.get_auth_settings_v2_without_secrets(*names, **QUICK).as_dict().get("properties")
            or {}
        )
        if (found.get("platform") or {}).get("enabled"):
            return found
        return {}

    @looked_up
    def plans(self) -> list[AppServicePlan]:
        """Plans of the resource group."""
        self._needs(self.facts.resource_group)
        return [
            *self.cloud()
            .web()
            .app_service_plans.list_by_resource_group(self.settings.names.resource_group, **QUICK)
        ]

    @looked_up
    def instance(self) -> SignalRResource:
        """The SignalR Service instance."""
        self._needs(self.facts.signalr)
        return (
            self.cloud()
            .signalr()
            .signal_r.get(self.settings.names.resource_group, self.settings.names.signalr, **QUICK)
        )

    @looked_up
    def connection_strings(self) -> list[str]:
        """Connection strings of the instance, primary and secondary. Never shown."""
        self._needs(self.facts.signalr)
        found = (
            self.cloud()
            .signalr()
            .signal_r.list_keys(
                self.settings.names.resource_group, self.settings.names.signalr, **QUICK
            )
        )
        return [str(found.primary_connection_string), str(found.secondary_connection_string)]

    # What answers

    @looked_up
    def local_negotiate(self) -> Answer:
        """What negotiate on this machine answers to alice."""
        self._needs(self.local_api)
        alice = SignedIn("alice")
        if self.local_sign_in:
            alice = background_loop().call(sign_in(self.local_api, "alice"))
        return fetch("POST", f"{self.local_api}/api/negotiate", headers=alice.headers)

    @looked_up
    def negotiate(self) -> Answer:
        """What the deployed negotiate answers to somebody who is not signed in."""
        self._needs(self.api and self.functions())
        return fetch("POST", f"{self.api}/api/negotiate")

    @looked_up
    def negotiate_as_alice(self) -> tuple[str, Answer]:
        """Alice's name, and what the deployed negotiate answers to her.

        Only where a name is all that a sign-in asks for.
        """
        self._needs(self.api and self.authentication())
        alice = background_loop().call(sign_in(self.api, "alice"))
        return alice.name, fetch("POST", f"{self.api}/api/negotiate", headers=alice.headers)

    @looked_up
    def deployed_config(self) -> dict[str, Any]:
        """The deployed page's config.json."""
        self._needs(self.page)
        value = fetch("GET", f"{self.page}/config.json").json()
        if not isinstance(value, dict):
            raise Unknown("the page is not uploaded")
        return value

    @looked_up
    def local_allowed_origin(self) -> str:
        """The origin that a browser is told it may call the local functions from, asked as the
        local page.
        """
        self._needs(self.local_api and self.local_page)
        headers = {"Origin": self.local_page, "Access-Control-Request-Method": "POST"}
        answer = fetch("OPTIONS", f"{self.local_api}/api/messages", headers=headers)
        self._needs(answer.status)
        return answer.headers.get("Access-Control-Allow-Origin", "")

    # The service, with the key that the functions on this machine have

    @property
    def connection(self) -> SignalRConnectionString:
        """The connection string of local.settings.json, where it has a key."""
        try:
            found = SignalRConnectionString.parse(self.folder.values.get(SIGNALR_SETTING, ""))
        except LocalProtocolError as error:
            raise Unknown("no connection string") from error
        if found.credential is not None:
            raise Unknown("a connection string without a key")
        return found

    @looked_up
    def key_is_good(self) -> bool:
        """Whether the service takes a request that the local key signed."""
        self._needs(self.may_ask and self.facts.signalr)
        path = f"/api/hubs/{self.session.hub}/users/nobody?api-version=2022-06-01"
        token = rest_token(self.connection, path)
        answer = fetch(
            "HEAD", self.connection.server_url + path, headers={"Authorization": f"Bearer {token}"}
        )
        if not answer.status:
            raise Unknown("the service does not answer")
        return answer.status not in (401, 403)

    @looked_up
    def refusal(self) -> str:
        """Why a client cannot connect to the hub, in the service's words; empty when it can."""
        self._needs(self.may_ask and self.facts.signalr)
        return background_loop().call(_visit(self.connection, self.session.hub))

    def _needs(self, thing: object) -> None:
        if not thing:
            raise Unknown("not there yet")


def claims_given(answer: Answer | None) -> Claims:
    """Claims of the token that a negotiate answer hands out; none when it is no such answer."""
    if answer is None or answer.status != 200:
        return Claims()
    value = answer.json()
    if not isinstance(value, dict):
        return Claims()
    return claims(str(value.get("accessToken", "")))


async def _visit(connection: SignalRConnectionString, hub: str) -> str:
    """Connect and leave again."""
    try:
        async with listening(hub_endpoint(connection, hub)):
            return ""
    except FAILURES as error:
        if isinstance(error, ChatkitError):
            return error.message
        return type(error).__name__
