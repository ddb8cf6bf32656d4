"""Blob storage against Azurite (in memory), in the same run.

Both serve TLS with the same certificate, to the same Python client.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from azure.storage.blob import BlobServiceClient, ContainerClient

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from chatkit.localcloud.storage.service import DEV_KEY  # noqa: E402
from tests.localcloud.storage import azurite, storage_process  # noqa: E402

FILES = 200
FILE_SIZE = 50_000
BIG = 100 * 2**20
APPENDS = 100
LISTED = 10_000
ROUNDS = 3

Measure = Callable[[ContainerClient], float]


@dataclass(frozen=True)
class Side:
    """One server: a container on it and its process."""

    container: ContainerClient
    process: psutil.Process

    def measure(self, measure: Measure) -> tuple[float, float]:
        """Seconds that the client waited, and seconds of processor time that the server took."""
        before = self.process.cpu_times()
        duration = measure(self.container)
        after = self.process.cpu_times()
        return duration, after.user + after.system - before.user - before.system


def run() -> dict[str, object]:
    """Measure both, each figure the median of rounds that take turns."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        storage_process.running(Path(folder)) as at,
    ):
        options: dict[str, Any] = {"connection_verify": at.ca_file, "retry_total": 0}
        with BlobServiceClient(at.blob, storage_process.KEY, **options) as client:
            ours = client.create_container("bench")
            figures: dict[str, object] = {
                "list_10000_s": listing(ours),
                "peer": azurite.missing() or "azurite 3.37.0, in memory",
            }
            if azurite.missing():
                return figures | single(ours)
            tls = Path(folder) / "tls"
            with (
                azurite.running(
                    "--cert", str(tls / "server.pem"), "--key", str(tls / "server.key")
                ) as url,
                BlobServiceClient(url, DEV_KEY, **options) as other,
            ):
                peer = next(
                    child for child in psutil.Process().children() if child.pid != at.process.pid
                )
                other_container = other.create_container("bench")
                return figures | compare(
                    Side(ours, psutil.Process(at.process.pid)), Side(other_container, peer)
                )


def compare(ours: Side, theirs: Side) -> dict[str, object]:
    """Measure both sides in turns: how many times as long, and how much processor time, is ours."""
    figures: dict[str, object] = {}
    for name, measure in MEASURES.items():
        rounds = [(ours.measure(measure), theirs.measure(measure)) for _ in range(ROUNDS)]
        (here, here_cpu), (there, there_cpu) = (
            (statistics.median(one[side][0] for one in rounds), sum(one[side][1] for one in rounds))
            for side in (0, 1)
        )
        figures[name] = {
            "ours_s": round(here, 4),
            "azurite_s": round(there, 4),
            "ratio": round(here / there, 2),
            "server_cpu_ratio": round(here_cpu / there_cpu, 2),
        }
    return figures


def single(ours: ContainerClient) -> dict[str, object]:
    """The measurements without a peer."""
    return {name: {"ours_s": round(measure(ours), 4)} for name, measure in MEASURES.items()}


def timed(work: Callable[[], object]) -> float:
    """Duration in seconds."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def upload(container: ContainerClient) -> float:
    """200 files of 50 KB, one after another."""
    data = b"x" * FILE_SIZE
    return timed(
        lambda: [container.upload_blob(f"files/{n}", data, overwrite=True) for n in range(FILES)]
    )


def upload_parallel(container: ContainerClient) -> float:
    """200 files of 50 KB on four threads."""
    data = b"x" * FILE_SIZE
    with ThreadPoolExecutor(4) as pool:
        return timed(
            lambda: [
                *pool.map(
                    lambda n: container.upload_blob(f"files/{n}", data, overwrite=True),
                    range(FILES),
                )
            ]
        )


def upload_big(container: ContainerClient) -> float:
    """100 MB in blocks of 4 MB, as the SDK does it."""
    return timed(lambda: container.upload_blob("big", b"x" * BIG, overwrite=True))


def download_big(container: ContainerClient) -> float:
    """100 MB that `upload_big` left there."""
    return timed(lambda: container.download_blob("big").readall())


def append(container: ContainerClient) -> float:
    """One append of a chat message, median of a hundred."""
    blob = container.get_blob_client("log")
    blob.create_append_blob()
    line = b'{"sender": "alice", "text": "hello, everybody"}\n'
    return statistics.median(timed(lambda: blob.append_block(line)) for _ in range(APPENDS))


def listing(container: ContainerClient) -> float:
    """All pages of 10,000 names."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: container.upload_blob(f"many/{n:05}", b""), range(LISTED)))
    found: list[int] = []
    duration = timed(
        lambda: found.append(sum(1 for _ in container.list_blob_names(name_starts_with="many/")))
    )
    assert found == [LISTED]
    return round(duration, 3)


MEASURES: dict[str, Measure] = {
    "upload_200_files_of_50_kb": upload,
    "upload_200_files_of_50_kb_on_4_threads": upload_parallel,
    "upload_100_mb": upload_big,
    "download_100_mb": download_big,
    "append_one_message": append,
}
