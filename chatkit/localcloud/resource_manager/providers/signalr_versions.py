"""What the api-versions of Microsoft.SignalRService know of an instance.

From the definitions and examples of github.com/Azure/azure-rest-api-specs, and from Microsoft's
`azure-mgmt-signalr`, one release an api-version: 0.3.0 (2018-10-01) to 1.2.0 (2023-02-01). As
recorded from `az signalr`: an answer has nothing that its api-version does not know.
"""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import Handler

VERSIONS = (
    *("2025-01-01-preview", "2024-10-01-preview", "2024-08-01-preview", "2024-04-01-preview"),
    *("2024-03-01", "2024-01-01-preview", "2023-08-01-preview", "2023-06-01-preview"),
    *("2023-03-01-preview", "2023-02-01", "2022-08-01-preview", "2022-02-01", "2021-10-01"),
    *("2021-09-01-preview", "2021-06-01-preview", "2021-04-01-preview", "2020-07-01-preview"),
    *("2020-05-01", "2018-10-01"),
)
# The first version that knows a field; all know those that are not listed.
FIELDS_SINCE = {
    "kind": "2020-05-01",
    "identity": "2020-07-01-preview",
    "systemData": "2021-04-01-preview",
}
PROPERTIES_SINCE = {
    "upstream": "2020-05-01",
    "networkACLs": "2020-05-01",
    "privateEndpointConnections": "2020-05-01",
    "tls": "2020-07-01-preview",
    "sharedPrivateLinkResources": "2021-04-01-preview",
    "publicNetworkAccess": "2021-06-01-preview",
    "disableLocalAuth": "2021-06-01-preview",
    "disableAadAuth": "2021-06-01-preview",
    "resourceLogConfiguration": "2021-10-01",
    "liveTraceConfiguration": "2022-02-01",
    "serverless": "2022-08-01-preview",
}
# It was there, went, and came back.
WITHOUT_HOST_NAME_PREFIX = ("2020-07-01-preview", "2021-09-01-preview")


def in_version(handler: Handler) -> Handler:
    """Answer with what the call's api-version knows."""

    async def handle(call: Call) -> Answer:
        answer = await handler(call)
        answer.body = shown_in(answer.body, call.api_version)
        return answer

    return handle


def shown_in(body: Json, version: str) -> Json:
    """An answer about instances, as an api-version shows it; other answers are left alone."""
    if not isinstance(body, dict):
        return body
    if isinstance(body.get("value"), list):
        return {**body, "value": [shown_in(one, version) for one in body["value"]]}
    if "sku" not in body or not isinstance(body.get("properties"), dict):
        return body
    shown = _known(body, FIELDS_SINCE, version)
    properties = _known(body["properties"], PROPERTIES_SINCE, version)
    first, last = WITHOUT_HOST_NAME_PREFIX
    if first <= version <= last:
        properties.pop("hostNamePrefix", None)
    return {**shown, "properties": properties}


def _known(values: JsonObject, since: dict[str, str], version: str) -> JsonObject:
    # Versions begin with a day, so that they order as texts.
    return {name: value for name, value in values.items() if since.get(name, "") <= version}
