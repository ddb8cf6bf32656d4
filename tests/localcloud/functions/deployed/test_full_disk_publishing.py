"""Publishing on a disk that fills up: the version that was there goes on serving."""

from __future__ import annotations

import io
import os
import random
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.localcloud.functions.deployed.deployed_cloud import NAME, Cloud, app_zip
from tests.localcloud.small_disk import Disk, small_disk

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="small disks are Linux's here")
LARGE = random.Random(1).randbytes(200_000).hex()


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[tuple[Disk, Cloud]]:
    """A service with one site whose version "one" serves, on a small disk."""
    with small_disk(tmp_path) as disk:
        async with Cloud(disk.folder) as cloud:
            await cloud.publish(app_zip("one"))
            try:
                yield disk, cloud
            finally:
                disk.empty(os.getpid())


def packed(package: bytes) -> bytes:
    """The same package, compressed."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return buffer.getvalue()


def files_of(disk: Disk) -> set[str]:
    """What the site has on the disk, logs and compiled modules apart."""
    below = disk.folder / "sites" / NAME
    return {
        path.relative_to(below).as_posix()
        for path in below.rglob("*")
        if path.is_file() and path.suffix not in (".log", ".pyc")
    }


async def test_an_upload_that_does_not_fit_leaves_nothing(small: tuple[Disk, Cloud]) -> None:
    """507 with the disk, no record of a deployment, and no half of a package."""
    disk, cloud = small
    before = files_of(disk)
    disk.fill(os.getpid(), left_bytes=100_000)
    status, answer = await cloud.scm(
        "POST", "/api/publish", data=app_zip("two", **{"data.bin": LARGE})
    )
    disk.empty(os.getpid())
    assert status == 507
    assert disk.refusal in answer["Message"] and str(disk.folder) in answer["Message"]
    assert files_of(disk) == before
    assert len(cloud.service.deployments(NAME)) == 1
    assert await cloud.version() == "one"


async def test_a_package_that_does_not_unpack_fails_with_the_disk(
    small: tuple[Disk, Cloud],
) -> None:
    """The record says why, the old version serves, and with room again the new one does."""
    disk, cloud = small
    before = files_of(disk)
    package = packed(app_zip("two", **{"data.bin": "0" * 3_000_000}))
    disk.fill(os.getpid(), left_bytes=1_000_000)
    status, deployment_id = await cloud.scm("POST", "/api/publish", data=package)
    assert status == 202
    record = await cloud.finished(deployment_id)
    disk.empty(os.getpid())
    assert record["status"] == 3
    assert disk.refusal in record["status_text"] and "Error" not in record["status_text"]
    assert files_of(disk) == before
    assert await cloud.version() == "one"
    assert (await cloud.publish(app_zip("two")))["status"] == 4
    assert await cloud.version() == "two"
