"""The blob service of a storage account as Resource Manager sees it: static website, containers."""

from __future__ import annotations

import re

from chatkit.localcloud.core.cors import split_list
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject, iso
from chatkit.localcloud.resource_manager.core.http import Answer, Call, properties
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.routing import GROUP, Route
from chatkit.localcloud.resource_manager.core.type_names import STORAGE
from chatkit.localcloud.resource_manager.providers.storage import Account, StorageAccounts
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


class BlobService(Provider):
    """Operations below `/blobServices`."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._accounts = StorageAccounts(context)
        self._storage = context.planes.storage

    def routes(self) -> list[Route]:
        """The operations."""
        many = GROUP + f"/providers/{STORAGE}/{{name}}/blobServices"
        service = many + "/default"
        container = service + "/containers/{container}"
        return [
            Route("GET", many, self.blob_services, STORAGE, "BlobServices_List"),
            Route("GET", service, self.get_service, STORAGE, "BlobServices_GetServiceProperties"),
            Route("PUT", service, self.put_service, STORAGE, "BlobServices_SetServiceProperties"),
            Route(
                "GET", service + "/containers", self.list_containers, STORAGE, "BlobContainers_List"
            ),
            Route("PUT", container, self.put_container, STORAGE, "BlobContainers_Create"),
            Route("GET", container, self.get_container, STORAGE, "BlobContainers_Get"),
            Route("PATCH", container, self.patch_container, STORAGE, "BlobContainers_Update"),
            Route("DELETE", container, self.delete_container, STORAGE, "BlobContainers_Delete"),
        ]

    async def blob_services(self, call: Call) -> Answer:
        """The account's one blob service."""
        return Answer(body={"value": [self._service(self._accounts.one(call), call)]})

    async def get_service(self, call: Call) -> Answer:
        """Blob service properties."""
        return Answer(body=self._service(self._accounts.one(call), call))

    async def put_service(self, call: Call) -> Answer:
        """Set blob service properties; `staticWebsite` switches the website on or off."""
        self._accounts.one(call)
        self.context.group(call, for_write=True)
        given = properties(call.typed_body(f"{STORAGE}/blobServices"))
        _check_provided(given)
        async with self._accounts.locked(call):
            document = self._accounts.one(call)
            kept = {name: value for name, value in given.items() if name not in OF_THE_DATA_PLANE}
            document["blob_service"] = {**document.get("blob_service", {}), **kept}
            if given.get("cors") is not None:
                self._set_cors(document["name"], given["cors"])
            self.context.resources.put(document)
            if given.get("staticWebsite") is not None:
                self._storage.set_website(document["name"], _website(given["staticWebsite"]))
            return Answer(body=self._set_answer(document, call))

    def _set_answer(self, document: Account, call: Call) -> JsonObject:
        """Recorded: after a change no rule exposes "", which every later answer shows."""
        body = self._service(document, call)
        for rule in body["properties"]["cors"]["corsRules"]:
            rule["exposedHeaders"] = [name for name in rule["exposedHeaders"] if name]
        return body

    def _set_cors(self, account: str, given: JsonObject) -> None:
        try:
            rules = [_data_plane_rule(rule) for rule in given.get("corsRules") or []]
            self._storage.set_cors(account, rules)
        except (StorageError, TypeError, AttributeError):
            raise errors.service_error(
                400,
                "InvalidValuesForRequestParameters",
                "Values for request parameters are invalid: corsRules. There can be 5, each with"
                " origins and methods.",
                target="cors",
            ) from None

    def _service(self, document: Account, call: Call) -> JsonObject:
        rules = [_shown_rule(rule) for rule in self._storage.get_cors(document["name"])]
        settings: JsonObject = {
            "cors": {"corsRules": rules},
            "deleteRetentionPolicy": {"allowPermanentDelete": False, "enabled": False},
        }
        kept = document.get("blob_service", {})
        settings |= {name: value for name, value in kept.items() if name != "cors"}
        website = self._storage.get_website(document["name"])
        shown: JsonObject = {"enabled": website.enabled}
        for name, arm_name in WEBSITE_NAMES.items():
            value = getattr(website, name)
            if value and name != "enabled":
                shown[arm_name] = value
        body: JsonObject = {
            "sku": {"name": document["sku"]["name"], "tier": document["sku"]["tier"]},
            "id": f"{document['id']}/blobServices/default",
            "name": "default",
            "type": f"{STORAGE}/blobServices",
            "properties": settings,
        }
        if call.api_version >= "2025-08-01":
            body["properties"]["staticWebsite"] = shown
        return body

    # Containers -------------------------------------------------------------------------------

    async def list_containers(self, call: Call) -> Answer:
        """The account's containers."""
        document = self._accounts.one(call)
        names = self._storage.list_containers(document["name"])
        return Answer(body={"value": [self._container(document, name) for name in names]})

    async def put_container(self, call: Call) -> Answer:
        """Create a container: 201, or 200 when it is there."""
        async with self._accounts.locked(call):
            document = self._accounts.one(call)
            account = document["name"]
            name = call.params["container"]
            if not CONTAINER.fullmatch(name):
                raise errors.service_error(
                    400,
                    "ContainerOperationFailure",
                    f"The specified resource name '{name}' is not valid: 3 to 63 lower-case"
                    " letters, digits and single hyphens.",
                )
            if self._storage.get_container(account, name) is not None:
                return Answer(200, self._container(document, name))
            public, metadata = _container_settings(call)
            self._check_public(document, public)
            self._storage.create_container(account, name)
            if public or metadata:
                self._storage.set_container(account, name, public=public, metadata=metadata)
            return Answer(201, self._container(document, name))

    async def patch_container(self, call: Call) -> Answer:
        """Change a container's public access or metadata."""
        async with self._accounts.locked(call):
            document = self._accounts.one(call)
            account = document["name"]
            name = call.params["container"]
            self._existing(document, name)
            public, metadata = _container_settings(call)
            self._check_public(document, public)
            self._storage.set_container(account, name, public=public, metadata=metadata)
            return Answer(body=self._container(document, name))

    async def get_container(self, call: Call) -> Answer:
        """One container."""
        return Answer(body=self._container(self._accounts.one(call), call.params["container"]))

    async def delete_container(self, call: Call) -> Answer:
        """Delete a container; 204 when there is none."""
        async with self._accounts.locked(call):
            account = self._accounts.one(call)["name"]
            name = call.params["container"]
            if self._storage.get_container(account, name) is None:
                return Answer(204)
            self._storage.delete_container(account, name)
            return Answer(200)

    def _existing(self, document: Account, name: str) -> ContainerSettings:
        found = self._storage.get_container(document["name"], name)
        if found is None:
            raise errors.service_error(
                404, "ContainerNotFound", "The specified container does not exist."
            )
        return found

    def _check_public(self, document: Account, public: str | None) -> None:
        if public and not document["properties"].get("allowBlobPublicAccess"):
            message = "Public access is not permitted on this storage account."
            raise errors.service_error(409, "PublicAccessNotPermitted", message)

    def _container(self, document: Account, name: str) -> JsonObject:
        found = self._existing(document, name)
        return {
            "id": f"{document['id']}/blobServices/default/containers/{name}",
            "name": name,
            "type": f"{STORAGE}/blobServices/containers",
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
    what = f"{STORAGE}/blobServices/containers"
    given = properties(call.typed_body(what, may_be_absent=True))
    public = given.get("publicAccess")
    metadata = given.get("metadata")
    if public is not None and str(public).lower() not in ("none", "blob", "container"):
        raise errors.invalid_body(
            "The property 'publicAccess' must be one of None, Blob, Container."
        )
    if metadata is not None and None in metadata.values():
        raise errors.invalid_body("The property 'metadata' must be an object of strings.")
    if public is not None:
        public = str(public).lower().replace("none", "")
    return public, metadata


def _check_provided(given: JsonObject) -> None:
    """Refuse what would be shown as switched on and have no effect."""
    for name in WITHOUT_EFFECT:
        policy = given.get(name)
        if isinstance(policy, dict) and policy.get("enabled"):
            raise _no_effect(name)
    if given.get("isVersioningEnabled"):
        raise _no_effect("isVersioningEnabled")


def _no_effect(name: str) -> errors.ArmError:
    what = f"The blob service property '{name}'"
    return errors.not_implemented(what, "static websites and CORS rules")


def _data_plane_rule(rule: JsonObject) -> CorsRule:
    return CorsRule(
        AllowedOrigins=_joined(rule.get("allowedOrigins")),
        AllowedMethods=_joined(rule.get("allowedMethods")),
        AllowedHeaders=_joined(rule.get("allowedHeaders")),
        ExposedHeaders=_joined(rule.get("exposedHeaders")),
        MaxAgeInSeconds=str(rule.get("maxAgeInSeconds") or 0),
    )


def _joined(items: list[object] | None) -> str:
    return ",".join(str(item).strip() for item in items or [])


def _shown_rule(rule: CorsRule) -> JsonObject:
    return {
        "allowedOrigins": [*split_list(rule["AllowedOrigins"])],
        "allowedMethods": [*split_list(rule["AllowedMethods"])],
        "allowedHeaders": [*split_list(rule["AllowedHeaders"])],
        "exposedHeaders": [*split_list(rule["ExposedHeaders"])] or [""],
        "maxAgeInSeconds": int(rule["MaxAgeInSeconds"] or 0),
    }


def _website(given: JsonObject) -> StaticWebsite:
    return StaticWebsite(
        enabled=bool(given.get("enabled")),
        index_document=str(given.get("indexDocument") or ""),
        default_index_document_path=str(given.get("defaultIndexDocumentPath") or ""),
        error_document_404_path=str(given.get("errorDocument404Path") or ""),
    )
