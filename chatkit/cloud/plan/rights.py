"""Who may send a call: a built-in role of Azure and its action, or a right in Entra ID.

The narrowest common role is named; Contributor of the subscription has all of Resource Manager but
the giving of roles. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.cloud.plan.calls import PlannedCall


@dataclass(frozen=True)
class Right:
    """What somebody needs for a call.

    Attributes:
        role: A built-in role, or a sentence where none is needed.
        action: What of the role counts.
        scope: Where the role must hold.
    """

    role: str
    action: str = ""
    scope: str = ""

    def __str__(self) -> str:
        action = f": {self.action}" if self.action else ""
        scope = f", {self.scope}" if self.scope else ""
        return f"{self.role}{action}{scope}"


SUBSCRIPTION = "at the subscription"
GROUP = "at the resource group"
READER = "Reader"
CONTRIBUTOR = "Contributor"
GIVES_ROLES = "User Access Administrator (or Owner)"
WEBSITE = "Website Contributor"
# By the beginning of the action, the first that fits.
ROLES = (
    ("microsoft.authorization/roleassignments/write", GIVES_ROLES),
    ("microsoft.signalrservice/signalr/", "SignalR/Web PubSub Contributor"),
    ("microsoft.storage/storageaccounts/", "Storage Account Contributor"),
    ("microsoft.web/serverfarms/", "Web Plan Contributor"),
    ("microsoft.web/sites/", WEBSITE),
    ("microsoft.managedidentity/userassignedidentities/", "Managed Identity Contributor"),
)
REGISTERS = Right(
    "Application Developer, where the tenant lets not everybody register applications",
    "Application.ReadWrite.OwnedBy",
    "in the directory",
)
OWNS = Right(
    "Whoever has registered the application", "Application.ReadWrite.OwnedBy", "for that one"
)
READS_DIRECTORY = Right("Every member of the directory", "Application.Read.All", "in the directory")
PUBLISHES = Right(WEBSITE, "Microsoft.Web/sites/publish/Action", "at the function app")
ACCOUNT_KEY = Right(
    "Storage Account Contributor",
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "for the key that signs it",
)
HUB = Right(
    "SignalR Service Owner",
    "Microsoft.SignalRService/SignalR/hub/send/action or auth/clientToken/action",
    "or a key of the instance",
)
NOBODY = Right("No role of Azure", "what anybody may ask, or what the chat lets people do")


def right(call: PlannedCall) -> Right:
    """What a call needs."""
    place = call["url"].partition("/")[0]
    others = {
        "{scm}": PUBLISHES,
        "{blob}": ACCOUNT_KEY,
        "{signalr}": HUB,
        "{graph}": _in_directory(call),
    }
    if call["action"]:
        return _of_resource_manager(call)
    return others.get(place, NOBODY)


def _of_resource_manager(call: PlannedCall) -> Right:
    action = call["action"]
    scope = GROUP if "/resourcegroups/" in call["url"].lower() else SUBSCRIPTION
    if action.lower().endswith("/read"):
        return Right(READER, action, scope)
    if action.lower().endswith("resourcegroups/write"):
        return Right(CONTRIBUTOR, action, SUBSCRIPTION)
    for begin, role in ROLES:
        if action.lower().startswith(begin):
            return Right(role, action, scope)
    return Right(CONTRIBUTOR, action, scope)


def _in_directory(call: PlannedCall) -> Right:
    if call["method"] == "GET":
        return READS_DIRECTORY
    if call["url"].endswith(("/applications", "/servicePrincipals")):
        return REGISTERS
    return OWNS
