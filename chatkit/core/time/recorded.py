"""Durations of operations in the real Azure, each with where it was seen.

What nobody has recorded is not slowed: a guess would teach a presenter the wrong waiting.
"""

from __future__ import annotations

from dataclasses import dataclass

AZ_SIGNALR = "recorded traffic of the tests of `az signalr`"
AZ_STORAGE = "recorded traffic of the tests of `az storage`"
AZ_FUNCTIONS = "recorded traffic of the tests of `az functionapp`"
AZD = "recorded traffic of the tests of `azd`, April 2026, Flex Consumption"


@dataclass(frozen=True)
class Recorded:
    """How long something takes.

    Attributes:
        what: In words.
        seconds: The median where there is more than one run.
        source: Where it was seen.
    """

    what: str
    seconds: float
    source: str


RECORDED = {
    "signalr.create": Recorded(
        "create a SignalR Service instance",
        93.6,
        f"{AZ_SIGNALR}, 2020 and 2022: 74.7, 76.7, 93.6, 93.8 and 106.4 s",
    ),
    "signalr.update": Recorded(
        "change a SignalR Service instance",
        73.5,
        f"{AZ_SIGNALR}, August 2022: 54.4, 73.4, 73.6 and 74.0 s",
    ),
    "signalr.regenerate": Recorded(
        "make a new access key", 2.0, f"{AZ_SIGNALR}, August 2022: about 2 s"
    ),
    "storage.create": Recorded("create a storage account", 17.0, f"{AZ_STORAGE}: 17 s at most"),
    "plan.put": Recorded("create a plan", 7.0, f"{AZ_FUNCTIONS}: 3 to 11 s"),
    "site.put": Recorded("create a function app", 32.0, f"{AZ_FUNCTIONS}: 28 to 40 s"),
    "site.settings": Recorded("read or write settings", 3.0, f"{AZ_FUNCTIONS}: 2 to 4 s"),
    "site.keys": Recorded("read host keys", 3.0, f"{AZ_FUNCTIONS}: 3 s"),
    "publish.build": Recorded("build a package on the server", 74.7, f"{AZD}: 74.7 s"),
    "group.delete": Recorded("delete a resource group", 61.0, f"{AZD}: 61 s"),
}
NOT_RECORDED = {
    "signalr.delete": "delete a SignalR Service instance",
    "signalr.restart": "restart a SignalR Service instance",
    "site.delete": "delete a function app",
    "group.put": "create a resource group",
    "provider.register": "register a resource provider",
    "roles.propagate": "a new role being known everywhere",
}
