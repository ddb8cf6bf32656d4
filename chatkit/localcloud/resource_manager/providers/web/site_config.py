"""Configuration of a function app: settings, connection strings, CORS, authentication, publishing policies."""

from __future__ import annotations

import copy
from typing import Any

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context, properties
from chatkit.localcloud.resource_manager.core.http import Answer, Call, merge
from chatkit.localcloud.resource_manager.core.routing import GROUP, Operation, Route
from chatkit.localcloud.resource_manager.core.state import Document
from chatkit.localcloud.resource_manager.providers.web import rules
from chatkit.localcloud.resource_manager.providers.web.rules import FLEX, SITES
from chatkit.localcloud.resource_manager.providers.web.shapes import (
    child,
    render_config,
    scm_host_name,
)
from chatkit.localcloud.resource_manager.providers.web.sites import (
    Sites,
    apply_config,
    check_consumption,
    check_etag,
)


class SiteConfig:
    """Operations below `/config` and `/basicPublishingCredentialsPolicies`."""

    def __init__(self, context: Context, sites: Sites) -> None:
        self._context = context
        self._sites = sites

    def routes(self) -> list[Route]:
        """The operations."""
        site = GROUP + f"/providers/{SITES}/{{name}}"
        config = site + "/config"
        policies = site + "/basicPublishingCredentialsPolicies"
        table: list[tuple[str, str, Operation, str]] = [
            ("GET", config, self.list_all, "WebApps_ListConfigurations"),
            (
                "POST",
                config + "/appsettings/list",
                self.list_settings,
                "WebApps_ListApplicationSettings",
            ),
            (
                "PUT",
                config + "/appsettings",
                self.put_settings,
                "WebApps_UpdateApplicationSettings",
            ),
            (
                "POST",
                config + "/connectionstrings/list",
                self.list_strings,
                "WebApps_ListConnectionStrings",
            ),
            (
                "PUT",
                config + "/connectionstrings",
                self.put_strings,
                "WebApps_UpdateConnectionStrings",
            ),
            ("GET", config + "/web", self.get_web, "WebApps_GetConfiguration"),
            ("PATCH", config + "/web", self.patch_web, "WebApps_UpdateConfiguration"),
            ("PUT", config + "/web", self.put_web, "WebApps_CreateOrUpdateConfiguration"),
            (
                "GET",
                config + "/authsettingsV2",
                self.get_auth,
                "WebApps_GetAuthSettingsV2WithoutSecrets",
            ),
            ("GET", config + "/authsettingsV2/list", self.get_auth, "WebApps_GetAuthSettingsV2"),
            ("PUT", config + "/authsettingsV2", self.put_auth, "WebApps_UpdateAuthSettingsV2"),
            ("POST", config + "/authsettings/list", self.list_auth_v1, "WebApps_GetAuthSettings"),
            (
                "GET",
                config + "/slotConfigNames",
                self.slot_names,
                "WebApps_ListSlotConfigurationNames",
            ),
            (
                "PUT",
                config + "/slotConfigNames",
                self.put_slot_names,
                "WebApps_UpdateSlotConfigurationNames",
            ),
            (
                "POST",
                config + "/publishingcredentials/list",
                self.credentials,
                "WebApps_ListPublishingCredentials",
            ),
            ("GET", policies, self.list_policies, "WebApps_ListBasicPublishingCredentialsPolicies"),
            ("GET", policies + "/{policy}", self.get_policy, "WebApps_GetScmAllowed"),
            ("PUT", policies + "/{policy}", self.put_policy, "WebApps_UpdateScmAllowed"),
        ]
        return [
            Route(method, template, handler, SITES, name)
            for method, template, handler, name in table
        ]

    async def _change(self, call: Call, change: Any) -> Document:
        self._context.group(call, for_write=True)
        async with self._context.lock(self._context.resource_id(call, SITES)):
            old = self._context.resource(call, SITES)
            check_etag(call, old)
            document = copy.deepcopy(old)
            change(document)
            await self._context.clock.wait("site.settings")
            await self._sites.save(document, old)
        return document

    def _site(self, call: Call) -> Document:
        return self._context.resource(call, SITES)

    async def list_all(self, call: Call) -> Answer:
        """Configurations of the app: config/web."""
        return Answer(body={"value": [render_config(self._site(call))]})

    # Settings ---------------------------------------------------------------------------------------------------------

    async def list_settings(self, call: Call) -> Answer:
        """App settings."""
        document = self._site(call)
        await self._context.clock.wait("site.settings")
        return Answer(
            body=child(document, "config/appsettings", "config", document["app_settings"])
        )

    async def put_settings(self, call: Call) -> Answer:
        """Replace all app settings: what is not in the body is gone, as in Azure. The app restarts."""
        settings = _strings(call)

        def change(document: Document) -> None:
            if document["sku"] == FLEX:
                rules.check_flex_settings([*settings])
            document["app_settings"] = settings

        document = await self._change(call, change)
        body = child(document, "config/appsettings", "config", settings)
        return Answer(body=body, headers={"ETag": f'"{document["etag"]}"'})

    async def list_strings(self, call: Call) -> Answer:
        """Connection strings."""
        document = self._site(call)
        return Answer(
            body=child(
                document, "config/connectionstrings", "config", document["connection_strings"]
            )
        )

    async def put_strings(self, call: Call) -> Answer:
        """Replace all connection strings."""
        given = properties(call.required_body())
        if any(
            not isinstance(entry, dict) or not isinstance(entry.get("value"), str)
            for entry in given.values()
        ):
            raise errors.web_error(
                400, "BadRequest", "Each connection string needs a value and a type."
            )
        document = await self._change(
            call, lambda document: document.update(connection_strings=given)
        )
        return Answer(body=child(document, "config/connectionstrings", "config", given))

    # Site configuration -----------------------------------------------------------------------------------------------

    async def get_web(self, call: Call) -> Answer:
        """Site configuration with CORS."""
        return Answer(body=render_config(self._site(call)))

    async def patch_web(self, call: Call) -> Answer:
        """Change some site configuration."""
        return await self._configure(call)

    async def put_web(self, call: Call) -> Answer:
        """Replace site configuration. Azure keeps what the body leaves out here, too."""
        return await self._configure(call)

    async def _configure(self, call: Call) -> Answer:
        given = properties(call.required_body())

        def change(document: Document) -> None:
            config = {
                name: value
                for name, value in given.items()
                if name not in ("appSettings", "connectionStrings")
            }
            if document["sku"] == FLEX:
                rules.check_flex_config(
                    {name: value for name, value in config.items() if value != "v4.0"}
                )
            if given.get("appSettings") is not None:
                document["app_settings"] = {
                    str(pair["name"]): str(pair.get("value") or "") for pair in given["appSettings"]
                }
            apply_config(document, config)
            if document["sku"] != FLEX:
                check_consumption(document)

        document = await self._change(call, change)
        return Answer(body=render_config(document), headers={"ETag": f'"{document["etag"]}"'})

    # Authentication ---------------------------------------------------------------------------------------------------

    async def get_auth(self, call: Call) -> Answer:
        """authsettingsV2; secrets are never in it, only the names of the settings that hold them."""
        document = self._site(call)
        return Answer(
            body=child(
                document,
                "config/authsettingsV2",
                "config",
                document["authentication"] or _no_auth(),
            )
        )

    async def put_auth(self, call: Call) -> Answer:
        """Replace authsettingsV2."""
        given = properties(call.required_body())
        document = await self._change(
            call, lambda document: document.update(authentication=merge(_no_auth(), given))
        )
        return Answer(
            body=child(document, "config/authsettingsV2", "config", document["authentication"])
        )

    async def list_auth_v1(self, call: Call) -> Answer:
        """The old authsettings, always off: the tutorial uses V2."""
        document = self._site(call)
        enabled = bool(((document["authentication"] or {}).get("platform") or {}).get("enabled"))
        body = {"enabled": enabled, "configVersion": "v2" if enabled else "v1"}
        return Answer(body=child(document, "config/authsettings", "config", body))

    # Publishing -------------------------------------------------------------------------------------------------------

    async def slot_names(self, call: Call) -> Answer:
        """Names of settings that stay with a slot."""
        document = self._site(call)
        kept = document.get("slot_names") or {
            "connectionStringNames": None,
            "appSettingNames": None,
        }
        return Answer(body=child(document, "config/slotConfigNames", "config", kept))

    async def put_slot_names(self, call: Call) -> Answer:
        """Set the names of settings that stay with a slot."""
        given = properties(call.required_body())
        document = await self._change(call, lambda document: document.update(slot_names=given))
        return Answer(body=child(document, "config/slotConfigNames", "config", given))

    async def credentials(self, call: Call) -> Answer:
        """Publishing user and password."""
        document = self._site(call)
        user, password = f"${document['name']}", document["publishing_password"]
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
        document = self._site(call)
        return Answer(body={"value": [self._policy(document, name) for name in ("ftp", "scm")]})

    async def get_policy(self, call: Call) -> Answer:
        """One of the policies."""
        return Answer(body=self._policy(self._site(call), _policy_name(call)))

    async def put_policy(self, call: Call) -> Answer:
        """Allow or forbid publishing credentials."""
        name, allow = _policy_name(call), properties(call.required_body()).get("allow")
        if not isinstance(allow, bool):
            raise errors.web_error(
                400, "BadRequest", "The parameter properties.allow has an invalid value."
            )
        document = await self._change(
            call, lambda document: document["policies"].update({name: allow})
        )
        return Answer(body=self._policy(document, name))

    def _policy(self, document: Document, name: str) -> Document:
        kind = "basicPublishingCredentialsPolicies"
        return child(document, f"{kind}/{name}", kind, {"allow": document["policies"][name]})


def _policy_name(call: Call) -> str:
    name = call.params["policy"].lower()
    if name not in ("scm", "ftp"):
        raise errors.web_error(
            404, "NotFound", f"There is no publishing policy '{name}'; there are scm and ftp."
        )
    return name


def _strings(call: Call) -> dict[str, str]:
    given = properties(call.required_body())
    if any(not isinstance(value, str | int | float | bool | None) for value in given.values()):
        raise errors.web_error(400, "BadRequest", "App settings must be an object of strings.")
    return {name: "" if value is None else str(value) for name, value in given.items()}


def _no_auth() -> Document:
    return {
        "platform": {"enabled": False, "runtimeVersion": "~1"},
        "globalValidation": {
            "requireAuthentication": False,
            "unauthenticatedClientAction": "AllowAnonymous",
        },
        "identityProviders": {},
        "login": {
            "routes": {},
            "tokenStore": {
                "enabled": False,
                "tokenRefreshExtensionHours": 72.0,
                "fileSystem": {},
                "azureBlobStorage": {},
            },
            "preserveUrlFragmentsForLogins": False,
            "cookieExpiration": {"convention": "FixedTime", "timeToExpiration": "08:00:00"},
            "nonce": {"validateNonce": True, "nonceExpirationInterval": "00:05:00"},
        },
        "httpSettings": {
            "requireHttps": True,
            "routes": {"apiPrefix": "/.auth"},
            "forwardProxy": {"convention": "NoProxy"},
        },
    }
