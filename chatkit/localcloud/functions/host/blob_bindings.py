"""Blob bindings of the host: what an input reads, what an output writes.

Follows Microsoft's pages "Azure Blob storage input binding" and "output binding for Azure
Functions".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from chatkit.localcloud.functions.host.errors import BindingFailed
from chatkit.localcloud.functions.host.signalr_bindings import InputContext
from chatkit.localcloud.functions.storage.blobs import (
    Blob,
    BlobChanged,
    BlobStorage,
    StorageUnavailable,
)
from chatkit.localcloud.functions.storage.connections import HOST_STORAGE, ConnectionInvalid
from chatkit.localcloud.functions.storage.paths import BlobPath, PathInvalid
from chatkit.localcloud.functions.worker_process.calls import Wire

TRIGGER = "blobtrigger"
BINDING = "blob"
TYPES = {TRIGGER, BINDING}
# The extension marks what a function has written with the invocation that wrote it.
PARENT = "AzureWebJobsParentId"


async def input_value(
    binding: Mapping[str, Any], context: InputContext, storage: BlobStorage
) -> Wire | None:
    """The value of an input binding; None for a blob that is not there.

    Raises:
        BindingFailed: The path does not resolve, or the account does not answer.
    """
    path = _path(binding, context)
    if is_deferred(binding):
        return deferred(binding, path)
    connection = str(binding.get("connection") or "")
    try:
        blob = await storage.read(connection, path)
    except (ConnectionInvalid, StorageUnavailable) as error:
        raise BindingFailed(error.message, hint=error.hint) from None
    except BlobChanged:
        raise BindingFailed(f"The blob '{path}' changed while it was read.") from None
    if blob is None:
        return None
    return content(binding, blob)


def is_deferred(binding: Mapping[str, Any]) -> bool:
    """Whether the function takes a client of the storage SDK, which reads by itself."""
    properties = binding.get("properties")
    if not isinstance(properties, Mapping):
        return False
    return str(properties.get("SupportsDeferredBinding")).lower() == "true"


def deferred(binding: Mapping[str, Any], path: BlobPath) -> Wire:
    """Where a blob is, for a function that reads it with a client of its own."""
    return {
        "model_binding_data": {
            "version": "1.0",
            "source": "AzureStorageBlobs",
            "content_type": "application/json",
            "content": {
                "Connection": str(binding.get("connection") or HOST_STORAGE),
                "ContainerName": path.container,
                "BlobName": path.blob,
            },
        }
    }


def content(binding: Mapping[str, Any], blob: Blob) -> Wire:
    """A blob's content as the binding's dataType asks for it: text, else bytes."""
    if str(binding.get("dataType") or "").lower() == "string":
        return {"string": blob.content.decode(errors="replace")}
    return {"bytes": base64.b64encode(blob.content).decode()}


async def write_output(
    binding: Mapping[str, Any],
    value: Wire,
    context: InputContext,
    storage: BlobStorage,
    *,
    call_id: str,
) -> None:
    """Write what a function has set.

    Raises:
        BindingFailed: The path does not resolve, or the account does not take it.
    """
    path = _path(binding, context)
    connection = str(binding.get("connection") or "")
    try:
        await storage.write(connection, path, _bytes(value), {PARENT: call_id})
    except (ConnectionInvalid, StorageUnavailable) as error:
        raise BindingFailed(error.message, hint=error.hint) from None


def _bytes(value: Wire) -> bytes:
    [(kind, found)] = value.items()
    if kind == "bytes":
        return base64.b64decode(found)
    return str(found).encode(errors="replace")


def _path(binding: Mapping[str, Any], context: InputContext) -> BlobPath:
    try:
        return BlobPath.parse(context.text(binding, "path"))
    except PathInvalid as error:
        raise BindingFailed(f"{error}") from None
