"""The blob service of a storage account as Resource Manager sees it: static website, containers."""

from __future__ import annotations

import inspect
import re
from typing import Any

from chatkit.localcloud.core.cors import split_list
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.clock import iso
from chatkit.localcloud.resource_manager.core.context import Context, properties
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import GROUP, Route
from chatkit.localcloud.resource_manager.core.state import Document
from chatkit.localcloud.resource_manager.providers.storage import TYPE
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.spec import ContainerSettings, CorsRule, StaticWebsite

CONTAINER = re.compile(r"^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$|^\$(web|root|logs)$")
OF_THE_DATA_PLANE = ("staticWebsite", "cors")  # one state, whichever side sets it
WITHOUT_EFFECT = (
    "deleteRetentionPolicy",
    "containerDeleteRetentionPolicy",
    "restorePolicy",
    "changeFeed",
)
WEBSITE_NAMES = {
    "enabled": "enabled",
    "index_document": "indexDocument",
    "default_index_document_path": "defaultIndexDocumentPath",
    "error_document_404_path": "errorDocument404Path",
}


class BlobService:
    """Operations below `/blobServices`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """The operations."""
        many = GROUP + f"/providers/{TYPE}/{{name}}/blobServices"
        service = many + "/default"
        container = service + "/containers/{container}"
        return [
            Route("GET", many, self.blob_services, TYPE, "BlobServices_List"),
            Route("GET", service, self.get_service, TYPE, "BlobServices_GetServiceProperties"),
            Route("PUT", service, self.put_service, TYPE, "BlobServices_SetServiceProperties"),
            Route(
                "GET", service + "/containers", self.list_containers, TYPE, "BlobContainers_List"
            ),
            Route("PUT", container, self.put_container, TYPE, "BlobContainers_Create"),
            Route("GET", container, self.get_container, TYPE, "BlobContainers_Get"),
            Route("PATCH", container, self.patch_container, TYPE, "BlobContainers_Update"),
            Route("DELETE", container, self.delete_container, TYPE, "BlobContainers_Delete"),
        ]

    def _account(self, call: Call) -> Document:
        return self._context.resource(call, TYPE)

    async def blob_services(self, call: Call) -> Answer:
        """The account's one blob service."""
        return Answer(body={"value": [await self._service(self._account(call), call)]})

    async def get_service(self, call: Call) -> Answer:
        """Blob service properties."""
        return Answer(body=await self._service(self._account(call), call))

    async def put_service(self, call: Call) -> Answer:
        """Set blob service properties; `staticWebsite` switches the website on or off."""
        document = self._account(call)
        self._context.group(call, for_write=True)
        given = properties(call.required_body())
        _check_provided(given)
        async with self._context.lock(document["id"]):
            document = self._account(call)
            kept = {name: value for name, value in given.items() if name not in OF_THE_DATA_PLANE}
            document["blob_service"] = {**document.get("blob_service", {}), **kept}
            if given.get("cors") is not None:
                self._set_cors(document["name"], given["cors"])
            self._context.resources.put(document)
            if given.get("staticWebsite") is not None:
                await _settled(
                    self._context.storage.set_website(
                        document["name"], _website(given["staticWebsite"])
                    )
                )
        return Answer(body=await self._service(document, call))

    def _set_cors(self, account: str, given: Document) -> None:
        try:
            self._context.storage.set_cors(
                account, [_data_plane_rule(rule) for rule in given.get("corsRules") or []]
            )
        except (StorageError, TypeError, AttributeError):
            raise errors.service_error(
                400,
                "InvalidValuesForRequestParameters",
                "Values for request parameters are invalid: corsRules. There can be 5, each with origins and methods.",
                target="cors",
            ) from None

    async def _service(self, document: Document, call: Call) -> Document:
        settings: Document = {
            "cors": {
                "corsRules": [
                    _shown_rule(rule) for rule in self._context.storage.get_cors(document["name"])
                ]
            },
            "deleteRetentionPolicy": {"allowPermanentDelete": False, "enabled": False},
        }
        kept = {
            name: value
            for name, value in document.get("blob_service", {}).items()
            if name != "cors"
        }
        website: StaticWebsite = await _settled(self._context.storage.get_website(document["name"]))
        shown = {"enabled": website.enabled}
        for name, arm_name in WEBSITE_NAMES.items():
            value = getattr(website, name)
            if value and name != "enabled":
                shown[arm_name] = value
        body: Document = {
            "sku": {"name": document["sku"]["name"], "tier": document["sku"]["tier"]},
            "id": f"{document['id']}/blobServices/default",
            "name": "default",
            "type": f"{TYPE}/blobServices",
            "properties": {**settings, **kept},
        }
        if call.api_version >= "2025-08-01":
            body["properties"]["staticWebsite"] = shown
        return body

    # Containers -------------------------------------------------------------------------------------------------------

    async def list_containers(self, call: Call) -> Answer:
        """The account's containers."""
        document = self._account(call)
        names = await _settled(self._context.storage.list_containers(document["name"]))
        return Answer(body={"value": [self._container(document, name) for name in names]})

    async def put_container(self, call: Call) -> Answer:
        """Create a container: 201, or 200 when it is there."""
        document, name = self._account(call), call.params["container"]
        if not CONTAINER.match(name):
            raise errors.service_error(
                400,
                "ContainerOperationFailure",
                f"The specified resource name '{name}' is not valid: 3 to 63 lower-case letters, digits and single hyphens.",
            )
        if self._context.storage.get_container(document["name"], name) is not None:
            return Answer(200, self._container(document, name))
        public, metadata = _container_settings(call)
        self._check_public(document, public)
        await _settled(self._context.storage.create_container(document["name"], name))
        if public or metadata:
            self._context.storage.set_container(
                document["name"], name, public=public, metadata=metadata
            )
        return Answer(201, self._container(document, name))

    async def patch_container(self, call: Call) -> Answer:
        """Change a container's public access or metadata."""
        document, name = self._account(call), call.params["container"]
        self._existing(document, name)
        public, metadata = _container_settings(call)
        self._check_public(document, public)
        self._context.storage.set_container(
            document["name"], name, public=public, metadata=metadata
        )
        return Answer(body=self._container(document, name))

    async def get_container(self, call: Call) -> Answer:
        """One container."""
        return Answer(body=self._container(self._account(call), call.params["container"]))

    async def delete_container(self, call: Call) -> Answer:
        """Delete a container; 204 when there is none."""
        document, name = self._account(call), call.params["container"]
        if self._context.storage.get_container(document["name"], name) is None:
            return Answer(204)
        await _settled(self._context.storage.delete_container(document["name"], name))
        return Answer(200)

    def _existing(self, document: Document, name: str) -> ContainerSettings:
        found = self._context.storage.get_container(document["name"], name)
        if found is None:
            raise errors.service_error(
                404, "ContainerNotFound", "The specified container does not exist."
            )
        return found

    def _check_public(self, document: Document, public: str | None) -> None:
        if public and not document["properties"].get("allowBlobPublicAccess"):
            message = "Public access is not permitted on this storage account."
            raise errors.service_error(409, "PublicAccessNotPermitted", message)

    def _container(self, document: Document, name: str) -> Document:
        found = self._existing(document, name)
        return {
            "id": f"{document['id']}/blobServices/default/containers/{name}",
            "name": name,
            "type": f"{TYPE}/blobServices/containers",
            "etag": found.etag,
            "properties": {
                "deleted": False,
                "remainingRetentionDays": 0,
                "defaultEncryptionScope": "$account-encryption-key",
                "denyEncryptionScopeOverride": False,
                "publicAccess": {"": "None", "blob": "Blob", "container": "Container"}[
                    found.public
                ],
                "leaseStatus": "Locked" if found.lease in ("leased", "breaking") else "Unlocked",
                "leaseState": found.lease.capitalize(),
                "lastModifiedTime": iso(found.modified),
                "metadata": found.metadata or None,
                "hasImmutabilityPolicy": False,
                "hasLegalHold": False,
            },
        }


def _container_settings(call: Call) -> tuple[str | None, dict[str, str] | None]:
    """Public access and metadata that a body asks for; None for what it does not mention."""
    given = properties(call.body())
    public, metadata = given.get("publicAccess"), given.get("metadata")
    if public is not None and str(public).lower() not in ("none", "blob", "container"):
        raise errors.invalid_body(
            "The property 'publicAccess' must be one of None, Blob, Container."
        )
    if metadata is not None and not (
        isinstance(metadata, dict) and all(isinstance(text, str) for text in metadata.values())
    ):
        raise errors.invalid_body("The property 'metadata' must be an object of strings.")
    return (None if public is None else str(public).lower().replace("none", "")), metadata


def _check_provided(given: Document) -> None:
    """Refuse what would be shown as switched on and have no effect."""
    wanted = [
        name
        for name in WITHOUT_EFFECT
        if isinstance(given.get(name), dict) and given[name].get("enabled")
    ]
    wanted += ["isVersioningEnabled"] if given.get("isVersioningEnabled") else []
    if wanted:
        raise errors.not_implemented(
            f"The blob service property '{wanted[0]}'", "static websites and CORS rules"
        )


def _data_plane_rule(rule: Document) -> CorsRule:
    return CorsRule(
        AllowedOrigins=_joined(rule.get("allowedOrigins")),
        AllowedMethods=_joined(rule.get("allowedMethods")),
        AllowedHeaders=_joined(rule.get("allowedHeaders")),
        ExposedHeaders=_joined(rule.get("exposedHeaders")),
        MaxAgeInSeconds=str(rule.get("maxAgeInSeconds") or 0),
    )


def _joined(items: list[object] | None) -> str:
    return ",".join(str(item).strip() for item in items or [])


def _shown_rule(rule: CorsRule) -> Document:
    return {
        "allowedOrigins": [*split_list(rule["AllowedOrigins"])],
        "allowedMethods": [*split_list(rule["AllowedMethods"])],
        "allowedHeaders": [*split_list(rule["AllowedHeaders"])],
        "exposedHeaders": [*split_list(rule["ExposedHeaders"])],
        "maxAgeInSeconds": int(rule["MaxAgeInSeconds"] or 0),
    }


def _website(given: Document) -> StaticWebsite:
    return StaticWebsite(
        enabled=bool(given.get("enabled")),
        index_document=str(given.get("indexDocument") or ""),
        default_index_document_path=str(given.get("defaultIndexDocumentPath") or ""),
        error_document_404_path=str(given.get("errorDocument404Path") or ""),
    )


async def _settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
