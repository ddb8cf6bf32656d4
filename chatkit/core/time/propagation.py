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

PROPAGATIONS: Final = {
    ROLE: Propagation(
        "a new role counts everywhere; before: 403",
        0.0,
        600.0,
        DOCUMENTED,
        "Microsoft Learn, Troubleshoot Azure RBAC: up to 10 minutes",
    ),
    REGISTRATION: Propagation(
        "Graph finds a new application or service principal; before: 404, or 400",
        0.0,
        60.0,
        REPORTED,
        "microsoftgraph/msgraph-sdk-powershell#1191: a few seconds;"
        " hashicorp/terraform-provider-azuread#1811: more than 60 s",
    ),
    LIST: Propagation(
        "lists of a subscription and of all resources show a new one",
        0.0,
        900.0,
        REPORTED,
        "Azure/azure-rest-api-specs#28600: about 15 minutes; Azure/AKS#1964",
    ),
    HOST_NAME: Propagation(
        "the host name of a new function app leads to it; before: 404",
        0.0,
        60.0,
        ASSUMED,
        "projectkudu/kudu#2744, serverless/serverless-azure-functions#39: no time is named",
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
