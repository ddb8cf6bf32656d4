"""How Microsoft.Web shows a site and its configuration, after recorded answers."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.core import regions
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.type_names import SITES
from chatkit.localcloud.resource_manager.providers.web.plans import web_space
from chatkit.localcloud.resource_manager.providers.web.resource import FLEX, Plan, Site

DOCUMENTS = [
    "Default.htm",
    "Default.html",
    "Default.asp",
    "index.htm",
    "index.html",
    "iisstart.htm",
    "default.aspx",
    "index.php",
]
ALLOW_ALL: JsonObject = {
    "ipAddress": "Any",
    "action": "Allow",
    "priority": 2147483647,
    "name": "Allow all",
    "description": "Allow all access",
}
CONFIG_DEFAULTS: JsonObject = {
    "numberOfWorkers": 1,
    "defaultDocuments": DOCUMENTS,
    "netFrameworkVersion": "v4.0",
    "phpVersion": "",
    "pythonVersion": "",
    "nodeVersion": "",
    "powerShellVersion": "",
    "linuxFxVersion": "",
    "windowsFxVersion": None,
    "requestTracingEnabled": False,
    "remoteDebuggingEnabled": False,
    "httpLoggingEnabled": False,
    "acrUseManagedIdentityCreds": False,
    "logsDirectorySizeLimit": 35,
    "detailedErrorLoggingEnabled": False,
    "appSettings": None,
    "connectionStrings": None,
    "scmType": "None",
    "use32BitWorkerProcess": False,
    "webSocketsEnabled": False,
    "alwaysOn": False,
    "appCommandLine": "",
    "managedPipelineMode": "Integrated",
    "virtualApplications": [
        {"virtualPath": "/", "physicalPath": "site\\wwwroot", "preloadEnabled": False}
    ],
    "loadBalancing": "LeastRequests",
    "experiments": {"rampUpRules": []},
    "autoHealEnabled": False,
    "vnetName": "",
    "vnetRouteAllEnabled": False,
    "vnetPrivatePortsCount": 0,
    "cors": None,
    "localMySqlEnabled": False,
    "ipSecurityRestrictions": [ALLOW_ALL],
    "ipSecurityRestrictionsDefaultAction": None,
    "scmIpSecurityRestrictions": [ALLOW_ALL],
    "scmIpSecurityRestrictionsDefaultAction": None,
    "scmIpSecurityRestrictionsUseMain": False,
    "http20Enabled": True,
    "minTlsVersion": "1.2",
    "scmMinTlsVersion": "1.2",
    "ftpsState": "FtpsOnly",
    "preWarmedInstanceCount": 0,
    "functionAppScaleLimit": 0,
    "functionsRuntimeScaleMonitoringEnabled": False,
    "minimumElasticInstanceCount": 0,
    "azureStorageAccounts": {},
}

SHAPE: JsonObject = {
    "owner": None,
    "usageState": "Normal",
    "adminEnabled": True,
    "availabilityState": "Normal",
    "isXenon": False,
    "hyperV": False,
    "storageRecoveryDefaultState": "Running",
    "contentAvailabilityState": "Normal",
    "runtimeAvailabilityState": "Normal",
    "dnsConfiguration": {},
    "vnetRouteAllEnabled": False,
    "vnetImagePullEnabled": False,
    "vnetContentShareEnabled": False,
    "scmSiteAlsoStopped": False,
    "clientAffinityEnabled": False,
    "clientCertEnabled": False,
    "clientCertMode": "Required",
    "hostNamesDisabled": False,
    "inboundIpAddress": "127.0.0.1",
    "possibleInboundIpAddresses": "127.0.0.1",
    "outboundIpAddresses": "127.0.0.1",
    "possibleOutboundIpAddresses": "127.0.0.1",
    "containerSize": 1536,
    "dailyMemoryTimeQuota": 0,
    "homeStamp": "waws-local",
    "redundancyMode": "None",
    "privateEndpointConnections": [],
    "publicNetworkAccess": None,
    "storageAccountRequired": False,
    "keyVaultReferenceIdentity": "SystemAssigned",
}


def host_name(document: Site) -> str:
    """Where the app answers: a browser opens `http://` and this."""
    return f"localhost:{document['ports']['site']}"


def scm_host_name(document: Site) -> str:
    """Where its deployment endpoint answers, over https."""
    return f"localhost:{document['ports']['scm']}"


def render_site(document: Site, plan: Plan | None) -> JsonObject:
    """The body of a site."""
    body: JsonObject = {
        "id": document["id"],
        "name": document["name"],
        "type": SITES,
        "kind": document["kind"],
        "location": regions.LOCATIONS[document["location"]],
        "tags": document["tags"],
        "properties": _site_properties(document, plan),
    }
    if document.get("identity"):
        body["identity"] = document["identity"]
    return body


def _site_properties(document: Site, plan: Plan | None) -> JsonObject:
    name = document["name"]
    host = host_name(document)
    scm = scm_host_name(document)
    config = document["config"]
    return {
        "name": name,
        "state": "Running" if document["enabled"] else "Stopped",
        "hostNames": [host],
        **SHAPE,
        "webSpace": web_space(plan) if plan else "",
        "selfLink": f"https://localhost{document['id']}",
        "repositorySiteName": name,
        "enabled": document["enabled"],
        "enabledHostNames": [host, scm],
        "siteProperties": {
            "metadata": None,
            "properties": [
                {"name": "LinuxFxVersion", "value": config.get("linuxFxVersion", "")},
                {"name": "WindowsFxVersion", "value": None},
            ],
            "appSettings": None,
        },
        "hostNameSslStates": [_ssl(host, "Standard"), _ssl(scm, "Repository")],
        "serverFarmId": document["plan_id"],
        "reserved": True,
        "lastModifiedTimeUtc": document["modified"].rstrip("Z"),
        "siteConfig": _short_config(config, is_flex=document["sku"] == FLEX),
        "functionAppConfig": document["function_app_config"],
        "deploymentId": name,
        "sku": document["sku"],
        "customDomainVerificationId": document["verification_id"],
        "kind": document["kind"],
        "resourceGroup": document["id"].split("/")[4],
        "defaultHostName": host,
        "httpsOnly": document["https_only"],
    }


def _ssl(host: str, kind: str) -> JsonObject:
    return {
        "name": host,
        "sslState": "Disabled",
        "virtualIP": None,
        "thumbprint": None,
        "toUpdate": None,
        "hostType": kind,
    }


def _short_config(config: JsonObject, *, is_flex: bool) -> JsonObject:
    return {
        "numberOfWorkers": 1,
        "linuxFxVersion": "" if is_flex else config.get("linuxFxVersion", ""),
        "acrUseManagedIdentityCreds": False,
        "alwaysOn": False,
        "http20Enabled": config.get("http20Enabled", False),
        "functionAppScaleLimit": 0,
        "minimumElasticInstanceCount": 0,
        "cors": None,
    }


def render_config(document: Site) -> JsonObject:
    """The body of config/web."""
    return {
        "id": f"{document['id']}/config/web",
        "name": document["name"],
        "type": f"{SITES}/config",
        "location": regions.LOCATIONS[document["location"]],
        "tags": document["tags"],
        "properties": {
            **CONFIG_DEFAULTS,
            "publishingUsername": f"${document['name']}",
            **document["config"],
        },
    }


def child(document: Site, path: str, kind: str, properties: Json) -> JsonObject:
    """The body of something below a site, for example config/appsettings."""
    return {
        "id": f"{document['id']}/{path}",
        "name": path.rpartition("/")[2],
        "type": f"{SITES}/{kind}",
        "location": regions.LOCATIONS[document["location"]],
        "properties": properties,
    }
