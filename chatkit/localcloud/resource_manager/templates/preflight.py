"""What can be refused before the first resource is deployed, as providers do it in Azure."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from chatkit.localcloud.resource_manager.core import regions
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import Route
from chatkit.localcloud.resource_manager.core.type_names import RESOURCE_GROUPS
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.limits import budget
from chatkit.localcloud.resource_manager.templates.planning.bodies import body_of
from chatkit.localcloud.resource_manager.templates.planning.facts import NotYet
from chatkit.localcloud.resource_manager.templates.planning.planned import Planned
from chatkit.localcloud.resource_manager.templates.preparing import Prepared, Preparing
from chatkit.localcloud.resource_manager.templates.reading.refusals import (
    invalid_template,
    preflight_failed,
)
from chatkit.localcloud.resource_manager.templates.secrets_kept import masking
from chatkit.localcloud.resource_manager.templates.sending import Sender

STEPS_A_DEPLOYMENT = 200
# What is looked at: the template alone, resources and roles, resources without roles.
LEVELS = ("template", "provider", "providernorbac")


@dataclass(frozen=True)
class _Look:
    """How a deployment is looked at.

    Attributes:
        has_roles: Whether rights are.
        coming: How many new resources count for each quota, those of deployments within among them.
    """

    has_roles: bool
    coming: Counter[str] = field(default_factory=Counter)


def _level(prepared: Prepared) -> str:
    """What a request asks for in `validationLevel`.

    Raises:
        ArmError: There is no such level.
    """
    text = str(prepared.request["properties"].get("validationLevel") or "Provider")
    if text.lower() not in LEVELS:
        raise ArmError(
            400,
            "InvalidRequestContent",
            f"The validationLevel '{text}' is not Template, Provider or ProviderNoRbac.",
        )
    return text.lower()


class Preflight:
    """Looks at every resource of a deployment; nothing is changed."""

    def __init__(
        self, context: Context, registry: Registry, dispatch: Dispatch, preparing: Preparing
    ) -> None:
        self._context = context
        self._registry = registry
        self._dispatch = dispatch
        self._preparing = preparing

    async def check(self, prepared: Prepared) -> None:
        """Refuse a deployment of which a resource would be refused.

        Raises:
            ArmError: InvalidTemplateDeployment, with each resource's error in its details.
        """
        level = _level(prepared)
        if level != "template":
            await self._check(prepared, _Look(has_roles=level == "provider"))

    async def _check(self, prepared: Prepared, look: _Look) -> None:
        with masking(prepared.secrets), budget():
            refused = [error async for error in self._refused(prepared, look)]
            if refused:
                raise preflight_failed(refused, prepared.name, str(uuid.uuid4()))

    async def _refused(self, prepared: Prepared, look: _Look) -> AsyncIterator[ArmError]:
        for one in prepared.plan.resources:
            try:
                await self._look(one, prepared, look)
            except ArmError as error:
                error.target = error.target or one.id
                yield error

    async def _look(self, one: Planned, prepared: Prepared, look: _Look) -> None:
        method = "GET" if one.is_existing else "PUT"
        match = self._dispatch.match(method, one.id)
        if match is None or match.route is None:
            raise self._unknown(one)
        if match.route.type:
            self._dispatch.check_version(match.route.type, one.api_version)
        call = call_for(one, prepared, method, match.params)
        self._context.check_subscription(call)
        if look.has_roles:
            self._check_role(one, call, match.route)
        if one.is_existing:
            return
        body = await self.body(one, prepared)
        if body is None:
            return
        call.raw = json.dumps(body, ensure_ascii=False).encode()
        if one.is_deployment:
            await self._look_within(call, prepared, look)
            return
        self._ask_type(one, call, body, look)

    async def _look_within(self, call: Call, prepared: Prepared, look: _Look) -> None:
        """Look at a deployment within the deployment."""
        with budget() as steps:
            try:
                steps.take_more(STEPS_A_DEPLOYMENT)
            except TemplateError as error:
                raise invalid_template(error.message.rstrip(".")) from None
        await asyncio.sleep(0)  # others have their turn
        coming = await self.coming_groups(prepared)
        await self._check(await self._preparing.prepare(call, coming), look)

    def _check_role(self, one: Planned, call: Call, route: Route) -> None:
        try:
            self._dispatch.check_role(call, route)
        except ArmError as error:
            raise ArmError(
                403,
                error.code,
                f"Authorization failed for template resource '{one.name}' of type '{one.type}'."
                f" {error.message}",
            ) from None

    async def body(self, one: Planned, prepared: Prepared) -> JsonObject | None:
        """What would be sent for a resource; None where that stands on what is not there yet."""
        new = [one.id.lower() for one in prepared.plan.resources if not one.is_existing]
        facts = prepared.facts.knowing(prepared.plan, absent=frozenset(new))
        scope = one.scope.asking(facts)
        sender = Sender(self._dispatch, prepared.call, lambda: False)
        try:
            return await facts.evaluated(lambda: body_of(one, scope), sender.fetch)
        except (NotYet, TemplateError, ArmError):
            return None  # the resource's own turn tells, with its place

    async def coming_groups(self, prepared: Prepared) -> dict[str, JsonObject]:
        """The resource groups that a deployment makes, by name in small letters."""
        found: dict[str, JsonObject] = {}
        for one in prepared.plan.resources:
            if one.type.lower() == RESOURCE_GROUPS.lower() and not one.is_existing:
                body = await self.body(one, prepared) or {}
                found[one.name.lower()] = {
                    "id": one.id,
                    "name": one.name,
                    "type": RESOURCE_GROUPS,
                    "location": body.get("location"),
                    "managedBy": None,
                    "tags": body.get("tags") or {},
                    "properties": {"provisioningState": "Succeeded"},
                }
        return found

    def _ask_type(self, one: Planned, call: Call, body: JsonObject, look: _Look) -> None:
        """Refuse what the type itself would: name, types of properties, location, quota."""
        type_ = self._registry.type_named(one.type)
        if type_ is None or "name" not in call.params:
            return
        call.typed_body(type_.type)
        old = type_.find(call)
        if old is not None and one.is_for_absent:
            return
        if old is not None:
            type_.check_location(body, old)
            return
        type_.check_name(call.params["name"])
        if "location" not in body:
            return
        quota = type_.quota(body, regions.location(body["location"], type_.type))
        if quota is not None:
            quota.check(look.coming[quota.kind])
            look.coming[quota.kind] += 1

    def _unknown(self, one: Planned) -> ArmError:
        """The refusal of a type that is not here; it names those that are."""
        namespace, _, kind = one.type.partition("/")
        here = {name.lower() for name in self._registry.namespaces()}
        listed = ", ".join(self._types())
        if namespace.lower() not in here:
            return ArmError(
                404,
                "InvalidResourceNamespace",
                f"The resource namespace '{namespace}' is invalid. The local cloud has {listed}.",
            )
        return ArmError(
            404,
            "InvalidResourceType",
            f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api"
            f" version '{one.api_version}'. The local cloud has {listed}, and what its operations"
            " have below these (docs/resource-manager.md).",
        )

    def _types(self) -> Iterator[str]:
        for type_ in sorted(self._registry.api_versions):
            if not type_.endswith("/locations"):
                yield type_


def call_for(one: Planned, prepared: Prepared, method: str, params: dict[str, str]) -> Call:
    """A request for a resource with the deployment's rights; its body is empty."""
    query = {"api-version": one.api_version}
    caller = prepared.call
    return Call(method, one.id, params, query, {}, b"", caller.base_url, claims=caller.claims)
