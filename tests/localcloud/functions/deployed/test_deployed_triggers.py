"""Deployed apps that timers and blobs set off, and one that streams."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.localcloud.functions.deployed.deployed_cloud import Cloud, app_zip
from tests.localcloud.functions.triggers.trigger_testing import storage_account, until

TICKS = """
@app.timer_trigger(schedule="* * * * * *", arg_name="t", run_on_startup=True)
def tick(t: func.TimerRequest): print("{word} ticks")
@app.timer_trigger(schedule="00:00:01", arg_name="t")
def interval(t: func.TimerRequest): print("an interval")
"""


def log_of(cloud: Cloud) -> str:
    """What the site's app and its host have written."""
    path: Path = cloud.platform.folder / "sites" / "site" / "app.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""


async def test_timers_of_a_deployed_app_fire_until_another_version_serves(cloud: Cloud) -> None:
    """The version before fires no more; an interval needs another plan than Flex Consumption."""
    record = await cloud.publish(app_zip("1", script=TICKS.format(word="first")))
    assert "can only be used in an App Service plan" in str(record["build_summary"])
    await until(lambda: log_of(cloud).count("first ticks") >= 2)
    await cloud.publish(app_zip("2", script=TICKS.format(word="second")))
    await until(lambda: "second ticks" in log_of(cloud))
    before = log_of(cloud).count("first ticks")
    await until(lambda: log_of(cloud).count("second ticks") >= 3)
    assert log_of(cloud).count("first ticks") == before
    assert "an interval" not in log_of(cloud)


async def test_a_site_that_was_stopped_starts_its_timers_anew(cloud: Cloud) -> None:
    """Its host goes on, so that only the listeners end and begin."""
    await cloud.publish(app_zip("1", script=TICKS.format(word="its")))
    await until(lambda: "its ticks" in log_of(cloud))
    starts = log_of(cloud).count("is configured to run on startup")
    await cloud.service.apply(replace(cloud.spec, enabled=False))
    await cloud.service.apply(replace(cloud.spec, enabled=True))
    await until(lambda: log_of(cloud).count("is configured to run on startup") > starts)


async def test_blobs_set_a_deployed_app_off(cloud: Cloud, tmp_path: Path) -> None:
    """The log says what Azure's Flex Consumption plan would do with it."""
    script = """
@app.blob_trigger(arg_name="blob", path="samples/{name}", connection="Store")
def arrived(blob: str): print("arrived", blob)
"""
    async with storage_account(tmp_path / "account") as account:
        settings = {
            "Store": account.connection_string,
            "AzureWebJobsStorage": account.connection_string,
        }
        await cloud.service.apply(replace(cloud.spec, app_settings=settings))
        await account.put("samples/a", b"content")
        await cloud.publish(app_zip("1", script=script))
        await until(lambda: "arrived content" in log_of(cloud))
        assert "On Azure's Flex Consumption plan it would not run" in log_of(cloud)
        [receipt] = await account.names("azure-webjobs-hosts", "blobreceipts/")
        assert receipt.startswith("blobreceipts/site/Host.Functions.arrived/")
        # The account goes away before the app does.
        await cloud.service.remove("site")


async def test_a_deployed_app_streams(cloud: Cloud) -> None:
    """The first piece arrives while the function goes on."""
    script = """
from azurefunctions.extensions.http.fastapi import Request, StreamingResponse
@app.route(route="wait")
async def wait(req: Request) -> StreamingResponse:
    async def pieces():
        yield "first"
        await asyncio.sleep(3600)
    return StreamingResponse(pieces(), media_type="text/plain")
"""
    needs = "azure-functions\nazurefunctions-extensions-http-fastapi\n"
    await cloud.publish(app_zip("1", script=script, requirements_txt=needs))
    async with cloud.client.get(f"http://localhost:{cloud.spec.port}/api/wait") as answer:
        assert await answer.content.readany() == b"first"
