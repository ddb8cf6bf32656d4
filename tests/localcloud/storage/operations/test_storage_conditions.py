"""Conditions as the service's answers to its own SDK's tests were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, ContainerClient, StandardBlobTier, generate_account_sas

from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud

NOW = datetime.now(UTC)
SAS = generate_account_sas(NAME, KEY1, "sco", "rwdlacuptf", NOW + timedelta(hours=2))
EARLIER = NOW - timedelta(hours=1)
LATER = NOW + timedelta(hours=1)
PUT = {"x-ms-blob-type": "BlockBlob"}


def code(error: HttpResponseError) -> str:
    """The storage error code, which the SDK adds."""
    found = getattr(error, "error_code", "")
    return str(getattr(found, "value", found))


@pytest.fixture
def blob(container: ContainerClient) -> Iterator[BlobClient]:
    """A blob with a tag."""
    container.upload_blob("one", b"old", tags={"room": "blue"})
    with container.get_blob_client("one") as client:
        yield client


def test_who_holds_the_lease_may_put_where_nothing_should_be(blob: BlobClient) -> None:
    """`If-None-Match: *` with the valid lease of what is there: 201, as recorded."""
    lease = blob.acquire_lease()
    blob.upload_blob(b"new", lease=lease)  # overwrite=False sends If-None-Match: *
    assert blob.download_blob(lease=lease).readall() == b"new"
    with pytest.raises(HttpResponseError) as refused:
        blob.upload_blob(b"newer")
    assert code(refused.value) == "BlobAlreadyExists"


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("2026-10-06", 201),
        ("2009-09-19", 201),
        (f"{NOW.year + 1}-02-06", 201),  # of a client that is newer than this package
        ("2099-01-01", 400),
        ("1999-01-01", 400),
        ("2025-13-45", 400),
    ],
)
def test_a_version_that_cannot_be_one_is_refused(
    cloud: StorageCloud, container: ContainerClient, version: str, status: int
) -> None:
    """Versions are days, from 2009 to those that a client of next year sends."""
    path = f"{container.container_name}/a?{SAS}"
    answer = cloud.request("PUT", path, {**PUT, "x-ms-version": version}, b"x")
    assert (answer.status, answer.code) == (status, "" if status == 201 else "InvalidHeaderValue")


@pytest.mark.parametrize(
    ("condition", "value", "status", "wanted"),
    [
        ("x-ms-source-if-tags", "\"room\"='blue'", 202, ""),
        ("x-ms-source-if-tags", "\"room\"='green'", 412, "ConditionNotMet"),
        ("x-ms-source-if-match", '"0x1"', 412, "SourceConditionNotMet"),
    ],
)
def test_a_copy_whose_source_is_another_is_refused(
    cloud: StorageCloud, blob: BlobClient, condition: str, value: str, status: int, wanted: str
) -> None:
    """The condition on tags has the code of other conditions."""
    headers = {"x-ms-copy-source": f"{blob.url}?{SAS}", condition: value}
    answer = cloud.request("PUT", f"{blob.container_name}/two?{SAS}", headers, b"")
    assert (answer.status, answer.code) == (status, wanted)


@pytest.mark.parametrize("has_tier", [True, False])
@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ({"access_tier_if_modified_since": EARLIER}, True),
        ({"access_tier_if_modified_since": LATER}, False),
        ({"access_tier_if_unmodified_since": LATER}, True),
        ({"access_tier_if_unmodified_since": EARLIER}, False),
    ],
)
def test_a_blob_is_deleted_when_its_tier_is_as_old_as_wanted(
    cloud: StorageCloud,
    container: ContainerClient,
    condition: dict[str, datetime],
    is_met: bool,
    has_tier: bool,
) -> None:
    """`x-ms-access-tier-if-modified-since` and its opposite."""
    with container.get_blob_client("one") as blob:
        blob.upload_blob(b"", standard_blob_tier=StandardBlobTier.COOL if has_tier else None)
        [(name, moment)] = condition.items()
        header = f"x-ms-{name.replace('_', '-')}"
        text = moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
        answer = cloud.request(
            "DELETE", f"{container.container_name}/one?{SAS}", {header: text}, None
        )
        assert answer.status == (202 if is_met else 412)
        assert blob.exists() != is_met


def test_a_tier_condition_that_is_no_date_is_refused(cloud: StorageCloud, blob: BlobClient) -> None:
    """With the name of the header."""
    path = f"{blob.container_name}/one?{SAS}"
    headers = {"x-ms-access-tier-if-modified-since": "soon"}
    assert cloud.request("DELETE", path, headers, None).code == "InvalidHeaderValue"
