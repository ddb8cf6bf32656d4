"""What to do about the errors that Azure's services give most often.

The errors themselves stay as the SDK raises them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from chatkit.cloud import missing

# What azure-identity says when none of its ways leads to a token.
NOBODY = re.compile(r"failed to retrieve a token|az login|Azure CLI not found", re.IGNORECASE)
NOT_THERE = ("ResourceGroupNotFound", "ResourceNotFound", "ParentResourceNotFound", "NotFound")


@dataclass(frozen=True)
class _Hint:
    """One remedy, and its error: by the service's code, or by words of its message."""

    codes: tuple[str, ...]
    words: str
    remedy: str


HINTS = (
    _Hint(
        (
            "StorageAccountAlreadyTaken",
            "AlreadyExists",
            "NameAlreadyExists",
            "WebsiteAlreadyExists",
        ),
        r"already (exists|taken)|is not available",
        "This name belongs to somebody else (all of Azure shares these names)."
        " `Workshop.open(suffix='...')` chooses others.",
    ),
    _Hint(
        ("MissingSubscriptionRegistration", "SubscriptionNotRegistered"),
        r"not registered to use namespace",
        "The subscription does not know this service yet. Run workshop.create_resource_group(),"
        " which registers it; your account needs the right to register providers on the"
        " subscription.",
    ),
    _Hint(
        (
            "FreeTierLimitExceeded",
            "FreeTierQuotaExceeded",
            "QuotaExceeded",
            "ResourceQuotaExceeded",
            "SubscriptionQuotaReached",
        ),
        r"free.{0,40}(quota|limit|instances)|quota.{0,60}free|FreeTierInstances",
        "The free SignalR instances of this region are used up. Delete one you no longer need, or"
        " choose another region: `Workshop.open(region='westus2')`.",
    ),
    _Hint(
        ("TooManyRequests", "MessageCountExceeded", "ConnectionCountReached"),
        r"connection count (reached|exceeds)|daily message",
        "A Free unit of SignalR Service holds 20 connections and sends 20,000 messages a day."
        " Close tabs or use Standard.",
    ),
    _Hint(
        ("SubscriptionRequestsThrottled", "OperationNotAllowedThrottled", "RequestsThrottled"),
        r"number of .{0,20} requests for the subscription exceeded",
        "Too many requests came from this subscription at once. Wait a minute and run the cell"
        " again: every step can be repeated.",
    ),
    _Hint(
        ("LocationNotAvailableForResourceType", "LinuxDynamicWorkersNotAllowedInResourceGroup"),
        r"not supported in region|not available for resource type|not available in this region"
        r"|LinuxDynamicWorkers",
        "This region does not offer everything the chat room needs (Flex Consumption and SignalR"
        " Service). Choose another one: `Workshop.open(region='eastus2')`.",
    ),
    _Hint(
        ("UnsupportedPythonVersion",),
        r"(linuxFxVersion|python).{0,60}(not supported|unsupported|invalid|deprecated)"
        r"|runtime.version",
        "The function app asks for Python 3.12, which this region or plan does not run. "
        "Choose another region: `Workshop.open(region='eastus2')`.",
    ),
    _Hint(
        ("KeyBasedAuthenticationNotPermitted", "RequestDisallowedByPolicy"),
        r"key.?based authentication is not permitted|disallowed by policy",
        "A policy of your organisation forbids this (often: storage account keys). Use a"
        " subscription without that policy, or ask for an exemption for this resource group.",
    ),
    _Hint(
        ("LocalAuthDisabled",),
        r"local authentication is disabled",
        "The SignalR Service instance has no keys any more. The deployed app needs none; for a"
        " local run switch them on again: `az signalr update --name NAME --resource-group GROUP"
        " --disable-local-auth false`.",
    ),
    _Hint(
        ("AuthorizationPermissionMismatch", "InaccessibleStorageException"),
        r"not authorized to perform this operation using this permission",
        "A role that was just assigned takes up to 10 minutes to arrive. Wait a minute and run the"
        " cell again.",
    ),
    _Hint(
        ("AuthorizationFailed", "LinkedAuthorizationFailed"),
        r"does not have authorization to perform action",
        "Your account lacks a role for this. Contributor on the subscription, or on a resource"
        " group made for you, is enough.",
    ),
    _Hint(
        ("ResourceGroupBeingDeleted", "ResourceGroupDeprovisioning"),
        r"resource group .{0,90} (deprovisioning|being deleted)",
        "The resource group is still being deleted. Wait a minute and run the cell again.",
    ),
    _Hint(
        ("InvalidResourceGroupLocation",),
        r"already exists in location",
        "The resource group exists in another region, and a group never moves. Use that region:"
        " `Workshop.open(region='...')`.",
    ),
    _Hint(
        (
            "InvalidAuthenticationToken",
            "ExpiredAuthenticationToken",
            "InvalidAuthenticationTokenTenant",
        ),
        r"access token (has expired|is invalid)",
        "Sign in again: workshop.sign_in() says as whom.",
    ),
    _Hint(
        ("SubscriptionNotFound", "InvalidSubscriptionId"),
        r"subscription .{0,60} could not be found",
        "Set CHATKIT_SUBSCRIPTION to the id of a subscription that `az account list` shows.",
    ),
    _Hint(
        ("ResourceGroupNotFound",),
        r"resource group .{0,90} could not be found",
        "Run workshop.create_resource_group() first.",
    ),
    _Hint(
        ("ResourceNotFound", "ParentResourceNotFound"),
        r"was not found",
        "Something this step builds on does not exist yet. workshop.catch_up() makes what you"
        " have not made so far.",
    ),
    _Hint(
        ("WebsiteNotFound", "StaticWebsiteDisabled"),
        r"static website",
        "The static website is off. Run workshop.enable_static_website().",
    ),
    _Hint(
        ("InvalidCorsConfiguration",),
        r"(cors|origin).{0,80}(invalid|not allowed|credentials)",
        "An origin is scheme, host and port without a slash at the end, and `*` does not go with"
        " credentials. workshop.allow_page() sets the right one.",
    ),
    _Hint(
        ("GatewayTimeout", "ServerTimeout", "InternalServerError", "ServiceUnavailable"),
        r"gateway did not receive a response",
        "Azure had a passing trouble. Run the cell again: every step can be repeated.",
    ),
)


def refine_hint(error: BaseException, section: str) -> None:
    """Let an error say the shortest that helps where it was met.

    Args:
        error: With the remedy that `add_hint` gave it, where it did.
        section: The section whose step or check has met it.
    """
    if isinstance(error, AzureError) and code_of(error) in NOT_THERE:
        remedy = missing.remedy(str(error), section)
        if remedy:
            error.__notes__ = [remedy]


def add_hint(error: BaseException) -> None:
    """Add the remedy to an error, once; nothing when none is known."""
    remedy = hint_for(error)
    if remedy and remedy not in getattr(error, "__notes__", ()):
        error.add_note(remedy)


def hint_for(error: BaseException) -> str:
    """Return the remedy for an error of an Azure SDK, or an empty text."""
    if not isinstance(error, AzureError):
        return ""
    if isinstance(error, ServiceRequestError):
        return (
            "Nothing answers there. `workshop = Workshop.open()` connects anew; if that does not"
            " help, look at network and proxy."
        )
    if isinstance(error, ServiceResponseError):
        return (
            "The connection broke before an answer came."
            " Run the cell again: every step can be repeated."
        )
    code = code_of(error)
    if code in NOT_THERE and (remedy := missing.remedy(str(error))):
        return remedy
    for hint in HINTS:
        if code in hint.codes:
            return hint.remedy
    for hint in HINTS:
        if re.search(hint.words, str(error), re.IGNORECASE):
            return hint.remedy
    if isinstance(error, ClientAuthenticationError) and NOBODY.search(str(error)):
        return (
            "Nobody is signed in to Azure on this machine. Type `az login` in a terminal, then try"
            " again."
        )
    if isinstance(error, ClientAuthenticationError):
        return (
            "The sign-in was refused. On Azure: `az login`."
            " On the local cloud: `chatkit local status` shows the credentials."
        )
    return ""


def code_of(error: BaseException) -> str:
    """The service's own error code: Resource Manager's, Microsoft.Web's or storage's shape."""
    if not isinstance(error, HttpResponseError):
        return ""
    known = getattr(error.error, "code", None) or getattr(error, "error_code", None)
    if known:
        return str(getattr(known, "value", known))
    read: Callable[[], object] | None = getattr(error.response, "json", None)
    if read is None:
        return ""
    try:
        body = read()
    except (ValueError, AttributeError):
        return ""
    if not isinstance(body, dict):
        return ""
    inner = body.get("error")
    if not body.get("Code") and isinstance(inner, dict):
        return str(inner.get("code") or "")
    return str(body.get("Code") or "")
