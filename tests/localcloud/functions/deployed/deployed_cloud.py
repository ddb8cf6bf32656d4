"""What the tests of deployed apps share.

A functions service with one site, packages for it, and clients.
"""

from __future__ import annotations

import asyncio
import io
import json
import ssl
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.entra.core.roles import BY_NAME, Assignment
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.functions.host.spec import HostKeys, PackageContainer, SiteSpec
from chatkit.localcloud.functions.service import FunctionsService, MakeGate
from tests.localcloud.functions.functions_testing import HEAD, HOST_JSON

NAME = "site"
SCOPE = f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/{NAME}"
OWN_KEYS = {"k": {"mine": "own-key"}, "v": {"mine": "other-key"}}
KEYS = HostKeys(
    "master-key", {"default": "function-key"}, {"signalr_extension": "extension-key"}, OWN_KEYS
)


def app_zip(version: str, *, script: str = "", **files: str) -> bytes:
    """A package with a function `v` that answers its version and what it sees.

    A keyword "requirements_txt" names the file requirements.txt.
    """
    seen = "json.dumps([dict(req.headers), os.environ.get('A')])"
    script = (
        script or f"import os\n@app.route(route='v')\ndef v(req): return '{version} ' + {seen}\n"
    )
    script += "@app.route(route='k', auth_level='FUNCTION')\ndef k(req): return 'key'\n"
    own = {
        "host.json": HOST_JSON,
        "function_app.py": HEAD + script,
        "requirements_txt": "azure-functions",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in {**own, **files}.items():
            archive.writestr(name.replace("_txt", ".txt"), text)
    return buffer.getvalue()


@dataclass
class Package:
    """A package that came in, and what became of it."""

    url: str
    content: bytes
    saved: list[tuple[str, bytes]]
    discarded: list[bytes]
    refusal: Exception | None

    def write(self) -> None:
        """Nothing is stored here."""
        if self.refusal is not None:
            raise self.refusal

    def show(self) -> None:
        """Keep it."""
        self.saved.append((self.url, self.content))

    def discard(self) -> None:
        """Forget it."""
        self.discarded.append(self.content)


class Packages:
    """Stands in for the storage service."""

    def __init__(self) -> None:
        self.saved: list[tuple[str, bytes]] = []
        self.discarded: list[bytes] = []
        self.refusal: Exception | None = None

    async def receive_package(self, url: str, content: bytes, *, identity: str | None) -> Package:
        """Take it."""
        return Package(url, content, self.saved, self.discarded, self.refusal)


class Cloud:
    """A functions service on a platform of its own, and clients for one site."""

    def __init__(self, folder: Path) -> None:
        self.platform = Platform.open(folder)
        self.tokens = Tokens(
            self.platform.store, tenant_id="tenant", authority="https://localhost:1"
        )
        self.packages = Packages()
        self.make_gate: MakeGate = lambda _: None
        self.service = FunctionsService(
            self.platform,
            self.tokens,
            packages=self.packages,
            make_gate=lambda spec: self.make_gate(spec),
            forget_gate=lambda _: None,
        )
        reserve = self.platform.listeners.reserve
        self.spec = SiteSpec(
            NAME,
            reserve("sites/site"),
            reserve("scm/site"),
            {"A": "1"},
            KEYS,
            package_container=PackageContainer("https://x/app-package"),
            scope=SCOPE,
        )
        self.assign("Website Contributor", "someone")
        self.trust = ssl.create_default_context(cafile=str(self.platform.certificates.ca_file))

    async def __aenter__(self) -> Cloud:
        await self.service.start()
        await self.service.apply(self.spec)
        self.client = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.client.close()
        await self.service.stop()
        await self.platform.close()

    def assign(self, role: str, principal_id: str, *, scope: str = SCOPE) -> None:
        """Give a principal a role, at the site unless another scope is named."""
        id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self.tokens.roles.assign(Assignment(id_, scope, BY_NAME[role], principal_id))

    def bearer(
        self, audience: str = "https://management.azure.com/", *, oid: str = "someone"
    ) -> dict[str, str]:
        """An Entra token; "someone" may publish the site."""
        return {"Authorization": f"Bearer {self.tokens.issue(audience, {'oid': oid})}"}

    async def scm(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Ask the deployment endpoint; JSON where it answers JSON."""
        options = {"headers": self.bearer(), "ssl": self.trust, **options}
        url = f"https://localhost:{self.spec.scm_port}{path}"
        async with self.client.request(method, url, **options) as response:
            text = await response.text()
            return response.status, json.loads(text) if "json" in response.content_type else text

    async def publish(self, package: bytes) -> Any:
        """Publish and wait; returns the finished record."""
        status, deployment_id = await self.scm(
            "POST", "/api/publish?RemoteBuild=true", data=package
        )
        assert status == 202, deployment_id
        return await self.finished(deployment_id)

    async def finished(self, deployment_id: str) -> Any:
        """Poll a deployment until it is complete."""
        while True:
            status, record = await self.scm("GET", f"/api/deployments/{deployment_id}")
            assert status in (200, 202)
            if record["complete"]:
                return record
            await asyncio.sleep(0.02)

    async def ask(self, path: str, method: str = "GET", **options: Any) -> tuple[int, str]:
        """Ask the app."""
        async with self.client.request(
            method, f"http://localhost:{self.spec.port}{path}", **options
        ) as response:
            return response.status, await response.text()

    async def version(self) -> str:
        """First word of what `v` answers."""
        status, text = await self.ask("/api/v")
        return text.split()[0] if status == 200 else str(status)
