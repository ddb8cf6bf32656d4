"""Microsoft's JavaScript client for blobs, unmodified, over TLS with the private authority."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from tests.localcloud.storage import azurite
from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud
from tests.tools import Tools


@pytest.fixture(scope="module")
def got(cloud: StorageCloud, tools: Tools) -> dict[str, Any]:
    """What the client got for its calls."""
    node = tools.program("node")
    tools.node_package("node-azurite", "@azure/storage-blob")
    command = [node, "blob-client.mjs", cloud.url, NAME, KEY1]
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": cloud.ca_file}
    done = subprocess.run(
        command,
        cwd=azurite.FOLDER,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("website", {"enabled": True, "indexDocument": "index.html"}),
        ("createdAgain", False),
        ("content", "hello"),
        ("metadata", {"room": "general"}),
        ("size", 5_000_000),
        ("offset", "3"),
        ("names", ["prefix ä b+c/", "blob big", "blob log"]),
        ("pages", [2, 1]),
        ("signed", "onetwo"),
        ("leased", "LeaseIdMissing"),
        ("deleted", 2),
    ],
)
def test_the_javascript_client_gets_what_it_expects(
    got: dict[str, Any], what: str, expected: object
) -> None:
    """Properties, uploads, appends, listings, signatures, leases and batches."""
    assert got[what] == expected
