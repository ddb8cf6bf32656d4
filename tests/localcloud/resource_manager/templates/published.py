"""Templates as Microsoft publishes them, built anew by their structure and parameters.

Read in github.com/Azure/azure-quickstart-templates (below `quickstarts/`) and
github.com/Azure-Samples/azure-functions-flex-consumption-samples, both MIT: the types and
api-versions of resources, parameters with their limits, how expressions refer to each other. Texts
are not taken over.
"""

from __future__ import annotations

from typing import Any

from tests.localcloud.resource_manager.templates.deploying import template

HERE = "[resourceGroup().location]"
TEXT = {"type": "string"}
WORKSPACES = "Microsoft.OperationalInsights/workspaces"
OWNER_OF_BLOBS = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"


def _choice(*allowed: Any, type_: str = "string") -> dict[str, Any]:
    return {"type": type_, "defaultValue": allowed[0], "allowedValues": [*allowed]}


def _default(value: Any, type_: str = "string", **limits: Any) -> dict[str, Any]:
    return {"type": type_, "defaultValue": value, **limits}


def _resource(type_: str, version: str, name: str, **body: Any) -> dict[str, Any]:
    return {"type": type_, "apiVersion": version, "name": name, **body}


def signalr() -> dict[str, Any]:
    """microsoft.signalrservice/signalr."""
    features = [
        {"flag": "ServiceMode", "value": "[parameters('serviceMode')]"},
        {"flag": "EnableConnectivityLogs", "value": "[string(parameters('enableLogs'))]"},
    ]
    properties = {
        "tls": {"clientCertEnabled": False},
        "features": features,
        "cors": {"allowedOrigins": "[parameters('allowedOrigins')]"},
        "networkACLs": {
            "defaultAction": "Deny",
            "publicNetwork": {"allow": ["ClientConnection"]},
        },
        "upstream": {
            "templates": [
                {
                    "categoryPattern": "*",
                    "eventPattern": "connect,disconnect",
                    "hubPattern": "*",
                    "urlTemplate": "https://example.com/chat/api/connect",
                }
            ]
        },
    }
    return template(
        _resource(
            "Microsoft.SignalRService/signalR",
            "2022-02-01",
            "[parameters('name')]",
            location="[parameters('location')]",
            sku={"capacity": "[parameters('capacity')]", "name": "[parameters('pricingTier')]"},
            kind="SignalR",
            identity={"type": "SystemAssigned"},
            properties=properties,
        ),
        parameters={
            # The hash alone, as published, may begin with a digit: SignalR Service refuses that.
            "name": _default("[concat('chat', uniqueString(resourceGroup().id))]"),
            "location": _default(HERE),
            "pricingTier": _choice("Standard_S1", "Free_F1", "Premium_P1"),
            "capacity": _choice(1, 2, 5, 10, 20, 50, 100, type_="int"),
            "serviceMode": _choice("Default", "Serverless", "Classic"),
            "enableLogs": _default(True, "bool"),
            "allowedOrigins": _default(["https://a.example", "https://b.example"], "array"),
        },
    )


def storage_account() -> dict[str, Any]:
    """microsoft.storage/storage-account-create."""
    return template(
        _resource(
            "Microsoft.Storage/storageAccounts",
            "2022-09-01",
            "[parameters('storageAccountName')]",
            location="[parameters('location')]",
            sku={"name": "[parameters('storageAccountType')]"},
            kind="StorageV2",
            properties={},
        ),
        parameters={
            "storageAccountType": _choice("Standard_LRS", "Premium_LRS", "Standard_GRS"),
            "location": _default(HERE),
            "storageAccountName": _default(
                "[format('store{0}', uniqueString(resourceGroup().id))]"
            ),
        },
        outputs={
            "storageAccountId": {
                "type": "string",
                "value": "[resourceId('Microsoft.Storage/storageAccounts',"
                " parameters('storageAccountName'))]",
            }
        },
    )


def blob_container() -> dict[str, Any]:
    """microsoft.storage/storage-blob-container."""
    account = "[resourceId('Microsoft.Storage/storageAccounts', parameters('account'))]"
    service = (
        "[resourceId('Microsoft.Storage/storageAccounts/blobServices', parameters('account'),"
        " 'default')]"
    )
    kind = "Microsoft.Storage/storageAccounts"
    return template(
        _resource(
            kind,
            "2023-01-01",
            "[parameters('account')]",
            location="[parameters('location')]",
            sku={"name": "Standard_LRS"},
            kind="StorageV2",
            properties={"accessTier": "Hot"},
        ),
        _resource(
            f"{kind}/blobServices",
            "2023-01-01",
            "[format('{0}/{1}', parameters('account'), 'default')]",
            dependsOn=[account],
        ),
        _resource(
            f"{kind}/blobServices/containers",
            "2023-01-01",
            "[format('{0}/{1}/{2}', parameters('account'), 'default', parameters('container'))]",
            dependsOn=[service],
        ),
        parameters={"account": TEXT, "container": _default("logs"), "location": _default(HERE)},
    )


def static_website() -> dict[str, Any]:
    """microsoft.storage/storage-static-website: a deployment script switches the website on."""
    identity = "resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'DeploymentScript')"
    role = (
        "subscriptionResourceId('Microsoft.Authorization/roleDefinitions',"
        " '17d1049b-9a84-46fb-8f53-869881c3d3ab')"
    )
    account = "resourceId('Microsoft.Storage/storageAccounts', parameters('storageAccountName'))"
    return template(
        _resource(
            "Microsoft.Storage/storageAccounts",
            "2021-06-01",
            "[parameters('storageAccountName')]",
            location=HERE,
            kind="StorageV2",
            sku={"name": "Standard_LRS"},
        ),
        _resource(
            "Microsoft.ManagedIdentity/userAssignedIdentities",
            "2018-11-30",
            "DeploymentScript",
            location=HERE,
        ),
        _resource(
            "Microsoft.Authorization/roleAssignments",
            "2020-04-01-preview",
            f"[guid(resourceGroup().id, {identity}, {role})]",
            scope="[format('Microsoft.Storage/storageAccounts/{0}',"
            " parameters('storageAccountName'))]",
            properties={
                "roleDefinitionId": f"[{role}]",
                "principalId": f"[reference({identity}).principalId]",
                "principalType": "ServicePrincipal",
            },
            dependsOn=[f"[{identity}]", f"[{account}]"],
        ),
        _resource(
            "Microsoft.Resources/deploymentScripts",
            "2021-04-01-preview",
            "deploymentScript",
            location=HERE,
            kind="AzurePowerShell",
            identity={"type": "UserAssigned", "userAssignedIdentities": {f"[{identity}]": {}}},
            properties={"azPowerShellVersion": "3.0", "scriptContent": "exit 0"},
            dependsOn=[f"[{identity}]", f"[{account}]"],
        ),
        parameters={
            "storageAccountName": _default("[format('stor{0}', uniqueString(resourceGroup().id))]")
        },
        outputs={
            "staticWebsiteUrl": {
                "type": "string",
                "value": f"[reference({account}).primaryEndpoints.web]",
            }
        },
    )


def without(what: dict[str, Any], type_: str) -> dict[str, Any]:
    """A template without the resources of a type, and without waiting for them."""
    found = []
    for one in what["resources"]:
        if one["type"].lower() == type_.lower():
            continue
        waits = [each for each in one.get("dependsOn", []) if type_.lower() not in each.lower()]
        found.append({**one, "dependsOn": waits})
    return {**what, "resources": found}


def _connection() -> str:
    return (
        "[concat('DefaultEndpointsProtocol=https;AccountName=', variables('store'),"
        " ';EndpointSuffix=', environment().suffixes.storage, ';AccountKey=',"
        " listKeys(resourceId('Microsoft.Storage/storageAccounts', variables('store')),"
        " '2019-06-01').keys[0].value)]"
    )


def _settings(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def consumption(kind: str = "functionapp,linux") -> dict[str, Any]:
    """microsoft.web/function-app-linux-consumption; for `functionapp` -create-dynamic."""
    plan = "resourceId('Microsoft.Web/serverfarms', variables('plan'))"
    insights = "resourceId('Microsoft.Insights/components', variables('plan'))"
    store = "resourceId('Microsoft.Storage/storageAccounts', variables('store'))"
    settings = _settings(
        APPINSIGHTS_INSTRUMENTATIONKEY=f"[reference({insights}, '2015-05-01').InstrumentationKey]",
        AzureWebJobsStorage=_connection(),
        WEBSITE_CONTENTAZUREFILECONNECTIONSTRING=_connection(),
        WEBSITE_CONTENTSHARE="[toLower(parameters('functionAppName'))]",
        FUNCTIONS_EXTENSION_VERSION="~4",
        FUNCTIONS_WORKER_RUNTIME="[parameters('runtime')]",
    )
    config: dict[str, Any] = {"appSettings": settings}
    site: dict[str, Any] = {"serverFarmId": f"[{plan}]", "siteConfig": config}
    if "linux" in kind:
        config["linuxFxVersion"] = "[parameters('linuxFxVersion')]"
        site["reserved"] = True
    return template(
        _resource(
            "Microsoft.Storage/storageAccounts",
            "2021-02-01",
            "[variables('store')]",
            location="[parameters('location')]",
            sku={"name": "Standard_LRS"},
            kind="Storage",
        ),
        _resource(
            "Microsoft.Web/serverfarms",
            "2021-02-01",
            "[variables('plan')]",
            location="[parameters('location')]",
            sku={"name": "Y1", "tier": "Dynamic", "size": "Y1", "family": "Y"},
            properties={"computeMode": "Dynamic", "reserved": "linux" in kind},
        ),
        _resource(
            "microsoft.insights/components",
            "2020-02-02",
            "[variables('plan')]",
            location="[parameters('location')]",
            tags={
                "[concat('hidden-link:', resourceId('Microsoft.Web/sites', variables('plan')))]": (
                    "Resource"
                )
            },
            properties={"Application_Type": "web"},
            kind="web",
        ),
        _resource(
            "Microsoft.Web/sites",
            "2021-02-01",
            "[parameters('functionAppName')]",
            location="[parameters('location')]",
            kind=kind,
            identity={"type": "SystemAssigned"},
            dependsOn=[f"[{plan}]", f"[{store}]", f"[{insights}]"],
            properties=site,
        ),
        parameters={
            "functionAppName": _default("[format('func-{0}', uniqueString(resourceGroup().id))]"),
            "location": _default(HERE),
            "runtime": _choice("python", "node", "dotnet", "java"),
            "linuxFxVersion": _default("Python|3.11"),
        },
        variables={
            "plan": "[parameters('functionAppName')]",
            "store": "[concat(uniquestring(resourceGroup().id), 'azfunctions')]",
        },
    )


def flex() -> dict[str, Any]:
    """IaC/armtemplate of the Flex Consumption samples: a container, an app, a role for it."""
    account = "resourceId('Microsoft.Storage/storageAccounts', parameters('storageAccountName'))"
    insights = "resourceId('Microsoft.Insights/components', parameters('functionAppName'))"
    plan = "resourceId('Microsoft.Web/serverfarms', parameters('functionPlanName'))"
    site = "resourceId('Microsoft.Web/sites', parameters('functionAppName'))"
    role = "variables('role')"
    return template(
        _resource(
            "microsoft.operationalinsights/workspaces",
            "2025-02-01",
            "[parameters('functionAppName')]",
            location="[parameters('location')]",
            properties={"retentionInDays": 30, "sku": {"name": "PerGB2018"}},
        ),
        _resource(
            "Microsoft.Insights/components",
            "2020-02-02",
            "[parameters('functionAppName')]",
            location="[parameters('location')]",
            kind="web",
            properties={"Application_Type": "web"},
            dependsOn=[f"[resourceId('{WORKSPACES}', parameters('functionAppName'))]"],
        ),
        *_flex_storage(account),
        _resource(
            "Microsoft.Web/serverfarms",
            "2024-04-01",
            "[parameters('functionPlanName')]",
            location="[parameters('location')]",
            kind="functionapp",
            sku={"tier": "FlexConsumption", "name": "FC1"},
            properties={"reserved": True, "zoneRedundant": False},
        ),
        _flex_site(account, insights, plan),
        _resource(
            "Microsoft.Authorization/roleAssignments",
            "2022-04-01",
            f"[guid({account}, {role})]",
            scope="[concat('Microsoft.Storage/storageAccounts', '/',"
            " parameters('storageAccountName'))]",
            properties={
                "roleDefinitionId": (
                    f"[resourceId('Microsoft.Authorization/roleDefinitions', {role})]"
                ),
                "principalId": (f"[reference({site}, '2024-04-01', 'Full').identity.principalId]"),
                "principalType": "ServicePrincipal",
            },
            dependsOn=[f"[{account}]", f"[{site}]"],
        ),
        parameters={
            "location": _default("eastus"),
            "functionPlanName": TEXT,
            "functionAppName": TEXT,
            "storageAccountName": TEXT,
            "functionAppRuntime": _choice("python", "dotnet-isolated", "java", "node"),
            "functionAppRuntimeVersion": _choice("3.11", "3.10", "8.0", "20"),
            "maximumInstanceCount": _default(100, "int", minValue=40, maxValue=1000),
            "instanceMemoryMB": _choice(2048, 512, 4096, type_="int"),
        },
        variables={
            "token": "[toLower(uniqueString(subscription().id, parameters('location')))]",
            "container": "[concat('app-package-', take(parameters('functionAppName'), 32), '-',"
            " take(variables('token'), 7))]",
            "role": OWNER_OF_BLOBS,
        },
    )


def _flex_storage(account: str) -> list[dict[str, Any]]:
    kind = "Microsoft.Storage/storageAccounts"
    service = f"[resourceId('{kind}/blobServices', parameters('storageAccountName'), 'default')]"
    return [
        _resource(
            kind,
            "2024-01-01",
            "[parameters('storageAccountName')]",
            location="[parameters('location')]",
            sku={"name": "Standard_LRS", "tier": "Standard"},
            kind="StorageV2",
            properties={"accessTier": "Hot", "allowSharedKeyAccess": False},
        ),
        _resource(
            f"{kind}/blobServices",
            "2024-01-01",
            "[format('{0}/{1}', parameters('storageAccountName'), 'default')]",
            properties={"deleteRetentionPolicy": {}},
            dependsOn=[f"[{account}]"],
        ),
        _resource(
            f"{kind}/blobServices/containers",
            "2024-01-01",
            "[format('{0}/{1}/{2}', parameters('storageAccountName'), 'default',"
            " variables('container'))]",
            properties={"publicAccess": "None"},
            dependsOn=[service],
        ),
    ]


def _flex_site(account: str, insights: str, plan: str) -> dict[str, Any]:
    where = f"[concat(reference({account}).primaryEndpoints.blob, variables('container'))]"
    return _resource(
        "Microsoft.Web/sites",
        "2024-04-01",
        "[parameters('functionAppName')]",
        location="[parameters('location')]",
        kind="functionapp,linux",
        identity={"type": "SystemAssigned"},
        properties={
            "serverFarmId": f"[{plan}]",
            "functionAppConfig": {
                "deployment": {
                    "storage": {
                        "type": "blobContainer",
                        "value": where,
                        "authentication": {"type": "SystemAssignedIdentity"},
                    }
                },
                "scaleAndConcurrency": {
                    "maximumInstanceCount": "[parameters('maximumInstanceCount')]",
                    "instanceMemoryMB": "[parameters('instanceMemoryMB')]",
                },
                "runtime": {
                    "name": "[parameters('functionAppRuntime')]",
                    "version": "[parameters('functionAppRuntimeVersion')]",
                },
            },
            "siteConfig": {
                "appSettings": _settings(
                    AzureWebJobsStorage__accountName="[parameters('storageAccountName')]",
                    APPLICATIONINSIGHTS_CONNECTION_STRING=(
                        f"[reference({insights}, '2020-02-02').ConnectionString]"
                    ),
                )
            },
        },
        dependsOn=[f"[{plan}]", f"[{account}]", f"[{insights}]"],
    )


def flex_with_identity() -> dict[str, Any]:
    """microsoft.web/function-app-flex-managed-identities: by a user-assigned identity."""
    identity = (
        "resourceId('Microsoft.ManagedIdentity/userAssignedIdentities',"
        " format('uai-{0}', parameters('functionAppName')))"
    )
    what = flex()
    *others, site, role = what["resources"]
    storage = site["properties"]["functionAppConfig"]["deployment"]["storage"]
    storage["authentication"] = {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": f"[{identity}]",
    }
    site["identity"] = {
        "type": "UserAssigned",
        "userAssignedIdentities": {f"[format('{{0}}', {identity})]": {}},
    }
    site["dependsOn"].append(f"[{identity}]")
    role["properties"]["principalId"] = f"[reference({identity}, '2023-01-31').principalId]"
    role["dependsOn"][-1] = f"[{identity}]"
    what["resources"] = [
        *others,
        _resource(
            "Microsoft.ManagedIdentity/userAssignedIdentities",
            "2023-01-31",
            "[format('uai-{0}', parameters('functionAppName'))]",
            location="[parameters('location')]",
        ),
        site,
        role,
        _resource(
            "Microsoft.Web/sites/config",
            "2024-04-01",
            "[format('{0}/{1}', parameters('functionAppName'), 'appsettings')]",
            properties={
                "AzureWebJobsStorage__accountName": "[parameters('storageAccountName')]",
                "AzureWebJobsStorage__credential": "managedidentity",
                "AzureWebJobsStorage__clientId": f"[reference({identity}, '2023-01-31').clientId]",
            },
            dependsOn=["[resourceId('Microsoft.Web/sites', parameters('functionAppName'))]"],
        ),
    ]
    return what
