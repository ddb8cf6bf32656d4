"""More templates as Microsoft publishes them, built anew by their structure and parameters.

Read in github.com/Azure/azure-quickstart-templates (MIT), below `quickstarts/`: the types and
api-versions of resources, how expressions refer to each other, and what is left out. Texts are not
taken over.
"""

from __future__ import annotations

from typing import Any

from tests.localcloud.resource_manager.templates.deploying import nested, template
from tests.localcloud.resource_manager.templates.published import (
    HERE,
    TEXT,
    _choice,
    _default,
    _resource,
    _settings,
)

ACCOUNTS = "Microsoft.Storage/storageAccounts"
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
PLANS = "Microsoft.Web/serverfarms"
SITES = "Microsoft.Web/sites"
COMPONENTS = "Microsoft.Insights/components"
ROLES = "Microsoft.Authorization/roleAssignments"
CONTRIBUTOR = "17d1049b-9a84-46fb-8f53-869881c3d3ab"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


def _connection(store: str) -> str:
    key = f"listKeys(resourceId('{ACCOUNTS}', {store}), '2019-06-01').keys[0].value"
    return (
        "[format('DefaultEndpointsProtocol=https;AccountName={0};EndpointSuffix={1};"
        f"AccountKey={{2}}', {store}, environment().suffixes.storage, {key})]"
    )


def app_with_identity() -> dict[str, Any]:
    """microsoft.web/functions-managed-identity: types with a slash at the end, no `kind`."""
    name = "parameters('functionAppName')"
    plan = f"resourceId('{PLANS}/', variables('plan'))"
    insights = f"resourceId('microsoft.insights/components', {name})"
    settings = _settings(
        FUNCTIONS_WORKER_RUNTIME="[parameters('runtimeStack')]",
        AzureWebJobsStorage=_connection("variables('store')"),
        FUNCTIONS_EXTENSION_VERSION="~4",
        APPINSIGHTS_INSTRUMENTATIONKEY=(
            f"[reference({insights}, '2018-05-01-preview').InstrumentationKey]"
        ),
        WEBSITE_CONTENTAZUREFILECONNECTIONSTRING=_connection("variables('store')"),
        WEBSITE_CONTENTSHARE=f"[toLower({name})]",
        WEBSITE_TIME_ZONE="UTC",
    )
    return template(
        _resource(
            SITES,
            "2019-08-01",
            f"[{name}]",
            location="[parameters('location')]",
            kind="functionapp",
            dependsOn=[
                f"[resourceId('{PLANS}', variables('plan'))]",
                f"[resourceId('{ACCOUNTS}', variables('store'))]",
                f"[{insights}]",
            ],
            identity={"type": "SystemAssigned"},
            properties={
                "siteConfig": {"appSettings": settings},
                "name": f"[{name}]",
                "clientAffinityEnabled": False,
                "serverFarmId": f"[{plan}]",
            },
        ),
        _resource(
            PLANS,
            "2019-08-01",
            "[variables('plan')]",
            location="[parameters('location')]",
            properties={"name": "[variables('plan')]"},
            sku={"name": "Y1", "tier": "Dynamic", "size": "Y1", "family": "Y", "capacity": 0},
        ),
        _resource(
            ACCOUNTS,
            "2019-06-01",
            "[variables('store')]",
            location="[parameters('location')]",
            sku={"name": "Standard_LRS"},
        ),
        _resource(
            COMPONENTS,
            "2018-05-01-preview",
            f"[{name}]",
            location="[variables('insightsLocation')[environment().name]]",
            tags={f"[concat('hidden-link:', resourceId('{SITES}/', {name}))]": "Resource"},
            properties={"ApplicationId": f"[{name}]"},
        ),
        parameters={
            "functionAppName": _default("[concat('fnapp', uniqueString(resourceGroup().id))]"),
            "location": _default(HERE),
            "runtimeStack": _choice("powershell", "dotnet", "node", "java"),
        },
        variables={
            "plan": f"[{name}]",
            "store": "[concat('storage', uniquestring(resourceGroup().id))]",
            "insightsLocation": {"AzureCloud": "eastus", "AzureUSGovernment": "usgovvirginia"},
        },
        outputs={
            "principalId": {
                "type": "string",
                "value": (
                    f"[reference(resourceId('{SITES}', {name}), '2019-08-01', 'Full')"
                    ".identity.principalId]"
                ),
            }
        },
    )


def http_trigger() -> dict[str, Any]:
    """microsoft.web/function-http-trigger: a function's files, and its key in a key vault."""
    site = f"resourceId('{SITES}', variables('app'))"
    vault = "resourceId('Microsoft.KeyVault/vaults', variables('vault'))"
    key = f"listKeys(format('{{0}}/host/default', {site}), '2020-06-01').functionKeys.default"
    store = {"name": "Standard_LRS", "tier": "Standard"}
    services = {one: {"keyType": "Account", "enabled": True} for one in ("file", "blob")}
    return template(
        _resource(
            ACCOUNTS,
            "2019-06-01",
            "[variables('store')]",
            location="[parameters('location')]",
            sku=store,
            kind="StorageV2",
            properties={
                "supportsHttpsTrafficOnly": True,
                "encryption": {"services": services, "keySource": "Microsoft.Storage"},
                "accessTier": "Hot",
            },
        ),
        _resource(
            PLANS,
            "2020-06-01",
            "FunctionPlan",
            location="[parameters('location')]",
            kind="functionapp",
            sku={"name": "Y1"},
            properties={},
        ),
        _resource(
            SITES,
            "2020-06-01",
            "[variables('app')]",
            location="[parameters('location')]",
            kind="functionapp",
            properties={
                "serverFarmId": f"[resourceId('{PLANS}', 'FunctionPlan')]",
                "siteConfig": {
                    "appSettings": _settings(
                        AzureWebJobsStorage=_connection("variables('store')"),
                        FUNCTIONS_WORKER_RUNTIME="dotnet",
                        FUNCTIONS_EXTENSION_VERSION="~3",
                    )
                },
                "httpsOnly": True,
            },
            dependsOn=[f"[resourceId('{PLANS}', 'FunctionPlan')]"],
        ),
        _resource(
            f"{SITES}/functions",
            "2020-06-01",
            "[format('{0}/{1}', variables('app'), 'MyFunction')]",
            properties={"config": {"disabled": False, "bindings": []}, "files": {"run.csx": "//"}},
            dependsOn=[f"[{site}]"],
        ),
        _resource(
            "Microsoft.KeyVault/vaults",
            "2019-09-01",
            "[variables('vault')]",
            location="[parameters('location')]",
            properties={
                "tenantId": "[subscription().tenantId]",
                "sku": {"family": "A", "name": "Standard"},
                "accessPolicies": [],
            },
        ),
        _resource(
            "Microsoft.KeyVault/vaults/secrets",
            "2018-02-14",
            "[format('{0}/{1}', variables('vault'), 'HostKey')]",
            properties={"value": f"[{key}]"},
            dependsOn=[f"[{site}]", f"[{vault}]"],
        ),
        parameters={
            "location": _default(HERE),
            "suffix": _default("[uniqueString(resourceGroup().id)]"),
        },
        variables={
            "app": "[format('fn-{0}', parameters('suffix'))]",
            "store": "[format('fnstor{0}', replace(parameters('suffix'), '-', ''))]",
            "vault": "[format('kv{0}', replace(parameters('suffix'), '-', ''))]",
        },
        outputs={"host": {"type": "string", "value": f"[reference({site}).defaultHostName]"}},
    )


def dedicated() -> dict[str, Any]:
    """microsoft.web/function-app-dedicated-plan: a plan of its own, and a package by a link."""
    name = "parameters('functionAppName')"
    reserved = "variables('isReserved')"
    settings = _settings(
        AzureWebJobsStorage=_connection("variables('store')"),
        FUNCTIONS_EXTENSION_VERSION="~4",
        FUNCTIONS_WORKER_RUNTIME="python",
        WEBSITE_RUN_FROM_PACKAGE="1",
    )
    return template(
        _resource(
            ACCOUNTS,
            "2022-05-01",
            "[variables('store')]",
            location="[parameters('location')]",
            sku={"name": "Standard_LRS"},
            kind="Storage",
        ),
        _resource(
            PLANS,
            "2022-03-01",
            f"[{name}]",
            location="[parameters('location')]",
            sku={"tier": "Standard", "name": "[parameters('sku')]", "family": "S", "capacity": 1},
            properties={"reserved": f"[{reserved}]"},
        ),
        _resource(
            SITES,
            "2022-03-01",
            f"[{name}]",
            location="[parameters('location')]",
            kind=f"[if({reserved}, 'functionapp,linux', 'functionapp')]",
            properties={
                "reserved": f"[{reserved}]",
                "serverFarmId": f"[resourceId('{PLANS}', {name})]",
                "siteConfig": {
                    "alwaysOn": True,
                    "linuxFxVersion": (
                        f"[if({reserved}, parameters('linuxFxVersion'), json('null'))]"
                    ),
                    "appSettings": settings,
                },
            },
            dependsOn=[
                f"[resourceId('{PLANS}', {name})]",
                f"[resourceId('{ACCOUNTS}', variables('store'))]",
            ],
        ),
        _resource(
            f"{SITES}/extensions",
            "2022-03-01",
            f"[format('{{0}}/{{1}}', {name}, 'zipdeploy')]",
            properties={"packageUri": "[parameters('packageUri')]"},
            dependsOn=[f"[resourceId('{SITES}', {name})]"],
        ),
        parameters={
            "functionAppName": _default("[format('func-{0}', uniqueString(resourceGroup().id))]"),
            "location": _default(HERE),
            "os": _choice("Linux", "Windows"),
            "sku": _choice("S1", "S2", "S3"),
            "packageUri": TEXT,
            "linuxFxVersion": _default("python|3.11"),
        },
        variables={
            "store": "[format('{0}azfunctions', uniqueString(resourceGroup().id))]",
            "isReserved": "[if(equals(parameters('os'), 'Linux'), true(), false())]",
        },
    )


def _role(identity: str, definition: str) -> dict[str, Any]:
    role = f"subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{definition}')"
    return _resource(
        ROLES,
        "2020-04-01-preview",
        f"[guid(resourceGroup().id, {identity}, {role})]",
        scope=f"[format('{ACCOUNTS}/{{0}}', parameters('accountName'))]",
        properties={
            "roleDefinitionId": f"[{role}]",
            "principalId": f"[reference({identity}).principalId]",
            "principalType": "ServicePrincipal",
        },
        dependsOn=[
            f"[{identity}]",
            f"[resourceId('{ACCOUNTS}', parameters('accountName'))]",
        ],
    )


def website_behind_front_door() -> dict[str, Any]:
    """microsoft.network/front-door-standard-premium-storage-static-website: two modules.

    The second is of Microsoft.Cdn, as far as its types and references go.
    """
    identity = f"resourceId('{IDENTITIES}', 'StorageStaticWebsiteEnabler')"
    account = f"resourceId('{ACCOUNTS}', parameters('accountName'))"
    roles = [_role(identity, one) for one in (CONTRIBUTOR, BLOB_CONTRIBUTOR)]
    storage = template(
        _resource(
            ACCOUNTS,
            "2019-06-01",
            "[parameters('accountName')]",
            location="[parameters('location')]",
            kind="StorageV2",
            sku={"name": "Standard_LRS"},
        ),
        _resource(
            IDENTITIES,
            "2018-11-30",
            "StorageStaticWebsiteEnabler",
            location="[parameters('location')]",
        ),
        *roles,
        _resource(
            "Microsoft.Resources/deploymentScripts",
            "2020-10-01",
            "EnableStorageStaticWebsite",
            location="[parameters('location')]",
            kind="AzurePowerShell",
            identity={"type": "UserAssigned", "userAssignedIdentities": {f"[{identity}]": {}}},
            properties={"azPowerShellVersion": "5.4", "scriptContent": "exit 0"},
            dependsOn=[
                f"[{identity}]",
                *[
                    f"[extensionResourceId({account}, '{ROLES}', {one['name'][1:-1]})]"
                    for one in roles
                ],
            ],
        ),
        parameters={"location": TEXT, "accountName": TEXT},
        outputs={
            "host": {
                "type": "string",
                "value": (
                    f"[replace(replace(reference({account}).primaryEndpoints.web, 'https://', ''),"
                    " '/', '')]"
                ),
            },
            "location": {
                "type": "string",
                "value": f"[reference({account}, '2019-06-01', 'full').location]",
            },
        },
    )
    front = template(
        _resource(
            "Microsoft.Cdn/profiles",
            "2020-09-01",
            "MyFrontDoor",
            location="global",
            sku={"name": "Standard_AzureFrontDoor"},
        ),
        parameters={"originHostName": TEXT},
    )
    here = {
        "location": {"value": "[parameters('location')]"},
        "accountName": {"value": "[parameters('accountName')]"},
    }
    host = "[reference(resourceId('Microsoft.Resources/deployments', 'storage'), '2019-10-01')"
    return template(
        nested(storage, "storage", parameters=here),
        nested(
            front,
            "front-door",
            parameters={"originHostName": {"value": f"{host}.outputs.host.value]"}},
            dependsOn=["[resourceId('Microsoft.Resources/deployments', 'storage')]"],
        ),
        parameters={
            "location": _default(HERE),
            "accountName": _default("[format('stor{0}', uniqueString(resourceGroup().id))]"),
        },
    )
