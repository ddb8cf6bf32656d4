"""From a request to what it would deploy: read, checked, planned and ordered; nothing is done."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.core.type_names import DEPLOYMENTS
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.planning.facts import (
    CloudFacts,
    DeploymentContext,
    NotYet,
)
from chatkit.localcloud.resource_manager.templates.planning.order import Order, order
from chatkit.localcloud.resource_manager.templates.planning.plan import plan
from chatkit.localcloud.resource_manager.templates.planning.planned import Plan
from chatkit.localcloud.resource_manager.templates.planning.scopes import Misplaced, TemplateScope
from chatkit.localcloud.resource_manager.templates.planning.targets import Target
from chatkit.localcloud.resource_manager.templates.reading import located
from chatkit.localcloud.resource_manager.templates.reading.parameters import given, shown
from chatkit.localcloud.resource_manager.templates.reading.refusals import invalid_template
from chatkit.localcloud.resource_manager.templates.reading.template import (
    Template,
    open_template,
)
from chatkit.localcloud.resource_manager.templates.secrets_kept import (
    masked_whole,
    masking,
    secure_values,
)
from chatkit.localcloud.resource_manager.templates.sources.fetching import Fetching
from chatkit.localcloud.resource_manager.templates.sources.sources import Sources, read_request

NAME = re.compile(r"^[-\w._()]{1,64}$")
NO_GROUPS: Mapping[str, JsonObject] = {}
MODES = {"incremental": "Incremental", "complete": "Complete"}


@dataclass(frozen=True)
class Prepared:
    """A deployment that could begin.

    Attributes:
        name: Its name.
        call: The request: it has the caller's rights, and the address that answers name.
        request: The request's body.
        template: What is deployed.
        plan: Its resources.
        waits: Their order.
        facts: What the functions know of the cloud.
        scope: What is around its expressions.
        parameters: Values of all parameters, by name in small letters.
        secrets: Texts that are never kept or shown.
        mode: "Incremental" or "Complete".
    """

    name: str
    call: Call
    request: JsonObject
    template: Template
    plan: Plan
    waits: Order
    facts: CloudFacts
    scope: TemplateScope
    parameters: JsonObject
    secrets: frozenset[str]
    mode: str

    def shown_parameters(self) -> JsonObject:
        """The parameters as answers show them."""
        return shown(self.template, self.parameters)


def template_hash(template: Template) -> str:
    """A number that is the same for the same template. Azure computes another one.

    Secure values are not in it: a template that is sent by another may have been given them, and a
    short one could be guessed from a hash.
    """
    defaults = {
        name.lower(): body.get("defaultValue")
        for name, body in template.section("parameters").items()
    }
    document = masked_whole(template.document, secure_values(template, defaults))
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return str(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def hash_of_request(call: Call) -> JsonObject:
    """What `calculateTemplateHash` answers: the hash of a template, and its text without spaces.

    Raises:
        ArmError: It is no template.
    """
    try:
        found = located.read(call.raw)
    except ValueError as error:
        raise errors.invalid_body(str(error).rstrip(".")) from None
    template = open_template(found, (), found.value)
    text = json.dumps(template.document, separators=(",", ":"), ensure_ascii=False)
    return {"minifiedTemplate": text, "templateHash": template_hash(template)}


class Preparing:
    """Makes requests for deployments into what they would deploy."""

    def __init__(self, context: Context, dispatch: Dispatch) -> None:
        self._context = context
        self._dispatch = dispatch
        self._sources = Sources(Fetching(context, dispatch))

    async def prepare(self, call: Call, coming: Mapping[str, JsonObject] = NO_GROUPS) -> Prepared:
        """Read, check, plan and order.

        Args:
            call: The request.
            coming: Resource groups that the deployment around it will make, by name in small
                letters: a deployment to one of them can be looked at before it is there.

        Raises:
            ArmError: The request or its template is refused.
        """
        name = _name(call)
        found, body = read_request(call)
        properties = body["properties"]
        target = self._target(call, coming)
        mode = _mode(properties, target)
        if not target.group:
            regions.location(body.get("location"), DEPLOYMENTS)
        _check_options(properties)
        template = await self._sources.template(found, properties, call)
        values = given(template, await self._sources.parameters(found, properties, call))
        about = self._about(call, target, _deployment(name, body, template), coming)
        facts = CloudFacts(about)
        scope = TemplateScope.of(template, values, facts)
        with masking(secure_values(template, values.values)):
            parameters, made = await self._planned(call, target, scope, facts)
            waits = order(made, template)
        return Prepared(
            name=name,
            call=call,
            request=body,
            template=template,
            plan=made,
            waits=waits,
            facts=facts,
            scope=scope,
            parameters=parameters,
            secrets=secure_values(template, parameters),
            mode=mode,
        )

    async def _planned(
        self, call: Call, target: Target, scope: TemplateScope, facts: CloudFacts
    ) -> tuple[JsonObject, Plan]:
        """The values of all parameters, and the resources."""
        template = scope.template

        async def fetch(method: str, url: str, sent: Json) -> Json:
            return (await self._dispatch.send(method, url, call, sent)).body

        def work() -> tuple[JsonObject, Plan]:
            parameters = scope.all_parameters()
            scope.check_variables()
            scope.check_asserts()
            scope.check_outputs()
            return parameters, plan(template, target, scope)

        try:
            return await facts.evaluated(work, fetch)
        except Misplaced as error:
            place = template.place(error.section)
            sentence = error.message.rstrip(".")
            raise invalid_template(sentence, place, error.section) from None
        except TemplateError as error:
            raise invalid_template(error.message.rstrip(".")) from None
        except NotYet as error:
            raise invalid_template(
                f"The resource '{error}' is asked for before anything is deployed"
            ) from None

    def _target(self, call: Call, coming: Mapping[str, JsonObject]) -> Target:
        subscription = self._context.subscription_id
        if "group" not in call.params:
            return Target(subscription)
        is_there = self._context.groups.get(self._context.group_id(call.params["group"]))
        group = coming.get(call.params["group"].lower())
        if group is not None and not is_there:
            return Target(subscription, group["name"])
        return Target(subscription, self._context.group(call, for_write=True)["name"])

    def _about(
        self, call: Call, target: Target, deployment: JsonObject, coming: Mapping[str, JsonObject]
    ) -> DeploymentContext:
        subscription = self._context.subscription_id
        tenant = self._context.directory.tenant_id
        return DeploymentContext(
            target=target,
            group=self._group(target, coming),
            subscription={
                "id": f"/subscriptions/{subscription}",
                "subscriptionId": subscription,
                "tenantId": tenant,
                "displayName": "chatkit local cloud",
            },
            deployment=deployment,
            deployer=_deployer(call, tenant),
            tenant={"tenantId": tenant, "displayName": "chatkit", "countryCode": "US"},
        )

    def _group(self, target: Target, coming: Mapping[str, JsonObject]) -> JsonObject:
        if not target.group:
            return {}
        found = self._context.groups.get(target.id)
        if found is None:
            return dict(coming[target.group.lower()])
        return {
            "id": found["id"],
            "name": found["name"],
            "type": found["type"],
            "location": found["location"],
            "managedBy": found["managedBy"],
            "tags": found["tags"] or {},
            "properties": {"provisioningState": "Succeeded"},
        }


def _name(call: Call) -> str:
    name = call.params["deployment"]
    if NAME.fullmatch(name) and not name.endswith("."):
        return name
    raise errors.ArmError(
        400,
        "InvalidDeploymentName",
        f"The provided deployment name '{name}' has invalid characters or form: it must have 1 to"
        " 64 letters, digits, '_', '(', ')', '-' or '.', and must not end with '.'.",
    )


def _deployment(name: str, body: JsonObject, template: Template) -> JsonObject:
    """What the function `deployment` shows."""
    given = body["properties"]
    found: JsonObject = {
        "name": name,
        "properties": {
            "template": template.document,
            "templateHash": template_hash(template),
            "parameters": given.get("parameters") or {},
            "mode": given.get("mode"),
            "provisioningState": "Accepted",
        },
    }
    if template.link is not None:
        found["properties"]["templateLink"] = template.link.shown()
    if body.get("location"):
        found["location"] = body["location"]
    return found


def _deployer(call: Call, tenant: str) -> JsonObject:
    if call.claims is None:
        return {"tenantId": tenant}
    found: JsonObject = {"objectId": call.claims.oid, "tenantId": tenant}
    name = call.claims.raw.get("upn") or call.claims.raw.get("preferred_username")
    found["userPrincipalName"] = name or ""
    return found


def _mode(properties: JsonObject, target: Target) -> str:
    text = str(properties.get("mode") or "")
    mode = MODES.get(text.lower())
    if mode is None:
        raise errors.invalid_body(
            f"The mode '{text}' of the deployment is not Incremental or Complete"
        )
    if mode == "Complete" and not target.group:
        raise errors.ArmError(
            400,
            "InvalidDeploymentMode",
            "The deployment mode 'Complete' is not supported at a subscription: deploy to a"
            " resource group, or use 'Incremental'.",
        )
    return mode


def _check_options(properties: JsonObject) -> None:
    """Refuse what a deployment may ask for in Azure and cannot have here."""
    if properties.get("extensionConfigs"):
        raise errors.not_implemented(
            "The option 'extensionConfigs' of deployments", "resources of Resource Manager alone"
        )
