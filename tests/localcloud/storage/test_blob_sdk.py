"""Blobs and containers through the unmodified azure-storage-blob, over TLS with a shared key."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, ContainerClient, ContentSettings

from tests.localcloud.storage.storage_testing import StorageCloud


def test_a_block_blob_comes_back_with_what_it_was_given(container: ContainerClient) -> None:
    """Content, content type and metadata survive the way there and back."""
    settings = ContentSettings(content_type="text/html; charset=utf-8", cache_control="no-cache")
    container.upload_blob(
        "page.html", b"<p>hi</p>", content_settings=settings, metadata={"Author": "alice"}
    )
    got = container.download_blob("page.html")
    assert got.readall() == b"<p>hi</p>"
    assert got.properties.content_settings.content_type == "text/html; charset=utf-8"
    assert got.properties.content_settings.cache_control == "no-cache"
    assert got.properties.metadata == {"Author": "alice"}


def test_an_upload_in_blocks_is_one_blob(cloud: StorageCloud, container: ContainerClient) -> None:
    """More than the SDK sends at once goes as blocks and a block list."""
    data = bytes(range(256)) * 40_000
    with cloud.service(max_single_put_size=2**20, max_block_size=2**20) as service:
        blob = service.get_blob_client(container.container_name, "big.bin")
        blob.upload_blob(data, length=len(data))
        assert blob.download_blob(max_concurrency=2).readall() == data
        committed, uncommitted = blob.get_block_list("all")
    assert len(committed) == 10 and not uncommitted


def test_nothing_is_overwritten_unasked(container: ContainerClient) -> None:
    """The SDK sends If-None-Match: * and gets its exception."""
    container.upload_blob("a", b"1")
    with pytest.raises(ResourceExistsError) as caught:
        container.upload_blob("a", b"2")
    assert caught.value.error_code == "BlobAlreadyExists"  # type: ignore[attr-defined]
    container.upload_blob("a", b"2", overwrite=True)
    assert container.download_blob("a").readall() == b"2"


def test_a_missing_blob_is_told_from_a_missing_container(
    blob_service: BlobServiceClient, container: ContainerClient
) -> None:
    """Both are 404, each with its own code."""
    for client, code in (
        (container, "BlobNotFound"),
        (blob_service.get_container_client("nowhere"), "ContainerNotFound"),
    ):
        with pytest.raises(ResourceNotFoundError) as caught:
            client.download_blob("a")
        assert caught.value.error_code == code  # type: ignore[attr-defined]


def test_an_append_blob_grows(container: ContainerClient) -> None:
    """Appends follow each other, and the count and length are told."""
    blob = container.get_blob_client("log")
    blob.create_append_blob()
    assert blob.append_block(b"one\n")["blob_append_offset"] == "0"
    assert blob.append_block(b"two\n")["blob_append_offset"] == "4"
    assert blob.download_blob().readall() == b"one\ntwo\n"
    properties = blob.get_blob_properties()
    assert (properties.size, properties.append_blob_committed_block_count) == (8, 2)


def test_a_hierarchy_shows_folders_once(container: ContainerClient) -> None:
    """With a delimiter, names below it are one prefix."""
    for name in ("index.html", "css/a.css", "css/b.css", "js/app.js"):
        container.upload_blob(name, b"")
    assert {item.name for item in container.walk_blobs()} == {"css/", "index.html", "js/"}
    assert [item.name for item in container.list_blobs(name_starts_with="css/")] == [
        "css/a.css",
        "css/b.css",
    ]


def test_a_deleted_blob_is_gone(container: ContainerClient) -> None:
    """Delete, then exists says no."""
    container.upload_blob("a", b"1")
    container.delete_blob("a")
    assert not container.get_blob_client("a").exists()
