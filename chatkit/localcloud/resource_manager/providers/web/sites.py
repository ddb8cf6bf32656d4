"""Function apps: create, show, change, delete. What lies below is in `site_config` and others."""

from __future__ import annotations

import base64
import secrets
import string
from typing import ClassVar

from chatkit.localcloud.core.etags import Conditions
from chatkit.localcloud.functions.host import spec as host
from chatkit.localcloud.functions.host.spec import port_owners
from chatkit.localcloud.resource_manager.core import errors, identities
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject, iso
from chatkit.localcloud.resource_manager.core.http import Answer, Call, properties, tags
from chatkit.localcloud.resource_manager.core.type_names import PLANS, SIGNALR, SITES, STORAGE
from chatkit.localcloud.resource_manager.providers.web import rules, service_addresses
from chatkit.localcloud.resource_manager.providers.web.plans import Plans
from chatkit.localcloud.resource_manager.providers.web.resource import (
    FLEX,
    VERSIONS,
    Plan,
    Site,
    WebResource,
    new_etag,
)
from chatkit.localcloud.resource_manager.providers.web.shapes import (
    render_config,
    render_site,
)

CONNECTION_PREFIXES = {
    "custom": "CUSTOMCONNSTR_",
    "sqlazure": "SQLAZURECONNSTR_",
    "sqlserver": "SQLCONNSTR_",
    "mysql": "MYSQLCONNSTR_",
}


class Sites(WebResource[Site]):
    """Operations on function apps."""

    type = SITES
    api_versions: ClassVar = {SITES: VERSIONS}
    depends_on = (PLANS, STORAGE, SIGNALR)
    name_pattern = rules.NAME
    # Azure's words: https://github.com/Azure/Azure-Functions/issues/1645
    name_rule = "The host name {name}.azurewebsites.net is invalid."
    is_name_global = True
    operation_group = "WebApps"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._plans = Plans(context)

    def check_conditions(self, call: Call, old: Site | None) -> None:
        """Honour If-Match and If-None-Match.

        Raises:
            ArmError: 412 when the stored version is another one.
        """
        # Resource Manager knows `If-None-Match: *` only, which says "create, do not replace".
        creates_only = call.headers.get("if-none-match") == "*"
        conditions = Conditions(
            if_match=call.headers.get("if-match", ""), if_none_match="*" if creates_only else ""
        )
        stored = f'"{old["etag"]}"' if old else None
        if conditions.unmet(stored):
            raise errors.web_error(
                412,
                "PreconditionFailed",
                "The condition specified using HTTP conditional header(s) is not met.",
            )

    # Create, change, delete -------------------------------------------------------------------

    async def finish_put(self, call: Call, document: Site, old: Site | None) -> Answer:
        """Answered when it is done."""
        if old is not None:
            await self._save_slowly(document, old)
            return self.answer(document)
        # The plan is locked until the site can be seen on it: nothing else deletes or fills it.
        async with self.context.locks.of(document["plan_id"]):
            self._checked_plan(document["plan_id"], document["location"])
            await self._save_slowly(document, old)
        return self.answer(document)

    async def _save_slowly(self, document: Site, old: Site | None) -> None:
        await self.context.clock.wait("site.put")
        await self.save(document, old)

    async def finish_delete(self, call: Call, document: Site) -> Answer:
        """Delete an app, and its plan when that is left empty."""
        await self.remove(document)
        if call.query.get("deleteemptyserverfarm", "").lower() != "false":
            await self._plans.remove_if_empty(document["plan_id"])
        await self.context.clock.wait("site.delete")
        return Answer(200)

    def nothing_to_delete(self, call: Call) -> Answer:
        """404: Microsoft.Web has no 204 here."""
        raise errors.resource_not_found(f"{SITES}/{call.params['name']}", call.params["group"])

    def new(self, call: Call, body: JsonObject) -> Site:
        """An app with keys of its own."""
        kind = str(body.get("kind") or "app").lower()
        if "functionapp" not in kind:
            raise errors.not_implemented(
                f"A site of kind '{kind}'", "function apps: kind functionapp,linux"
            )
        envelope = self.envelope(call, body)
        plan = self._plan(call, envelope["location"], properties(body))
        is_basic = self._allows_basic(plan)
        document: Site = {
            "id": envelope["id"],
            "name": envelope["name"],
            "type": envelope["type"],
            "location": envelope["location"],
            "tags": envelope["tags"],
            "kind": kind,
            "etag": new_etag(),
            "plan_id": plan["id"],
            "sku": plan["sku"]["tier"],
            "app_settings": {},
            "connection_strings": {},
            "config": {},
            "function_app_config": None,
            "authentication": None,
            "https_only": False,
            "enabled": True,
            "policies": {"scm": is_basic, "ftp": is_basic},
            "host_keys": {
                "masterKey": new_key(),
                "functionKeys": {"default": new_key()},
                "systemKeys": {},
            },
            "function_keys": {},
            "publishing_password": new_password(),
            "verification_id": secrets.token_hex(32).upper(),
        }
        self._change(call, document, body)
        return document

    def replace(self, call: Call, body: JsonObject, old: Site) -> Site:
        """Other tags and configuration; what the body leaves out stays."""
        document: Site = {**old, "tags": tags(body)}
        self._change(call, document, body)
        return document

    def update(self, call: Call, body: JsonObject, document: Site) -> None:
        """Change what the body mentions."""
        super().update(call, body, document)
        self._change(call, document, body)

    # Rules ------------------------------------------------------------------------------------

    def _allows_basic(self, plan: Plan) -> bool:
        return plan["sku"]["tier"] != FLEX and not self.context.faults.standing("scm-basic-off")

    def _plan(self, call: Call, location: str, given: JsonObject) -> Plan:
        """The plan that a new site asks for; without one the group's Consumption plan."""
        group_id = self.context.group(call)["id"]
        plan_id = str(given.get("serverFarmId") or "")
        if not plan_id:
            return self._plans.dynamic(group_id, location)
        if "/" not in plan_id:
            plan_id = f"{group_id}/providers/{PLANS}/{plan_id}"
        self.context.check_linked(call, plan_id, f"{PLANS}/join/action")
        return self._checked_plan(plan_id, location)

    def _checked_plan(self, plan_id: str, location: str) -> Plan:
        plan = self._plans.stored(plan_id)
        if plan is None:
            name = plan_id.rpartition("/")[2]
            message = f"Cannot find serverFarm with name {name}."
            raise errors.web_error(404, "NotFound", message, name, extended_code="51004")
        if plan["location"] != location:
            message = "The site and its plan must be in the same location."
            raise errors.web_error(400, "BadRequest", message)
        if plan["sku"]["tier"] == FLEX and self._plans.sites_of(plan):
            message = "A Flex Consumption plan takes one function app; this plan has one already."
            raise errors.web_error(400, "BadRequest", message)
        return plan

    def _change(self, call: Call, document: Site, body: JsonObject) -> None:
        given = properties(body)
        rules.check_network(given)
        config = given.get("siteConfig") or {}
        is_flex = document["sku"] == FLEX
        if is_flex:
            rules.check_flex_config(config, render_config(document)["properties"])
            document["function_app_config"] = rules.function_app_config(
                given.get("functionAppConfig"), document["function_app_config"]
            )
        if config.get("appSettings") is not None:
            settings = named_values(config["appSettings"])
            rules.check_settings(settings, is_flex=is_flex)
            document["app_settings"] = settings
        others = {name: value for name, value in config.items() if name != "appSettings"}
        apply_config(document, others)
        if not is_flex:
            rules.check_consumption(document)
        if isinstance(given.get("httpsOnly"), bool):
            document["https_only"] = given["httpsOnly"]
        if isinstance(given.get("enabled"), bool):
            document["enabled"] = given["enabled"]
        if "identity" in body:
            identities.identify(self.context, call, document, body["identity"])

    # State ------------------------------------------------------------------------------------

    def prepare(self, document: Site) -> None:
        """Reserve two ports; every change makes a new ETag."""
        document["etag"] = new_etag()
        document["modified"] = iso()
        if "ports" not in document:
            reserve = self.context.platform.listeners.reserve
            owners = port_owners(document["name"].lower())
            document["ports"] = {"site": reserve(owners["site"]), "scm": reserve(owners["scm"])}

    async def apply(self, document: Site) -> None:
        """Bring the data plane to what a document says."""
        platform_settings = {
            **self._identity_environment(document),
            **service_addresses.resolved(self.context, document["app_settings"]),
            **self._authority(document),
        }
        await self.context.planes.functions.apply(spec(document, platform_settings))

    async def recover(self, document: Site) -> None:
        """Bring the data plane back after a restart, at other ports when its own were taken."""
        reserve = self.context.platform.listeners.reserve
        owners = port_owners(document["name"].lower())
        site = reserve(owners["site"])
        scm = reserve(owners["scm"])
        if document["ports"] != {"site": site, "scm": scm}:
            document["ports"] = {"site": site, "scm": scm}
            self.context.resources.put(document)
        await self.apply(document)

    def release(self, document: Site) -> None:
        """Give the ports back; nobody knows its code and asks for its identities any more."""
        for owner in port_owners(document["name"].lower()).values():
            self.context.platform.listeners.release(owner)
        self.context.identity_hosts.remove(document["id"])
        self.context.planes.functions.forget(document["name"].lower())

    async def take_down(self, document: Site) -> None:
        """Stop the app and delete its code."""
        await self.context.planes.functions.remove(document["name"].lower())

    def render(self, document: Site) -> JsonObject:
        """What a GET shows."""
        return render_site(document, self._plans.stored(document["plan_id"]))

    def _authority(self, document: Site) -> dict[str, str]:
        """Where applications sign in, unless the app says so itself.

        Azure's own clouds other than the public one need this variable in an app as well.
        """
        if "AZURE_AUTHORITY_HOST" in document["app_settings"]:
            return {}
        return {"AZURE_AUTHORITY_HOST": self.context.endpoints.authority}

    def _identity_environment(self, document: Site) -> dict[str, str]:
        assigned = [one["principalId"] for one in identities.assigned(document).values()]
        system = identities.principal_id(document)
        hosts = self.context.identity_hosts
        if not system and not assigned:
            hosts.remove(document["id"])
            return {}
        header = hosts.put(document["id"], system=system, assigned=tuple(assigned)).header
        endpoint = self.context.endpoints.identity
        return {
            "IDENTITY_ENDPOINT": endpoint,
            "IDENTITY_HEADER": header,
            "MSI_ENDPOINT": endpoint,
            "MSI_SECRET": header,
        }


def apply_config(document: Site, config: JsonObject) -> None:
    """Merge site configuration (config/web) into a site's document."""
    given = {name: value for name, value in config.items() if value is not None}
    rules.check_network(given)
    if "cors" in given:
        given["cors"] = rules.check_cors(given["cors"])
    for name in ("ipSecurityRestrictions", "scmIpSecurityRestrictions"):
        if name in given:
            given[name] = [rules.restriction(rule) for rule in given[name]]
    document["config"] = {**document["config"], **given}


def named_values(pairs: list[JsonObject]) -> dict[str, str]:
    """Settings in the form of siteConfig: `[{"name": "A", "value": "1"}]`."""
    values = {str(pair.get("name")): pair.get("value") for pair in pairs}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def spec(document: Site, platform_settings: dict[str, str]) -> host.SiteSpec:
    """What the data plane needs to know.

    Args:
        document: The site.
        platform_settings: What App Service adds to the app's environment.
    """
    keys = document["host_keys"]
    cors = document["config"].get("cors") or {}
    is_open = document["policies"]["scm"]
    return host.SiteSpec(
        name=document["name"].lower(),
        port=document["ports"]["site"],
        scm_port=document["ports"]["scm"],
        app_settings={**_environment(document), **platform_settings},
        host_keys=host.HostKeys(
            keys["masterKey"], keys["functionKeys"], keys["systemKeys"], document["function_keys"]
        ),
        cors=host.Cors(
            tuple(cors.get("allowedOrigins") or ()), bool(cors.get("supportCredentials"))
        ),
        enabled=document["enabled"],
        sku=document["sku"],
        python_version=_python_version(document),
        authentication=document["authentication"],
        principal_id=identities.principal_id(document),
        package_container=_package_container(document),
        scope=document["id"],
        is_always_ready=_is_always_ready(document),
        publishing_password=document["publishing_password"] if is_open else "",
    )


def _is_always_ready(document: Site) -> bool:
    flex = document["function_app_config"] or {}
    return bool((flex.get("scaleAndConcurrency") or {}).get("alwaysReady"))


def _package_container(document: Site) -> host.PackageContainer | None:
    """Where the deployment settings keep the package, and who they say saves it."""
    flex = document["function_app_config"]
    if not flex:
        return None
    storage = flex["deployment"]["storage"]
    return host.PackageContainer(storage["value"], _package_identity(document, storage))


def _package_identity(document: Site, storage: JsonObject) -> str | None:
    auth = storage["authentication"]
    match auth["type"]:
        case "systemassignedidentity":
            return identities.principal_id(document)
        case "userassignedidentity":
            wanted = str(auth["userAssignedIdentityResourceId"]).lower()
            for id_, one in identities.assigned(document).items():
                if id_.lower() == wanted:
                    return one["principalId"]
            return ""
    return None


def _python_version(document: Site) -> str:
    flex = document["function_app_config"]
    if flex:
        return str(flex["runtime"]["version"])
    version = document["config"].get("linuxFxVersion") or "|3.12"
    return str(version.partition("|")[2])


def _environment(document: Site) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, entry in document["connection_strings"].items():
        kind = str(entry.get("type", "")).lower()
        prefix = CONNECTION_PREFIXES.get(kind, "CUSTOMCONNSTR_")
        found[prefix + name] = str(entry.get("value", ""))
    return {**found, **document["app_settings"]}


def new_password() -> str:
    """A publishing password: 60 letters and digits, as Azure gives them."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(60))


def new_key() -> str:
    """A host or function key, in the form Azure gives them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(40)).decode()
