"""Deployed apps: publish over SCM, atomic switch, settings, keys, identity headers, restarts of the local cloud."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import ssl
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chatkit.core import tls
from chatkit.core.listeners import Listeners
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.core.web import IDENTITY_HEADERS, Handler
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.functions.deployed import build
from chatkit.localcloud.functions.host.spec import Cors, HostKeys, SiteSpec
from chatkit.localcloud.functions.service import FunctionsService
from tests.localcloud.functions.functions_testing import HEAD, HOST_JSON

NAME = "site"
OWN_KEYS = {"k": {"mine": "own-key"}, "v": {"mine": "other-key"}}
KEYS = HostKeys(
    "master-key", {"default": "function-key"}, {"signalr_extension": "extension-key"}, OWN_KEYS
)


def app_zip(version: str, *, script: str = "", **files: str) -> bytes:
    """A package with a function `v` that answers its version and what it sees; "requirements_txt" names that file."""
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


class Packages:
    """Stands in for the storage service."""

    def __init__(self) -> None:
        self.saved: list[tuple[str, bytes]] = []

    async def save_package(self, container_url: str, content: bytes) -> None:
        """Keep it."""
        self.saved.append((container_url, content))


class Cloud:
    """A functions service on a platform of its own, and clients for one site."""

    def __init__(self, folder: Path) -> None:
        self.platform = Platform.open(folder)
        self.tokens = Tokens(self.platform.store, tenant_id="tenant")
        self.tokens.set_authority("https://localhost:1")
        self.packages = Packages()
        self.service = FunctionsService(self.platform, self.tokens, self.packages)
        reserve = self.platform.listeners.reserve
        self.spec = SiteSpec(
            NAME,
            reserve("sites/site"),
            reserve("scm/site"),
            {"A": "1"},
            KEYS,
            package_container_url="https://x/app-package",
        )
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

    def bearer(self, audience: str = "https://management.azure.com/") -> dict[str, str]:
        """An Entra token."""
        return {"Authorization": f"Bearer {self.tokens.issue(audience, {'oid': 'someone'})}"}

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


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    """One service with one site."""
    async with Cloud(tmp_path) as started:
        yield started


async def test_before_the_first_publish_there_is_a_home_page_and_no_function(cloud: Cloud) -> None:
    """As a new app in Azure."""
    assert (await cloud.ask("/"))[0] == 200
    assert await cloud.ask("/api/v") == (404, "")
    assert cloud.service.list_functions(NAME) == []


async def test_publish_builds_releases_lists_and_keeps_the_package(cloud: Cloud) -> None:
    """202 with an id and Location, then status 4."""
    package = app_zip("one")
    record = await cloud.publish(package)
    assert (record["status"], record["active"], record["complete"], record["remoteBuild"]) == (
        4,
        True,
        True,
        True,
    )
    assert await cloud.version() == "one"
    functions = cloud.service.list_functions(NAME)
    assert [(info.name, info.invoke_url) for info in functions] == [
        ("v", f"http://localhost:{cloud.spec.port}/api/v"),
        ("k", f"http://localhost:{cloud.spec.port}/api/k"),
    ]
    assert cloud.packages.saved == [("https://x/app-package", package)]


async def test_a_broken_version_fails_with_its_traceback_and_the_old_one_serves_on(
    cloud: Cloud,
) -> None:
    """Status 3, the reason in the status text, the stack in the build log."""
    await cloud.publish(app_zip("one"))
    record = await cloud.publish(app_zip("two", script="import not_there\n"))
    assert record["status"] == 3
    assert "No module named 'not_there'" in record["status_text"]
    assert "goes on serving" in record["status_text"]
    assert record["build_summary"]["errors"] == [record["status_text"]]
    _, log = await cloud.scm("GET", f"/api/deployments/{record['id']}/log")
    assert any("import not_there" in line["message"] for line in log)
    assert await cloud.version() == "one"


async def test_a_broken_first_version_answers_503_with_the_sentence(cloud: Cloud) -> None:
    """There is nothing else that could serve; and the next publish heals it."""
    assert (await cloud.publish(app_zip("one", script="1/0\n")))["status"] == 3
    status, text = await cloud.ask("/api/v")
    assert status == 503 and "ZeroDivisionError: division by zero" in text
    assert (await cloud.publish(app_zip("two")))["status"] == 4
    assert await cloud.version() == "two"


@pytest.mark.parametrize(
    ("package", "sentence"),
    [
        (b"no zip", "not a valid zip file"),
        (app_zip("x", script="", **{"../evil.py": ""}), "leaves its folder"),
        (
            app_zip("x", requirements_txt="not a requirement!"),
            "Line 1 of requirements.txt is not a requirement",
        ),
        (app_zip("x", script="del app\napp = func.FunctionApp()\n#"), "function_app.py"),
    ],
)
async def test_a_package_that_must_not_run_fails_the_deployment(
    cloud: Cloud, package: bytes, sentence: str
) -> None:
    """The sentence is in the record, nothing of the package stays."""
    if sentence == "function_app.py":
        package = app_zip("x", script="#", **{"function_app.py": HEAD})
    record = await cloud.publish(package)
    assert record["status"] == 3 and sentence in record["status_text"]
    assert list(cloud.platform.folder.glob("sites/site/*.upload")) == []


async def test_a_second_deployment_while_one_runs_is_409(cloud: Cloud) -> None:
    """And the first one is not disturbed."""
    slow = app_zip(
        "slow",
        script="import time\ntime.sleep(0.5)\n@app.route(route='v')\ndef v(req): return 'slow '\n",
    )
    _, first = await cloud.scm("POST", "/api/publish", data=slow)
    assert (await cloud.scm("GET", "/api/isdeploying"))[1] == {"value": True}
    status, text = await cloud.scm("POST", "/api/publish", data=app_zip("two"))
    assert status == 409 and "currently in progress" in text
    assert (await cloud.finished(first))["status"] == 4
    assert await cloud.version() == "slow"


async def test_no_request_fails_during_a_switch(cloud: Cloud) -> None:
    """The old version answers until the new one does."""
    await cloud.publish(app_zip("one"))
    answers: set[str] = set()
    publishing = asyncio.create_task(cloud.publish(app_zip("two")))
    while not publishing.done():
        answers.add(await cloud.version())
    assert (await publishing)["status"] == 4
    answers.add(await cloud.version())
    assert answers == {"one", "two"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer"},
    ],
)
async def test_scm_takes_entra_tokens_only(cloud: Cloud, headers: dict[str, str]) -> None:
    """401 with a challenge; a password is told why."""
    status, text = await cloud.scm("POST", "/api/publish", data=b"x", headers=headers)
    assert status == 401
    assert ("Basic authentication is disabled" in text) == ("Basic" in str(headers))


async def test_scm_takes_the_publishing_password_where_the_site_allows_it(cloud: Cloud) -> None:
    """The site's own user, with or without the site's name before it; a wrong one is told so, and none does once it is off."""
    await cloud.service.apply(replace(cloud.spec, publishing_password="secret"))
    answers = []
    for user, password in (
        ("$site", "secret"),
        ("site\\$site", "secret"),
        ("$site", "wrong"),
        ("$other", "secret"),
    ):
        credential = base64.b64encode(f"{user}:{password}".encode()).decode()
        answers.append(
            await cloud.scm(
                "GET", "/api/deployments", headers={"Authorization": f"Basic {credential}"}
            )
        )
    assert [status for status, _ in answers] == [200, 200, 401, 401] and "wrong" in answers[2][1]
    await cloud.service.apply(cloud.spec)
    good = base64.b64encode(b"$site:secret").decode()
    assert (await cloud.scm("GET", "/api/deployments", headers={"Authorization": f"Basic {good}"}))[
        0
    ] == 401


async def test_scm_checks_the_audience(cloud: Cloud) -> None:
    """Resource Manager's audiences and App Service's own."""
    for audience, status in [
        ("https://appservice.azure.com", 200),
        ("https://storage.azure.com", 401),
    ]:
        assert (await cloud.scm("GET", "/api/deployments", headers=cloud.bearer(audience)))[
            0
        ] == status


async def test_scm_answers_what_is_not_there(cloud: Cloud) -> None:
    """Unknown deployments, empty packages, and the endpoint of the other plan."""
    assert await cloud.scm("GET", "/api/settings") == (200, {"A": "1"})
    assert await cloud.scm("GET", "/api/deployments/") == (200, [])
    assert (await cloud.scm("GET", "/api/deployments/nobody"))[0] == 404
    assert (await cloud.scm("GET", "/api/deployments/latest"))[0] == 404
    assert (await cloud.scm("POST", "/api/publish", data=b""))[0] == 400
    assert (await cloud.scm("POST", "/api/zipdeploy", data=b"x"))[0] == 404


async def test_zip_deploy_of_a_consumption_app(cloud: Cloud) -> None:
    """202 with Location and id when asynchronous, else it waits; 400 with the reason when it fails."""
    await cloud.service.apply(replace(cloud.spec, sku="Dynamic"))
    assert (await cloud.scm("POST", "/api/publish", data=b"x"))[0] == 404
    assert (await cloud.scm("POST", "/api/zipdeploy?isAsync=true", data=app_zip("one")))[0] == 202
    assert (await cloud.finished("latest"))["status"] == 4
    assert (await cloud.scm("POST", "/api/zipdeploy", data=app_zip("two")))[0] == 200
    assert await cloud.version() == "two"
    status, text = await cloud.scm("POST", "/api/zipdeploy", data=b"no zip")
    assert status == 400 and "not a valid zip" in text


async def test_requirements_that_are_missing_are_installed_beside_the_app(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installer gets --target; what it says is in the log. A failing one fails the deployment."""
    code = (
        "import pathlib, sys; target = pathlib.Path(sys.argv[1]); target.mkdir(parents=True);"
        "(target / 'quux_zz.py').write_text('x=5'); print('installed quux')"
    )
    monkeypatch.setattr(
        build, "installer", lambda target, path: [sys.executable, "-c", code, str(target)]
    )
    script = "import quux_zz\n@app.route(route='v')\ndef v(req): return f'q{quux_zz.x} '\n"
    record = await cloud.publish(
        app_zip("x", script=script, requirements_txt="azure-functions\nquux-zz>=1\n")
    )
    assert record["status"] == 4 and await cloud.version() == "q5"
    _, log = await cloud.scm("GET", f"/api/deployments/{record['id']}/log")
    messages = [line["message"] for line in log]
    assert "Installing quux-zz>=1 ..." in messages and "installed quux" in messages
    monkeypatch.setattr(
        build,
        "installer",
        lambda target, path: [sys.executable, "-c", "print('no such thing'); exit(1)"],
    )
    failed = await cloud.publish(app_zip("y", requirements_txt="quux-zz>=2\n"))
    assert (
        failed["status"] == 3 and "requirements.txt could not be installed" in failed["status_text"]
    )
    assert await cloud.version() == "q5"


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


class Gate:
    """Stands in for App Service Authentication."""

    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse one path, name alice on the others."""
        if request.path == "/api/k":
            return web.Response(status=403, text="not you")
        request[IDENTITY_HEADERS] = {"X-MS-CLIENT-PRINCIPAL-NAME": "alice"}
        return await handler(request)


async def test_without_authentication_anybody_may_say_who_they_are(cloud: Cloud) -> None:
    """Nobody stands in front of the app then: identity headers are headers like any other."""
    await cloud.publish(app_zip("one"))
    _, text = await cloud.ask("/api/v", headers={"X-MS-CLIENT-PRINCIPAL-NAME": "eve"})
    assert json.loads(text.partition(" ")[2])[0]["x-ms-client-principal-name"] == "eve"


async def test_identity_headers_of_clients_never_pass_authentication(cloud: Cloud) -> None:
    """Any case, underscores, duplicates, tokens too; what authentication found does."""
    await cloud.publish(app_zip("one"))
    cloud.service.make_gate = lambda spec: Gate()
    await cloud.service.apply(replace(cloud.spec, authentication={"platform": {"enabled": True}}))
    forged = {
        "X-MS-CLIENT-PRINCIPAL-NAME": "eve",
        "x_ms_client_principal_id": "1",
        "X-Ms-Token-Aad-Id-Token": "t",
        "X-Other": "o",
    }
    _, text = await cloud.ask("/api/v", headers=forged)
    headers = json.loads(text.partition(" ")[2])[0]
    assert headers["x-other"] == "o"
    found = {
        name: value for name, value in headers.items() if "ms" in name.replace("_", "-").split("-")
    }
    assert found == {"x-ms-client-principal-name": "alice"}


async def test_a_gate_stands_in_front_of_the_app_and_names_the_user(cloud: Cloud) -> None:
    """It is made anew with each change of the site, and its headers replace the client's."""
    await cloud.publish(app_zip("one"))
    cloud.service.make_gate = lambda spec: Gate() if spec.authentication else None
    await cloud.service.apply(replace(cloud.spec, authentication={"platform": {"enabled": False}}))
    assert await cloud.ask("/api/k") == (403, "not you")
    _, text = await cloud.ask("/api/v", headers={"X-MS-CLIENT-PRINCIPAL-NAME": "eve"})
    assert json.loads(text.partition(" ")[2])[0]["x-ms-client-principal-name"] == "alice"


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/api/k", "", 401),
        ("/api/k", "wrong", 401),
        ("/api/k", "function-key", 200),
        ("/api/k", "own-key", 200),
        ("/api/k", "other-key", 401),
        ("/api/k", "master-key", 200),
        ("/admin/host/status", "function-key", 401),
        ("/admin/host/status", "master-key", 200),
        ("/runtime/webhooks/signalr", "function-key", 401),
        ("/runtime/webhooks/signalr", "extension-key", 415),
    ],
)
async def test_keys_are_strict_when_deployed(
    cloud: Cloud, path: str, key: str, status: int
) -> None:
    """In the header or as ?code=."""
    await cloud.publish(app_zip("one"))
    assert (await cloud.ask(path, headers={"x-functions-key": key} if key else {}))[0] == status
    assert (await cloud.ask(path, params={"code": key} if key else {}))[0] == status


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


async def test_a_stopped_site_is_403_and_comes_back(cloud: Cloud) -> None:
    """Stop and start of the resource."""
    await cloud.publish(app_zip("one"))
    await cloud.service.apply(replace(cloud.spec, enabled=False))
    assert (await cloud.ask("/api/v"))[0] == 403
    await cloud.service.apply(cloud.spec)
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


async def test_the_apps_log_has_invocations_and_prints(cloud: Cloud) -> None:
    """One file per app, secrets masked."""
    script = (
        "@app.route(route='v')\ndef v(req):\n    print('AccessKey=c2VjcmV0;')\n    return 'one '\n"
    )
    await cloud.publish(app_zip("one", script=script))
    await cloud.version()
    log = (cloud.platform.folder / "sites" / "site" / "app.log").read_text()
    assert (
        "Executed 'Functions.v' (Succeeded" in log
        and "AccessKey=***" in log
        and "c2VjcmV0" not in log
    )
    kinds = [event.kind for event in cloud.platform.trace.after(source="functions/site")]
    assert kinds == ["deployed", "invocation"]


@pytest.mark.parametrize("named", ["3.10", f"{sys.version_info.major}.{sys.version_info.minor}"])
async def test_a_site_that_names_another_python_says_so_in_its_log(
    cloud: Cloud, named: str
) -> None:
    """At its start, with both versions; a site that names this one says nothing."""
    await cloud.service.apply(replace(cloud.spec, python_version=named))
    await cloud.publish(app_zip("one"))
    await cloud.version()
    log = (cloud.platform.folder / "sites" / "site" / "app.log").read_text()
    sentence = f"This site names Python 3.10; the local cloud runs it under Python {sys.version.split()[0]}"
    assert (sentence in log) is (named == "3.10")


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
