"""How long a change takes in the real Azure until it is known everywhere, each with its source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

DOCUMENTED: Final = "documented"
REPORTED: Final = "reported"
ASSUMED: Final = "assumed"


@dataclass(frozen=True)
class Propagation:
    """One kind of change that is acknowledged before it is known everywhere.

    Attributes:
        what: In words, with what a client meets meanwhile.
        least_s: The shortest time that is played.
        most_s: The longest.
        grade: "documented" where Microsoft names the longest time, "reported" where people
            measured it, "assumed" where what happens is reported and how long is not.
        source: Where it is known from.
    """

    what: str
    least_s: float
    most_s: float
    grade: str
    source: str


ROLE: Final = "role"
REGISTRATION: Final = "registration"
LIST: Final = "list"
HOST_NAME: Final = "host-name"
SCM: Final = "scm"
SETTINGS: Final = "settings"
REVOKED: Final = "revoked-role"
SECRET: Final = "secret"
FEDERATION: Final = "federation"
UNREGISTERED: Final = "deleted-registration"
DELETED: Final = "deleted"
NAME: Final = "name"

PROPAGATIONS: Final = {
    ROLE: Propagation(
        "a new role counts everywhere; before: 403",
        0.0,
        600.0,
        DOCUMENTED,
        "Microsoft Learn, Troubleshoot Azure RBAC: up to 10 minutes",
    ),
    REVOKED: Propagation(
        "a role that was taken away counts no more",
        0.0,
        600.0,
        DOCUMENTED,
        "Microsoft Learn, Troubleshoot Azure RBAC: up to 10 minutes",
    ),
    REGISTRATION: Propagation(
        "Graph finds a new application, service principal or identity, and Entra ID signs people"
        " in to it; before: 404, 400, AADSTS700016, and PrincipalNotFound for a role without"
        " principalType",
        0.0,
        60.0,
        REPORTED,
        "microsoftgraph/msgraph-sdk-powershell#1191: a few seconds;"
        " hashicorp/terraform-provider-azuread#1811: more than 60 s",
    ),
    UNREGISTERED: Propagation(
        "Graph finds a deleted application no more",
        0.0,
        60.0,
        ASSUMED,
        "hashicorp/terraform-provider-azuread waits for it after each deletion: no time is named",
    ),
    SECRET: Propagation(
        "a new client secret is taken; before: AADSTS7000215",
        4.0,
        18.0,
        REPORTED,
        "microsoftgraph/microsoft-graph-docs#17966: 4 to 18 s",
    ),
    FEDERATION: Propagation(
        "a new federated credential is taken; before: AADSTS700211",
        0.0,
        120.0,
        REPORTED,
        "Azure/azure-workload-identity#273; Azure/Azure-Verified-Modules#2673: waits 120 s",
    ),
    LIST: Propagation(
        "lists of a subscription and of all resources show a new one",
        0.0,
        900.0,
        REPORTED,
        "Azure/azure-rest-api-specs#28600: about 15 minutes; Azure/AKS#1964",
    ),
    DELETED: Propagation(
        "those lists, and that of groups, leave out what was deleted",
        0.0,
        1200.0,
        REPORTED,
        "Azure/azure-sdk-for-net#22664: about 20 minutes; Azure/azure-rest-api-specs#21221;"
        " microsoft/vscode-azureresourcegroups#34",
    ),
    NAME: Propagation(
        "the name of a deleted SignalR Service instance, storage account or function app is free",
        0.0,
        900.0,
        REPORTED,
        "hashicorp/terraform#6702: about 15 minutes; Azure/azure-functions-host#6749;"
        " hashicorp/terraform-provider-azurerm#28836",
    ),
    HOST_NAME: Propagation(
        "a new host name leads to its app, its storage account, its SignalR Service instance;"
        " before: 404 of an app, else no connection",
        0.0,
        60.0,
        ASSUMED,
        "projectkudu/kudu#2744, serverless/serverless-azure-functions#39, Azure/azure-cli#13337:"
        " no time is named",
    ),
    SCM: Propagation(
        "the deployment endpoint of a new function app has started; before: 503",
        0.0,
        60.0,
        ASSUMED,
        "microsoft/vscode-azureappservice#1584 and #1885: no time is named",
    ),
    SETTINGS: Propagation(
        "an app runs again after its settings changed; before: 503",
        0.0,
        60.0,
        ASSUMED,
        "Microsoft Learn, Configure an App Service app: a change restarts the app; no time is"
        " named",
    ),
}


# Whose name it is: one resource of each type may have the same.
APP_HOST: Final = "{}.azurewebsites.net"
BLOB_HOST: Final = "{}.blob.core.windows.net"
SIGNALR_HOST: Final = "{}.service.signalr.net"


def drawn_s(kind: str, number: int, seed: int) -> float:
    """How long the change of a number takes: the same for the same seed, on every machine.

    Args:
        kind: One of PROPAGATIONS.
        number: How many of its kind there were before.
        seed: Another one draws other times.
    """
    known = PROPAGATIONS[kind]
    digest = hashlib.sha256(f"{seed}/{kind}/{number}".encode()).digest()
    part = int.from_bytes(digest[:8]) / 2**64
    return known.least_s + part * (known.most_s - known.least_s)
