"""Names of the resource types that several modules name.

A type that is named in one module only stands in that module.
"""

from __future__ import annotations

RESOURCE_GROUPS = "Microsoft.Resources/resourceGroups"
DEPLOYMENTS = "Microsoft.Resources/deployments"
USER_ASSIGNED_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
SIGNALR = "Microsoft.SignalRService/SignalR"
STORAGE = "Microsoft.Storage/storageAccounts"
PLANS = "Microsoft.Web/serverFarms"
SITES = "Microsoft.Web/sites"
