"""Blob bindings of the host: what an input reads, what an output writes.

Follows Microsoft's pages "Azure Blob storage input binding" and "output binding for Azure
Functions".
"""

from __future__ import annotations

import json
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
from chatkit.localcloud.functions.storage.paths import BlobPath, BlobPattern, PathInvalid
from chatkit.localcloud.functions.worker_process.calls import Content, Trigger, Wire

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
    is_text = str(binding.get("dataType") or "").lower() == "string"
    return {"content": Content(blob.pieces, "string" if is_text else "bytes")}


def trigger(binding: Mapping[str, Any], blob: Blob, captured: Mapping[str, str]) -> Trigger:
    """What a blob brings along when it sets a function off.

    Args:
        binding: The trigger.
        blob: The blob.
        captured: What the expressions of the trigger's path stand for.
    """
    value = content(binding, blob)
    if is_deferred(binding):
        value = deferred(binding, blob.path)
    data: dict[str, Any] = {
        **captured,
        "BlobTrigger": str(blob.path),
        "Uri": blob.url,
        "Properties": blob.properties,
        "Metadata": blob.metadata,
    }
    metadata = {
        **{key: {"string": text} for key, text in captured.items()},
        "BlobTrigger": {"string": str(blob.path)},
        "Uri": {"json": json.dumps(blob.url)},
        "Properties": {"json": json.dumps(blob.properties)},
        "Metadata": {"json": json.dumps(blob.metadata)},
    }
    return Trigger(
        {binding["name"]: value},
        data=data,
        metadata=metadata,
        reason=f"New blob detected(LogsAndContainerScan): {blob.path}",
    )


async def trigger_by_hand(
    binding: Mapping[str, Any], text: str, storage: BlobStorage
) -> Trigger | None:
    """The same for a blob that an administrator names by its path; None when it is not there.

    Raises:
        ConnectionInvalid: The connection names no account.
        PathInvalid: The text is no path.
        StorageUnavailable: The account does not answer, or refuses.
    """
    path = BlobPath.parse(text)
    connection = str(binding.get("connection") or "")
    blob = await storage.read(connection, path, with_content=not is_deferred(binding))
    if blob is None:
        return None
    captured = BlobPattern.parse(str(binding.get("path") or "")).match(path.blob)
    return trigger(binding, blob, captured or {})


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
        await storage.write(connection, path, value["content"].pieces, {PARENT: call_id})
    except (ConnectionInvalid, StorageUnavailable) as error:
        raise BindingFailed(error.message, hint=error.hint) from None


def _path(binding: Mapping[str, Any], context: InputContext) -> BlobPath:
    try:
        return BlobPath.parse(context.text(binding, "path"))
    except PathInvalid as error:
        raise BindingFailed(f"{error}") from None
