"""Microsoft.SignalRService: instances, keys, names and quota, as recorded from `az signalr`."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import ClassVar
from urllib.parse import urlencode

from chatkit.localcloud.resource_manager.core import errors, identities, regions
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.http import (
    Answer,
    Call,
    properties,
    system_data,
    tags,
)
from chatkit.localcloud.resource_manager.core.operations import Operation
from chatkit.localcloud.resource_manager.core.provider import ResourceType
from chatkit.localcloud.resource_manager.core.routing import GROUP, SUB, Route
from chatkit.localcloud.resource_manager.core.type_names import SIGNALR
from chatkit.localcloud.resource_manager.providers.signalr_rules import (
    CAPACITIES,
    FREE_LIMIT,
    NAME,
    SKUS,
    UNIT_LIMIT,
    Instance,
    Sku,
    check_has_keys,
    check_tier,
    leaf_domain_taken,
    merge_settings,
    new_key,
    new_keys,
    owner,
    settings,
    settle_keys,
    shown_keys,
    spec,
    tier_shown,
    unavailable,
)
from chatkit.localcloud.resource_manager.providers.signalr_versions import VERSIONS, in_version

NAMESPACE = "Microsoft.SignalRService"
LOCATIONS = "Microsoft.SignalRService/locations"
FREE = "Free_F1"
FIRST_PORT = 8888
"""As Microsoft's emulator and its connection strings have it."""
RETRY_AFTER_S = 30  # recorded


class SignalR(ResourceType[Instance]):
    """Operations on SignalR Service instances."""

    type = SIGNALR
    api_versions: ClassVar = {SIGNALR: VERSIONS, LOCATIONS: VERSIONS}
    name_pattern = NAME
    name_rule = (
        "It must have 3 to 63 letters, digits and hyphens, start with a letter and end with a"
        " letter or digit."
    )
    is_name_global = True
    name_taken = staticmethod(leaf_domain_taken)
    operation_group = "SignalR"
    operation_names: ClassVar = {"List": "ListBySubscription"}

    def routes(self) -> list[Route]:
        """The operations of every type, keys, restart, quota and polling."""
        one = f"{GROUP}/providers/{SIGNALR}/{{name}}"
        regional = f"{SUB}/providers/{NAMESPACE}/locations/{{location}}"
        status = one + "/operationStatuses/{operation}"
        result = one + "/operationResults/{operation}"
        names = regional + "/checkNameAvailability"
        kept = [replace(route, handler=in_version(route.handler)) for route in super().routes()]
        return [
            *kept,
            Route("POST", one + "/listKeys", self.list_keys, SIGNALR, "SignalR_ListKeys"),
            Route(
                "POST", one + "/regenerateKey", self.regenerate, SIGNALR, "SignalR_RegenerateKey"
            ),
            Route("POST", one + "/restart", self.restart, SIGNALR, "SignalR_Restart"),
            Route("GET", one + "/skus", self.skus, SIGNALR, "SignalR_ListSkus"),
            Route("GET", status, self.status, SIGNALR, "SignalR (polling)"),
            Route("GET", result, in_version(self.result), SIGNALR, "SignalR (result)"),
            Route("POST", names, self.check_name_availability, LOCATIONS, "SignalR_CheckName"),
            Route("GET", regional + "/usages", self.usages, LOCATIONS, "Usages_List"),
        ]

    # Create, change, delete -------------------------------------------------------------------

    def new(self, call: Call, body: JsonObject) -> Instance:
        """An instance with keys of its own."""
        envelope = self.envelope(call, body)
        document: Instance = {
            "id": envelope["id"],
            "name": envelope["name"],
            "type": envelope["type"],
            "location": envelope["location"],
            "tags": envelope["tags"],
            "kind": body.get("kind") or "SignalR",
            "sku": self._sku(body.get("sku") or {}, envelope["location"]),
            "properties": settings(properties(body)),
            "keys": new_keys(),
            "systemData": system_data(call),
        }
        self._identify(call, document, body.get("identity"))
        settle_keys(document)
        return document

    def replace(self, call: Call, body: JsonObject, old: Instance) -> Instance:
        """Other settings and tags; keys and port stay."""
        document: Instance = {
            **old,
            "tags": tags(body),
            "kind": body.get("kind") or old["kind"],
            "sku": self._sku(body.get("sku") or old["sku"], old["location"], old),
            "properties": settings(properties(body)),
            "systemData": system_data(call, old["systemData"]),
        }
        if "identity" in body:
            self._identify(call, document, body["identity"])
        settle_keys(document)
        return document

    def update(self, call: Call, body: JsonObject, document: Instance) -> None:
        """Objects merge, features merge by flag."""
        super().update(call, body, document)
        if body.get("sku"):
            wanted = {**document["sku"], "tier": None, **body["sku"]}
            document["sku"] = self._sku(wanted, document["location"], document)
        if "identity" in body:
            self._identify(call, document, body["identity"])
        merged = merge_settings(document["properties"], properties(body))
        document["properties"] = settings(merged)
        document["systemData"] = system_data(call, document["systemData"])
        settle_keys(document)

    def _identify(self, call: Call, document: Instance, given: Json) -> None:
        identities.identify(self.context, call, document, given, only_one=True)

    async def finish_put(self, call: Call, document: Instance, old: Instance | None) -> Answer:
        """201 or 200 with the instance as it was a moment ago, polled at Azure-AsyncOperation."""
        if old is None:
            operation = await self.begin("signalr.create", document, old)
            rendered = self.render_as(document, "Creating")
            return Answer(201, rendered, self._polling(call, operation))
        operation = await self.begin("signalr.update", document, old)
        return Answer(200, self.render_as(document, "Updating"), self._polling(call, operation))

    async def finish_patch(self, call: Call, document: Instance, old: Instance) -> Answer:
        """202 without a body."""
        operation = await self.begin("signalr.update", document, old)
        return Answer(202, headers=self._polling(call, operation))

    async def finish_delete(self, call: Call, document: Instance) -> Answer:
        """202, polled at Location."""
        operation = await self.begin_removal("signalr.delete", document)
        return Answer(202, headers=self._polling(call, operation))

    async def resize(self, id_: str, sku: str, units: int) -> None:
        """Another tier and number of units, as a PATCH has them; nothing for what is gone."""
        async with self.context.locks.of(id_):
            old = self.stored(id_)
            if old is not None:
                size = self._sku({"name": sku, "capacity": units}, old["location"], old)
                document: Instance = {**copy.deepcopy(old), "sku": size}
                await self.begin("signalr.update", document, old)

    # Keys and restart -------------------------------------------------------------------------

    async def list_keys(self, call: Call) -> Answer:
        """Keys and connection strings."""
        document = self.one(call)
        check_has_keys(document)
        return Answer(body=shown_keys(document))

    async def regenerate(self, call: Call) -> Answer:
        """Make a new key: 202 with the new keys in the body, as recorded."""
        kind = str(call.required_body().get("keyType", "")).lower()
        if kind not in ("primary", "secondary", "salt"):
            message = "keyType must be one of Primary, Secondary, Salt."
            raise errors.invalid_property(message, target="keyType")
        async with self.locked(call):
            old = self.one(call)
            check_has_keys(old)
            document = copy.deepcopy(old)
            if kind == "primary":
                document["keys"]["primary"] = new_key()
            elif kind == "secondary":
                document["keys"]["secondary"] = new_key()
            operation = await self.begin("signalr.regenerate", document, old)
        return Answer(202, shown_keys(document), self._polling(call, operation))

    async def restart(self, call: Call) -> Answer:
        """Restart: every connection is dropped."""
        async with self.locked(call):
            document = self.one(call)
            await self.take_down(document)
            operation = await self.begin("signalr.restart", document, document)
        return Answer(202, headers=self._polling(call, operation))

    # Polling ----------------------------------------------------------------------------------

    async def status(self, call: Call) -> Answer:
        """The status document of an operation."""
        operation = self._operation(call)
        headers = {} if operation.is_done else self._retry_after()
        path = re.sub(
            r"(?i)/providers/microsoft\.signalrservice/signalr/",
            f"/providers/{SIGNALR}/",
            call.path,
        )
        return Answer(body=operation.document(path), headers=headers)

    async def result(self, call: Call) -> Answer:
        """202 while an operation runs; then the instance, or 204 once it is deleted."""
        operation = self._operation(call)
        if not operation.is_done:
            location = f"{call.base_url}{call.path}?api-version={call.api_version}"
            return Answer(202, headers={"Location": location, **self._retry_after()})
        document = self.find(call)
        if document is None or operation.kind == "signalr.delete":
            return Answer(204)
        if operation.kind == "signalr.regenerate":
            return Answer(body=shown_keys(document))
        return Answer(body=self.render(document))

    def _operation(self, call: Call) -> Operation:
        id_ = call.params["operation"]
        operation = self.context.operations.get(id_)
        name = "/" + call.params["name"].lower()
        if operation is None or not operation.resource_id.lower().endswith(name):
            raise errors.operation_not_found(f"The operation '{id_}' could not be found.")
        return operation

    def _polling(self, call: Call, operation: Operation) -> dict[str, str]:
        started = int(operation.started * 1e7)
        query = urlencode({"api-version": call.api_version, "t": started, "c": operation.id[:8]})
        base = f"{call.base_url}{operation.resource_id}"
        return {
            "Azure-AsyncOperation": f"{base}/operationStatuses/{operation.id}?{query}",
            "Location": f"{base}/operationResults/{operation.id}?{query}",
            **self._retry_after(),
        }

    def _retry_after(self) -> dict[str, str]:
        return {"Retry-After": str(self.context.clock.retry_after_s(RETRY_AFTER_S))}

    # What can be had --------------------------------------------------------------------------

    async def skus(self, call: Call) -> Answer:
        """Pricing tiers an instance can change to."""
        self.one(call)
        found = [tier_shown(name, tier) for name, tier in SKUS.items() if tier != "Basic"]
        return Answer(body={"value": found})

    async def check_name_availability(self, call: Call) -> Answer:
        """Say whether a name is valid and free."""
        body = call.required_body()
        if str(body.get("type", "")).lower() != SIGNALR.lower():
            raise errors.invalid_property(f"The type must be {SIGNALR}.", target="type")
        try:
            self.check_name(str(body.get("name") or ""))
        except errors.ArmError as refusal:
            return Answer(body=unavailable(refusal))
        return Answer(body={"nameAvailable": True, "reason": "", "message": ""})

    async def usages(self, call: Call) -> Answer:
        """How much of the subscription's quota in a location is used."""
        location = regions.location(call.params["location"], SIGNALR)
        here = [one["sku"] for one in self.all() if one["location"] == location]
        units = sum(sku["capacity"] for sku in here)
        free = min(FREE_LIMIT, self._free_quota(location).used)
        subscription = f"/subscriptions/{self.context.subscription_id}"
        base = f"{subscription}/providers/{NAMESPACE}/locations/{location}/usages"

        def entry(name: str, text: str, used: int, limit: int) -> JsonObject:
            label = {"value": name, "localizedValue": text}
            return {
                "id": f"{base}/{name}",
                "currentValue": used,
                "limit": limit,
                "name": label,
                "unit": "Count",
            }

        found = [
            entry("FreeTierInstances", "Free Tier SignalR Instances", free, FREE_LIMIT),
            entry("SignalRTotalUnits", "SignalR Total Units", units, UNIT_LIMIT),
        ]
        return Answer(body={"value": found})

    def quota(self, body: JsonObject, location: str) -> regions.Quota | None:
        """Instances of the Free tier in a region."""
        sku = body.get("sku")
        name = sku.get("name") if isinstance(sku, dict) else None
        return self._free_quota(location) if str(name).lower() == FREE.lower() else None

    def _free_quota(self, location: str) -> regions.Quota:
        used = sum(one["sku"]["name"] == FREE for one in self.all() if one["location"] == location)
        if self.context.faults.standing("free-quota"):
            used = max(used, FREE_LIMIT)
        refusal = errors.free_quota(FREE_LIMIT, location)
        return regions.Quota(f"{SIGNALR} {FREE} {location}", used, FREE_LIMIT, refusal)

    def _sku(self, given: Json, location: str, old: Instance | None = None) -> Sku:
        name = str(given.get("name") or "Standard_S1")
        known = {sku.lower(): sku for sku in SKUS}.get(name.lower())
        if known is None:
            message = f"The sku '{name}' is not one of {', '.join(SKUS)}."
            raise errors.invalid_property(message, target="sku")
        check_tier(given, SKUS[known])
        capacity = int(given.get("capacity") or 1)
        limits = [1] if SKUS[known] == "Free" else CAPACITIES
        if capacity not in limits:
            listed = ", ".join(map(str, limits))
            raise errors.invalid_property(
                f"The unit count {capacity} is not allowed for sku '{known}'. Allowed: {listed}.",
                target="sku.capacity",
            )
        was_free = old is not None and old["sku"]["name"] == FREE
        if known == FREE and not was_free:
            self._free_quota(location).check()
        size = known.rpartition("_")[2]
        return {"name": known, "tier": SKUS[known], "size": size, "capacity": capacity}

    # State ------------------------------------------------------------------------------------

    def prepare(self, document: Instance) -> None:
        """Reserve a port."""
        if "port" not in document:
            listeners = self.context.platform.listeners
            document["port"] = listeners.reserve(owner(document), preferred=FIRST_PORT)

    async def apply(self, document: Instance) -> None:
        """Bring the data plane to what a document says."""
        await self.context.planes.signalr.apply(spec(document))

    async def recover(self, document: Instance) -> None:
        """Bring the data plane back after a restart, at another port when its own was taken."""
        listeners = self.context.platform.listeners
        port = listeners.reserve(owner(document), preferred=FIRST_PORT)
        if port != document["port"] or "tokens" not in document["keys"]:
            document["port"] = port
            document["keys"].setdefault("tokens", new_key())
            self.context.resources.put(document)
        await self.apply(document)

    def release(self, document: Instance) -> None:
        """Give the port back."""
        self.context.platform.listeners.release(owner(document))

    async def take_down(self, document: Instance) -> None:
        """Drop every connection."""
        await self.context.planes.signalr.remove(document["name"].lower())

    def render(self, document: Instance) -> JsonObject:
        """What a GET shows."""
        operation = self.context.operations.running(document)
        if operation is None:
            return self.render_as(document, "Succeeded")
        if operation.kind == "signalr.create":
            return self.render_as(document, "Creating")
        return self.render_as(document, "Updating")

    def render_as(self, document: Instance, state: str) -> JsonObject:
        """The instance in a state of its life."""
        is_ready = state != "Creating"
        body: JsonObject = {
            "sku": document["sku"],
            "properties": {
                "provisioningState": state,
                "externalIP": "127.0.0.1" if is_ready else None,
                "hostName": "localhost",
                "publicPort": document["port"],
                "serverPort": document["port"],
                "version": "1.0" if is_ready else "1.0-preview",
                "privateEndpointConnections": [],
                "sharedPrivateLinkResources": [],
                "hostNamePrefix": document["name"].lower(),
                **document["properties"],
            },
            "kind": document["kind"],
            "systemData": document["systemData"],
            "location": document["location"],
            "tags": document["tags"],
            "id": document["id"],
            "name": document["name"],
            "type": SIGNALR,
        }
        if document.get("identity"):
            body["identity"] = document["identity"]
        return body
