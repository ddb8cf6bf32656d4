"""A snapshot of the learner's workshop: files, resources in the cloud, and what answers where.

Everything is looked at only, through the same SDK calls on both targets, once, and at the same time
as everything else. Nothing is started: a local cloud that does not run is not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from azure.core.exceptions import ResourceNotFoundError

from chatkit.chat.client.background_loop import background_loop
from chatkit.chat.client.sign_in import SignedIn, sign_in
from chatkit.cloud import local_cloud
from chatkit.cloud.connection import Cloud
from chatkit.core.errors import ChatkitError, LocalProtocolError, NotAnswering
from chatkit.lesson.doctor.snapshot.answers import answered
from chatkit.lesson.doctor.snapshot.app_log import failure_in
from chatkit.lesson.doctor.snapshot.deployed import last_failure
from chatkit.lesson.doctor.snapshot.emitted import EmittedApp, has_negotiate, index
from chatkit.lesson.doctor.snapshot.folder import Folder
from chatkit.lesson.doctor.snapshot.hub_visit import refusal_of
from chatkit.lesson.doctor.snapshot.lookups import Lookups, NotThere, Unknown
from chatkit.lesson.http import Answer, fetch
from chatkit.steps import identity, local_settings
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import rest_token

if TYPE_CHECKING:
    from azure.mgmt.signalr.models import SignalRResource
    from azure.mgmt.web.models import AppServicePlan, CorsSettings, FunctionEnvelope, Site

    from chatkit.cloud.app_log.failures import FunctionFailure
    from chatkit.steps.session import Session

T = TypeVar("T")
Look = Callable[["Snapshot"], T]
LIMITS_S = {"local": 8.0, "azure": 30.0}
QUICK: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 10}
SIGNALR_SETTING = local_settings.SIGNALR_SETTING


def looked_up(name: str) -> Callable[[Look[T]], Look[T]]:
    """Make a method one whose answer is looked up once, on a thread of its own.

    It raises Unknown when there is none.

    Args:
        name: Of what is looked at, as the report names it when there is no answer.
    """

    def decorate(look: Look[T]) -> Look[T]:
        @wraps(look)
        def get(self: Snapshot) -> T:
            return self.lookups.ask(name, partial(look, self))()

        return get

    return decorate


class Snapshot:
    """One look at a workshop.

    Args:
        session: Of any section; it need not be open.
        limit_s: Seconds for everything together; by default 8 on the local cloud, 30 on Azure.
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

    @looked_up("whether the functions load")
    def emitted(self) -> EmittedApp:
        """What the SDK emits for the function app in my-chat."""
        return index(self.folder.functions, self.folder.values)

    @looked_up("the log of the functions on this machine")
    def failed_here(self) -> FunctionFailure | None:
        """The last failure of the functions on this machine since they were started."""
        self._needs(self.local_api)
        return failure_in(self.session, "local")

    @looked_up("how the functions on this machine were started")
    def refused_here(self) -> FunctionFailure | None:
        """Why the host did not start the app as it is now. Of one that ended its log is left."""
        self._needs(self.facts.completed)
        found = failure_in(self.session, "local")
        is_over = found is None or self.folder.changed_at > found.at.timestamp()
        return None if is_over or found is None or found.function else found

    @looked_up("the log of the deployed functions")
    def failed_there(self) -> FunctionFailure | None:
        """Why the deployed negotiate fails, in the local cloud; Azure's log is minutes late."""
        self._needs(self.settings.target == "local" and self.negotiate().status >= 500)
        return failure_in(self.session, "deployed")

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

    @looked_up("the way to the cloud")
    def cloud(self) -> Cloud:
        """The cloud, with its clients made: their packages do not like to be imported by several
        threads at once.
        """
        if not self.may_ask and not self.facts.resource_group:
            raise NotThere("nothing was made yet, and the local cloud starts when it is needed")
        if not self.may_ask:
            raise Unknown("the local cloud does not run")
        cloud = self.session.connect(start=False)
        for make in (cloud.resources, cloud.signalr, cloud.storage, cloud.web):
            make()
        return cloud

    @looked_up("the resource group")
    def resources(self) -> list[str] | None:
        """Names of what is in the resource group, in small letters; None when it is gone."""
        self._needs(self.facts.resource_group)
        group = self.settings.names.resource_group
        client = self.cloud().resources().resources
        try:
            found = [*client.list_by_resource_group(group, **QUICK)]
        except ResourceNotFoundError:
            return None
        return [str(one.name).lower() for one in found]

    @looked_up("the function app")
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

    @looked_up("the function app's CORS")
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

    @looked_up("the function app's settings")
    def app_settings(self) -> dict[str, str]:
        """App settings of the function app. Never shown."""
        self._needs(self.facts.function_app)
        sites = self.cloud().web().web_apps
        found = sites.list_application_settings(
            self.settings.names.resource_group, self.settings.names.function_app, **QUICK
        )
        return dict(found.properties or {})

    @looked_up("the deployed functions")
    def functions(self) -> list[str]:
        """Names of the deployed functions."""
        return self.functions_now()

    def functions_now(self) -> list[str]:
        """The same, asked again."""
        return sorted(str(one.name).rpartition("/")[2] for one in self._listed())

    @looked_up("the bindings of the deployed functions")
    def deployed_bindings(self) -> list[tuple[str, dict[str, Any]]]:
        """Each binding of the deployed functions, with the function's name."""
        found = [one.as_dict().get("properties") or {} for one in self._listed()]
        configs = [properties.get("config") or {} for properties in found]
        return [
            (str(config.get("name", "")), dict(binding))
            for config in configs
            for binding in config.get("bindings") or ()
        ]

    def _listed(self) -> list[FunctionEnvelope]:
        self._needs(self.facts.function_app)
        ask = self.cloud().web().web_apps.list_functions
        names = self.settings.names
        return [*ask(names.resource_group, names.function_app, **QUICK)]

    @looked_up("the function app's last deployment")
    def failed_deployment(self) -> str:
        """How it failed, and why; empty when it did not. The app is not asked."""
        is_published = bool(self.facts.published)
        folder = self.folder.functions
        return last_failure(self.cloud(), self.site(), folder, is_published=is_published)

    @looked_up("the function app's authentication")
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

    @looked_up("the group's plans")
    def plans(self) -> list[AppServicePlan]:
        """Plans of the resource group."""
        self._needs(self.facts.resource_group)
        return [
            *self.cloud()
            .web()
            .app_service_plans.list_by_resource_group(self.settings.names.resource_group, **QUICK)
        ]

    @looked_up("the SignalR Service instance")
    def instance(self) -> SignalRResource:
        """The SignalR Service instance."""
        self._needs(self.facts.signalr)
        return (
            self.cloud()
            .signalr()
            .signal_r.get(self.settings.names.signalr_group, self.settings.signalr, **QUICK)
        )

    @looked_up("the instance's keys")
    def connection_strings(self) -> list[str]:
        """Connection strings of the instance, primary and secondary, or none where it takes no
        keys. Never shown.
        """
        self._needs(self.facts.signalr)
        if self.instance().disable_local_auth:
            return []
        found = (
            self.cloud()
            .signalr()
            .signal_r.list_keys(self.settings.names.signalr_group, self.settings.signalr, **QUICK)
        )
        return [str(found.primary_connection_string), str(found.secondary_connection_string)]

    # What answers. Of what is asked here, negotiate alone starts an app that rests: for whom a
    # token is, for which hub and how long, only the function says that makes it.

    @looked_up("negotiate on this machine")
    def local_negotiate(self) -> Answer:
        """What negotiate on this machine answers to alice."""
        self._needs(self.local_api and has_negotiate(self.emitted))
        alice = SignedIn("alice")
        if self.local_sign_in:
            alice = background_loop().call(sign_in(self.local_api, "alice"))
        return answered(fetch("POST", f"{self.local_api}/api/negotiate", headers=alice.headers))

    @looked_up("negotiate in the function app")
    def negotiate(self) -> Answer:
        """What the deployed negotiate answers to somebody who is not signed in.

        Also where there is none: an app that does not run answers 503, and nothing else says so.
        """
        self._needs(self.api and self.functions())
        return answered(fetch("POST", f"{self.api}/api/negotiate"))

    @looked_up("signing in to the function app")
    def negotiate_as_alice(self) -> tuple[SignedIn, Answer]:
        """Alice, and what the deployed negotiate answers to her.

        Only where a name is all that a sign-in asks for.
        """
        self._needs(self.settings.target == "local")
        self._needs(self.api and self.authentication())
        alice = background_loop().call(sign_in(self.api, "alice"))
        return alice, fetch("POST", f"{self.api}/api/negotiate", headers=alice.headers)

    @looked_up("the deployed page's config.json")
    def deployed_config(self) -> dict[str, Any]:
        """The deployed page's config.json."""
        self._needs(self.page)
        value = answered(fetch("GET", f"{self.page}/config.json")).json()
        self._needs(isinstance(value, dict))
        return dict(value)

    @looked_up("the deployed page")
    def deployed_page(self) -> int:
        """The status with which the deployed page answers."""
        self._needs(self.page)
        return answered(fetch("GET", f"{self.page}/")).status

    @looked_up("CORS of the functions on this machine")
    def local_allowed_origin(self) -> str:
        """The origin that a browser is told it may call the local functions from, asked as the
        local page.
        """
        self._needs(self.local_api and self.local_page)
        headers = {"Origin": self.local_page, "Access-Control-Request-Method": "POST"}
        answer = fetch("OPTIONS", f"{self.local_api}/api/messages", headers=headers)
        return answered(answer).headers.get("Access-Control-Allow-Origin", "")

    # The service, with the key that the functions on this machine have

    @property
    def connection(self) -> SignalRConnectionString:
        """The connection string of local.settings.json, where it has a key."""
        try:
            found = SignalRConnectionString.parse(self.folder.values.get(SIGNALR_SETTING, ""))
        except LocalProtocolError as error:
            raise NotThere("no connection string") from error
        if found.credential is not None:
            raise NotThere("a connection string without a key")
        return found

    @looked_up("whether the service takes the local key")
    def key_is_good(self) -> bool:
        """Whether the service takes a request that the local key signed."""
        self._needs(self.may_ask and self.facts.signalr)
        path = f"/api/hubs/{self.session.hub}/users/nobody?api-version=2022-06-01"
        token = rest_token(self.connection, path)
        answer = answered(
            fetch(
                "HEAD",
                self.connection.server_url + path,
                headers={"Authorization": f"Bearer {token}"},
            )
        )
        return answer.status not in (401, 403)

    @looked_up("a connection to the hub")
    def refusal(self) -> str:
        """Why a client cannot connect to the hub, in the service's words; empty when it can."""
        self._needs(self.may_ask and self.facts.signalr)
        return background_loop().call(refusal_of(self.connection, self.session.hub))

    def _needs(self, thing: object) -> None:
        if not thing:
            raise NotThere("not there yet")
