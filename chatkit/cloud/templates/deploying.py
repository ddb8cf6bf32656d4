"""What-if, and the deployment of a template to the chat's resource group.

https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import HttpResponseError, ODataV4Format, ResourceNotFoundError

from chatkit.cloud.hints import add_hint
from chatkit.cloud.stack import Stack
from chatkit.cloud.templates.template import Template

if TYPE_CHECKING:
    from azure.mgmt.resource.deployments.models import (
        Deployment,
        DeploymentExtended,
        DeploymentWhatIf,
        WhatIfOperationResult,
        WhatIfPropertyChange,
    )

NAME = "chat"
"""Of the deployment: a second one of the same template takes the place of the first."""
SIGNS = {"Create": "+", "Modify": "~", "NoChange": "=", "Delete": "-"}
LEFT_ALONE = "Ignore"
# Azure shows no settings with a site, and writes its enumerations in lower case.
NOT_SHOWN = "properties.siteConfig"
LOWERED = "properties.functionAppConfig"


@dataclass(frozen=True)
class Change:
    """What a deployment would do with one resource.

    Attributes:
        kind: "Create", "Modify", "NoChange", "Delete", or another word of Azure's.
        resource: Type and name.
        paths: Of the properties that differ; their values may be secret.
    """

    kind: str
    resource: str
    paths: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = f": {', '.join(self.paths)}" if self.paths else ""
        return f"{SIGNS.get(self.kind, '?')} {self.resource}{more}"


@dataclass(frozen=True)
class Deployed:
    """A deployment that has ended.

    Attributes:
        outputs: Texts, by the names of the template's outputs.
        resources: Ids of what it has made or found, in lower case.
    """

    outputs: dict[str, str]
    resources: tuple[str, ...]

    def has(self, type_name: str, name: str) -> bool:
        """Whether a resource is among them."""
        wanted = f"/{type_name}/{name}".lower()
        return any(one.endswith(wanted) for one in self.resources)


def what_if(stack: Stack, template: Template, values: Mapping[str, object]) -> list[Change]:
    """What a deployment would change, resource by resource; it changes nothing.

    Raises:
        azure.core.exceptions.HttpResponseError: The template or a value is refused.
    """
    from azure.mgmt.resource.deployments.models import DeploymentWhatIf

    request: DeploymentWhatIf = DeploymentWhatIf(_request(template, values))
    ask = stack.cloud.deployments().deployments.begin_what_if
    answer = stack.calls.finish(ask, stack.names.resource_group, NAME, request)
    _raise_refusal(answer)
    found = answer.properties.changes if answer.properties else None
    changes = [
        Change(_text(one.change_type), _resource(str(one.resource_id)), _differing(one.delta or ()))
        for one in found or ()
        if _text(one.change_type) != LEFT_ALONE
    ]
    return sorted(map(_without_noise, changes), key=lambda one: one.resource.lower())


def _raise_refusal(answer: WhatIfOperationResult) -> None:
    """Raise the error of a what-if: Azure answers 200 with it, and the SDK returns that."""
    if answer.error is None:
        return
    refusal = ODataV4Format(answer.error.as_dict())
    error = HttpResponseError(message=str(refusal))
    error.error = refusal
    add_hint(error)
    raise error


def deploy(stack: Stack, template: Template, values: Mapping[str, object]) -> Deployed:
    """Deploy a template, and wait until it has ended.

    Raises:
        azure.core.exceptions.HttpResponseError: It is refused, or a resource failed.
    """
    from azure.mgmt.resource.deployments.models import Deployment

    request: Deployment = Deployment(_request(template, values))
    send = stack.cloud.deployments().deployments.begin_create_or_update
    return _deployed(stack.calls.finish(send, stack.names.resource_group, NAME, request))


def _deployed(answer: DeploymentExtended) -> Deployed:
    properties = answer.properties
    outputs = (properties.outputs if properties else None) or {}
    resources = (properties.output_resources if properties else None) or []
    return Deployed(
        {name: str(one.get("value", "")) for name, one in outputs.items()},
        tuple(str(one.id).lower() for one in resources),
    )


def _request(template: Template, values: Mapping[str, object]) -> dict[str, Any]:
    parameters = {name: {"value": value} for name, value in values.items()}
    return {
        "properties": {
            "mode": "Incremental",
            "template": template.document,
            "parameters": parameters,
        }
    }


def _text(word: object) -> str:
    """The plain value of an SDK enum."""
    return str(getattr(word, "value", word))


def _resource(identity: str) -> str:
    """Type and name of an id."""
    provider, *parts = identity.rpartition("/providers/")[2].split("/")
    return f"{'/'.join([provider, *parts[::2]])} {'/'.join(parts[1::2])}"


def _differing(delta: Iterable[WhatIfPropertyChange]) -> tuple[str, ...]:
    return tuple(str(one.path) for one in delta if not _is_noise(one))


def _is_noise(one: WhatIfPropertyChange) -> bool:
    """Whether the difference is only in how Azure shows the resource."""
    path = str(one.path)
    if path.startswith(LOWERED):
        return str(one.before).lower() == str(one.after).lower()
    return path.startswith(NOT_SHOWN)


def _without_noise(change: Change) -> Change:
    if change.kind == "Modify" and not change.paths:
        return Change("NoChange", change.resource)
    return change


@dataclass(frozen=True)
class Past:
    """A deployment as Azure keeps it.

    Attributes:
        state: "Succeeded", "Failed", "Running" and others.
        values: Of its parameters; secure ones have none.
        template: What was deployed.
        kept: Everything that Azure shows of it, as one text.
    """

    state: str
    values: dict[str, object]
    template: Template
    kept: str


def past(stack: Stack) -> Past | None:
    """The last deployment of the chat; None when there was none."""
    client = stack.cloud.deployments().deployments
    group = stack.names.resource_group
    try:
        found = stack.calls.call(client.get, group, NAME)
    except ResourceNotFoundError:
        return None
    exported: Any = stack.calls.call(client.export_template, group, NAME).template
    properties = found.properties
    given = (properties.parameters if properties else None) or {}
    values = {name: one["value"] for name, one in given.items() if "value" in one}
    state = _text(properties.provisioning_state) if properties else ""
    kept = json.dumps([found.as_dict(), exported])
    return Past(state, values, Template("the deployed template", exported), kept)
