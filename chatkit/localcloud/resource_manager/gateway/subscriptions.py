"""Subscriptions, tenants, cloud metadata and the registration of resource providers."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.clock import Clock
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import SUB, Route
from chatkit.localcloud.resource_manager.core.state import Document

SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
PROVIDERS = "Microsoft.Resources/providers"
NAMESPACES = {
    name.lower(): name
    for name in (
        "Microsoft.Authorization",
        "Microsoft.Insights",
        "Microsoft.ManagedIdentity",
        "Microsoft.OperationalInsights",
        "Microsoft.Resources",
        "Microsoft.SignalRService",
        "Microsoft.Storage",
        "Microsoft.Web",
    )
}
ALWAYS_REGISTERED = {"microsoft.authorization", "microsoft.resources"}


class Subscriptions:
    """Operations outside resource groups."""

    def __init__(self, context: Context, endpoints: dict[str, str]) -> None:
        self._context = context
        self._endpoints = endpoints

    def routes(self) -> list[Route]:
        """The operations."""
        provider = SUB + "/providers/{namespace}"
        return [
            Route(
                "GET", "/metadata/endpoints", self.metadata, "", "Metadata_Endpoints", is_open=True
            ),
            Route("GET", "/subscriptions", self.subscriptions, SUBSCRIPTIONS, "Subscriptions_List"),
            Route("GET", SUB, self.subscription, SUBSCRIPTIONS, "Subscriptions_Get"),
            Route(
                "GET",
                SUB + "/locations",
                self.locations,
                SUBSCRIPTIONS,
                "Subscriptions_ListLocations",
            ),
            Route("GET", "/tenants", self.tenants, "Microsoft.Resources/tenants", "Tenants_List"),
            Route("GET", SUB + "/providers", self.providers, PROVIDERS, "Providers_List"),
            Route("GET", provider, self.provider, PROVIDERS, "Providers_Get"),
            Route("POST", provider + "/register", self.register, PROVIDERS, "Providers_Register"),
            Route(
                "POST", provider + "/unregister", self.unregister, PROVIDERS, "Providers_Unregister"
            ),
        ]

    async def metadata(self, call: Call) -> Answer:
        """The cloud's description that `az cloud register` reads: one object."""
        authority = self._endpoints["authority"]
        return Answer(
            body={
                "name": "ChatkitLocal",
                "portal": call.base_url,
                "authentication": {
                    "loginEndpoint": authority,
                    "audiences": [
                        "https://management.core.windows.net/",
                        "https://management.azure.com/",
                    ],
                    "tenant": self._context.directory.tenant_id,
                    "identityProvider": "AAD",
                },
                "media": "https://rest.media.azure.net",
                "graphAudience": "https://graph.microsoft.com/",
                "graph": "https://graph.microsoft.com/",
                "microsoftGraphResourceId": self._endpoints["graph"],
                "appServiceResourceId": "https://appservice.azure.com",
                "resourceManager": f"{call.base_url}/",
                "suffixes": {
                    "storage": "core.windows.net",
                    "keyVaultDns": "vault.azure.net",
                    "sqlServerHostname": "database.windows.net",
                    "acrLoginServer": "azurecr.io",
                },
                "batch": "https://batch.core.windows.net/",
                "activeDirectoryDataLake": "https://datalake.azure.net/",
                "sqlManagement": "https://management.core.windows.net:8443/",
                "gallery": "https://gallery.azure.com/",
                "vmImageAliasDoc": f"{call.base_url}/vm-image-aliases",
            }
        )

    async def subscriptions(self, call: Call) -> Answer:
        """The one subscription."""
        return Answer(body={"value": [self._render()], "count": {"type": "Total", "value": 1}})

    async def subscription(self, call: Call) -> Answer:
        """The one subscription, by id."""
        return Answer(body=self._render())

    async def locations(self, call: Call) -> Answer:
        """Every region."""
        values = [
            {
                "id": f"/subscriptions/{self._context.subscription_id}/locations/{name}",
                "name": name,
                "type": "Region",
                "displayName": display,
                "regionalDisplayName": display,
                "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
            }
            for name, display in regions.LOCATIONS.items()
        ]
        return Answer(body={"value": values})

    async def tenants(self, call: Call) -> Answer:
        """The one tenant."""
        tenant = self._context.directory.tenant_id
        value = {
            "id": f"/tenants/{tenant}",
            "tenantId": tenant,
            "displayName": "chatkit",
            "tenantCategory": "Home",
        }
        return Answer(body={"value": [value]})

    async def providers(self, call: Call) -> Answer:
        """Every namespace with its registration state."""
        return Answer(body={"value": [self._provider(name) for name in NAMESPACES]})

    async def provider(self, call: Call) -> Answer:
        """One namespace."""
        return Answer(body=self._provider(self._namespace(call)))

    async def register(self, call: Call) -> Answer:
        """Register the subscription for a namespace."""
        key = self._namespace(call)
        if self._state(key) != "Registered":
            until = Clock.now() + self._context.clock.duration_s("provider.register")
            self._context.platform.store.put(
                "registrations", key, {"state": "Registering", "until": until}
            )
            return Answer(body={**self._provider(key), "registrationState": "Registering"})
        return Answer(body=self._provider(key))

    async def unregister(self, call: Call) -> Answer:
        """End the registration."""
        key = self._namespace(call)
        self._context.platform.store.put(
            "registrations", key, {"state": "Unregistered", "until": 1e12}
        )
        return Answer(body=self._provider(key))

    def _namespace(self, call: Call) -> str:
        key = call.params["namespace"].lower()
        if key not in NAMESPACES:
            name = call.params["namespace"]
            raise errors.ArmError(
                404, "InvalidResourceNamespace", f"The resource namespace '{name}' is invalid."
            )
        return key

    def _state(self, key: str) -> str:
        if key in ALWAYS_REGISTERED:
            return "Registered"
        kept = self._context.platform.store.get("registrations", key)
        if kept is None or kept["state"] == "Unregistered":
            return "NotRegistered" if kept is None else "Unregistered"
        return "Registered" if kept["until"] <= Clock.now() else "Registering"

    def _provider(self, key: str) -> Document:
        namespace = NAMESPACES[key]
        return {
            "id": f"/subscriptions/{self._context.subscription_id}/providers/{namespace}",
            "namespace": namespace,
            "registrationPolicy": "RegistrationFree"
            if key in ALWAYS_REGISTERED
            else "RegistrationRequired",
            "registrationState": self._state(key),
            "resourceTypes": [
                {
                    "resourceType": type_.partition("/")[2],
                    "locations": [*regions.LOCATIONS.values()],
                    "apiVersions": [*api_versions],
                    "capabilities": "None",
                }
                for type_, api_versions in regions.API_VERSIONS.items()
                if type_.lower().startswith(key + "/")
            ],
        }

    def _render(self) -> Document:
        return {
            "id": f"/subscriptions/{self._context.subscription_id}",
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            "subscriptionId": self._context.subscription_id,
            "tenantId": self._context.directory.tenant_id,
            "displayName": "chatkit local cloud",
            "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "PayAsYouGo_2014-09-01",
                "spendingLimit": "Off",
            },
        }
