"""What was acknowledged is there after a kill, what was not is not, and no race loses anything."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.blob import BlobServiceClient, ContainerClient, generate_account_sas

from chatkit.localcloud.storage.service import DEV_KEY
from tests.localcloud.storage import storage_process
from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud

SAS = generate_account_sas(NAME, KEY1, "sco", "r", datetime.now(UTC) + timedelta(hours=2))
KILLS = 4
WRITERS = 4


@contextmanager
def server(folder: Path) -> Iterator[tuple[subprocess.Popen[str], BlobServiceClient]]:
    """Storage in a process of its own, and the development account's client."""
    with (
        storage_process.running(folder) as at,
        BlobServiceClient(at.dev, DEV_KEY, retry_total=0) as client,
    ):
        yield at.process, client


@dataclass
class Ledger:
    """What one writer knows: contents that were acknowledged, and the one change that was not yet.

    Attributes:
        kept: Content by name; None for a blob that is not there.
        acknowledged: How many changes were.
        unsure: The same, if the change under way has happened.
    """

    kept: dict[str, bytes | None] = field(default_factory=dict)
    acknowledged: int = 0
    unsure: dict[str, bytes | None] = field(default_factory=dict)

    def change(self, name: str, after: bytes | None, call: Callable[[], object]) -> None:
        """Make a change and note when it is acknowledged."""
        self.unsure = {name: after}
        call()
        self.kept[name] = after
        self.acknowledged += 1
        self.unsure = {}

    def check(self, container: ContainerClient, listed: Mapping[str, int]) -> None:
        """Compare with what is there: the change under way has happened whole, or not at all."""
        for name in {*self.kept, *self.unsure}:
            found = container.download_blob(name).readall() if name in listed else None
            allowed = [self.kept.get(name), *([self.unsure[name]] if name in self.unsure else [])]
            assert found in allowed, f"{name} is lost or half-made"
            assert found is None or listed[name] == len(found)
            self.kept[name] = found
        self.unsure = {}


def write(container: ContainerClient, ledger: Ledger, dice: random.Random) -> None:
    """Change blobs that are this writer's own until the service is gone."""
    writer = dice.randrange(10**9)
    number = 0
    log = container.get_blob_client(f"{writer}/log")
    with suppress(AzureError):
        ledger.change(log.blob_name, b"", log.create_append_blob)
        while True:
            number += 1
            name = f"{writer}/{number % 7}"
            data = dice.randbytes(dice.choice((10, 5_000, 300_000)))
            if number % 3 == 0:
                after = (ledger.kept[log.blob_name] or b"") + data[:100]
                ledger.change(log.blob_name, after, partial(log.append_block, data[:100]))
            elif number % 11 == 0 and ledger.kept.get(name) is not None:
                ledger.change(name, None, partial(container.delete_blob, name))
            else:
                ledger.change(
                    name, data, partial(container.upload_blob, name, data, overwrite=True)
                )


def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path) -> None:
    """Writers put, replace, append and delete until the process is killed; several times over."""
    ledgers: list[Ledger] = []
    for life in range(KILLS + 1):
        dice = random.Random(life)
        with server(tmp_path) as (process, client):
            container = (
                client.get_container_client("box") if life else client.create_container("box")
            )
            listed = {item.name: item.size for item in container.list_blobs()}
            for ledger in ledgers:
                ledger.check(container, listed)
            mine = [Ledger() for _ in range(WRITERS)]
            threads = [
                threading.Thread(target=write, args=(container, one, random.Random(dice.random())))
                for one in mine
            ]
            for thread in threads:
                thread.start()
            threads[0].join(0.3 + dice.random() / 2)
            process.kill()
            for thread in threads:
                thread.join()
            ledgers += mine
    acknowledged = sum(ledger.acknowledged for ledger in ledgers)
    print(f"\n{KILLS + 1} kills, {acknowledged} acknowledged, 0 lost")  # for `pytest -s`
    assert sum(len(ledger.kept) for ledger in ledgers) > KILLS * WRITERS


def test_files_nobody_names_are_removed_at_the_next_start(tmp_path: Path) -> None:
    """A killed upload leaves no garbage."""
    with server(tmp_path) as (_, client):
        client.create_container("box").upload_blob("kept", b"1")
    files = tmp_path / "blobs" / "devstoreaccount1"
    (files / "half").write_bytes(b"half an upload")
    with server(tmp_path) as (_, client):
        assert client.get_blob_client("box", "kept").download_blob().readall() == b"1"
    assert len([*files.iterdir()]) == 1


def test_an_append_that_was_cut_off_is_not_seen(tmp_path: Path) -> None:
    """Bytes in the file that were never acknowledged are not read, and the next append works."""
    with server(tmp_path) as (_, client):
        log = client.create_container("box").get_blob_client("log")
        log.create_append_blob()
        log.append_block(b"one\n")
    (file,) = (tmp_path / "blobs" / "devstoreaccount1").iterdir()
    file.write_bytes(file.read_bytes() + b"half a line that was being written")
    with server(tmp_path) as (_, client):
        log = client.get_blob_client("box", "log")
        assert log.download_blob().readall() == b"one\n"
        log.append_block(b"two\n")
        assert log.download_blob().readall() == b"one\ntwo\n"
    assert file.read_bytes() == b"one\ntwo\n"  # `local repair` takes all of it for appended


def test_concurrent_appends_lose_nothing(cloud: StorageCloud, container: ContainerClient) -> None:
    """Eight writers append at once; every line is there, whole, in the order of its writer."""
    blob = container.get_blob_client("log")
    blob.create_append_blob()

    def append(writer: int) -> None:
        with cloud.service() as client:
            mine = client.get_blob_client(container.container_name, "log")
            for number in range(25):
                mine.append_block(f"{writer} {number}\n".encode())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(8)))
    lines = blob.download_blob().readall().decode().splitlines()
    assert len(lines) == 200
    for writer in range(8):
        assert [line for line in lines if line.startswith(f"{writer} ")] == [
            f"{writer} {number}" for number in range(25)
        ]
    assert blob.get_blob_properties().append_blob_committed_block_count == 200


def test_only_one_of_many_creates_the_log(cloud: StorageCloud, container: ContainerClient) -> None:
    """Create with If-None-Match: * succeeds once, however many try."""

    def create(_: int) -> bool:
        with cloud.service() as client:
            try:
                client.get_blob_client(container.container_name, "log").create_append_blob(
                    headers={"If-None-Match": "*"}
                )
            except HttpResponseError as error:
                assert error.status_code == 409
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(8))) == 1


def test_a_reader_gets_one_version(cloud: StorageCloud, container: ContainerClient) -> None:
    """A download that began before the blob was replaced and deleted ends with the old content."""
    old = b"old " * 1_000_000
    container.upload_blob("a", old)
    with cloud.answer("GET", f"{container.container_name}/a?{SAS}") as download:
        first = download.read(1000)
        container.upload_blob("a", b"new", overwrite=True)
        container.delete_blob("a")
        assert first + download.read() == old
    until = time.monotonic() + 5
    while [*(cloud.folder / "blobs" / NAME).iterdir()]:
        assert time.monotonic() < until, "the old content's file stays"


def test_a_removed_account_leaves_nothing(cloud: StorageCloud) -> None:
    """Remove deletes files and documents; the same name made again is empty."""
    spec = replace(cloud.spec, name="shortlived")
    cloud.run(cloud.storage.apply(spec))
    url = cloud.call(cloud.storage.blob_endpoint, "shortlived")
    with BlobServiceClient(
        url, cloud.spec.key1, connection_verify=cloud.ca_file, retry_total=0
    ) as client:
        client.create_container("box").upload_blob("a", b"1")
        cloud.run(cloud.storage.remove("shortlived"))
        assert cloud.request("GET", f"{url}/box/a").code == "InvalidUri"
        assert not (cloud.folder / "blobs" / "shortlived").exists()
        cloud.run(cloud.storage.apply(spec))
        assert [*client.list_containers()] == []
        cloud.run(cloud.storage.remove("shortlived"))
