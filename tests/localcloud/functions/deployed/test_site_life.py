"""A site's life: its ports, its log, a restart of the local cloud, its removal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from chatkit.localcloud.drills.rooms import EVERYWHERE
from tests.localcloud.functions.deployed.deployed_cloud import NAME, Cloud, app_zip
from tests.localcloud.functions.functions_testing import until


async def test_the_port_of_an_app_answers_https_too(cloud: Cloud) -> None:
    """As App Service does; deployment tools ask the host's status so."""
    await cloud.publish(app_zip("one"))
    url = f"https://localhost:{cloud.spec.port}/admin/host/status"
    async with cloud.client.get(
        url, ssl=cloud.trust, headers={"x-functions-key": "master-key"}
    ) as response:
        assert (response.status, (await response.json())["state"]) == (200, "Running")


async def test_a_taken_port_leaves_the_other_sites_alone(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    """After a restart another program may have it: the log says so, everything else starts."""
    await cloud.service.apply(replace(cloud.spec, name="second", scm_port=cloud.spec.port))
    assert "Function app second is not reachable" in caplog.text
    await cloud.publish(app_zip("one"))
    assert await cloud.version() == "one"


async def test_a_removed_site_leaves_no_port_no_file_no_record(cloud: Cloud) -> None:
    """And removing it again, or what never was, is fine."""
    await cloud.publish(app_zip("one"))
    await cloud.service.remove(NAME)
    await cloud.service.remove(NAME)
    with pytest.raises(aiohttp.ClientConnectorError):
        await cloud.ask("/")
    assert list(cloud.platform.folder.glob("sites/*")) == []
    assert list(cloud.platform.store.items("deployments/site")) == []


def records(cloud: Cloud) -> list[str]:
    """What is stored about the site."""
    store = cloud.platform.store
    return [key for name in ("sites", "deployments/site") for key, _ in store.items(name)]


async def test_what_is_stored_about_a_site_goes_in_the_callers_transaction(cloud: Cloud) -> None:
    """Killed behind it, nothing of the site is left to the next of its name; else all of it."""
    cloud.service._sites[NAME].deployments.begin(deployer="test", remote_build=False)
    cloud.platform.store.put("sites", NAME, {"active": "one", "functions": []})
    before = records(cloud)
    with pytest.raises(KeyError), cloud.platform.store.transaction():
        cloud.service.forget(NAME)
        raise KeyError(NAME)
    assert len(before) == 2 and records(cloud) == before
    cloud.service.forget(NAME)
    assert records(cloud) == []


async def test_everything_is_back_after_a_restart_of_the_local_cloud(tmp_path: Path) -> None:
    """Serving version, deployment records, functions; what was running is marked as failed."""
    async with Cloud(tmp_path) as first:
        record = await first.publish(app_zip("one"))
        first.service._sites[NAME].deployments.begin(deployer="test", remote_build=False)
        (tmp_path / "sites" / NAME / "half.upload").write_bytes(b"PK")
        (tmp_path / "sites" / NAME / "versions" / "half").mkdir()
    async with Cloud(tmp_path) as second:
        assert await second.version() == "one"
        _, records = await second.scm("GET", "/api/deployments")
        assert [(item["id"] == record["id"], item["status"]) for item in records] == [
            (False, 3),
            (True, 4),
        ]
        assert "was stopped during the deployment" in records[0]["status_text"]
        assert {path.name for path in (tmp_path / "sites" / NAME / "versions").iterdir()} == {
            record["id"]
        }
        assert not (tmp_path / "sites" / NAME / "half.upload").exists()


async def test_the_files_of_a_version_go_when_the_next_one_serves(cloud: Cloud) -> None:
    """They go beside the deployment, which has ended then."""
    await cloud.publish(app_zip("one"))
    record = await cloud.publish(app_zip("two"))
    versions = cloud.platform.folder / "sites" / NAME / "versions"
    await until(lambda: {path.name for path in versions.iterdir()} == {record["id"]})
    assert await cloud.version() == "two"


async def test_the_apps_log_has_invocations_and_prints(cloud: Cloud) -> None:
    """One file per app, secrets masked."""
    script = (
        "@app.route(route='v')\ndef v(req):\n    print('AccessKey=c2VjcmV0;')\n    return 'one '\n"
    )
    await cloud.publish(app_zip("one", script=script))
    await cloud.version()
    log = (cloud.platform.folder / "sites" / "site" / "app.log").read_text(encoding="utf-8")
    assert (
        "Executed 'Functions.v' (Succeeded" in log
        and "AccessKey=***" in log
        and "c2VjcmV0" not in log
    )
    events = [*cloud.platform.trace.after(source="functions/site")]
    assert [event.kind for event in events] == ["deployed", "invocation", "request"]
    assert events[1].detail["cause"] == events[2].detail["cause"]


async def test_the_app_trusts_the_local_cloud_over_tls(cloud: Cloud) -> None:
    """The bundle has the public authorities and the local one."""
    script = (
        "import os, ssl, urllib.request\n@app.route(route='v')\ndef v(req):\n"
        f"    url = 'https://localhost:{cloud.spec.scm_port}/'\n"
        "    try:\n        urllib.request.urlopen(url)\n"
        "    except urllib.error.HTTPError as error:\n        return f'answered-{error.code} '\n"
    )
    await cloud.publish(app_zip("one", script=script))
    assert await cloud.version() == "answered-401"


async def test_an_app_that_is_down_answers_503_to_everybody(cloud: Cloud) -> None:
    """Also to those of another origin, whose browsers do not get to read it, and past its port."""
    drills = cloud.service._services.hosts.drills
    drills.begin("functions-down", EVERYWHERE)
    drills.begin("slow", EVERYWHERE, delay_s=0.01)
    url = f"http://localhost:{cloud.spec.port}/"
    async with cloud.client.get(url, headers={"Origin": "http://localhost:5500"}) as response:
        assert (response.status, response.content_type) == (503, "text/html")
        assert "Access-Control-Allow-Origin" not in response.headers
    drills.end()
    async with cloud.client.get(url) as response:
        assert response.status == 200
