"""WEBSITE_RUN_FROM_PACKAGE with an address: az writes it when it does not build remotely."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chatkit.localcloud.functions.deployed.package_url import SETTING, package_url
from tests.localcloud.functions.deployed.deployed_cloud import NAME, Cloud, app_zip
from tests.tiers import one_in


class Shelf:
    """Packages at addresses."""

    def __init__(self) -> None:
        self.packages: dict[str, bytes] = {}
        self.asked: list[str] = []
        app = web.Application()
        app.router.add_get("/{name}", self._get)
        self.server = TestServer(app, host="127.0.0.1")

    async def _get(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked.append(name)
        if name not in self.packages:
            return web.Response(status=404, headers={"x-ms-error-code": "BlobNotFound"})
        return web.Response(body=self.packages[name])

    def url(self, name: str) -> str:
        """A package's address, with a secret in it."""
        return str(self.server.make_url(f"/{name}")) + "?sp=r&sig=c2VjcmV0"


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    """An empty one."""
    shelf = Shelf()
    async with shelf.server:
        yield shelf


async def run_from(cloud: Cloud, url: str, **settings: str) -> None:
    """Write the setting, and wait as az does."""
    spec = replace(cloud.spec, sku="Dynamic", app_settings={SETTING: url, **settings})
    await cloud.service.apply(spec)
    await cloud.service.sync_triggers(NAME)


@pytest.mark.long
async def test_a_site_runs_the_package_that_a_setting_names(cloud: Cloud, shelf: Shelf) -> None:
    """Its functions are known when triggers are synchronised; nothing else is deployed beside."""
    shelf.packages["one"] = app_zip("one")
    await run_from(cloud, shelf.url("one"))
    assert await cloud.version() == "one"
    assert [info.name for info in cloud.service.list_functions(NAME)] == ["v", "k"]
    status, text = await cloud.scm("POST", "/api/zipdeploy", data=app_zip("two"))
    assert status == 409 and SETTING in text


@pytest.mark.parametrize(
    ("url", "why"),
    one_in(
        3,
        [
            ("gone", "404 BlobNotFound"),
            ("http://127.0.0.1:1/app.zip?sig=c2VjcmV0", "ClientConnectorError"),
            ("https://?sig=c2VjcmV0", "cannot be fetched"),
        ],
    ),
)
async def test_a_package_that_does_not_come_is_named_without_its_signature(
    cloud: Cloud, shelf: Shelf, url: str, why: str
) -> None:
    """The blob is not there, nobody answers, the address is none."""
    await run_from(cloud, url if ":" in url else shelf.url(url))
    record = cloud.service.deployments(NAME)[0]
    assert record["status"] == 3 and why in record["status_text"]
    log = cloud.service.deployment_log(NAME, record["id"])
    assert "c2VjcmV0" not in str((record, log))


@pytest.mark.parametrize("value", ["1", "0", "", "package.zip"])
def test_only_an_address_is_fetched(value: str) -> None:
    """The other values mean what was deployed."""
    assert package_url({SETTING: value}) == ""


@pytest.mark.long
async def test_a_package_is_fetched_when_it_can_be_another_one(cloud: Cloud, shelf: Shelf) -> None:
    """With another address and with a restart of the site, not with another setting."""
    shelf.packages["one"] = app_zip("one")
    shelf.packages["two"] = app_zip("two")
    await run_from(cloud, shelf.url("one"))
    await run_from(cloud, shelf.url("one"), A="2")
    assert shelf.asked == ["one"] and await cloud.version() == "one"
    await run_from(cloud, shelf.url("two"))
    assert shelf.asked == ["one", "two"] and await cloud.version() == "two"
    shelf.packages["two"] = app_zip("three")
    await cloud.service.restart(NAME)
    await cloud.service.sync_triggers(NAME)
    assert await cloud.version() == "three"


@pytest.mark.long
async def test_a_restarted_cloud_has_the_package_already(tmp_path: Path, shelf: Shelf) -> None:
    """It is kept like every version."""
    shelf.packages["one"] = app_zip("one")
    async with Cloud(tmp_path / "local") as cloud:
        await run_from(cloud, shelf.url("one"))
        spec = cloud.service._sites[NAME].spec
    again = Cloud(tmp_path / "local")
    again.spec = spec
    async with again:
        assert await again.version() == "one" and shelf.asked == ["one"]
