"""The log stream of the deployment endpoint: what the app says, as it says it."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import aiohttp
import pytest
from yarl import URL

from chatkit.localcloud.functions.console.console import Console
from chatkit.localcloud.functions.console.followers import MOST_WAITING, Follower
from chatkit.localcloud.functions.deployed import log_stream
from tests.attacks.log_stream import OTHER_FOLDERS
from tests.localcloud.functions.deployed.deployed_cloud import NAME, Cloud
from tests.tiers import one_in

STARTING = b"Starting Live Log Stream ---\r\n"


def console_of(cloud: Cloud) -> Console:
    """What the site's app and host write to."""
    return cloud.service._sites[NAME].console


@asynccontextmanager
async def following(
    cloud: Cloud, path: str = "/api/logstream"
) -> AsyncIterator[aiohttp.ClientResponse]:
    """A stream whose live part has begun."""
    url = URL(f"https://localhost:{cloud.spec.scm_port}{path}", encoded=True)
    async with cloud.client.get(url, headers=cloud.bearer(), ssl=cloud.trust) as answer:
        yield answer


async def test_lines_come_as_they_are_written(cloud: Cloud) -> None:
    """After a welcome; secrets are masked there as in the log."""
    for path in ("/logstream", "/api/logstream", "/api/logstream/application"):
        async with following(cloud, path) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert b"connected to log-streaming service" in await answer.content.readline()
            await answer.content.readuntil(STARTING)
            console_of(cloud).host_line("AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2Vj")
            line = await answer.content.readline()
            assert b"AccountKey=" in line and b"c2VjcmV0" not in line


async def test_the_logs_come_in_a_zip_file(cloud: Cloud) -> None:
    """What az downloads: the app's log, and the one of each deployment. There may be none yet."""
    deployments = cloud.service._sites[NAME].deployments
    number = deployments.begin(deployer="alice", remote_build=False)
    deployments.log(number, "Extracting.")
    kept: list[set[str]] = []
    for path in ("/dump", "/api/dump"):
        async with following(cloud, path) as answer:
            assert answer.headers["Content-Type"] == "application/zip"
            packed = zipfile.ZipFile(io.BytesIO(await answer.read()))
        kept.append({*packed.namelist()})
        console_of(cloud).plain("a line")
    build = f"deployments/{number}/log.log"
    log = "LogFiles/Application/Functions/Host/app.log"
    assert kept == [{build}, {build, log}]
    assert packed.read(log) == b"a line\n" and b",Extracting." in packed.read(build)


@pytest.mark.long
async def test_the_last_lines_from_before_come_first(cloud: Cloud) -> None:
    """Ten of them, between two lines that say so."""
    for number in range(12):
        console_of(cloud).plain(f"line {number}")
    async with following(cloud) as answer:
        head = (await answer.content.readuntil(STARTING)).decode().split("\r\n")
    assert head[1] == "Starting Log Tail -n 10 of existing logs ----"
    assert head[2:12] == [f"line {number}" for number in range(2, 12)]
    assert head[12] == "Ending Log Tail of existing logs ---"


@pytest.mark.long
async def test_a_stream_without_lines_says_so_and_ends_in_time(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line a minute; two hours, or what the setting says."""
    monkeypatch.setattr(log_stream, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(log_stream, "TIMEOUT_S", 0.2)
    async with following(cloud) as answer:
        text = await answer.text()
    assert "No new trace in the past 1 min(s)." in text
    assert "No new trace in the past 2 min(s)." in text
    assert text.rstrip().endswith("Stream terminated due to timeout 0 min(s).")
    settings = {log_stream.TIMEOUT_SETTING: "1"}
    await cloud.service.apply(replace(cloud.spec, app_settings=settings))
    monkeypatch.setattr(log_stream, "TIMEOUT_S", 600)
    async with asyncio.timeout(60), following(cloud) as answer:
        assert "due to timeout" in await answer.text()


@pytest.mark.long
async def test_a_stream_ends_with_its_reader_and_with_its_site(cloud: Cloud) -> None:
    """Nobody is written to who has left."""
    console = console_of(cloud)
    async with following(cloud) as answer:
        await answer.content.readuntil(STARTING)
        assert len(console._followers) == 1
    async with asyncio.timeout(10):
        while console._followers:
            await asyncio.sleep(0.01)
    async with following(cloud) as answer:
        await answer.content.readuntil(STARTING)
        await cloud.service.remove(NAME)
        async with asyncio.timeout(10):
            with suppress(aiohttp.ClientError):
                await answer.content.read()


async def test_who_reads_too_slowly_is_told_what_is_missing() -> None:
    """And costs no memory meanwhile."""
    follower = Follower()
    for _ in range(5):
        follower.put("x" * (MOST_WAITING // 2))
    lines = await follower.read()
    assert sum(map(len, lines[:-1])) <= MOST_WAITING
    assert lines[-1] == "(3 lines are missing here: they were read too slowly.)"
    follower.put("again")
    assert await follower.read() == ["again"]
    follower.end()
    assert await follower.read() == []


@pytest.mark.parametrize("name", one_in(5, [*OTHER_FOLDERS]))
async def test_the_stream_leads_nowhere_else(cloud: Cloud, name: str) -> None:
    """What comes behind it is a name, never a path."""
    async with following(cloud, f"/api/logstream/{OTHER_FOLDERS[name]}") as answer:
        assert answer.status == 404
        assert "does not exist" in await answer.text()
