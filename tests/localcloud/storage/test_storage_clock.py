"""Signatures, dates, leases and copies of blob storage when somebody sets the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import (
    AccountSasPermissions,
    BlobClient,
    BlobSasPermissions,
    ContainerClient,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
)

from chatkit.localcloud.storage.auth import shared_key
from chatkit.localcloud.storage.state.request import Query
from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud
from tests.times import DAY_S, HOUR_S, Times

VERSION = "2024-11-04"
Signature = Any


@pytest.fixture
def blob(container: ContainerClient) -> BlobClient:
    """A blob, beside another one; both are made before the clock moves."""
    for name in ("b", "later"):
        container.upload_blob(name, b"content")
    return container.get_blob_client("b")


def at(seconds: float) -> datetime:
    """A moment as seen from the clock."""
    return datetime.fromtimestamp(time.time() + seconds, UTC)


def of_service(blob: BlobClient) -> str:
    """A signature of the blob, for an hour."""
    return generate_blob_sas(
        NAME,
        blob.container_name,
        blob.blob_name,
        account_key=KEY1,
        permission=BlobSasPermissions(read=True),
        start=at(-60),
        expiry=at(HOUR_S),
    )


def of_account(_: BlobClient) -> str:
    """A signature of the account, for an hour."""
    return generate_account_sas(
        NAME,
        KEY1,
        ResourceTypes(object=True),
        AccountSasPermissions(read=True),
        at(HOUR_S),
        start=at(-60),
    )


@pytest.mark.parametrize("sign", [of_service, of_account])
def test_a_signature_is_of_the_clock(
    cloud: StorageCloud, blob: BlobClient, times: Times, jump_s: float, sign: Signature
) -> None:
    """An old one is refused while the clock is elsewhere; a new one counts at once."""
    url = f"{blob.container_name}/b?"
    old = sign(blob)
    times.jump(jump_s)
    refused = cloud.request("GET", url + old)
    assert (refused.status, refused.code) == (403, "AuthenticationFailed")
    assert cloud.request("GET", url + sign(blob)).status == 200
    times.jump(-jump_s)
    assert cloud.request("GET", url + old).status == 200
    times.suspend(HOUR_S)
    assert cloud.request("GET", url + old).status == 403


def signed(method: str, path: str, date: str, **more: str) -> dict[str, str]:
    """Headers that prove an account's key, with the date of the client's own clock."""
    headers = {"x-ms-date": date, "x-ms-version": VERSION, **more}
    texts = shared_key.strings_to_sign(method, headers, f"/{NAME}/{NAME}/{path}", Query(()))
    signature = shared_key.sign(KEY1, next(iter(texts)))
    return {**headers, "Authorization": f"SharedKey {NAME}:{signature}"}


def now() -> str:
    """What a client sends for the time."""
    return formatdate(time.time(), usegmt=True)


def test_the_date_of_a_request_is_of_the_clock(
    cloud: StorageCloud, blob: BlobClient, times: Times, jump_s: float
) -> None:
    """A quarter of an hour apart and no more: a recorded request is none for tomorrow."""
    path = f"{blob.container_name}/b"
    old = signed("GET", path, now())
    assert cloud.request("GET", path, old).status == 200
    times.jump(jump_s)
    refused = cloud.request("GET", path, old)
    assert (refused.status, refused.code) == (403, "AuthenticationFailed")
    assert cloud.request("GET", path, signed("GET", path, now())).status == 200
    times.jump(-jump_s)
    times.suspend(HOUR_S)
    assert cloud.request("GET", path, old).status == 403


def test_a_delegation_key_is_of_the_clock(
    cloud: StorageCloud, blob: BlobClient, times: Times, jump_s: float
) -> None:
    """A principal's signature is refused while the clock is elsewhere."""
    with cloud.service(cloud.credential()) as service:
        key = service.get_user_delegation_key(at(-60), at(HOUR_S))
    signature = generate_blob_sas(
        NAME,
        blob.container_name,
        blob.blob_name,
        user_delegation_key=key,
        permission=BlobSasPermissions(read=True),
        start=at(-60),
        expiry=at(3 * DAY_S),
    )
    url = f"{blob.container_name}/b?{signature}"
    assert cloud.request("GET", url).status == 200
    times.jump(jump_s)
    assert cloud.request("GET", url).status == 403
    times.jump(-jump_s)
    times.suspend(HOUR_S)
    refused = cloud.request("GET", url)
    assert refused.status == 403
    assert b"key time frame" in refused.body


def lease(cloud: StorageCloud, path: str, seconds: int) -> None:
    """Lease a blob."""
    more = {"x-ms-lease-action": "acquire", "x-ms-lease-duration": str(seconds)}
    headers = signed_with("PUT", path, "comp=lease", **more)
    assert cloud.request("PUT", f"{path}?comp=lease", headers).status == 201


def signed_with(method: str, path: str, query: str, **more: str) -> dict[str, str]:
    """Headers that prove an account's key for a request without a body."""
    headers = {"x-ms-date": now(), "x-ms-version": VERSION, **more}
    resource = f"/{NAME}/{NAME}/{path}"
    texts = shared_key.strings_to_sign(method, headers, resource, Query.parse(query))
    signature = shared_key.sign(KEY1, next(iter(texts)))
    return {**headers, "Authorization": f"SharedKey {NAME}:{signature}"}


def deletion(cloud: StorageCloud, path: str) -> int:
    """The status of deleting a blob without its lease."""
    return cloud.request("DELETE", path, signed_with("DELETE", path, "")).status


def test_a_lease_lasts_its_minute(
    cloud: StorageCloud, blob: BlobClient, times: Times, jump_s: float
) -> None:
    """Of those that pass: nobody gets the blob sooner, and its owner does not keep it a day."""
    names = [f"{blob.container_name}/{name}" for name in ("b", "later")]
    lease(cloud, names[0], 60)
    times.jump(jump_s)
    lease(cloud, names[1], 60)
    assert [deletion(cloud, name) for name in names] == [412, 412]
    times.suspend(61)
    assert [deletion(cloud, name) for name in names] == [202, 202]


@pytest.fixture
def restarted(tmp_path: Path) -> Iterator[StorageCloud]:
    """A storage service in a home of its own."""
    running = StorageCloud(tmp_path)
    yield running
    running.stop()


RESTARTS = {
    "the clock back": (-DAY_S, False),
    "the clock forward": (DAY_S, False),
    "the clock back, and the machine anew": (-DAY_S, True),
}


@pytest.mark.parametrize("name", RESTARTS)
def test_a_lease_lasts_its_minute_over_a_restart(
    restarted: StorageCloud, times: Times, name: str
) -> None:
    """The clock was set while the cloud was down; what was copied says so as before."""
    jump_s, boots = RESTARTS[name]
    restarted.start()
    restarted.service().get_container_client("box").create_container()
    source = restarted.service().get_blob_client("box", "a")
    source.upload_blob(b"content")
    copy = restarted.service().get_blob_client("box", "b")
    copied = copy.start_copy_from_url(source.url)
    lease(restarted, "box/b", 60)
    restarted.stop()
    times.jump(jump_s)
    if boots:
        times.reboot()
    else:
        times.new_process()
    restarted.start()
    found = restarted.request("HEAD", "box/b", signed_with("HEAD", "box/b", ""))
    assert found.headers["x-ms-copy-status"] == copied["copy_status"] == "success"
    assert found.headers["x-ms-copy-id"] == copied["copy_id"]
    assert found.headers["x-ms-lease-state"] == "leased"
    assert deletion(restarted, "box/b") == 412
    times.suspend(61)
    assert deletion(restarted, "box/b") == 202
