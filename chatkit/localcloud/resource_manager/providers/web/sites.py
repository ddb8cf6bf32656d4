"""Function apps: create, show, change, delete. Settings below the site are in `site_config` and `site_actions`."""

from __future__ import annotations

import base64
import copy
import re
import secrets
import string
from typing import Any

from chatkit.localcloud.core.etags import Conditions
from chatkit.localcloud.functions.host.spec import Cors, HostKeys, SiteSpec, port_owners
from chatkit.localcloud.resource_manager.core import errors, identities, regions
from chatkit.localcloud.resource_manager.core.clock import iso
from chatkit.localcloud.resource_manager.core.context import (
    Context,
    page,
    properties,
    skip_token,
    tags,
)
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import GROUP, SUB, Route
from chatkit.localcloud.resource_manager.core.state import Document
from chatkit.localcloud.resource_manager.providers.web import rules
from chatkit.localcloud.resource_manager.providers.web.plans import SKUS, Plans, etag
from chatkit.localcloud.resource_manager.providers.web.rules import FLEX, NAME, PLANS, SITES
from chatkit.localcloud.resource_manager.providers.web.shapes import render_site

TYPE = SITES
STORAGE = "Microsoft.Storage/storageAccounts"
ACCOUNT_NAME = re.compile(r"(?:^|;)AccountName=([a-z0-9]+)(?:;|$)")


class Sites:
    """Operations on function apps."""

    def __init__(self, context: Context, plans: Plans) -> None:
        self._context = context
        self._plans = plans
        context.on_remove[TYPE.lower()] = self.remove

    def routes(self) -> list[Route]:
        """The operations."""
        many = GROUP + f"/providers/{TYPE}"
        one = many + "/{name}"
        return [
            Route(
                "GET", SUB + "/providers/Microsoft.Web/sites", self.list_all, TYPE, "WebApps_List"
            ),
            Route("GET", many, self.list_all, TYPE, "WebApps_ListByResourceGroup"),
            Route("GET", one, self.get, TYPE, "WebApps_Get"),
            Route("PUT", one, self.put, TYPE, "WebApps_CreateOrUpdate"),
            Route("PATCH", one, self.patch, TYPE, "WebApps_Update"),
            Route("DELETE", one, self.delete, TYPE, "WebApps_Delete"),
        ]

    async def list_all(self, call: Call) -> Answer:
        """Apps of a group or the subscription."""
        prefix = self._context.group(call)["id"] + "/" if "group" in call.params else ""
        keys = self._context.resources.keys(type_=TYPE, prefix=prefix, after=skip_token(call))

        def entry(key: str) -> Document | None:
            document = self._context.resources.get(key)
            return None if document is None else self.render(document)

        return page(call, keys, entry)

    async def get(self, call: Call) -> Answer:
        """One app."""
        document = self._context.resource(call, TYPE)
        return Answer(body=self.render(document), headers={"ETag": f'"{document["etag"]}"'})

    async def put(self, call: Call) -> Answer:
        """Create or replace an app; answered when it is done."""
        self._context.group(call, for_write=True)
        self._context.check_registered("Microsoft.Web")
        body = call.required_body()
        id_ = self._context.resource_id(call, TYPE)
        async with self._context.lock(id_):
            old = self._context.resources.get(id_)
            check_etag(call, old)
            document = self._created(call, body) if old is None else copy.deepcopy(old)
            if (
                old is not None
                and "location" in body
                and regions.location(body["location"], TYPE) != old["location"]
            ):
                raise errors.ArmError(
                    409,
                    "InvalidResourceLocation",
                    f"The resource '{old['name']}' already exists in location '{old['location']}'.",
                )
            document["tags"] = tags(body)
            self._change(document, body)
            await self._context.clock.wait("site.put")
            await self.save(document, old)
        return Answer(body=self.render(document), headers={"ETag": f'"{document["etag"]}"'})

    async def patch(self, call: Call) -> Answer:
        """Change some properties of an app."""
        self._context.group(call, for_write=True)
        body = call.required_body()
        async with self._context.lock(self._context.resource_id(call, TYPE)):
            old = self._context.resource(call, TYPE)
            check_etag(call, old)
            document = copy.deepcopy(old)
            if "tags" in body:
                document["tags"] = tags(body)
            self._change(document, body)
            await self.save(document, old)
        return Answer(body=self.render(document), headers={"ETag": f'"{document["etag"]}"'})

    async def delete(self, call: Call) -> Answer:
        """Delete an app, and its plan when that is left empty; 404 when there is none."""
        document = self._context.resource(call, TYPE)
        await self.remove(document)
        plan = self._context.resources.get(document["plan_id"])
        keep = call.query.get("deleteemptyserverfarm", "").lower() == "false"
        if plan is not None and not keep and not self._plans.sites_of(plan["id"]):
            await self._plans.remove(plan)
        await self._context.clock.wait("site.delete")
        return Answer(200)

    # Rules ------------------------------------------------------------------------------------------------------------

    def _created(self, call: Call, body: Document) -> Document:
        name = call.params["name"]
        if not NAME.match(name):
            raise errors.web_error(
                400,
                "BadRequest",
                f"The site name '{name}' is invalid. It must have 2 to 60 letters, digits and hyphens and no hyphen at the ends.",
            )
        if self._context.is_taken(TYPE, name):
            raise errors.web_error(
                409,
                "Conflict",
                f"Website with given name {name} already exists.",
                name,
                extended_code="54001",
            )
        kind = str(body.get("kind") or "app").lower()
        if "functionapp" not in kind:
            raise errors.not_implemented(
                f"A site of kind '{kind}'", "function apps: kind functionapp,linux"
            )
        document = self._context.new(call, TYPE, body)
        plan = self._plan(document, properties(body))
        return document | {
            "kind": kind,
            "plan_id": plan["id"],
            "sku": plan["sku"]["tier"],
            "app_settings": {},
            "connection_strings": {},
            "config": {},
            "function_app_config": None,
            "authentication": None,
            "https_only": False,
            "enabled": True,
            "policies": {"scm": self._allows_basic(plan), "ftp": self._allows_basic(plan)},
            "host_keys": {
                "masterKey": new_key(),
                "functionKeys": {"default": new_key()},
                "systemKeys": {"signalr_extension": new_key()},
            },
            "function_keys": {},
            "publishing_password": new_password(),
            "verification_id": secrets.token_hex(32).upper(),
        }

    def _allows_basic(self, plan: Document) -> bool:
        return plan["sku"]["tier"] != FLEX and not self._context.faults.standing("scm-basic-off")

    def _plan(self, document: Document, given: Document) -> Document:
        plan_id = str(given.get("serverFarmId") or "")
        if not plan_id:
            return self._dynamic_plan(document)
        if "/" not in plan_id:
            plan_id = f"{document['id'].partition('/providers/')[0]}/providers/{PLANS}/{plan_id}"
        plan = self._context.resources.get(plan_id)
        if plan is None:
            name = plan_id.rpartition("/")[2]
            raise errors.web_error(
                404,
                "NotFound",
                f"Cannot find serverFarm with name {name}.",
                name,
                extended_code="51004",
            )
        if plan["location"] != document["location"]:
            raise errors.web_error(
                400, "BadRequest", "The site and its plan must be in the same location."
            )
        if plan["sku"]["tier"] == FLEX and self._plans.sites_of(plan["id"]):
            raise errors.web_error(
                400,
                "BadRequest",
                "A Flex Consumption plan takes one function app; this plan has one already.",
            )
        return plan

    def _dynamic_plan(self, document: Document) -> Document:
        region = regions.LOCATIONS[document["location"]].replace(" ", "")
        id_ = f"{document['id'].partition('/providers/')[0]}/providers/{PLANS}/{region}LinuxDynamicPlan"
        return self._context.resources.get(id_) or self._plans.create(
            id_, document["location"], dict(SKUS["Y1"]), kept_tags={}, reserved=True
        )

    def _change(self, document: Document, body: Document) -> None:
        given = properties(body)
        config = given.get("siteConfig") or {}
        is_flex = document["sku"] == FLEX
        if is_flex:
            rules.check_flex_config(config)
            document["function_app_config"] = rules.function_app_config(
                given.get("functionAppConfig"), document["function_app_config"]
            )
        if config.get("appSettings") is not None:
            settings = {
                str(pair.get("name")): str(pair.get("value") or "")
                for pair in config["appSettings"]
            }
            if is_flex:
                rules.check_flex_settings([*settings])
            document["app_settings"] = settings
        apply_config(
            document, {name: value for name, value in config.items() if name != "appSettings"}
        )
        if not is_flex:
            check_consumption(document)
        for name, key in (("httpsOnly", "https_only"), ("enabled", "enabled")):
            if isinstance(given.get(name), bool):
                document[key] = given[name]
        if "identity" in body:
            identities.identify(self._context.directory, document, body["identity"])

    # State ------------------------------------------------------------------------------------------------------------

    async def save(self, document: Document, old: Document | None) -> None:
        """Write a changed app, then bring the data plane to it."""
        document["etag"] = etag()
        document["modified"] = iso()
        listeners = self._context.platform.listeners
        name = document["name"].lower()
        if "ports" not in document:
            document["ports"] = {
                kind: listeners.reserve(owner) for kind, owner in port_owners(name).items()
            }
        self._context.resources.put(document)
        try:
            await self.apply(document)
        except Exception:
            if old is None:
                self._context.resources.delete(document["id"])
            else:
                self._context.resources.put(old)
            raise

    async def apply(self, document: Document) -> None:
        """Bring the data plane to what a document says."""
        platform_settings = {**self._identity_environment(document), **self._resolved(document)}
        await self._context.functions.apply(spec(document, platform_settings))

    async def recover(self, document: Document) -> None:
        """Bring the data plane back after a restart, at other ports when its own are taken."""
        listeners, name = self._context.platform.listeners, document["name"].lower()
        ports = {kind: await listeners.recover(owner) for kind, owner in port_owners(name).items()}
        if ports != document["ports"]:
            document["ports"] = ports
            self._context.resources.put(document)
        await self.apply(document)

    def _resolved(self, document: Document) -> dict[str, str]:
        """Storage connection strings that name an account of this cloud by Azure's domain only, with its address here.

        In Azure the name server does that; az writes such strings into the settings of a new app.
        """
        found: dict[str, str] = {}
        for name, value in document["app_settings"].items():
            account = (
                ACCOUNT_NAME.search(value)
                if "AccountKey=" in value and "BlobEndpoint=" not in value
                else None
            )
            if account and self._context.resources.named(STORAGE, account[1]):
                found[name] = (
                    f"{value.rstrip(';')};BlobEndpoint={self._context.storage.blob_endpoint(account[1])}"
                )
        return found

    def _identity_environment(self, document: Document) -> dict[str, str]:
        principal_id = identities.principal_id(document)
        identity = self._context.directory.principal(principal_id) if principal_id else None
        if identity is None:
            return {}
        endpoint, header = self._context.identity_endpoint, identity.header
        return {
            "IDENTITY_ENDPOINT": endpoint,
            "IDENTITY_HEADER": header,
            "MSI_ENDPOINT": endpoint,
            "MSI_SECRET": header,
        }

    async def remove(self, document: Document) -> None:
        """Delete an app, its code, its identity, its ports and its document."""
        name = document["name"].lower()
        with self._context.commit():
            self._context.forget(document)
            for owner in port_owners(name).values():
                self._context.platform.listeners.release(owner)
        identities.forget(self._context.directory, document)
        await self._context.functions.remove(name)

    def render(self, document: Document) -> Document:
        """What a GET shows."""
        return render_site(document, self._context.resources.get(document["plan_id"]))


def apply_config(document: Document, config: Document) -> None:
    """Merge site configuration (config/web) into a site's document."""
    given = {name: value for name, value in config.items() if value is not None}
    if "cors" in given:
        given["cors"] = rules.check_cors(given["cors"])
    document["config"] = {**document["config"], **given}


def check_consumption(document: Document) -> None:
    """Linux Consumption runs fewer Python versions."""
    version = document["config"].get("linuxFxVersion") or ""
    language, _, number = version.partition("|")
    if version and (language.lower() != "python" or number not in rules.CONSUMPTION_PYTHONS):
        raise errors.web_error(
            400,
            "BadRequest",
            f"LinuxFxVersion has an invalid value '{version}'. Linux Consumption supports"
            f" {', '.join('Python|' + known for known in rules.CONSUMPTION_PYTHONS)}.",
        )


def check_etag(call: Call, document: Document | None) -> None:
    """Honour If-Match and If-None-Match.

    Raises:
        ArmError: 412 when the stored version is another one.
    """
    # Resource Manager knows `If-None-Match: *` only, which says "create, do not replace".
    creates_only = call.headers.get("if-none-match") == "*"
    conditions = Conditions(
        if_match=call.headers.get("if-match", ""), if_none_match="*" if creates_only else ""
    )
    stored = f'"{document["etag"]}"' if document else None
    if conditions.unmet(stored):
        raise errors.web_error(
            412,
            "PreconditionFailed",
            "The condition specified using HTTP conditional header(s) is not met.",
        )


def spec(document: Document, platform_settings: dict[str, str]) -> SiteSpec:
    """What the data plane needs to know.

    Args:
        document: The site.
        platform_settings: What App Service adds to the app's environment.
    """
    keys, cors = document["host_keys"], document["config"].get("cors") or {}
    flex = document["function_app_config"]
    version = (
        flex["runtime"]["version"]
        if flex
        else (document["config"].get("linuxFxVersion") or "|3.12").partition("|")[2]
    )
    return SiteSpec(
        name=document["name"].lower(),
        port=document["ports"]["site"],
        scm_port=document["ports"]["scm"],
        app_settings={**_environment(document), **platform_settings},
        host_keys=HostKeys(
            keys["masterKey"], keys["functionKeys"], keys["systemKeys"], document["function_keys"]
        ),
        cors=Cors(tuple(cors.get("allowedOrigins") or ()), bool(cors.get("supportCredentials"))),
        enabled=document["enabled"],
        sku=document["sku"],
        python_version=version,
        authentication=document["authentication"],
        principal_id=identities.principal_id(document),
        package_container_url=flex["deployment"]["storage"]["value"] if flex else "",
        scope=document["id"],
        publishing_password=document["publishing_password"] if document["policies"]["scm"] else "",
    )


def _environment(document: Document) -> dict[str, str]:
    prefixes = {
        "custom": "CUSTOMCONNSTR_",
        "sqlazure": "SQLAZURECONNSTR_",
        "sqlserver": "SQLCONNSTR_",
        "mysql": "MYSQLCONNSTR_",
    }
    strings: dict[str, Any] = document["connection_strings"]
    return {
        **{
            prefixes.get(str(entry.get("type", "")).lower(), "CUSTOMCONNSTR_") + name: str(
                entry.get("value", "")
            )
            for name, entry in strings.items()
        },
        **document["app_settings"],
    }


def new_password() -> str:
    """A publishing password: 60 letters and digits, as Azure gives them."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(60))


def new_key() -> str:
    """A host or function key, in the form Azure gives them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(40)).decode()
