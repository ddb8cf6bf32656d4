"""Microsoft.Storage: accounts, keys, blob service properties with the static website, containers."""

from __future__ import annotations

import base64
import re
import secrets
from urllib.parse import urlencode, urlsplit

from chatkit.localcloud.resource_manager.core import errors, identities, regions
from chatkit.localcloud.resource_manager.core.clock import iso
from chatkit.localcloud.resource_manager.core.context import (
    Context,
    page,
    properties,
    skip_token,
    tags,
)
from chatkit.localcloud.resource_manager.core.http import Answer, Call, merge
from chatkit.localcloud.resource_manager.core.routing import GROUP, SUB, Route
from chatkit.localcloud.resource_manager.core.state import Document
from chatkit.localcloud.storage.state.spec import AccountSpec

NAMESPACE = "Microsoft.Storage"
TYPE = "Microsoft.Storage/storageAccounts"
LOCATIONS = "Microsoft.Storage/locations"
NAME = re.compile(r"^[a-z0-9]{3,24}$")
SKUS = {
    sku.lower(): sku
    for sku in "Standard_LRS Standard_GRS Standard_RAGRS Standard_ZRS Standard_GZRS Standard_RAGZRS Premium_LRS".split()
}
KINDS = {
    kind.lower(): kind
    for kind in "StorageV2 Storage BlobStorage BlockBlobStorage FileStorage".split()
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
DEFAULTS: Document = {
    "accessTier": "Hot",
    "supportsHttpsTrafficOnly": True,
    "minimumTlsVersion": "TLS1_0",
    "allowBlobPublicAccess": False,
    "networkAcls": {
        "bypass": "AzureServices",
        "virtualNetworkRules": [],
        "ipRules": [],
        "defaultAction": "Allow",
    },
}


class Storage:
    """Operations on storage accounts."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.on_remove[TYPE.lower()] = self.remove

    def routes(self) -> list[Route]:
        """The operations."""
        many = GROUP + f"/providers/{TYPE}"
        one = many + "/{name}"
        here = SUB + f"/providers/{NAMESPACE}"
        return [
            Route("GET", here + "/storageAccounts", self.list_all, TYPE, "StorageAccounts_List"),
            Route("GET", many, self.list_all, TYPE, "StorageAccounts_ListByResourceGroup"),
            Route("GET", one, self.get, TYPE, "StorageAccounts_GetProperties"),
            Route("PUT", one, self.put, TYPE, "StorageAccounts_Create"),
            Route("PATCH", one, self.patch, TYPE, "StorageAccounts_Update"),
            Route("DELETE", one, self.delete, TYPE, "StorageAccounts_Delete"),
            Route("POST", one + "/listKeys", self.list_keys, TYPE, "StorageAccounts_ListKeys"),
            Route(
                "POST",
                one + "/regenerateKey",
                self.regenerate_key,
                TYPE,
                "StorageAccounts_RegenerateKey",
            ),
            Route(
                "POST",
                here + "/checkNameAvailability",
                self.check_name,
                TYPE,
                "StorageAccounts_CheckNameAvailability",
            ),
            Route(
                "GET",
                here + "/locations/{location}/usages",
                self.usages,
                LOCATIONS,
                "Usages_ListByLocation",
            ),
            Route(
                "GET",
                here + "/locations/{location}/asyncoperations/{operation}",
                self.poll,
                LOCATIONS,
                "Storage (polling)",
            ),
        ]

    async def list_all(self, call: Call) -> Answer:
        """Accounts of a group or the subscription."""
        prefix = self._context.group(call)["id"] + "/" if "group" in call.params else ""
        keys = self._context.resources.keys(type_=TYPE, prefix=prefix, after=skip_token(call))

        def entry(key: str) -> Document | None:
            document = self._context.resources.get(key)
            return None if document is None else self.render(document)

        return page(call, keys, entry)

    async def get(self, call: Call) -> Answer:
        """One account."""
        return Answer(body=self.render(self._account(call)))

    async def put(self, call: Call) -> Answer:
        """Create an account (202, polled at Location) or change it (200)."""
        self._context.group(call, for_write=True)
        self._context.check_registered(NAMESPACE)
        body = call.required_body()
        id_ = self._context.resource_id(call, TYPE)
        async with self._context.lock(id_):
            old = self._context.resources.get(id_)
            if old is not None:
                return Answer(body=self.render(await self._changed(body, old)))
            document = self._created(call, body)
            with self._context.commit():
                operation = self._context.operations.begin("storage.create", document["id"])
                self._context.resources.put({**document, "operation": operation.id})
            try:
                await self.apply(document)
            except Exception:
                self._context.resources.delete(document["id"])
                raise
        query = urlencode(
            {"monitor": "true", "api-version": call.api_version, "t": int(operation.started * 1e7)}
        )
        base = (
            f"{call.base_url}/subscriptions/{self._context.subscription_id}/providers/{NAMESPACE}"
        )
        location = f"{base}/locations/{document['location']}/asyncoperations/{operation.id}?{query}"
        headers = {"Location": location, "Retry-After": str(self._context.clock.retry_after_s(17))}
        return Answer(202, headers=headers, content_type="text/plain; charset=utf-8")

    async def patch(self, call: Call) -> Answer:
        """Change an account."""
        self._context.group(call, for_write=True)
        body = call.required_body()
        async with self._context.lock(self._context.resource_id(call, TYPE)):
            return Answer(body=self.render(await self._changed(body, self._account(call))))

    async def delete(self, call: Call) -> Answer:
        """Delete an account with its data; 204 when there is none."""
        self._context.group(call)
        document = self._context.resources.get(self._context.resource_id(call, TYPE))
        if document is None:
            return Answer(204)
        await self.remove(document)
        return Answer(200)

    async def poll(self, call: Call) -> Answer:
        """202 while an account is being made, then 200 with the account."""
        operation = self._context.operations.get(call.params["operation"])
        if operation is None:
            raise errors.ArmError(404, "OperationNotFound", "The operation could not be found.")
        if not operation.is_done:
            location = f"{call.base_url}{call.path}?{urlencode(call.query)}"
            return Answer(
                202,
                headers={
                    "Location": location,
                    "Retry-After": str(self._context.clock.retry_after_s(17)),
                },
            )
        document = self._context.resources.get(operation.resource_id)
        return Answer(204) if document is None else Answer(body=self.render(document))

    async def list_keys(self, call: Call) -> Answer:
        """Both keys."""
        return Answer(body={"keys": _keys(self._account(call))})

    async def regenerate_key(self, call: Call) -> Answer:
        """Make one key new."""
        name = str(call.required_body().get("keyName", ""))
        async with self._context.lock(self._context.resource_id(call, TYPE)):
            document = self._account(call)
            if name not in document["keys"]:
                raise errors.service_error(
                    400,
                    "InvalidValuesForRequestParameters",
                    "Values for request parameters are invalid: keyName.",
                )
            document["keys"][name] = {"value": _new_key(), "created": iso()}
            self._context.resources.put(document)
            await self.apply(document)
        return Answer(body={"keys": _keys(document)})

    async def check_name(self, call: Call) -> Answer:
        """Say whether a name is valid and free."""
        problem = self._name_problem(str(call.required_body().get("name") or ""))
        if problem is None:
            return Answer(body={"nameAvailable": True})
        return Answer(body={"nameAvailable": False, "reason": problem[0], "message": problem[1]})

    async def usages(self, call: Call) -> Answer:
        """How many accounts a location has, and how many it may have."""
        location = regions.location(call.params["location"], TYPE)
        used = sum(
            document["location"] == location for document in self._context.resources.all(type_=TYPE)
        )
        name = {"value": "StorageAccounts", "localizedValue": "Storage Accounts"}
        return Answer(
            body={
                "value": [
                    {"unit": "Count", "currentValue": used, "limit": ACCOUNT_LIMIT, "name": name}
                ]
            }
        )

    # Rules ------------------------------------------------------------------------------------------------------------

    def _account(self, call: Call) -> Document:
        return self._context.resource(call, TYPE)

    def _name_problem(self, name: str) -> tuple[str, str] | None:
        if not NAME.match(name):
            return (
                "AccountNameInvalid",
                f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length"
                " and use numbers and lower-case letters only.",
            )
        if self._context.is_taken(TYPE, name):
            return ("AlreadyExists", f"The storage account named {name} is already taken.")
        return None

    def _created(self, call: Call, body: Document) -> Document:
        problem = self._name_problem(call.params["name"])
        if problem is not None:
            taken = problem[0] == "AlreadyExists"
            code = "StorageAccountAlreadyTaken" if taken else "AccountNameInvalid"
            raise errors.service_error(409 if taken else 400, code, problem[1])
        document = self._context.new(call, TYPE, body)
        kind = KINDS.get(str(body.get("kind", "")).lower())
        if kind is None:
            raise errors.service_error(
                400, "AccountPropertyIsInvalid", "Account property kind is invalid for the request."
            )
        now = iso()
        document |= {
            "sku": _sku(body),
            "kind": kind,
            "properties": {**DEFAULTS, **_kept(properties(body))},
            "keys": {name: {"value": _new_key(), "created": now} for name in ("key1", "key2")},
            "created": now,
        }
        identities.identify(self._context.directory, document, body.get("identity"))
        return document

    async def _changed(self, body: Document, old: Document) -> Document:
        if "location" in body and regions.location(body["location"], TYPE) != old["location"]:
            raise errors.ArmError(
                409,
                "InvalidResourceLocation",
                f"The resource '{old['name']}' already exists in location '{old['location']}' in resource group"
                f" '{old['id'].split('/')[4]}'. A resource with the same name cannot be created in location"
                f" '{body['location']}'. Please select a new resource name.",
            )
        document = {**old, "properties": merge(old["properties"], _kept(properties(body)))}
        if "tags" in body:
            document["tags"] = tags(body)
        if body.get("sku"):
            document["sku"] = _sku(body)
        if body.get("identity"):
            identities.identify(self._context.directory, document, body["identity"])
        self._context.resources.put(document)
        await self.apply(document)
        return document

    async def apply(self, document: Document) -> None:
        """Bring the data plane to what a document says."""
        await self._context.storage.apply(spec(document))

    async def recover(self, document: Document) -> None:
        """Bring the data plane back after a restart."""
        await self.apply(document)

    async def remove(self, document: Document) -> None:
        """Delete an account: document and data go in one transaction, its files after it."""
        with self._context.commit():
            self._context.forget(document)
            self._context.storage.forget(document["name"])
            identities.forget(self._context.directory, document)
        await self._context.storage.remove(document["name"])

    def render(self, document: Document) -> Document:
        """What a GET shows."""
        name, created = document["name"], document["created"]
        blob = self._context.storage.blob_endpoint(name).rstrip("/") + "/"
        host = "{0.scheme}://{0.netloc}".format(urlsplit(blob))
        others = {kind: f"{host}/{name}-{kind}/" for kind in ("dfs", "queue", "table", "file")}
        service = {"keyType": "Account", "enabled": True, "lastEnabledTime": created}
        identity = {"identity": document["identity"]} if document.get("identity") else {}
        return {
            **identity,
            "sku": document["sku"],
            "kind": document["kind"],
            "id": document["id"],
            "name": name,
            "type": TYPE,
            "location": document["location"],
            "tags": document["tags"],
            "properties": {
                "keyCreationTime": {key: kept["created"] for key, kept in document["keys"].items()},
                "privateEndpointConnections": [],
                "encryption": {
                    "services": {"file": service, "blob": service},
                    "keySource": "Microsoft.Storage",
                },
                **document["properties"],
                "provisioningState": "Creating"
                if self._context.is_pending(document)
                else "Succeeded",
                "creationTime": created,
                "primaryEndpoints": {
                    "web": self._context.storage.web_endpoint(name),
                    "blob": blob,
                    **others,
                },
                "primaryLocation": document["location"],
                "statusOfPrimary": "available",
            },
        }


def spec(document: Document) -> AccountSpec:
    """What the data plane needs to know."""
    settings = document["properties"]
    return AccountSpec(
        name=document["name"],
        key1=document["keys"]["key1"]["value"],
        key2=document["keys"]["key2"]["value"],
        allow_shared_key=settings.get("allowSharedKeyAccess") is not False,
        allow_blob_public_access=bool(settings.get("allowBlobPublicAccess")),
        scope=document["id"],
    )


def _sku(body: Document) -> Document:
    name = str((body.get("sku") or {}).get("name", ""))
    known = SKUS.get(name.lower())
    if known is None:
        raise errors.service_error(
            400,
            "InvalidValuesForRequestParameters",
            "Values for request parameters are invalid: sku.name.",
        )
    return {"name": known, "tier": known.partition("_")[0]}


def _kept(given: Document) -> Document:
    return {name: given[name] for name in KEPT if given.get(name) is not None}


def _keys(document: Document) -> list[Document]:
    return [
        {
            "creationTime": kept["created"],
            "keyName": name,
            "value": kept["value"],
            "permissions": "FULL",
        }
        for name, kept in document["keys"].items()
    ]


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()
