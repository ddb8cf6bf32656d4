"""Errors of Resource Manager, rendered once at the edge, in the shape that Azure uses there.

Two shapes exist: Resource Manager's own `{"error": {"code", "message"}}`, and the one of
Microsoft.Web (`Code`, `Message`, `Details`), which azure-core does not parse into
`HttpResponseError.error`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from chatkit.localcloud.core.errors import LocalCloudError
from chatkit.localcloud.resource_manager.core.documents import JsonObject

SUBSCRIPTION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
NOT_FOUND_HELP = "For more details please go to https://aka.ms/ARMResourceNotFoundFix"


@dataclass(eq=False)
class ArmError(LocalCloudError):
    """A refused request.

    Attributes:
        status: HTTP status.
        code: Azure's error code.
        message: Azure's sentence.
        target: What the error is about, may be empty.
        details: More errors `{code, message, target, details}`.
        additional_info: What the error's sentence leaves out, `{type, info}`.
        headers: Extra headers of the answer.
        web_shape: Render as Microsoft.Web does.
        service: True when the resource provider refused, False for the gateway in front of it.
    """

    status: int
    code: str
    message: str
    target: str = ""
    details: list[JsonObject] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    web_shape: bool = False
    service: bool = False
    extended_code: str = ""
    parameters: tuple[str, ...] = ()
    additional_info: list[JsonObject] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.message, status=self.status, code=self.code)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def body(self) -> JsonObject:
        """The JSON body."""
        if self.web_shape:
            entry = {
                "ExtendedCode": self.extended_code or "51001",
                "MessageTemplate": self.message if not self.parameters else self._template(),
                "Parameters": list(self.parameters),
                "Code": self.code,
                "Message": self.message,
            }
            return {
                "Code": self.code,
                "Message": self.message,
                "Target": self.target or None,
                "Details": [{"Message": self.message}, {"Code": self.code}, {"ErrorEntity": entry}],
                "Innererror": None,
            }
        error: JsonObject = {"code": self.code, "message": self.message}
        if self.target:
            error["target"] = self.target
        if self.details:
            error["details"] = self.details
        if self.additional_info:
            error["additionalInfo"] = self.additional_info
        return {"error": error}

    def _template(self) -> str:
        text = self.message
        for number, parameter in enumerate(self.parameters):
            text = text.replace(parameter, f"{{{number}}}")
        return text


def web_error(
    status: int, code: str, message: str, *parameters: str, extended_code: str = ""
) -> ArmError:
    """An error of Microsoft.Web, in its own shape."""
    return ArmError(
        status,
        code,
        message,
        web_shape=True,
        service=True,
        extended_code=extended_code,
        parameters=parameters,
    )


def service_error(status: int, code: str, message: str, *, target: str = "") -> ArmError:
    """An error of another resource provider."""
    return ArmError(status, code, message, target=target, service=True)


def group_not_found(group: str) -> ArmError:
    """404 for a resource group."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def group_being_deleted(group: str) -> ArmError:
    """409 for a write into a group that is being deleted."""
    return ArmError(
        409,
        "ResourceGroupBeingDeleted",
        f"The resource group '{group}' is in deprovisioning state and cannot perform this"
        " operation.",
    )


def resource_not_found(type_and_name: str, group: str) -> ArmError:
    """404 for a resource, for example "Microsoft.Storage/storageAccounts/x"."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{type_and_name}' under resource group '{group}' was not found."
        f" {NOT_FOUND_HELP}",
    )


def subscription_not_found(subscription: str) -> ArmError:
    """404 for a subscription; 400 for what can be none, in words that Terraform reports of Azure.

    Scripts ask for such a one whose variable is empty: "None", or "providers", which comes next.
    """
    if not SUBSCRIPTION.fullmatch(subscription):
        return ArmError(
            400,
            "InvalidSubscriptionId",
            f"The provided subscription identifier '{subscription}' is malformed or invalid.",
        )
    return ArmError(
        404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found."
    )


def not_registered(namespace: str) -> ArmError:
    """409 that makes the SDKs register the provider and try again."""
    message = (
        f"The subscription is not registered to use namespace '{namespace}'."
        " See https://aka.ms/rps-not-found for how to register subscriptions."
    )
    return ArmError(
        409,
        "MissingSubscriptionRegistration",
        message,
        details=[
            {"code": "MissingSubscriptionRegistration", "target": namespace, "message": message}
        ],
    )


def invalid_body(reason: str) -> ArmError:
    """400 for a body that is not what the operation takes."""
    return ArmError(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{reason}'.",
    )


def invalid_property(message: str, *, target: str = "") -> ArmError:
    """400 for a property with a value that the provider refuses."""
    return ArmError(400, "InvalidParameter", message, target=target, service=True)


def operation_not_found(sentence: str = "The operation could not be found.") -> ArmError:
    """404 for a long-running operation that does not exist."""
    return ArmError(404, "OperationNotFound", sentence)


def location_unavailable(location: str, type_: str, regions: Iterable[str]) -> ArmError:
    """400 for a region that a type is not offered in."""
    return ArmError(
        400,
        "LocationNotAvailableForResourceType",
        f"The provided location '{location}' is not available for resource type '{type_}'."
        f" List of available regions for the resource type is '{','.join(regions)}'.",
    )


def not_implemented(what: str, supported: str) -> ArmError:
    """501 for what the local cloud leaves to Azure; it names what there is."""
    return ArmError(
        501, "NotImplemented", f"{what} is not part of the local cloud. It supports {supported}."
    )


def free_quota(limit: int, location: str) -> ArmError:
    """400 when one more Free tier SignalR instance would be too many."""
    return service_error(
        400,
        "FreeTierQuotaExceeded",
        f"The subscription has reached its limit of {limit} Free tier SignalR Service instances in"
        f" location '{location}'."
        " Delete one or choose another tier.",
        target="sku",
    )


def forbidden(name: str, object_id: str, action: str, scope: str) -> ArmError:
    """403 for a caller without a role."""
    return ArmError(
        403,
        "AuthorizationFailed",
        f"The client '{name}' with object id '{object_id}' does not have authorization to perform"
        f" action '{action}' over scope"
        f" '{scope}' or the scope is invalid. If access was recently granted, please refresh your"
        " credentials.",
    )


def linked_forbidden(name: str, object_id: str, action: str, linked: str) -> ArmError:
    """403 for a body that names a resource which the caller may not use."""
    return ArmError(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{name}' with object id '{object_id}' has permission to perform the action on"
        f" the scope; however, it does not have permission to perform action '{action}' on the"
        f" linked scope(s) '{linked}' or the linked scope(s) are invalid.",
    )


def too_many(kind: str, wait_s: int) -> ArmError:
    """429 in Azure's words."""
    return ArmError(
        429,
        "SubscriptionRequestsThrottled",
        f"Number of '{kind}' requests for the subscription exceeded the limit. Please try again"
        f" after '{wait_s}' seconds.",
        headers={"Retry-After": str(wait_s)},
    )
