"""The daemon at the limit of its descriptors."""

from __future__ import annotations

import http.client
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import pytest

from chatkit.cloud import local_cloud
from chatkit.cloud.local_cloud import Endpoints
from chatkit.core import accepting
from chatkit.core.processes import wait_until
from chatkit.core.settings import checkout

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
LIMIT = 200
LIMIT_S = 30.0


@pytest.fixture
def small_cloud(tmp_path: Path) -> Iterator[Endpoints]:
    """A local cloud that may have few files open."""
    folder = tmp_path / "local"
    command = shlex.join([sys.executable, "-m", "chatkit.localcloud.daemon", str(folder)])
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"ulimit -n {LIMIT}; exec {command}"], cwd=checkout()
    )
    known = wait_until(
        lambda: local_cloud.running(folder),
        until=monotonic() + LIMIT_S,
        unless=lambda: process.poll() is not None,
    )
    assert known
    yield known
    process.terminate()
    process.wait(LIMIT_S)


def status(connection: http.client.HTTPConnection, path: str) -> int:
    """Ask on a connection that is kept."""
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_a_full_cloud_serves_who_is_in_and_takes_others_later(
    small_cloud: Endpoints, tmp_path: Path
) -> None:
    """Connections that do nothing take every descriptor that connections may have."""
    address = urlsplit(small_cloud["dev_storage"]).netloc
    host, _, port = address.partition(":")
    with ExitStack() as stack:
        kept = stack.enter_context(closing(http.client.HTTPConnection(address, timeout=LIMIT_S)))
        assert status(kept, "/devstoreaccount1?comp=list") == 401
        for _ in range(2 * LIMIT):
            stack.enter_context(socket.create_connection((host, int(port)), timeout=LIMIT_S))
        log = tmp_path / "local" / "cloud.log"
        until = monotonic() + LIMIT_S
        while accepting.FULL not in log.read_text(encoding="utf-8") and monotonic() < until:
            sleep(0.02)
        assert status(kept, "/devstoreaccount1?comp=list") == 401
    with closing(http.client.HTTPConnection(address, timeout=LIMIT_S)) as later:
        assert status(later, "/devstoreaccount1?comp=list") == 401
    lines = log.read_text(encoding="utf-8").splitlines()
    assert accepting.FULL in "\n".join(lines)
    assert not [line for line in lines if "Traceback" in line]
    assert len(lines) < 30
