"""Microsoft.ManagedIdentity: user-assigned identities, which several resources may have."""

from __future__ import annotations

import re
import uuid
from typing import ClassVar

from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.core.identities import (
    UserAssignedIdentity,
)
from chatkit.localcloud.resource_manager.core.provider import ResourceType
from chatkit.localcloud.resource_manager.core.type_names import USER_ASSIGNED_IDENTITIES


class UserAssignedIdentities(ResourceType[UserAssignedIdentity]):
    """Operations on user-assigned identities."""

    type = USER_ASSIGNED_IDENTITIES
    api_versions: ClassVar = {
        type: (
            *("2025-05-31-preview", "2025-01-31-preview", "2024-11-30", "2023-07-31-preview"),
            *("2023-01-31", "2022-01-31-preview", "2021-09-30-preview", "2018-11-30"),
            "2015-08-31-preview",
        )
    }
    name_pattern = re.compile(r"^[A-Za-z0-9][\w-]{2,127}$", re.ASCII)
    name_rule = (
        "It must have 3 to 128 letters, digits, '_' and '-', and begin with a letter or digit."
    )
    operation_group = "UserAssignedIdentities"
    operation_names: ClassVar = {"List": "ListBySubscription"}

    def new(self, call: Call, body: JsonObject) -> UserAssignedIdentity:
        """An identity; its principal is made when it is written."""
        envelope = self.envelope(call, body)
        return {
            "id": envelope["id"],
            "name": envelope["name"],
            "type": envelope["type"],
            "location": envelope["location"],
            "tags": envelope["tags"],
            "properties": {
                "tenantId": self.context.directory.tenant_id,
                "principalId": str(uuid.uuid4()),
                "clientId": "",
            },
        }

    def replace(
        self, call: Call, body: JsonObject, old: UserAssignedIdentity
    ) -> UserAssignedIdentity:
        """As new, with the principal of before."""
        document = super().replace(call, body, old)
        document["properties"] = old["properties"]
        return document

    def prepare(self, document: UserAssignedIdentity) -> None:
        """Make its principal in the tenant."""
        about = document["properties"]
        directory = self.context.directory
        principal = directory.principal(about["principalId"])
        if principal is None:
            object_id = about["principalId"]
            directory.create_identity(document["name"], object_id, resource_id=document["id"])
            principal = directory.principal(object_id)
        assert principal is not None
        about["clientId"] = principal.app_id

    def release(self, document: UserAssignedIdentity) -> None:
        """Remove its principal. Resources that had it get no more tokens."""
        self.context.directory.delete_identity(document["properties"]["principalId"])
