"""From a request to what it would deploy: read, checked, planned and ordered; nothing is done."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.gateway.dispatch import Dispatch
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.planning.facts import CloudFacts, NotYet, Place
from chatkit.localcloud.resource_manager.templates.planning.order import Order, order
from chatkit.localcloud.resource_manager.templates.planning.plan import plan
from chatkit.localcloud.resource_manager.templates.planning.planned import Plan
from chatkit.localcloud.resource_manager.templates.planning.scopes import Misplaced, TemplateScope
from chatkit.localcloud.resource_manager.templates.planning.targets import Target
from chatkit.localcloud.resource_manager.templates.reading import located
from chatkit.localcloud.resource_manager.templates.reading.located import Located, Path
from chatkit.localcloud.resource_manager.templates.reading.parameters import given, shown
from chatkit.localcloud.resource_manager.templates.reading.refusals import invalid_template
from chatkit.localcloud.resource_manager.templates.reading.template import (
    Template,
    open_template,
)
from chatkit.localcloud.resource_manager.templates.secrets_kept import masking, secure_values

NAME = re.compile(r"^[-\w._()]{1,64}$")
NO_GROUPS: Mapping[str, JsonObject] = {}
MODES = {"incremental": "Incremental", "complete": "Complete"}
TEMPLATE: Path = ("properties", "template")
PARAMETERS: Path = ("properties", "parameters")


@dataclass(frozen=True)
class Prepared:
    """A deployment that could begin.

    Attributes:
        name: Its name.
        call: The request: the rights of who deploys, and the address that answers name.
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


def read_request(call: Call) -> tuple[Located, JsonObject]:
    """The body of a request for a deployment, with places.

    Raises:
        ArmError: It is none.
    """
    if not call.raw.strip():
        raise errors.ArmError(
            400, "MissingRequestBody", "The request body is missing: a JSON object is expected."
        )
    try:
        found = located.read(call.raw)
    except ValueError as error:
        raise errors.invalid_body(str(error).rstrip(".")) from None
    body = found.value
    if not isinstance(body, dict) or not isinstance(body.get("properties"), dict):
        raise errors.invalid_body(
            "Required property 'properties' not found in JSON. Path '', line 1, position 1."
        )
    return found, body


def template_hash(template: Json) -> str:
    """A number that is the same for the same template. Azure computes another one."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    return str(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


class Preparing:
    """Makes requests for deployments into what they would deploy."""

    def __init__(self, context: Context, dispatch: Dispatch) -> None:
        self._context = context
        self._dispatch = dispatch

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
        _check_options(properties)
        template = open_template(found, TEMPLATE, _inline(properties))
        values = given(template, properties.get("parameters"), PARAMETERS)
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
    ) -> Place:
        subscription = self._context.subscription_id
        tenant = self._context.directory.tenant_id
        return Place(
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
            "templateHash": template_hash(template.document),
            "parameters": given.get("parameters") or {},
            "mode": given.get("mode"),
            "provisioningState": "Accepted",
        },
    }
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


def _inline(properties: JsonObject) -> Json:
    template = properties.get("template")
    if isinstance(template, str):
        # The CLI of some versions sends a template as the text of its file.
        try:
            return located.read(template.encode()).value
        except ValueError as error:
            raise errors.invalid_body(str(error).rstrip(".")) from None
    if template is None:
        raise errors.ArmError(
            400,
            "InvalidDeployment",
            "The deployment has no template: give 'template'.",
        )
    return template


def _check_options(properties: JsonObject) -> None:
    """Refuse what a deployment may ask for in Azure and cannot have here."""
    if properties.get("template") is not None and properties.get("templateLink"):
        raise errors.ArmError(
            400,
            "InvalidDeployment",
            "The deployment has a 'template' and a 'templateLink': give one of them.",
        )
    for name in ("templateLink", "parametersLink"):
        if properties.get(name):
            raise errors.not_implemented(
                f"The option '{name}' of deployments",
                "templates and parameters within the request (az: -f FILE)",
            )
    if properties.get("onErrorDeployment"):
        raise errors.not_implemented(
            "The option 'onErrorDeployment' of deployments",
            "deployments that leave what they have made; deploy an earlier template again",
        )
    if properties.get("extensionConfigs"):
        raise errors.not_implemented(
            "The option 'extensionConfigs' of deployments", "resources of Resource Manager alone"
        )
