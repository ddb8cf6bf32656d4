"""What a client sends as a blob is stored byte for byte."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import ContainerClient, generate_account_sas

from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud

SAS = generate_account_sas(NAME, KEY1, "sco", "rwdlacuptf", datetime.now(UTC) + timedelta(hours=2))


@pytest.mark.parametrize(
    "content", [gzip.compress(b"hello", mtime=0), b"not really gzip"], ids=["gzip", "other"]
)
def test_a_compressed_blob_stays_compressed(
    cloud: StorageCloud, container: ContainerClient, content: bytes
) -> None:
    """`Content-Encoding` says what has been applied; the service applies nothing (`put-blob`)."""
    path = f"{container.container_name}/a?{SAS}"
    headers = {"x-ms-blob-type": "BlockBlob", "Content-Encoding": "gzip"}
    assert cloud.request("PUT", path, headers, content).status == 201
    found = cloud.request("GET", path)
    assert (found.body, found.headers["Content-Encoding"]) == (content, "gzip")
