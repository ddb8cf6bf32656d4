"""Configuration of a function app: settings, CORS, authentication, publishing policies."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Literal, cast

from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.http import (
    Answer,
    Call,
    properties,
)
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.routing import GROUP, Handler, Route
from chatkit.localcloud.resource_manager.core.type_names import SITES
from chatkit.localcloud.resource_manager.providers.web import auth_settings, rules
from chatkit.localcloud.resource_manager.providers.web.resource import (
    FLEX,
    ConnectionString,
    Site,
    SlotNames,
    etag_header,
)
from chatkit.localcloud.resource_manager.providers.web.shapes import (
    child,
    render_config,
    scm_host_name,
)
from chatkit.localcloud.resource_manager.providers.web.site_logs import (
    log_settings,
    set_log_settings,
)
from chatkit.localcloud.resource_manager.providers.web.sites import (
    Sites,
    apply_config,
    named_values,
)

PolicyName = Literal["scm", "ftp"]


class SiteConfig(Provider):
    """Operations below `/config` and `/basicPublishingCredentialsPolicies`."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._sites = Sites(context)

    def routes(self) -> list[Route]:
        """The operations."""
        site = GROUP + f"/providers/{SITES}/{{name}}"
        config = site + "/config"
        policies = site + "/basicPublishingCredentialsPolicies"
        policy = policies + "/{policy}"
        app = config + "/appsettings"
        strings = config + "/connectionstrings"
        auth = config + "/authsettingsV2"
        slots = config + "/slotConfigNames"
        logins = config + "/publishingcredentials/list"
        table: list[tuple[str, str, Handler, str]] = [
            ("GET", config, self.list_all, "ListConfigurations"),
            ("POST", app + "/list", self.list_settings, "ListApplicationSettings"),
            ("PUT", app, self.put_settings, "UpdateApplicationSettings"),
            ("POST", strings + "/list", self.list_strings, "ListConnectionStrings"),
            ("PUT", strings, self.put_strings, "UpdateConnectionStrings"),
            ("GET", config + "/web", self.get_web, "GetConfiguration"),
            ("PATCH", config + "/web", self.configure, "UpdateConfiguration"),
            ("PUT", config + "/web", self.configure, "CreateOrUpdateConfiguration"),
            ("GET", auth, self.get_auth, "GetAuthSettingsV2WithoutSecrets"),
            ("GET", auth + "/list", self.get_auth, "GetAuthSettingsV2"),
            ("PUT", auth, self.put_auth, "UpdateAuthSettingsV2"),
            ("POST", config + "/authsettings/list", self.list_auth_v1, "GetAuthSettings"),
            ("GET", config + "/logs", self.get_logs, "GetDiagnosticLogsConfiguration"),
            ("PUT", config + "/logs", self.put_logs, "UpdateDiagnosticLogsConfig"),
            ("GET", slots, self.slot_names, "ListSlotConfigurationNames"),
            ("PUT", slots, self.put_slot_names, "UpdateSlotConfigurationNames"),
            ("POST", logins, self.credentials, "ListPublishingCredentials"),
            ("GET", policies, self.list_policies, "ListBasicPublishingCredentialsPolicies"),
            ("GET", policy, self.get_policy, "GetScmAllowed"),
            ("PUT", policy, self.put_policy, "UpdateScmAllowed"),
        ]
        return [
            Route(method, template, handler, SITES, f"WebApps_{name}")
            for method, template, handler, name in table
        ]

    async def _change(self, call: Call, change: Callable[[Site], None]) -> Site:
        self.context.group(call, for_write=True)
        async with self._sites.locked(call):
            old = self._sites.one(call)
            self._sites.check_conditions(call, old)
            document = copy.deepcopy(old)
            change(document)
            await self.context.clock.wait("site.settings")
            await self._sites.save(document, old)
        return document

    async def list_all(self, call: Call) -> Answer:
        """Configurations of the app: config/web."""
        return Answer(body={"value": [render_config(self._sites.one(call))]})

    # Settings ---------------------------------------------------------------------------------

    async def list_settings(self, call: Call) -> Answer:
        """App settings."""
        document = self._sites.one(call)
        await self.context.clock.wait("site.settings")
        return Answer(
            body=child(document, "config/appsettings", "config", document["app_settings"])
        )

    async def put_settings(self, call: Call) -> Answer:
        """Replace all app settings; the app restarts. What is not in the body is gone."""
        settings = _strings(call)

        def change(document: Site) -> None:
            rules.check_settings(settings, is_flex=document["sku"] == FLEX)
            document["app_settings"] = settings

        document = await self._change(call, change)
        body = child(document, "config/appsettings", "config", settings)
        return Answer(body=body, headers=etag_header(document))

    async def list_strings(self, call: Call) -> Answer:
        """Connection strings."""
        document = self._sites.one(call)
        return Answer(
            body=child(
                document, "config/connectionstrings", "config", document["connection_strings"]
            )
        )

    async def put_strings(self, call: Call) -> Answer:
        """Replace all connection strings."""
        given = _connection_strings(call)

        def change(document: Site) -> None:
            document["connection_strings"] = given

        document = await self._change(call, change)
        return Answer(body=child(document, "config/connectionstrings", "config", given))

    # Site configuration -----------------------------------------------------------------------

    async def get_web(self, call: Call) -> Answer:
        """Site configuration with CORS."""
        return Answer(body=render_config(self._sites.one(call)))

    async def configure(self, call: Call) -> Answer:
        """Change some site configuration. Azure's PUT keeps what the body leaves out, too."""
        given = properties(call.typed_body(f"{SITES}/config/web"))

        def change(document: Site) -> None:
            config = {
                name: value
                for name, value in given.items()
                if name not in ("appSettings", "connectionStrings")
            }
            is_flex = document["sku"] == FLEX
            if is_flex:
                rules.check_flex_config(config, render_config(document)["properties"])
            if given.get("appSettings") is not None:
                settings = named_values(given["appSettings"])
                rules.check_settings(settings, is_flex=is_flex)
                document["app_settings"] = settings
            apply_config(document, config)
            if not is_flex:
                rules.check_consumption(document)

        document = await self._change(call, change)
        # Recorded: the answer to a change names the site, and not its configuration.
        body = {**render_config(document), "id": document["id"], "type": SITES}
        return Answer(body=body, headers=etag_header(document))

    # Authentication ---------------------------------------------------------------------------

    async def get_auth(self, call: Call) -> Answer:
        """authsettingsV2: names of the settings that hold secrets, never these themselves."""
        document = self._sites.one(call)
        settings = document["authentication"] or auth_settings.NONE
        return Answer(body=child(document, "config/authsettingsV2", "config", settings))

    async def put_auth(self, call: Call) -> Answer:
        """Replace authsettingsV2."""
        given = properties(call.typed_body(f"{SITES}/config/authsettingsV2"))
        settings = auth_settings.completed(given)

        def change(document: Site) -> None:
            document["authentication"] = settings

        document = await self._change(call, change)
        return Answer(body=child(document, "config/authsettingsV2", "config", settings))

    async def list_auth_v1(self, call: Call) -> Answer:
        """The old authsettings as V2 has them: the tutorial uses V2."""
        document = self._sites.one(call)
        body = auth_settings.first_version(document["authentication"])
        return Answer(body=child(document, "config/authsettings", "config", body))

    # Logs -------------------------------------------------------------------------------------

    async def get_logs(self, call: Call) -> Answer:
        """Log settings."""
        document = self._sites.one(call)
        return Answer(body=child(document, "config/logs", "config", log_settings(document)))

    async def put_logs(self, call: Call) -> Answer:
        """Change log settings."""
        given = properties(call.typed_body(f"{SITES}/config/logs"))
        document = await self._change(call, lambda site: set_log_settings(site, given))
        return Answer(body=child(document, "config/logs", "config", log_settings(document)))

    # Publishing -------------------------------------------------------------------------------

    async def slot_names(self, call: Call) -> Answer:
        """Names of settings that stay with a slot."""
        return Answer(body=_slot_names(self._sites.one(call)))

    async def put_slot_names(self, call: Call) -> Answer:
        """Set the names of settings that stay with a slot."""
        given = cast(SlotNames, properties(call.typed_body(f"{SITES}/config/slotConfigNames")))

        def change(document: Site) -> None:
            document["slot_names"] = given

        return Answer(body=_slot_names(await self._change(call, change)))

    async def credentials(self, call: Call) -> Answer:
        """Publishing user and password."""
        document = self._sites.one(call)
        user = f"${document['name']}"
        password = document["publishing_password"]
        body = {
            "publishingUserName": user,
            "publishingPassword": password,
            "publishingPasswordHash": None,
            "publishingPasswordHashSalt": None,
            "scmUri": f"https://{user}:{password}@{scm_host_name(document)}",
        }
        return Answer(
            body=child(document, f"publishingcredentials/{user}", "publishingcredentials", body)
        )

    async def list_policies(self, call: Call) -> Answer:
        """Whether FTP and SCM take publishing credentials."""
        document = self._sites.one(call)
        return Answer(body={"value": [self._policy(document, name) for name in ("ftp", "scm")]})

    async def get_policy(self, call: Call) -> Answer:
        """One of the policies."""
        return Answer(body=self._policy(self._sites.one(call), _policy_name(call)))

    async def put_policy(self, call: Call) -> Answer:
        """Allow or forbid publishing credentials."""
        name = _policy_name(call)
        allow = properties(call.required_body()).get("allow")
        if not isinstance(allow, bool):
            message = "The parameter properties.allow has an invalid value."
            raise errors.web_error(400, "BadRequest", message)

        def change(document: Site) -> None:
            document["policies"][name] = allow

        document = await self._change(call, change)
        return Answer(body=self._policy(document, name))

    def _policy(self, document: Site, name: PolicyName) -> JsonObject:
        kind = "basicPublishingCredentialsPolicies"
        return child(document, f"{kind}/{name}", kind, {"allow": document["policies"][name]})


def _slot_names(document: Site) -> JsonObject:
    """Recorded without an id, under the site's name and type."""
    return {
        "id": None,
        "name": document["name"],
        "type": SITES,
        "location": regions.LOCATIONS[document["location"]],
        "properties": {
            "connectionStringNames": None,
            "appSettingNames": None,
            "azureStorageConfigNames": None,
            **document.get("slot_names", {}),
        },
    }


def _policy_name(call: Call) -> PolicyName:
    name = call.params["policy"].lower()
    if name == "scm":
        return "scm"
    if name == "ftp":
        return "ftp"
    message = f"There is no publishing policy '{name}'; there are scm and ftp."
    raise errors.web_error(404, "NotFound", message)


def _connection_strings(call: Call) -> dict[str, ConnectionString]:
    given = properties(call.typed_body(f"{SITES}/config/connectionstrings"))
    for entry in given.values():
        if not isinstance(entry, dict) or not isinstance(entry.get("value"), str):
            message = "Each connection string needs a value and a type."
            raise errors.web_error(400, "BadRequest", message)
    return given


def _strings(call: Call) -> dict[str, str]:
    given = properties(call.required_body())
    if any(not isinstance(value, str | int | float | bool | None) for value in given.values()):
        raise errors.web_error(400, "BadRequest", "App settings must be an object of strings.")
    return {name: "" if value is None else str(value) for name, value in given.items()}
