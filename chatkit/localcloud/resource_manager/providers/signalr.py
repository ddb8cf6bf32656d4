"""Microsoft.SignalRService: instances, keys, names and quota. Follows the recorded run of `az signalr` commands."""

from __future__ import annotations

import copy
import re

from chatkit.localcloud.resource_manager.core import errors, identities, regions
from chatkit.localcloud.resource_manager.core.context import (
    Context,
    page,
    properties,
    skip_token,
    tags,
)
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.operations import Operation
from chatkit.localcloud.resource_manager.core.routing import GROUP, SUB, Route
from chatkit.localcloud.resource_manager.core.state import Document
from chatkit.localcloud.resource_manager.providers.signalr_rules import (
    CAPACITIES,
    FREE_LIMIT,
    LOCATIONS,
    NAME,
    NAMESPACE,
    SKUS,
    TYPE,
    UNIT_LIMIT,
    merge_settings,
    new_key,
    owner,
    settings,
    spec,
)

FIRST_PORT = 8888
"""As Microsoft's emulator and its connection strings have it."""


class SignalR:
    """Operations on SignalR Service instances."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.on_remove[TYPE.lower()] = self.remove

    def routes(self) -> list[Route]:
        """The operations."""
        many = GROUP + f"/providers/{TYPE}"
        one = many + "/{name}"
        here = SUB + f"/providers/{NAMESPACE}"
        return [
            Route("GET", here + "/SignalR", self.list_all, TYPE, "SignalR_ListBySubscription"),
            Route("GET", many, self.list_all, TYPE, "SignalR_ListByResourceGroup"),
            Route("GET", one, self.get, TYPE, "SignalR_Get"),
            Route("PUT", one, self.put, TYPE, "SignalR_CreateOrUpdate"),
            Route("PATCH", one, self.patch, TYPE, "SignalR_Update"),
            Route("DELETE", one, self.delete, TYPE, "SignalR_Delete"),
            Route("POST", one + "/listKeys", self.list_keys, TYPE, "SignalR_ListKeys"),
            Route(
                "POST", one + "/regenerateKey", self.regenerate_key, TYPE, "SignalR_RegenerateKey"
            ),
            Route("POST", one + "/restart", self.restart, TYPE, "SignalR_Restart"),
            Route("GET", one + "/skus", self.skus, TYPE, "SignalR_ListSkus"),
            Route(
                "GET",
                one + "/operationStatuses/{operation}",
                self.status,
                TYPE,
                "SignalR (polling)",
            ),
            Route(
                "GET", one + "/operationResults/{operation}", self.result, TYPE, "SignalR (result)"
            ),
            Route(
                "POST",
                here + "/locations/{location}/checkNameAvailability",
                self.check_name,
                LOCATIONS,
                "SignalR_CheckName",
            ),
            Route(
                "GET", here + "/locations/{location}/usages", self.usages, LOCATIONS, "Usages_List"
            ),
        ]

    async def list_all(self, call: Call) -> Answer:
        """Instances of a group or the subscription."""
        prefix = self._context.group(call)["id"] + "/" if "group" in call.params else ""
        keys = self._context.resources.keys(type_=TYPE, prefix=prefix, after=skip_token(call))

        def entry(key: str) -> Document | None:
            document = self._context.resources.get(key)
            return None if document is None else self.render(document)

        return page(call, keys, entry)

    async def get(self, call: Call) -> Answer:
        """One instance."""
        return Answer(body=self.render(self._context.resource(call, TYPE)))

    async def put(self, call: Call) -> Answer:
        """Create an instance or replace its settings: 201 or 200, then polled at Azure-AsyncOperation."""
        self._context.group(call, for_write=True)
        self._context.check_registered(NAMESPACE)
        body = call.required_body()
        id_ = self._context.resource_id(call, TYPE)
        async with self._context.lock(id_):
            old = self._context.resources.get(id_)
            document = self._created(call, body) if old is None else self._replaced(call, body, old)
            operation = await self._save(
                document, "signalr.create" if old is None else "signalr.update", old
            )
        rendered = self.render(document, state="Creating" if old is None else "Updating")
        return Answer(
            201 if old is None else 200, rendered, self._polling(call, operation, document)
        )

    async def patch(self, call: Call) -> Answer:
        """Change some settings: 202 without a body."""
        self._context.group(call, for_write=True)
        body = call.required_body()
        async with self._context.lock(self._context.resource_id(call, TYPE)):
            old = self._context.resource(call, TYPE)
            document = copy.deepcopy(old)
            if "tags" in body:
                document["tags"] = tags(body)
            if body.get("sku"):
                document["sku"] = self._sku({**old["sku"], **body["sku"]}, old)
            if "identity" in body:
                identities.identify(self._context.directory, document, body["identity"])
            document["properties"] = settings(merge_settings(old["properties"], properties(body)))
            document["systemData"] = self._context.system_data(call, old)
            operation = await self._save(document, "signalr.update", old)
        return Answer(202, headers=self._polling(call, operation, document))

    async def delete(self, call: Call) -> Answer:
        """Delete an instance: 202, polled at Location; 204 when there is none."""
        self._context.group(call)
        document = self._context.resources.get(self._context.resource_id(call, TYPE))
        if document is None:
            return Answer(204)
        operation = self._context.operations.begin("signalr.delete", document["id"])
        await self.remove(document)
        return Answer(202, headers=self._polling(call, operation, document))

    async def list_keys(self, call: Call) -> Answer:
        """Keys and connection strings."""
        return Answer(body=self._keys(self._context.resource(call, TYPE)))

    async def regenerate_key(self, call: Call) -> Answer:
        """Make a new key: 202 with the new keys in the body, as recorded."""
        kind = str(call.required_body().get("keyType", "")).lower()
        if kind not in ("primary", "secondary", "salt"):
            raise errors.invalid_property(
                "keyType must be one of Primary, Secondary, Salt.", target="keyType"
            )
        async with self._context.lock(self._context.resource_id(call, TYPE)):
            document = self._context.resource(call, TYPE)
            old = copy.deepcopy(document)
            if kind != "salt":
                document["keys"][kind] = new_key()
            operation = await self._save(document, "signalr.regenerate", old)
        return Answer(202, self._keys(document), self._polling(call, operation, document))

    async def restart(self, call: Call) -> Answer:
        """Restart: every connection is dropped."""
        document = self._context.resource(call, TYPE)
        await self._context.signalr.remove(document["name"].lower())
        operation = await self._save(document, "signalr.restart", document)
        return Answer(202, headers=self._polling(call, operation, document))

    async def skus(self, call: Call) -> Answer:
        """Pricing tiers an instance can change to."""
        self._context.resource(call, TYPE)
        values = [
            {
                "resourceType": TYPE,
                "sku": {"name": name, "tier": tier},
                "capacity": {
                    "minimum": 1,
                    "maximum": 1 if tier == "Free" else 100,
                    "default": 1,
                    "allowedValues": [1] if tier == "Free" else CAPACITIES,
                    "scaleType": "None" if tier == "Free" else "Manual",
                },
            }
            for name, tier in SKUS.items()
            if tier != "Basic"
        ]
        return Answer(body={"value": values})

    async def status(self, call: Call) -> Answer:
        """The status document of an operation."""
        operation = self._operation(call)
        headers = (
            {} if operation.is_done else {"Retry-After": str(self._context.clock.retry_after_s(30))}
        )
        return Answer(body=operation.document(self._canonical(call.path)), headers=headers)

    async def result(self, call: Call) -> Answer:
        """202 while an operation runs; then the instance, or 204 once it is deleted."""
        operation = self._operation(call)
        if not operation.is_done:
            location = f"{call.base_url}{call.path}?api-version={call.api_version}"
            return Answer(
                202,
                headers={
                    "Location": location,
                    "Retry-After": str(self._context.clock.retry_after_s(30)),
                },
            )
        document = self._context.resources.get(operation.resource_id)
        if document is None or operation.kind == "signalr.delete":
            return Answer(204)
        return Answer(
            body=self._keys(document)
            if operation.kind == "signalr.regenerate"
            else self.render(document)
        )

    async def check_name(self, call: Call) -> Answer:
        """Say whether a name is valid and free."""
        body = call.required_body()
        name = str(body.get("name") or "")
        if str(body.get("type", "")).lower() != TYPE.lower():
            raise errors.invalid_property(f"The type must be {TYPE}.", target="type")
        problem = self._name_problem(name)
        if problem is None:
            return Answer(body={"nameAvailable": True, "reason": "", "message": ""})
        return Answer(body={"nameAvailable": False, "reason": problem[0], "message": problem[1]})

    async def usages(self, call: Call) -> Answer:
        """How much of the subscription's quota in a location is used."""
        location = regions.location(call.params["location"], TYPE)
        free, units = self._used(location)
        free = FREE_LIMIT if self._context.faults.standing("free-quota") else free
        base = f"/subscriptions/{self._context.subscription_id}/providers/{NAMESPACE}/locations/{location}/usages"

        def entry(name: str, text: str, used: int, limit: int) -> Document:
            label = {"value": name, "localizedValue": text}
            return {
                "id": f"{base}/{name}",
                "currentValue": used,
                "limit": limit,
                "name": label,
                "unit": "Count",
            }

        return Answer(
            body={
                "value": [
                    entry("FreeTierInstances", "Free Tier SignalR Instances", free, FREE_LIMIT),
                    entry("SignalRTotalUnits", "SignalR Total Units", units, UNIT_LIMIT),
                ]
            }
        )

    # Rules ------------------------------------------------------------------------------------------------------------

    def _created(self, call: Call, body: Document) -> Document:
        problem = self._name_problem(call.params["name"])
        if problem is not None:
            status, code = (
                (409, "NameAlreadyExists")
                if problem[0] == "AlreadyExists"
                else (400, "InvalidResourceName")
            )
            raise errors.service_error(status, code, problem[1], target="name")
        document = self._context.new(call, TYPE, body)
        document |= {
            "kind": body.get("kind") or "SignalR",
            "sku": self._sku(body.get("sku") or {}, {"location": document["location"]}),
            "properties": settings(properties(body)),
            "keys": {"primary": new_key(), "secondary": new_key()},
            "systemData": self._context.system_data(call),
        }
        identities.identify(self._context.directory, document, body.get("identity"))
        return document

    def _replaced(self, call: Call, body: Document, old: Document) -> Document:
        if "location" in body and regions.location(body["location"], TYPE) != old["location"]:
            raise errors.ArmError(
                409,
                "InvalidResourceLocation",
                f"The resource '{old['name']}' already exists in location '{old['location']}' in resource group"
                f" '{call.params['group']}'. A resource with the same name cannot be created in location"
                f" '{body['location']}'. Please select a new resource name.",
            )
        document = {
            **old,
            "tags": tags(body),
            "kind": body.get("kind") or old["kind"],
            "sku": self._sku(body.get("sku") or old["sku"], old),
            "properties": settings(properties(body)),
            "systemData": self._context.system_data(call, old),
        }
        if "identity" in body:
            identities.identify(self._context.directory, document, body["identity"])
        return document

    def _name_problem(self, name: str) -> tuple[str, str] | None:
        if not NAME.match(name):
            return (
                "Invalid",
                f"The name '{name}' is not valid. It must have 3 to 63 letters, digits and hyphens, start with a letter and end"
                " with a letter or digit.",
            )
        if self._context.is_taken(TYPE, name):
            return (
                "AlreadyExists",
                f"The name '{name}' is already taken. Please try a different name.",
            )
        return None

    def _sku(self, given: Document, old: Document) -> Document:
        name = str(given.get("name") or "Standard_S1")
        known = {sku.lower(): sku for sku in SKUS}.get(name.lower())
        if known is None:
            raise errors.invalid_property(
                f"The sku '{name}' is not one of {', '.join(SKUS)}.", target="sku"
            )
        capacity = given.get("capacity") or 1
        limits = [1] if SKUS[known] == "Free" else CAPACITIES
        if capacity not in limits:
            raise errors.invalid_property(
                f"The unit count {capacity} is not allowed for sku '{known}'. Allowed: {', '.join(map(str, limits))}.",
                target="sku.capacity",
            )
        if known == "Free_F1" and (old.get("sku") or {}).get("name") != "Free_F1":
            used, _ = self._used(old["location"])
            if used >= FREE_LIMIT or self._context.faults.standing("free-quota"):
                raise errors.free_quota(FREE_LIMIT, old["location"])
        return {
            "name": known,
            "tier": SKUS[known],
            "size": known.rpartition("_")[2],
            "capacity": capacity,
        }

    def _used(self, location: str) -> tuple[int, int]:
        skus = [
            document["sku"]
            for document in self._context.resources.all(type_=TYPE)
            if document["location"] == location
        ]
        return sum(sku["name"] == "Free_F1" for sku in skus), sum(sku["capacity"] for sku in skus)

    # State ------------------------------------------------------------------------------------------------------------

    async def _save(self, document: Document, kind: str, old: Document | None) -> Operation:
        document.setdefault(
            "port", self._context.platform.listeners.reserve(owner(document), preferred=FIRST_PORT)
        )
        with self._context.commit():
            operation = self._context.operations.begin(kind, document["id"])
            document["operation"] = operation.id
            self._context.resources.put(document)
        try:
            await self.apply(document)
        except Exception:
            with self._context.commit():
                if old is None:
                    self._context.resources.delete(document["id"])
                    self._context.platform.listeners.release(owner(document))
                else:
                    self._context.resources.put(old)
                self._context.operations.finish(
                    operation,
                    {"code": "InternalServerError", "message": "It could not be started."},
                )
            raise
        return operation

    async def apply(self, document: Document) -> None:
        """Bring the data plane to what a document says."""
        await self._context.signalr.apply(spec(document))

    async def recover(self, document: Document) -> None:
        """Bring the data plane back after a restart, at another port when its own is taken."""
        port = await self._context.platform.listeners.recover(owner(document), preferred=FIRST_PORT)
        if port != document["port"]:
            document["port"] = port
            self._context.resources.put(document)
        await self.apply(document)

    async def remove(self, document: Document) -> None:
        """Delete an instance, its port and its document."""
        with self._context.commit():
            self._context.forget(document)
            self._context.platform.listeners.release(owner(document))
        identities.forget(self._context.directory, document)
        await self._context.signalr.remove(document["name"].lower())

    def render(self, document: Document, *, state: str = "") -> Document:
        """What a GET shows."""
        pending = self._context.is_pending(document)
        created = self._context.operations.get(document.get("operation", ""))
        if not state:
            state = (
                "Succeeded"
                if not pending
                else "Creating"
                if created and created.kind == "signalr.create"
                else "Updating"
            )
        ready = state not in ("Creating",)
        name = document["name"].lower()
        body: Document = {
            "sku": document["sku"],
            "properties": {
                "provisioningState": state,
                "externalIP": "127.0.0.1" if ready else None,
                "hostName": "localhost",
                "publicPort": document["port"],
                "serverPort": document["port"],
                "version": "1.0" if ready else "1.0-preview",
                "privateEndpointConnections": [],
                "sharedPrivateLinkResources": [],
                "hostNamePrefix": name,
                **document["properties"],
            },
            "kind": document["kind"],
            "systemData": document["systemData"],
            "location": document["location"],
            "tags": document["tags"],
            "id": document["id"],
            "name": document["name"],
            "type": TYPE,
        }
        if document.get("identity"):
            body["identity"] = document["identity"]
        return body

    def _keys(self, document: Document) -> Document:
        keys = document["keys"]

        def text(key: str) -> str:
            return f"Endpoint=http://localhost;Port={document['port']};AccessKey={key};Version=1.0;"

        return {
            "primaryKey": keys["primary"],
            "secondaryKey": keys["secondary"],
            "primaryConnectionString": text(keys["primary"]),
            "secondaryConnectionString": text(keys["secondary"]),
        }

    def _operation(self, call: Call) -> Operation:
        operation = self._context.operations.get(call.params["operation"])
        if operation is None or not operation.resource_id.lower().endswith(
            "/" + call.params["name"].lower()
        ):
            raise errors.ArmError(
                404,
                "OperationNotFound",
                f"The operation '{call.params['operation']}' could not be found.",
            )
        return operation

    def _polling(self, call: Call, operation: Operation, document: Document) -> dict[str, str]:
        status, result = self._context.polling(call, operation, document["id"])
        seconds = self._context.clock.retry_after_s(30)
        return {"Azure-AsyncOperation": status, "Location": result, "Retry-After": str(seconds)}

    @staticmethod
    def _canonical(path: str) -> str:
        return re.sub(
            r"(?i)/providers/microsoft\.signalrservice/signalr/", f"/providers/{TYPE}/", path
        )
