"""Copies: who may read the source, what comes along, and how an unreadable source is reported."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient, generate_blob_sas

from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud

LATER = datetime.now(UTC) + timedelta(hours=2)
OTHER = "chatkitother"
Copy = Callable[..., Any]


def signed(blob: BlobClient, account: str = NAME) -> str:
    """The blob's URL with a signature to read it."""
    token = generate_blob_sas(
        account, blob.container_name, blob.blob_name, account_key=KEY1, permission="r", expiry=LATER
    )
    return f"{blob.url}?{token}"


def headers_of(error: HttpResponseError) -> Any:
    """Headers of the answer that is the error."""
    response: Any = error.response
    return response.headers


@pytest.fixture
def source(container: ContainerClient) -> Iterator[BlobClient]:
    """A blob with tags and its MD5."""
    yield container.upload_blob("source", b"hello", tags={"room": "blue"})


def by_url(container: ContainerClient) -> dict[str, Copy]:
    """The operations that read their source by its URL."""
    container.get_blob_client("log").create_append_blob()
    target = container.get_blob_client("target")
    return {
        "Copy Blob From URL": lambda url, **options: target.start_copy_from_url(
            url, requires_sync=True, **options
        ),
        "Put Blob From URL": lambda url, **options: target.upload_blob_from_url(
            url, overwrite=True, **options
        ),
        "Put Block From URL": lambda url, **options: target.stage_block_from_url(
            "1", url, **options
        ),
        "Append Block From URL": container.get_blob_client("log").append_block_from_url,
    }


def test_a_url_needs_its_own_proof(
    cloud: StorageCloud, container: ContainerClient, source: BlobClient
) -> None:
    """The source is public, signed, or comes with a token: the caller's key does not count.

    `put-block-from-url`
    """
    token = cloud.credential().get_token("https://storage.azure.com/.default").token
    for name, copy in by_url(container).items():
        with pytest.raises(HttpResponseError) as caught:
            copy(source.url)
        headers = headers_of(caught.value)
        assert (caught.value.status_code, headers["x-ms-error-code"]) == (
            401,
            "CannotVerifyCopySource",
        ), name
        assert headers["x-ms-copy-source-status-code"] == "401"
        assert headers["x-ms-copy-source-error-code"] == "NoAuthenticationInformation"
        copy(signed(source))
        copy(source.url, source_authorization=f"Bearer {token}")


def test_the_owner_copies_inside_the_account_without_signature(
    container: ContainerClient, source: BlobClient
) -> None:
    """A source of the same account is read with the request's own authorisation (`copy-blob`)."""
    target = container.get_blob_client("target")
    assert target.start_copy_from_url(source.url)["copy_status"] == "success"
    assert target.download_blob().readall() == b"hello"


def test_a_copy_from_another_account_needs_a_signature(
    cloud: StorageCloud, container: ContainerClient
) -> None:
    """Between accounts the source is public or signed, whoever asks (`copy-blob`)."""
    cloud.run(cloud.storage.apply(replace(cloud.spec, name=OTHER, scope="")))
    options: dict[str, Any] = {"connection_verify": cloud.ca_file, "retry_total": 0}
    url = cloud.call(cloud.storage.blob_endpoint, OTHER)
    with BlobServiceClient(url, KEY1, **options) as service:
        theirs = service.create_container("theirs").upload_blob("a", b"theirs")
        target = container.get_blob_client("target")
        with pytest.raises(HttpResponseError) as caught:
            target.start_copy_from_url(theirs.url)
        assert caught.value.status_code == 401
        target.start_copy_from_url(signed(theirs, OTHER))
        service.delete_container("theirs")
        assert target.download_blob().readall() == b"theirs"


def test_a_token_for_one_account_reads_no_other(
    cloud: StorageCloud, container: ContainerClient
) -> None:
    """Its audience is the account's address, not that of the account that is copied to."""
    cloud.run(cloud.storage.apply(replace(cloud.spec, name=OTHER)))
    options: dict[str, Any] = {"connection_verify": cloud.ca_file, "retry_total": 0}
    url = cloud.call(cloud.storage.blob_endpoint, OTHER)
    with BlobServiceClient(url, KEY1, **options) as service:
        theirs = service.create_container("theirs").upload_blob("a", b"theirs")
        target = container.get_blob_client("target")
        for audience, is_allowed in ((cloud.url, False), (url, True)):
            token = f"Bearer {cloud.credential().get_token(f'{audience}/.default').token}"
            with nullcontext() if is_allowed else pytest.raises(HttpResponseError):
                target.upload_blob_from_url(theirs.url, source_authorization=token)
            assert target.exists() is is_allowed
        service.delete_container("theirs")


@pytest.mark.parametrize(
    "name", ["Put Blob From URL", "Put Block From URL", "Append Block From URL"]
)
def test_a_source_condition_that_does_not_hold(
    container: ContainerClient, source: BlobClient, name: str
) -> None:
    """412, and the reason is that of reading the source (`put-blob-from-url`)."""
    with pytest.raises(HttpResponseError) as caught:
        by_url(container)[name](signed(source), headers={"x-ms-source-if-match": '"0x1"'})
    headers = headers_of(caught.value)
    assert (caught.value.status_code, headers["x-ms-error-code"]) == (412, "CannotVerifyCopySource")
    assert headers["x-ms-copy-source-error-code"] == "ConditionNotMet"


def test_tags_come_along_when_asked_for(container: ContainerClient, source: BlobClient) -> None:
    """REPLACE is the default, COPY takes the source's tags (`copy-blob-from-url`)."""
    target = container.get_blob_client("target")
    target.start_copy_from_url(signed(source), requires_sync=True)
    assert target.get_blob_tags() == {}
    target.start_copy_from_url(signed(source), requires_sync=True, tags="COPY")
    assert target.get_blob_tags() == {"room": "blue"}


def test_the_sources_md5_is_checked(container: ContainerClient, source: BlobClient) -> None:
    """The source's MD5 is compared with the content, and shown (`put-blob-from-url`)."""
    target = container.get_blob_client("target")
    right = hashlib.md5(b"hello").digest()
    for name, copy in by_url(container).items():
        if name != "Copy Blob From URL":
            assert (
                bytes(copy(signed(source), source_content_md5=bytearray(right))["content_md5"])
                == right
            )
    with pytest.raises(HttpResponseError, match="MD5"):
        target.upload_blob_from_url(
            signed(source), overwrite=True, source_content_md5=bytearray(16)
        )


def test_a_sealed_blob_stays_sealed(container: ContainerClient) -> None:
    """The copy of a sealed blob is sealed, unless `x-ms-seal-blob` says else (`copy-blob`)."""
    blob = container.get_blob_client("log")
    blob.create_append_blob()
    target = container.get_blob_client("target")
    target.start_copy_from_url(blob.url, seal_destination_blob=True)
    assert target.get_blob_properties().is_append_blob_sealed
    blob.seal_append_blob()
    container.get_blob_client("second").start_copy_from_url(blob.url)
    assert container.get_blob_client("second").get_blob_properties().is_append_blob_sealed
    target.start_copy_from_url(blob.url, seal_destination_blob=False)
    target.append_block(b"more")


def test_an_append_shows_the_md5_that_was_checked(container: ContainerClient) -> None:
    """Append Block: `Content-MD5` is returned when the request has it (`append-block`)."""
    blob = container.get_blob_client("log")
    blob.create_append_blob()
    found: dict[str, Any] = blob.append_block(b"x", validate_content=True)
    assert bytes(found["content_md5"]) == hashlib.md5(b"x").digest()
