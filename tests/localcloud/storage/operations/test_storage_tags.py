"""Blob index tags: finding blobs by them, and conditions on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError
from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient, generate_account_sas

from chatkit.localcloud.storage.formats import tag_rules
from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud

LATER = datetime.now(UTC) + timedelta(hours=2)
SAS = generate_account_sas(NAME, KEY1, "sco", "rwdlacuptf", LATER)


def code(error: HttpResponseError) -> str:
    """The storage error code, which the SDK adds."""
    found = getattr(error, "error_code", "")
    return str(getattr(found, "value", found))


@pytest.fixture
def tagged(container: ContainerClient) -> Iterator[ContainerClient]:
    """Three blobs of different rooms, and one without tags."""
    for name, room in (("1", "blue"), ("2", "green"), ("3", "blue")):
        container.upload_blob(name, b"", tags={"room": room, "number": name})
    container.upload_blob("4", b"")
    yield container


def test_blobs_are_found_by_their_tags(
    blob_service: BlobServiceClient, tagged: ContainerClient
) -> None:
    """Of the account or a container, with the tags of the expression (`find-blobs-by-tags`)."""
    where = f"@container='{tagged.container_name}' AND \"room\"='blue'"
    found = [*blob_service.find_blobs_by_tags(where)]
    assert [(blob.container_name, blob.name, blob.tags) for blob in found] == [
        (tagged.container_name, "1", {"room": "blue"}),
        (tagged.container_name, "3", {"room": "blue"}),
    ]
    assert [blob.name for blob in tagged.find_blobs_by_tags("number >= '2' AND number < '9'")] == [
        "2",
        "3",
    ]
    assert [*tagged.find_blobs_by_tags("room='red'")] == []


def test_what_is_found_comes_in_pages(tagged: ContainerClient) -> None:
    """A marker leads from page to page until all are shown."""
    pages = tagged.find_blobs_by_tags("number > '0'", results_per_page=2).by_page()
    assert [[blob.name for blob in page] for page in pages] == [["1", "2"], ["3"]]


@pytest.mark.parametrize(
    "where", ["room", "room='blue' OR room='green'", "room <> 'blue'", "room='blue' AND", "'a'='b'"]
)
def test_an_expression_that_is_none_is_refused(tagged: ContainerClient, where: str) -> None:
    """A search has =, >, >=, <, <= and AND only (`find-blobs-by-tags`)."""
    with pytest.raises(HttpResponseError) as caught:
        list(tagged.find_blobs_by_tags(where))
    assert (caught.value.status_code, code(caught.value)) == (400, "InvalidQueryParameterValue")


def test_a_search_needs_an_expression(cloud: StorageCloud) -> None:
    """Without `where` there is nothing to look for."""
    answer = cloud.request("GET", f"?comp=blobs&{SAS}")
    assert (answer.status, answer.code) == (400, "MissingRequiredQueryParameter")


def test_finding_needs_its_own_permission(cloud: StorageCloud, tagged: ContainerClient) -> None:
    """The letter f; to read or list is not enough (`create-account-sas`)."""
    path = f"{tagged.container_name}?restype=container&comp=blobs&where=room%3D%27blue%27&"
    assert (
        cloud.request("GET", path + generate_account_sas(NAME, KEY1, "co", "f", LATER)).status
        == 200
    )
    assert (
        cloud.request("GET", path + generate_account_sas(NAME, KEY1, "co", "rl", LATER)).status
        == 403
    )


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("\"room\"='blue'", True),
        ("room='blue' AND \"number\"='1'", True),
        ("room='green' OR number='1'", True),
        ("room <> 'blue'", False),
        ("room='blue' AND number > '1'", False),
        ("door='none'", False),
    ],
)
def test_conditions_on_tags_decide(tagged: ContainerClient, rule: str, holds: bool) -> None:
    """`x-ms-if-tags` of reads and changes: the request passes, or 412 (`get-blob`, …)."""
    blob = tagged.get_blob_client("1")
    calls = (
        lambda: blob.get_blob_properties(if_tags_match_condition=rule),
        lambda: blob.download_blob(if_tags_match_condition=rule).readall(),
        lambda: blob.set_blob_metadata({"a": "b"}, if_tags_match_condition=rule),
        lambda: blob.upload_blob(
            b"", overwrite=True, tags=blob.get_blob_tags(), if_tags_match_condition=rule
        ),
        lambda: blob.delete_blob(if_tags_match_condition=rule),
    )
    for call in calls:
        if holds:
            call()
            continue
        with pytest.raises(HttpResponseError) as caught:
            call()
        assert (caught.value.status_code, code(caught.value)) == (412, "ConditionNotMet")


def test_a_condition_that_is_none_is_refused(tagged: ContainerClient) -> None:
    """What cannot be evaluated must not pass."""
    with pytest.raises(HttpResponseError) as caught:
        tagged.delete_blob("1", if_tags_match_condition="@container='x'")
    assert (caught.value.status_code, code(caught.value)) == (400, "InvalidHeaderValue")


def test_tags_of_a_leased_blob_need_the_lease(tagged: ContainerClient) -> None:
    """To set tags takes the lease while there is one; to read them does not (`set-blob-tags`)."""
    blob = tagged.get_blob_client("1")
    lease = blob.acquire_lease()
    with pytest.raises(HttpResponseError) as caught:
        blob.set_blob_tags({"a": "b"})
    assert code(caught.value) == "LeaseIdMissing"
    blob.set_blob_tags({"a": "b"}, lease=lease)
    assert blob.get_blob_tags() == {"a": "b"}


def test_tags_can_depend_on_the_blobs_etag(tagged: ContainerClient) -> None:
    """`x-ms-blob-if-match` and its like: 412, also for reading (`get-blob-tags`)."""
    blob: BlobClient = tagged.get_blob_client("1")
    before = blob.get_blob_properties()
    blob.set_blob_metadata({"a": "b"})
    for call in (blob.get_blob_tags, lambda **options: blob.set_blob_tags({"a": "b"}, **options)):
        with pytest.raises(ResourceModifiedError):
            call(etag=before.etag, match_condition=MatchConditions.IfNotModified)
        call(if_unmodified_since=datetime.now(UTC) + timedelta(hours=1))


def test_or_binds_less_than_and() -> None:
    """`a AND b OR c` is `(a AND b) OR c`."""
    rule = tag_rules.parse_condition("a='1' AND b='1' OR c='1'")
    assert (
        rule.holds({"c": "1"}) and rule.holds({"a": "1", "b": "1"}) and not rule.holds({"a": "1"})
    )
