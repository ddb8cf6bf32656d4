"""Settings of a deployed app: what restarts it, what works at once."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace

import pytest

from chatkit.localcloud.functions.host.spec import Cors
from chatkit.setup.packs import this_python
from tests.localcloud.functions.deployed.deployed_cloud import NAME, Cloud, app_zip


async def test_changed_settings_restart_the_app_and_no_request_is_lost(cloud: Cloud) -> None:
    """A request that comes at once waits for the new process."""
    await cloud.publish(app_zip("one"))
    await cloud.service.apply(replace(cloud.spec, app_settings={"A": "2"}))
    status, text = await cloud.ask("/api/v")
    assert status == 200 and json.loads(text.partition(" ")[2])[1] == "2"
    assert [info.name for info in cloud.service.list_functions(NAME)] == ["v", "k"]


async def test_settings_changed_twice_at_once_lose_no_request(cloud: Cloud) -> None:
    """A request that waits for a process that is replaced before it is up goes to the next one."""
    await cloud.publish(app_zip("one"))
    await cloud.service.apply(replace(cloud.spec, app_settings={"A": "2"}))
    waiting = [asyncio.create_task(cloud.ask("/api/v")) for _ in range(3)]
    await asyncio.sleep(0)
    await cloud.service.apply(replace(cloud.spec, app_settings={"A": "3"}))
    for status, text in await asyncio.gather(*waiting, cloud.ask("/api/v")):
        assert status == 200 and json.loads(text.partition(" ")[2])[1] in ("2", "3")


async def test_changed_cors_works_at_once_without_a_restart(cloud: Cloud) -> None:
    """CORS of a deployed app is the site's setting."""
    await cloud.publish(app_zip("one"))
    page = {"Origin": "http://127.0.0.1:5500"}
    url = f"http://localhost:{cloud.spec.port}/api/v"
    async with cloud.client.get(url, headers=page) as response:
        assert "Access-Control-Allow-Origin" not in response.headers
    await cloud.service.apply(replace(cloud.spec, cors=Cors(("http://127.0.0.1:5500",))))
    async with cloud.client.get(url, headers=page) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:5500"


async def test_a_stopped_site_is_403_and_comes_back(cloud: Cloud) -> None:
    """Stop and start of the resource."""
    await cloud.publish(app_zip("one"))
    await cloud.service.apply(replace(cloud.spec, enabled=False))
    assert (await cloud.ask("/api/v"))[0] == 403
    await cloud.service.apply(cloud.spec)
    assert await cloud.version() == "one"


@pytest.mark.parametrize("named", ["3.10", this_python()])
async def test_a_site_that_names_another_python_says_so_in_its_log(
    cloud: Cloud, named: str
) -> None:
    """At its start, with both versions; a site that names this one says nothing."""
    await cloud.service.apply(replace(cloud.spec, python_version=named))
    await cloud.publish(app_zip("one"))
    await cloud.version()
    log = (cloud.platform.folder / "sites" / "site" / "app.log").read_text(encoding="utf-8")
    sentence = (
        "This site names Python 3.10; the local cloud runs it under Python "
        f"{sys.version.split()[0]}"
    )
    assert (sentence in log) is (named == "3.10")
