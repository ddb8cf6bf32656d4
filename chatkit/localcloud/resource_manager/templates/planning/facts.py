"""What the functions of a template learn of the cloud.

The language is synchronous, and a cloud is asked with requests. So an answer that is missing ends
an evaluation with `Ask`; it is fetched, and the evaluation begins anew.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

from chatkit.core.time import clock
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.limits import budget
from chatkit.localcloud.resource_manager.templates.language.core.scope import Level
from chatkit.localcloud.resource_manager.templates.planning.planned import Plan, Planned
from chatkit.localcloud.resource_manager.templates.planning.targets import Target

Fetch = Callable[[str, str, Json], Awaitable[Json]]
Result = TypeVar("Result")
MAX_REQUESTS = 2000
AZURE_CLOUD = "AzureCloud"
REFERENCE_HELP = "Please see https://aka.ms/arm-resource-functions/#reference for usage details."


class Ask(Exception):
    """An answer that is not there yet."""

    def __init__(self, method: str, url: str, body: Json = None) -> None:
        super().__init__(url)
        self.method = method
        self.url = url
        self.body = body

    @property
    def key(self) -> str:
        """The same for the same request."""
        return f"{self.method} {self.url} {json.dumps(self.body, sort_keys=True)}"


class NotYet(Exception):
    """The state of a resource that will be deployed later was asked for."""


@dataclass(frozen=True)
class DeploymentContext:
    """Where and by whom a template is deployed, as the functions show it.

    Attributes:
        target: The scope.
        group: The document of the resource group; empty at a subscription.
        subscription: The subscription's.
        deployment: The deployment's.
        deployer: Who deploys.
        tenant: The tenant's.
    """

    target: Target
    group: JsonObject
    subscription: JsonObject
    deployment: JsonObject
    deployer: JsonObject
    tenant: JsonObject


@dataclass(frozen=True)
class CloudFacts:
    """The `Resources` of a template's expressions.

    Attributes:
        about: What needs no request.
        plan: What the template deploys; None while that is being found out.
        absent: Ids of resources of the template that are not there yet, in small letters.
    """

    about: DeploymentContext
    plan: Plan | None = None
    absent: frozenset[str] = frozenset()
    _answers: dict[str, Json] = field(default_factory=dict)

    def knowing(self, plan: Plan, *, absent: frozenset[str] = frozenset()) -> CloudFacts:
        """The same for the properties of resources and for outputs; nothing is known yet."""
        return replace(self, plan=plan, absent=absent, _answers={})

    async def evaluated(self, work: Callable[[], Result], fetch: Fetch) -> Result:
        """Run an evaluation, fetching what it asks for."""
        for _ in range(MAX_REQUESTS):
            try:
                with budget():
                    return work()
            except Ask as ask:
                self._answers[ask.key] = await fetch(ask.method, ask.url, ask.body)
        raise TemplateError(f"The expressions ask for more than {MAX_REQUESTS} resources.")

    def _answer(self, method: str, url: str, body: Json = None) -> Json:
        ask = Ask(method, url, body)
        if ask.key not in self._answers:
            raise ask
        return self._answers[ask.key]

    @property
    def level(self) -> Level:
        """The scope of the deployment."""
        return Level.RESOURCE_GROUP if self.about.target.group else Level.SUBSCRIPTION

    def _meant(self, name: str) -> list[Planned]:
        if self.plan is None:
            raise NotYet(name)
        return self.plan.named(name)

    def _id(self, name: str, function: str) -> tuple[str, Planned | None]:
        meant = self._meant(name)
        if meant:
            one = meant[0]
            if one.id.lower() in self.absent:
                raise NotYet(one.id)
            return one.id, one
        if not name.startswith("/"):
            raise TemplateError(
                f"The resource '{name}' that the template function '{function}' names is not"
                f" defined in the template. {REFERENCE_HELP}"
            )
        return name.rstrip("/"), None

    def _version(self, given: str | None, one: Planned | None, function: str, id_: str) -> str:
        if given:
            return given
        if one is None:
            raise TemplateError(
                f"The template function '{function}' needs an apiVersion for '{id_}': the resource"
                f" is not defined in the template. {REFERENCE_HELP}"
            )
        return one.api_version

    def reference(self, name_or_id: str, api_version: str | None, full: bool) -> Json:
        """The state of a resource."""
        id_, one = self._id(name_or_id, "reference")
        return self._state(id_, self._version(api_version, one, "reference", id_), full, one)

    def _state(self, id_: str, version: str, full: bool, one: Planned | None) -> Json:
        document = self._answer("GET", f"{quote(id_)}?api-version={quote(version)}")
        if not isinstance(document, dict):
            raise TemplateError(f"The resource '{id_}' has no state to refer to.")
        if not full:
            return document.get("properties", {})
        parts = id_.split("/")
        shown = {
            name: value for name, value in document.items() if name not in ("id", "name", "type")
        }
        group = parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""
        return {
            "apiVersion": version,
            **shown,
            "subscriptionId": self.about.target.subscription_id,
            "resourceGroupName": group,
            "scope": "",
            "resourceId": id_.partition("/providers/")[2] or id_,
            "referenceApiVersion": version,
            "condition": True,
            "isConditionTrue": True,
            "isTemplateResource": one is not None,
            "isAction": False,
            "provisioningOperation": "Read",
        }

    def references(self, symbolic_name: str, full: bool) -> Json:
        """The states of all resources of a loop."""
        states: list[Json] = []
        for one in self._meant(symbolic_name):
            if one.id.lower() in self.absent:
                raise NotYet(one.id)
            states.append(self._state(one.id, one.api_version, full, one))
        return states

    def resource_info(self, symbolic_name: str) -> Json:
        """Id, name, type and apiVersion of a resource."""
        meant = self._meant(symbolic_name)
        if not meant:
            raise TemplateError(f"The resource '{symbolic_name}' is not defined in the template.")
        one = meant[0]
        return {"id": one.id, "name": one.name, "type": one.type, "apiVersion": one.api_version}

    def list_call(
        self, function_name: str, resource: str, api_version: str | None, body: Json
    ) -> Json:
        """What a `list...` action answers."""
        id_, one = self._id(resource, function_name)
        version = self._version(api_version, one, function_name, id_)
        url = f"{quote(id_)}/{function_name}?api-version={quote(version)}"
        return self._answer("POST", url, body)

    def resource_group(self) -> JsonObject:
        """The group that is deployed to."""
        return self.about.group

    def subscription(self) -> JsonObject:
        """The subscription."""
        return self.about.subscription

    def management_group(self) -> JsonObject:
        """There is none."""
        raise TemplateError("The local cloud has no management groups.")

    def tenant(self) -> JsonObject:
        """The tenant."""
        return self.about.tenant

    def deployment(self) -> JsonObject:
        """The deployment."""
        return self.about.deployment

    def deployer(self) -> JsonObject:
        """Who deploys."""
        return self.about.deployer

    def environment(self) -> JsonObject:
        """The cloud's endpoints, as /metadata/endpoints describes them, under Azure's own name.

        Published templates look values up by that name, as of quickstarts'
        microsoft.web/functions-managed-identity.
        """
        found: JsonObject = self._answer("GET", "/metadata/endpoints?api-version=2022-09-01")
        return {**found, "name": AZURE_CLOUD}

    def provider(self, namespace: str, resource_type: str | None) -> Json:
        """A namespace, or one type of it."""
        subscription = f"/subscriptions/{self.about.target.subscription_id}"
        url = f"{subscription}/providers/{quote(namespace)}?api-version=2021-04-01"
        document = self._answer("GET", url)
        kinds = document["resourceTypes"]
        if resource_type is None:
            return {"namespace": document["namespace"], "resourceTypes": kinds}
        for kind in kinds:
            if kind["resourceType"].lower() == resource_type.lower():
                return {name: kind[name] for name in ("resourceType", "locations", "apiVersions")}
        raise TemplateError(
            f"The resource type '{resource_type}' is not found in the namespace '{namespace}'."
        )

    def zones(self, namespace: str, resource_type: str, location: str) -> list[str]:
        """Nothing here has zones."""
        return []

    def new_guid(self) -> str:
        """A random one."""
        return str(uuid.uuid4())

    def utc_now(self) -> datetime:
        """The time of the deployment."""
        return datetime.fromtimestamp(clock.wall(), UTC)
