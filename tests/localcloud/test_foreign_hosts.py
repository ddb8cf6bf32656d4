"""Another host name at every port of the local cloud: refused, in each service's own format."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import aiohttp
import pytest
import pytest_asyncio

from chatkit.core.host_names import NOT_HERE
from chatkit.localcloud.cloud import LocalCloud
from chatkit.localcloud.core.platform import PORTS, Platform
from chatkit.localcloud.functions.host.spec import HostKeys, SiteSpec
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.storage.state.spec import AccountSpec
from tests.attacks import pages
from tests.localcloud.memory_transport import MemoryNetwork

pytestmark = pytest.mark.asyncio(loop_scope="module")
FOREIGN = {"Host": "evil.example"}
KEY = "a2V5"
# Owner of the port, path, and whether it is served over TLS.
PLACES: dict[str, tuple[str, str]] = {
    "Resource Manager": ("resource-manager", "/subscriptions?api-version=2022-12-01"),
    "Entra": ("entra", "/common/discovery/instance"),
    "the sign-in pages": ("sign-in", "/common/oauth2/deviceauth"),
    "Graph": ("graph", "/v1.0/me"),
    "an account's blobs": ("blob", "/account?comp=list"),
    "the development account": ("dev-storage", "/devstoreaccount1?comp=list"),
    "a static website": ("website/account", "/"),
    "an instance's REST API": ("signalr/chat", "/api/hubs/chat/:send"),
    "an instance's clients": ("signalr/chat", "/client/negotiate?hub=chat"),
    "an instance's WebSockets": ("signalr/chat", "/client/?hub=chat"),
    "a deployed app": ("sites/site", "/api/x"),
    "its deployment endpoint": ("scm/site", "/api/settings"),
    "the control endpoint": ("control", "/trace"),
    "the map of the chat": ("map", "/journeys"),
    "the presenter's screen": ("screen", "/stage/state"),
}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


class OpenCloud:
    """A local cloud in memory, with one resource of each kind, and a client for its ports."""

    def __init__(self, cloud: LocalCloud, network: MemoryNetwork) -> None:
        self._cloud = cloud
        self.http = aiohttp.ClientSession(connector=network.connector())

    def ports(self) -> dict[str, int]:
        """The open ports, by owner."""
        return {owner: int(kept["port"]) for owner, kept in self._cloud.platform.store.items(PORTS)}

    async def ask(self, owner: str, path: str, **headers: str) -> tuple[int, str, Any]:
        """Status, text and headers of an answer."""
        url = f"http://localhost:{self.ports()[owner]}{path}"
        async with self.http.get(url, headers=headers) as answer:
            return answer.status, await answer.text(), answer.headers


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_cloud(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpenCloud]:
    """One that the tests of this file share."""
    network = MemoryNetwork()
    folder: Path = tmp_path_factory.mktemp("cloud")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Platform, "open", partial(Platform.open, open_port=network.listen))
        cloud = LocalCloud(folder, on_stop=lambda: None)
    await cloud.start()
    reserve = cloud.platform.listeners.reserve
    await cloud.storage.apply(AccountSpec("account", KEY, KEY))
    await cloud.signalr.apply(InstanceSpec("chat", reserve("signalr/chat"), KEY, KEY))
    await cloud.functions.apply(
        SiteSpec("site", reserve("sites/site"), reserve("scm/site"), {}, HostKeys("master"))
    )
    opened = OpenCloud(cloud, network)
    yield opened
    await opened.http.close()
    await cloud.stop()


def check(kind: str, text: str, headers: Any) -> None:
    """An error as clients of the service read it."""
    match kind:
        case "ARM":
            assert json.loads(text)["error"]["message"] == NOT_HERE
            assert headers["x-ms-failure-cause"] == "gateway"
        case "OData":
            assert json.loads(text)["error"]["message"] == NOT_HERE
        case "OAuth":
            assert NOT_HERE in json.loads(text)["error_description"]
        case "SignalR":
            assert json.loads(text)["message"] == NOT_HERE
        case "Kudu":
            assert json.loads(text) == {"Message": NOT_HERE}
        case "control":
            assert json.loads(text) == {"error": NOT_HERE}
        case "XML":
            assert headers["x-ms-error-code"] == "InvalidUri"
            assert ElementTree.fromstring(text).findtext("Code") == "InvalidUri"
        case "page":
            assert headers["Content-Type"].startswith("text/html") and NOT_HERE in text
        case "text":
            assert text == f"{NOT_HERE}\n"


@pytest.mark.parametrize("service", pages.SERVICES)
async def test_a_service_refuses_another_name_in_its_own_format(
    open_cloud: OpenCloud, service: str
) -> None:
    """DNS rebinding: the page's own name leads to this machine, and stands in the request."""
    owner, path = PLACES[service]
    more = UPGRADE if service == "an instance's WebSockets" else {}
    status, text, headers = await open_cloud.ask(owner, path, **FOREIGN, **more)
    assert status == 421
    check(pages.SERVICES[service], text, headers)
    assert (await open_cloud.ask(owner, path))[0] != 421


async def test_no_port_is_forgotten(open_cloud: OpenCloud) -> None:
    """A service that comes later has to refuse, too."""
    assert set(open_cloud.ports()) == {owner for owner, _ in PLACES.values()}
    for owner in open_cloud.ports():
        assert (await open_cloud.ask(owner, "/", **FOREIGN))[0] == 421
