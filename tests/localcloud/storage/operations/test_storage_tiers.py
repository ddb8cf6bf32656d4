"""The archive: what it refuses, and the way out of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobClient,
    ContainerClient,
    RehydratePriority,
    StandardBlobTier,
    generate_blob_sas,
)

from tests.localcloud.storage.storage_testing import KEY1, NAME
from tests.times import HOUR_S, Times


@pytest.fixture
def archived(container: ContainerClient) -> BlobClient:
    """A blob in the archive."""
    container.upload_blob("a", b"content", standard_blob_tier=StandardBlobTier.ARCHIVE)
    return container.get_blob_client("a")


def refused(work: Any, *given: Any, **options: Any) -> str:
    """The code of a refusal."""
    with pytest.raises(HttpResponseError) as caught:
        work(*given, **options)
    assert caught.value.status_code == 409
    return str(getattr(caught.value, "error_code", ""))


def pass_with_the_clock_set_back(times: Times, seconds: float) -> None:
    """Let time pass, and set the clock back by as much: the client signs dates with it."""
    times.suspend(seconds)
    times.jump(-seconds)


def state(blob: BlobClient) -> tuple[Any, Any, Any]:
    """Tier, way out of the archive and its priority, the same alone and in a listing."""
    found = blob.get_blob_properties()
    container = blob._get_container_client()
    [listed] = container.list_blobs(name_starts_with=blob.blob_name)
    for one in (found, listed):
        shown = (one.blob_tier, one.archive_status, one.rehydrate_priority)
    assert shown == (found.blob_tier, found.archive_status, found.rehydrate_priority)
    return shown


def test_an_archived_blob_is_known_and_not_read(archived: BlobClient) -> None:
    """Properties, metadata, tags and deleting work; content and changes do not."""
    assert state(archived) == ("Archive", None, None)
    archived.set_blob_tags({"a": "1"})
    assert archived.get_blob_tags() == {"a": "1"}
    assert refused(archived.download_blob) == "BlobArchived"
    assert refused(archived.set_blob_metadata, {"a": "1"}) == "BlobArchived"
    assert refused(archived.set_http_headers) == "BlobArchived"
    archived.delete_blob()


@pytest.mark.parametrize(("priority", "hours"), [(None, 15), ("Standard", 15), ("High", 1)])
def test_a_blob_leaves_the_archive_in_its_time(
    archived: BlobClient, times: Times, priority: str | None, hours: int
) -> None:
    """Microsoft's times, whatever the clock is set to; it can be read then."""
    urgency = RehydratePriority(priority) if priority else None
    archived.set_standard_blob_tier("Cool", rehydrate_priority=urgency)
    pending = ("Archive", "rehydrate-pending-to-cool", priority or "Standard")
    assert state(archived) == pending
    assert refused(archived.download_blob) == "BlobBeingRehydrated"
    pass_with_the_clock_set_back(times, hours * HOUR_S - 60)
    assert state(archived) == pending
    pass_with_the_clock_set_back(times, 120)
    assert state(archived) == ("Cool", None, None)
    assert archived.download_blob().readall() == b"content"


def test_the_way_out_of_the_archive_can_only_be_made_shorter(
    archived: BlobClient, times: Times
) -> None:
    """The same tier with a higher priority, and no other tier."""
    archived.set_standard_blob_tier("Hot")
    for tier in ("Archive", "Cool"):
        assert refused(archived.set_standard_blob_tier, tier) == "BlobBeingRehydrated"
    archived.set_standard_blob_tier("Hot", rehydrate_priority=RehydratePriority.HIGH)
    standard = RehydratePriority.STANDARD
    code = refused(archived.set_standard_blob_tier, "Hot", rehydrate_priority=standard)
    assert code == "BlobBeingRehydrated"
    pass_with_the_clock_set_back(times, HOUR_S + 60)
    assert state(archived) == ("Hot", None, None)


def test_only_a_copy_by_the_service_leads_out_of_the_archive(
    archived: BlobClient, container: ContainerClient
) -> None:
    """A copy from a URL reads its source, which an archived one refuses."""
    copy = container.get_blob_client("copy")
    later = datetime.now(UTC) + timedelta(hours=1)
    token = generate_blob_sas(
        NAME,
        archived.container_name,
        archived.blob_name,
        account_key=KEY1,
        permission="r",
        expiry=later,
    )
    copy.start_copy_from_url(archived.url, standard_blob_tier=StandardBlobTier.HOT)
    assert copy.download_blob().readall() == b"content"
    source = f"{archived.url}?{token}"
    assert refused(copy.start_copy_from_url, source, requires_sync=True) == "BlobArchived"


def test_smart_is_a_tier(container: ContainerClient) -> None:
    """It shows where a smart blob is; other blobs show nothing of it."""
    blob = container.get_blob_client("s")
    blob.upload_blob(b"x", standard_blob_tier=StandardBlobTier.SMART)
    found = blob.download_blob().properties
    assert (found.blob_tier, found.smart_access_tier) == ("Smart", "Hot")
    blob.set_standard_blob_tier("Cold")
    assert blob.get_blob_properties().smart_access_tier is None
