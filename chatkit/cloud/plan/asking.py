"""What Azure is asked before anything is made there: none of these calls changes anything.

They are plain requests. The SDKs' clients register a resource provider that is not registered,
which would be a change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from azure.core.exceptions import AzureError

from chatkit.cloud.connection import Cloud
from chatkit.cloud.hints import hint_for
from chatkit.cloud.provision.resource_group import PROVIDERS
from chatkit.cloud.provision.signalr import FREE_QUOTA
from chatkit.core.settings import Names

# As the SDKs' clients of the kit have them.
SIGNALR_API = "2023-02-01"
STORAGE_API = "2026-09-01"
WEB_API = "2025-05-01"
RESOURCES_API = "2025-04-01"


class Asking:
    """Questions to the Resource Manager of a subscription.

    Args:
        cloud: Whose.
        names: Of what will be made.
        made: Names of what is made already, by this home.
    """

    def __init__(self, cloud: Cloud, names: Names, made: Collection[str] = ()) -> None:
        self._manager = cloud.rest(cloud.resource_manager)
        self._subscription = f"/subscriptions/{cloud.subscription_id}"
        self._names = names
        self._made = made

    def answers(self) -> Iterator[str]:
        """One sentence for each question; one that is not answered says why."""
        questions: dict[str, Callable[[], str]] = {
            "name of the SignalR Service instance": self._signalr,
            "name of the storage account": self._storage,
            "name of the function app": self._app,
            "region": self._region,
            "free SignalR Service instances": self._quota,
            "resource providers": self._providers,
        }
        for what, question in questions.items():
            if what.startswith("name ") and "<" in self._names.signalr:
                yield f"{what}: chosen at the first run"
                continue
            try:
                yield f"{what}: {question()}"
            except AzureError as error:
                first = str(error).strip().splitlines()[0]
                yield " ".join(filter(None, (f"{what}: not known. {first}", hint_for(error))))

    def _signalr(self) -> str:
        place = f"Microsoft.SignalRService/locations/{self._names.region}/checkNameAvailability"
        name = self._names.signalr
        asked = {"type": "Microsoft.SignalRService/SignalR", "name": name}
        return self._free(name, self._post(place, SIGNALR_API, asked))

    def _storage(self) -> str:
        name = self._names.storage_account
        asked = {"type": "Microsoft.Storage/storageAccounts", "name": name}
        place = "Microsoft.Storage/checkNameAvailability"
        return self._free(name, self._post(place, STORAGE_API, asked))

    def _app(self) -> str:
        name = self._names.function_app
        asked = {"type": "Microsoft.Web/sites", "name": name}
        return self._free(name, self._post("Microsoft.Web/checknameavailability", WEB_API, asked))

    def _region(self) -> str:
        region = self._names.region
        found = self._get("Microsoft.Web/geoRegions", WEB_API, "sku=FlexConsumption&")
        offered = [str(one["name"]).replace(" ", "").lower() for one in found["value"]]
        if region in offered:
            return f"{region} offers Flex Consumption"
        return f"{region} does not offer Flex Consumption; {len(offered)} regions do"

    def _quota(self) -> str:
        region = self._names.region
        place = f"Microsoft.SignalRService/locations/{region}/usages"
        for usage in self._get(place, SIGNALR_API)["value"]:
            if usage["name"]["value"] == FREE_QUOTA:
                return f"{usage['currentValue']} of {usage['limit']} in use in {region}"
        return f"{region} names no limit"

    def _providers(self) -> str:
        states = {one: self._get(one, RESOURCES_API)["registrationState"] for one in PROVIDERS}
        return ", ".join(f"{name} {state}" for name, state in states.items())

    def _free(self, name: str, answer: dict[str, Any]) -> str:
        if name in self._made:
            return f"{name} is yours, and made already"
        if answer.get("nameAvailable"):
            return f"{name} is free"
        return f"{name} is not free. {answer.get('message') or ''}".rstrip()

    def _get(self, place: str, version: str, query: str = "") -> dict[str, Any]:
        url = f"{self._subscription}/providers/{place}?{query}api-version={version}"
        return self._read("GET", url, None)

    def _post(self, place: str, version: str, asked: dict[str, str]) -> dict[str, Any]:
        url = f"{self._subscription}/providers/{place}?api-version={version}"
        return self._read("POST", url, asked)

    def _read(self, method: str, url: str, asked: dict[str, str] | None) -> dict[str, Any]:
        answer = self._manager.send(method, url, json=asked)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
