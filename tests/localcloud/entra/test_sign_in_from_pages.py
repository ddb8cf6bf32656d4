"""Other sites' pages and the sign-in pages, which ask nobody for a password."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.entra.service import EntraService
from tests.attacks import pages, people
from tests.localcloud.memory_transport import MemoryNetwork

pytestmark = pytest.mark.asyncio(loop_scope="module")
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Device:
    """A device that waits for somebody to type its code."""

    def __init__(self, service: EntraService, http: aiohttp.ClientSession) -> None:
        self._service = service
        self._http = http
        self._oauth = "{authority}/{tenant_id}/oauth2/v2.0/".format(**service.endpoints())
        self._client = service.directory.client_id
        self.page = f"{service.pages_origin}/{service.directory.tenant_id}/oauth2/deviceauth"

    async def start(self) -> dict[str, str]:
        """What the device is told."""
        form = {"client_id": self._client, "scope": "openid"}
        async with self._http.post(f"{self._oauth}devicecode", data=form) as answer:
            return dict(await answer.json())

    async def type_code(self, flow: dict[str, str], user: str, **headers: str) -> tuple[int, str]:
        """Send the page's form; status and text."""
        form = {"otc": flow["user_code"], "user": user}
        async with self._http.post(self.page, data=form, headers=headers) as answer:
            return answer.status, await answer.text()

    async def error(self, flow: dict[str, str]) -> str:
        """Why the device gets no token; empty when it gets one."""
        form = {"grant_type": GRANT, "client_id": self._client, "device_code": flow["device_code"]}
        form["client_secret"] = self._service.directory.client_secret
        async with self._http.post(f"{self._oauth}token", data=form) as answer:
            return str((await answer.json()).get("error", ""))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def device(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Device]:
    """A device and an Entra in memory."""
    network = MemoryNetwork()
    folder: Path = tmp_path_factory.mktemp("entra")
    platform = Platform.open(folder, open_port=network.listen)
    service = EntraService(platform)
    await service.start()
    async with aiohttp.ClientSession(connector=network.connector()) as http:
        yield Device(service, http)
    await service.stop()
    await platform.close()


@pytest.mark.parametrize("name", pages.OTHER_PAGES)
async def test_no_other_page_signs_a_device_in(device: Device, name: str) -> None:
    """Its own device would act as the learner: it knows the code."""
    flow = await device.start()
    status, text = await device.type_code(flow, "alice", **pages.OTHER_PAGES[name])
    assert status == 403 and "Another site" in text
    assert await device.error(flow) == "authorization_pending"


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}])
async def test_the_page_itself_does(device: Device, headers: dict[str, str]) -> None:
    """Its referrer policy makes browsers send the origin "null"."""
    flow = await device.start()
    assert (await device.type_code(flow, "alice", **headers))[0] == 200
    assert await device.error(flow) == ""


@pytest.mark.parametrize("name", [*people.UNSEEN_NAMES, "too long"])
async def test_an_unseen_name_signs_nobody_in(device: Device, name: str) -> None:
    """As on the page of other sign-ins: 1 to 64 visible characters."""
    flow = await device.start()
    status, text = await device.type_code(flow, people.UNSEEN_NAMES.get(name, "a" * 65))
    assert status == 400 and "visible characters" in text
    assert await device.error(flow) == "authorization_pending"
