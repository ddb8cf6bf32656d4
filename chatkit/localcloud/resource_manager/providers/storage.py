"""Microsoft.Storage: accounts, their keys and names. What lies below is in `blob_service`."""

from __future__ import annotations

import base64
import re
import secrets
from typing import ClassVar, NotRequired, TypedDict
from urllib.parse import urlencode, urlsplit

from chatkit.localcloud.resource_manager.core import errors, identities, regions
from chatkit.localcloud.resource_manager.core.documents import JsonObject, Resource, iso
from chatkit.localcloud.resource_manager.core.http import Answer, Call, merge, properties
from chatkit.localcloud.resource_manager.core.provider import ResourceType
from chatkit.localcloud.resource_manager.core.routing import GROUP, SUB, Route
from chatkit.localcloud.resource_manager.core.type_names import STORAGE
from chatkit.localcloud.storage.state.spec import AccountSpec

NAMESPACE = "Microsoft.Storage"
LOCATIONS = "Microsoft.Storage/locations"
# The ones before have other properties: accountType in the place of sku.
VERSIONS = (
    *("2026-09-01", "2026-04-01", "2025-08-01", "2025-06-01", "2025-01-01", "2024-01-01"),
    *("2023-05-01", "2023-04-01", "2023-01-01", "2022-09-01", "2022-05-01", "2021-09-01"),
    *("2021-08-01", "2021-06-01", "2021-05-01", "2021-04-01", "2021-02-01", "2021-01-01"),
    *("2020-08-01-preview", "2019-06-01", "2019-04-01", "2018-11-01", "2018-07-01"),
    *("2018-03-01-preview", "2018-02-01", "2017-10-01", "2017-06-01", "2016-12-01", "2016-05-01"),
    "2016-01-01",
)
RETRY_AFTER_S = 17  # recorded
SKUS = {
    sku.lower(): sku
    for sku in (
        *("Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Standard_ZRS", "Standard_GZRS"),
        *("Standard_RAGZRS", "Premium_LRS"),
    )
}
KINDS = {
    kind.lower(): kind
    for kind in ("StorageV2", "Storage", "BlobStorage", "BlockBlobStorage", "FileStorage")
}
KEPT = (
    "accessTier",
    "supportsHttpsTrafficOnly",
    "minimumTlsVersion",
    "allowBlobPublicAccess",
    "allowSharedKeyAccess",
    "defaultToOAuthAuthentication",
    "publicNetworkAccess",
    "allowCrossTenantReplication",
    "isHnsEnabled",
    "dnsEndpointType",
    "encryption",
    "networkAcls",
)
ACCOUNT_LIMIT = 250
USUAL_KIND = "StorageV2"
DEFAULTS: JsonObject = {
    "accessTier": "Hot",
    "supportsHttpsTrafficOnly": True,
    "minimumTlsVersion": "TLS1_0",
    "allowBlobPublicAccess": False,
    "allowCrossTenantReplication": False,
    "networkAcls": {
        "ipv6Rules": [],
        "bypass": "AzureServices",
        "virtualNetworkRules": [],
        "ipRules": [],
        "defaultAction": "Allow",
    },
}


class Sku(TypedDict):
    """Redundancy."""

    name: str
    tier: str


class Key(TypedDict):
    """An account key and when it was made."""

    value: str
    created: str


class Account(Resource):
    """An account as it is kept."""

    sku: Sku
    kind: str
    properties: JsonObject
    keys: dict[str, Key]
    created: str
    blob_service: NotRequired[JsonObject]


class StorageAccounts(ResourceType[Account]):
    """Operations on storage accounts."""

    type = STORAGE
    api_versions: ClassVar = {STORAGE: VERSIONS, LOCATIONS: VERSIONS}
    registration = "on use"
    name_pattern = re.compile(r"^[a-z0-9]{3,24}$")
    name_rule = (
        "Storage account name must be between 3 and 24 characters in length and use numbers and"
        " lower-case letters only."
    )
    is_name_global = True
    max_tag_name = 128
    operation_group = "StorageAccounts"
    operation_names: ClassVar = {"Get": "GetProperties", "CreateOrUpdate": "Create"}

    def routes(self) -> list[Route]:
        """The operations of every type, keys, names, quota and polling."""
        one = f"{GROUP}/providers/{STORAGE}/{{name}}"
        here = f"{SUB}/providers/{NAMESPACE}"
        regional = here + "/locations/{location}"
        names = here + "/checkNameAvailability"
        poll = regional + "/asyncoperations/{operation}"
        group = self.operation_group
        check_names = Route(
            "POST",
            names,
            self.check_names,
            STORAGE,
            f"{group}_CheckNameAvailability",
            action=f"{NAMESPACE}/checknameavailability/read",
        )
        return [
            *super().routes(),
            Route("POST", one + "/listKeys", self.list_keys, STORAGE, f"{group}_ListKeys"),
            Route(
                "POST", one + "/regenerateKey", self.regenerate, STORAGE, f"{group}_RegenerateKey"
            ),
            check_names,
            Route("GET", regional + "/usages", self.usages, LOCATIONS, "Usages_ListByLocation"),
            Route("GET", poll, self.poll, LOCATIONS, "Storage (polling)"),
        ]

    # Create and change ------------------------------------------------------------------------

    def new(self, call: Call, body: JsonObject) -> Account:
        """An account with keys of its own."""
        envelope = self.envelope(call, body)
        # Templates that Microsoft deploys leave it out: quickstart functions-managed-identity.
        kind = KINDS.get(str(body.get("kind") or USUAL_KIND).lower())
        if kind is None:
            message = "Account property kind is invalid for the request."
            raise errors.service_error(400, "AccountPropertyIsInvalid", message)
        self.quota(body, envelope["location"]).check()
        document: Account = {
            "id": envelope["id"],
            "name": envelope["name"],
            "type": envelope["type"],
            "location": envelope["location"],
            "tags": envelope["tags"],
            "sku": _sku(body),
            "kind": kind,
            "properties": merge(DEFAULTS, _kept(properties(body))),
            "keys": {"key1": _new_key(), "key2": _new_key()},
            "created": iso(),
        }
        identities.identify(self.context, call, document, body.get("identity"))
        return document

    def replace(self, call: Call, body: JsonObject, old: Account) -> Account:
        """A PUT changes what its body mentions, as a PATCH does."""
        document: Account = {**old}
        self.update(call, body, document)
        return document

    def update(self, call: Call, body: JsonObject, document: Account) -> None:
        """Change what the body mentions."""
        self.check_location(body, document)
        super().update(call, body, document)
        document["properties"] = merge(document["properties"], _kept(properties(body)))
        if body.get("sku"):
            document["sku"] = _sku(body)
        if body.get("identity"):
            identities.identify(self.context, call, document, body["identity"])

    async def finish_put(self, call: Call, document: Account, old: Account | None) -> Answer:
        """200 with a changed account; 202 without a body for a new one, polled at Location."""
        if old is not None:
            await self.save(document, old)
            return self.answer(document)
        operation = await self.begin("storage.create", document, old)
        started = int(operation.started * 1e7)
        query = urlencode({"monitor": "true", "api-version": call.api_version, "t": started})
        subscription = f"{call.base_url}/subscriptions/{self.context.subscription_id}"
        region = f"{subscription}/providers/{NAMESPACE}/locations/{document['location']}"
        location = f"{region}/asyncoperations/{operation.id}?{query}"
        headers = {"Location": location, **self._retry_after()}
        return Answer(202, headers=headers, content_type="text/plain; charset=utf-8")

    async def poll(self, call: Call) -> Answer:
        """202 while an account is being made, then 200 with the account."""
        operation = self.context.operations.get(call.params["operation"])
        if operation is None:
            raise errors.operation_not_found()
        if not operation.is_done:
            location = f"{call.base_url}{call.path}?{urlencode(call.query)}"
            return Answer(202, headers={"Location": location, **self._retry_after()})
        document = self.stored(operation.resource_id)
        return Answer(204) if document is None else self.answer(document)

    def _retry_after(self) -> dict[str, str]:
        return {"Retry-After": str(self.context.clock.retry_after_s(RETRY_AFTER_S))}

    # Keys, names, quota -----------------------------------------------------------------------

    async def list_keys(self, call: Call) -> Answer:
        """Both keys."""
        return Answer(body={"keys": _keys(self.one(call))})

    async def regenerate(self, call: Call) -> Answer:
        """Make one key new."""
        name = str(call.required_body().get("keyName", ""))
        async with self.locked(call):
            document = self.one(call)
            if name not in document["keys"]:
                raise _invalid_value("keyName")
            changed: Account = {**document, "keys": {**document["keys"], name: _new_key()}}
            await self.save(changed, document)
        return Answer(body={"keys": _keys(changed)})

    async def check_names(self, call: Call) -> Answer:
        """Say whether a name is valid and free."""
        try:
            self.check_name(str(call.required_body().get("name") or ""))
        except errors.ArmError as refusal:
            reason = "AlreadyExists" if refusal.status == 409 else "AccountNameInvalid"
            answer = {"nameAvailable": False, "reason": reason, "message": refusal.message}
            return Answer(body=answer)
        return Answer(body={"nameAvailable": True})

    async def usages(self, call: Call) -> Answer:
        """How many accounts a location has, and how many it may have."""
        quota = self.quota({}, regions.location(call.params["location"], STORAGE))
        name = {"value": "StorageAccounts", "localizedValue": "Storage Accounts"}
        used = {"currentValue": quota.used, "limit": quota.limit}
        return Answer(body={"value": [{"unit": "Count", **used, "name": name}]})

    def quota(self, body: JsonObject, location: str) -> regions.Quota:
        """Accounts of a region."""
        used = sum(one["location"] == location for one in self.all())
        message = (
            f"Subscription {self.context.subscription_id} already contains {used} storage accounts"
            f" in location {location} and the maximum allowed is {ACCOUNT_LIMIT}."
        )
        code = "MaxStorageAccountsCountPerSubscriptionExceeded"
        refusal = errors.service_error(409, code, message)
        return regions.Quota(f"{STORAGE} {location}", used, ACCOUNT_LIMIT, refusal)

    def invalid_name(self, name: str) -> errors.ArmError:
        """400 in the words of the provider."""
        message = f"{name} is not a valid storage account name. {self.name_rule}"
        return errors.service_error(400, "AccountNameInvalid", message)

    @classmethod
    def name_taken(cls, name: str) -> errors.ArmError:
        """409 in the words of the provider."""
        message = f"The storage account named {name} is already taken."
        return errors.service_error(409, "StorageAccountAlreadyTaken", message)

    # State ------------------------------------------------------------------------------------

    async def apply(self, document: Account) -> None:
        """Bring the data plane to what a document says."""
        await self.context.planes.storage.apply(spec(document))

    def release(self, document: Account) -> None:
        """Delete what is stored about the account's data."""
        self.context.planes.storage.forget(document["name"])

    async def take_down(self, document: Account) -> None:
        """Delete the account's files."""
        await self.context.planes.storage.remove(document["name"])

    def render(self, document: Account) -> JsonObject:
        """What a GET shows."""
        name = document["name"]
        created = document["created"]
        is_pending = self.context.operations.running(document) is not None
        service = {"keyType": "Account", "enabled": True, "lastEnabledTime": created}
        encryption = {
            "services": {"file": service, "blob": service},
            "keySource": "Microsoft.Storage",
        }
        identity = {"identity": document["identity"]} if document.get("identity") else {}
        return {
            **identity,
            "sku": document["sku"],
            "kind": document["kind"],
            "id": document["id"],
            "name": name,
            "type": STORAGE,
            "location": document["location"],
            "tags": document["tags"],
            "properties": {
                "keyCreationTime": {key: kept["created"] for key, kept in document["keys"].items()},
                "privateEndpointConnections": [],
                **document["properties"],
                "encryption": merge(encryption, document["properties"].get("encryption") or {}),
                "provisioningState": "Creating" if is_pending else "Succeeded",
                "creationTime": created,
                "primaryEndpoints": self._addresses(name),
                "primaryLocation": document["location"],
                "statusOfPrimary": "available",
            },
        }

    def _addresses(self, name: str) -> dict[str, str]:
        storage = self.context.planes.storage
        blob = storage.blob_endpoint(name).rstrip("/") + "/"
        host = "{0.scheme}://{0.netloc}".format(urlsplit(blob))
        others = {kind: f"{host}/{name}-{kind}/" for kind in ("dfs", "queue", "table", "file")}
        return {"web": storage.web_endpoint(name), "blob": blob, **others}


def spec(document: Account) -> AccountSpec:
    """What the data plane needs to know."""
    settings = document["properties"]
    return AccountSpec(
        name=document["name"],
        key1=document["keys"]["key1"]["value"],
        key2=document["keys"]["key2"]["value"],
        allow_shared_key=settings.get("allowSharedKeyAccess") is not False,
        allow_blob_public_access=bool(settings.get("allowBlobPublicAccess")),
        is_behind_firewall=_is_behind_firewall(settings),
        scope=document["id"],
    )


def _is_behind_firewall(settings: JsonObject) -> bool:
    """Whether the rules keep out a caller from the internet, as Azure's callers of this course are.

    An address among the rules is taken for the person's own, which nobody here knows.
    """
    if str(settings.get("publicNetworkAccess") or "").lower() in ("disabled", "securedbyperimeter"):
        return True
    rules = settings.get("networkAcls") or {}
    denies = str(rules.get("defaultAction") or "").lower() == "deny"
    return denies and not rules.get("ipRules")


def _sku(body: JsonObject) -> Sku:
    name = str((body.get("sku") or {}).get("name", ""))
    known = SKUS.get(name.lower())
    if known is None:
        raise _invalid_value("sku.name")
    return {"name": known, "tier": known.partition("_")[0]}


def _kept(given: JsonObject) -> JsonObject:
    return {name: given[name] for name in KEPT if given.get(name) is not None}


def _keys(document: Account) -> list[JsonObject]:
    return [
        {
            "creationTime": kept["created"],
            "keyName": name,
            "value": kept["value"],
            "permissions": "FULL",
        }
        for name, kept in document["keys"].items()
    ]


def _new_key() -> Key:
    return {"value": base64.b64encode(secrets.token_bytes(64)).decode(), "created": iso()}


def _invalid_value(parameter: str) -> errors.ArmError:
    message = f"Values for request parameters are invalid: {parameter}."
    return errors.service_error(400, "InvalidValuesForRequestParameters", message)
