"""Somebody who deploys a template, and brings what no template makes: an app registration."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from chatkit.cloud.connection import Cloud
from chatkit.cloud.how.template_values import CLIENT_ID, CLIENT_SECRET
from chatkit.cloud.provision.app_registration import GRAPH_APP, USER_READ
from chatkit.core.settings import Names

VERSION = "2025-04-01"
LIMIT_S = 60
ENDED = ("Succeeded", "Failed", "Canceled")
WEB = {"implicitGrantSettings": {"enableIdTokenIssuance": True}}
SUBSCRIPTIONS = "subscriptionDeploymentTemplate"


@dataclass(frozen=True)
class Deployer:
    """Somebody at a cloud, who deploys to one group.

    Attributes:
        names: Of the group, and of what it is to hold.
    """

    cloud: Cloud
    names: Names

    def deploy(self, text: str, **known: str) -> dict[str, Any]:
        """Deploy a template, and wait until it is done; its outputs.

        Args:
            text: The template.
            known: Values for its parameters; those that it does not have are left out.
        """
        template = json.loads(text)
        values = {name: known[name] for name in template.get("parameters", {}) if name in known}
        properties = {
            "mode": "Incremental",
            "template": template,
            "parameters": {name: {"value": one} for name, one in values.items()},
        }
        body: dict[str, Any] = {"properties": properties}
        if SUBSCRIPTIONS in template["$schema"]:
            body["location"] = self.names.region
        scope = f"/subscriptions/{self.cloud.subscription_id}"
        if "location" not in body:
            scope += f"/resourceGroups/{self.names.resource_group}"
        url = f"{scope}/providers/Microsoft.Resources/deployments/main?api-version={VERSION}"
        answer = self.cloud.rest(self.cloud.resource_manager).send("PUT", url, json=body)
        assert answer.status_code < 300, answer.text()
        shown = self._ended(url)
        assert shown["provisioningState"] == "Succeeded", json.dumps(shown, indent=1)
        return {name: one["value"] for name, one in (shown.get("outputs") or {}).items()}

    def _ended(self, url: str) -> dict[str, Any]:
        manager = self.cloud.rest(self.cloud.resource_manager)
        until = time.monotonic() + LIMIT_S
        while time.monotonic() < until:
            shown: dict[str, Any] = manager.send("GET", url).json()["properties"]
            if shown["provisioningState"] in ENDED:
                return shown
            time.sleep(0.1)
        raise AssertionError(f"the deployment goes on: {shown['provisioningState']}")

    def registration(self) -> dict[str, str]:
        """Register the app, before anybody knows its address; what its template asks for."""
        graph = self.cloud.graph_rest()
        body = {
            "displayName": self.names.function_app,
            "signInAudience": "AzureADMyOrg",
            "requiredResourceAccess": [
                {"resourceAppId": GRAPH_APP, "resourceAccess": [{"id": USER_READ, "type": "Scope"}]}
            ],
            "web": WEB,
        }
        made = graph.send("POST", "/v1.0/applications", json=body).json()
        graph.send("POST", "/v1.0/servicePrincipals", json={"appId": made["appId"]})
        password = {"passwordCredential": {"displayName": "App Service Authentication"}}
        address = f"/v1.0/applications/{made['id']}/addPassword"
        secret = graph.send("POST", address, json=password).json()["secretText"]
        return {CLIENT_ID: str(made["appId"]), CLIENT_SECRET: str(secret)}

    def lead_back(self, client_id: str, callback: str) -> None:
        """Let sign-in lead back to the app, whose address is known once it is deployed."""
        body = {"web": {**WEB, "redirectUris": [callback]}}
        url = f"/v1.0/applications(appId='{client_id}')"
        answer = self.cloud.graph_rest().send("PATCH", url, json=body)
        assert answer.status_code < 300, answer.text()
