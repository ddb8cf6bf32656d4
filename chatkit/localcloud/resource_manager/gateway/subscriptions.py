"""Subscriptions, tenants, cloud metadata and the registration of resource providers."""

from __future__ import annotations

from typing import ClassVar

from chatkit.localcloud.resource_manager.core import errors, regions
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.registrations import FREE
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import SUB, Route

SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
TENANTS = "Microsoft.Resources/tenants"
PROVIDERS = "Microsoft.Resources/providers"
# Namespaces without a type here, which az registers when it makes a function app.
OTHER_NAMESPACES = ("Microsoft.ManagedIdentity", "Microsoft.OperationalInsights")
# As Azure lists them when it refuses another one, newest first.
VERSIONS = (
    *("2025-04-01", "2025-03-01", "2024-11-01", "2024-08-01", "2024-07-01", "2024-06-01-preview"),
    *("2024-03-01", "2023-07-01", "2023-07-01-preview", "2023-03-01-preview", "2022-12-01"),
    *("2022-11-01-preview", "2022-09-01", "2022-06-01", "2022-05-01", "2022-03-01-preview"),
    *("2022-01-01", "2021-04-01", "2021-01-01", "2020-10-01", "2020-09-01", "2020-08-01"),
    *("2020-07-01", "2020-06-01", "2020-05-01", "2020-01-01", "2019-11-01", "2019-10-01"),
    *("2019-09-01", "2019-08-01", "2019-07-01", "2019-06-01", "2019-05-10", "2019-05-01"),
    *("2019-03-01", "2018-11-01", "2018-09-01", "2018-08-01", "2018-07-01", "2018-06-01"),
    *("2018-05-01", "2018-02-01", "2018-01-01", "2017-12-01", "2017-08-01", "2017-06-01"),
    *("2017-05-10", "2017-05-01", "2017-03-01", "2016-09-01", "2016-07-01", "2016-06-01"),
    *("2016-02-01", "2015-11-01", "2015-01-01"),
)

# As Azure answers /metadata/endpoints: a list until 2020, one object since 2022.
LIST_VERSIONS = ("2019-05-01", "2019-10-01", "2020-06-01")


class Subscriptions(Provider):
    """Operations outside resource groups."""

    api_versions: ClassVar = {SUBSCRIPTIONS: VERSIONS, TENANTS: VERSIONS, PROVIDERS: VERSIONS}

    def __init__(self, context: Context, registry: Registry) -> None:
        super().__init__(context)
        self._registry = registry
        names = registry.namespaces().union(OTHER_NAMESPACES)
        self._namespaces = {name.lower(): name for name in sorted(names)}

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
            Route("GET", "/tenants", self.tenants, TENANTS, "Tenants_List"),
            Route("GET", SUB + "/providers", self.providers, PROVIDERS, "Providers_List"),
            Route("GET", provider, self.provider, PROVIDERS, "Providers_Get"),
            Route(
                "POST",
                provider + "/register",
                self.register,
                PROVIDERS,
                "Providers_Register",
                action="{namespace}/register/action",
            ),
            Route(
                "POST",
                provider + "/unregister",
                self.unregister,
                PROVIDERS,
                "Providers_Unregister",
                action="{namespace}/unregister/action",
            ),
        ]

    async def metadata(self, call: Call) -> Answer:
        """The cloud's description: one object, or a list of all clouds in older versions.

        `az cloud register` and Terraform read the object, az with ARM_CLOUD_METADATA_URL the list.
        """
        described = self._described(call)
        body = [described] if call.api_version in LIST_VERSIONS else described
        return Answer(body=body)

    def _described(self, call: Call) -> JsonObject:
        return {
            "name": "ChatkitLocal",
            "portal": call.base_url,
            "authentication": {
                "loginEndpoint": self.context.endpoints.authority,
                "audiences": [
                    "https://management.core.windows.net/",
                    "https://management.azure.com/",
                ],
                "tenant": self.context.directory.tenant_id,
                "identityProvider": "AAD",
            },
            "media": "https://rest.media.azure.net",
            "graphAudience": "https://graph.microsoft.com/",
            "graph": "https://graph.microsoft.com/",
            "microsoftGraphResourceId": self.context.endpoints.graph,
            "appServiceResourceId": "https://appservice.azure.com",
            "resourceManager": f"{call.base_url}/",
            "suffixes": {
                "storage": self.context.planes.storage.suffix(),
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

    async def subscriptions(self, call: Call) -> Answer:
        """The one subscription, for those who have a role somewhere in it."""
        id_ = f"/subscriptions/{self.context.subscription_id}"
        found: list[JsonObject] = []
        if call.claims is not None and self.context.roles.below(call.claims.oid, id_):
            found.append(self._render())
        return Answer(body={"value": found, "count": {"type": "Total", "value": len(found)}})

    async def subscription(self, call: Call) -> Answer:
        """The one subscription, by id."""
        return Answer(body=self._render())

    async def locations(self, call: Call) -> Answer:
        """Every region."""
        values = [
            {
                "id": f"/subscriptions/{self.context.subscription_id}/locations/{name}",
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
        tenant = self.context.directory.tenant_id
        value = {
            "id": f"/tenants/{tenant}",
            "tenantId": tenant,
            "displayName": "chatkit",
            "tenantCategory": "Home",
        }
        return Answer(body={"value": [value]})

    async def providers(self, call: Call) -> Answer:
        """Every namespace with its registration state."""
        return Answer(body={"value": [self._provider(name) for name in self._namespaces]})

    async def provider(self, call: Call) -> Answer:
        """One namespace."""
        return Answer(body=self._provider(self._namespace(call)))

    async def register(self, call: Call) -> Answer:
        """Register the subscription for a namespace."""
        key = self._namespace(call)
        if self.context.registrations.state(key) == "Registered":
            return Answer(body=self._provider(key))
        self.context.registrations.register(key)
        return Answer(body={**self._provider(key), "registrationState": "Registering"})

    async def unregister(self, call: Call) -> Answer:
        """End the registration."""
        key = self._namespace(call)
        self.context.registrations.unregister(key)
        return Answer(body=self._provider(key))

    def _namespace(self, call: Call) -> str:
        key = call.params["namespace"].lower()
        if key not in self._namespaces:
            name = call.params["namespace"]
            raise errors.ArmError(
                404, "InvalidResourceNamespace", f"The resource namespace '{name}' is invalid."
            )
        return key

    def _provider(self, key: str) -> JsonObject:
        namespace = self._namespaces[key]
        return {
            "id": f"/subscriptions/{self.context.subscription_id}/providers/{namespace}",
            "namespace": namespace,
            "registrationPolicy": "RegistrationFree" if key in FREE else "RegistrationRequired",
            "registrationState": self.context.registrations.state(key),
            "resourceTypes": [
                {
                    "resourceType": type_.partition("/")[2],
                    "locations": [*regions.LOCATIONS.values()],
                    "apiVersions": [*api_versions],
                    "capabilities": "None",
                }
                for type_, api_versions in self._registry.api_versions.items()
                if type_.lower().startswith(key + "/")
            ],
        }

    def _render(self) -> JsonObject:
        return {
            "id": f"/subscriptions/{self.context.subscription_id}",
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            "subscriptionId": self.context.subscription_id,
            "tenantId": self.context.directory.tenant_id,
            "displayName": "chatkit local cloud",
            "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "PayAsYouGo_2014-09-01",
                "spendingLimit": "Off",
            },
        }
