"""The same SDK calls here and on Azurite; docs/storage.md has every difference and its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from chatkit.localcloud.storage.service import DEV_KEY
from tests.localcloud.storage import azurite
from tests.localcloud.storage.storage_cases import CASES
from tests.localcloud.storage.storage_testing import StorageCloud
from tests.tools import Tools

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "storage.md"
EVERYWHERE = {"403 AuthorizationFailure": "403 AuthenticationFailed"}


def listed() -> set[str]:
    """The cases that the table of differences names."""
    _, _, table = DOCUMENT.read_text(encoding="utf-8").partition(
        "\n## Where it differs from Azurite\n"
    )
    return {row[1] for row in re.finditer(r"^\| ([^|]+?) \|", table, re.M)} - {"case", "---"}


@pytest.fixture(scope="module")
def theirs(tools: Tools) -> Iterator[BlobServiceClient]:
    """Azurite's development account."""
    reason = azurite.missing()
    if reason:
        tools.lack(reason)
    with azurite.running() as url, BlobServiceClient(url, DEV_KEY, retry_total=0) as client:
        yield client


@pytest.fixture(scope="module")
def ours(cloud: StorageCloud) -> Iterator[BlobServiceClient]:
    """The local cloud's development account."""
    with BlobServiceClient(cloud.dev_url, DEV_KEY, retry_total=0) as client:
        yield client


def result(service: BlobServiceClient, name: str) -> Any:
    container = service.create_container("case" + re.sub(r"\W", "", name))
    return json.loads(json.dumps(CASES[name](service, container), default=repr))


def renamed(found: Any) -> Any:
    """A result of Azurite's with the code that it uses everywhere for another."""
    text = json.dumps(found)
    for before, after in EVERYWHERE.items():
        text = text.replace(f'"{before}"', f'"{after}"')
    return json.loads(text)


@pytest.mark.parametrize("name", CASES)
def test_the_local_cloud_and_azurite_agree_but_where_listed(
    ours: BlobServiceClient, theirs: BlobServiceClient, name: str
) -> None:
    """Same call, same result; a listed difference is a difference still."""
    here = result(ours, name)
    there = renamed(result(theirs, name))
    if name in listed():
        assert here != there, "they agree now: take the row out of docs/storage.md"
    else:
        assert here == there


def test_every_listed_difference_is_a_case() -> None:
    """The table names cases that exist."""
    assert listed() <= set(CASES)
