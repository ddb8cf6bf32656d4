"""Who reaches a deployed app: keys, App Service Authentication, identity headers."""

from __future__ import annotations

import json
from dataclasses import replace

from aiohttp import web

from chatkit.localcloud.core.web import IDENTITY_HEADERS, Handler
from tests.localcloud.functions.deployed.deployed_cloud import Cloud, app_zip


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
    cloud.make_gate = lambda _: Gate()
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
    cloud.make_gate = lambda spec: Gate() if spec.authentication else None
    await cloud.service.apply(replace(cloud.spec, authentication={"platform": {"enabled": False}}))
    assert await cloud.ask("/api/k") == (403, "not you")
    _, text = await cloud.ask("/api/v", headers={"X-MS-CLIENT-PRINCIPAL-NAME": "eve"})
    assert json.loads(text.partition(" ")[2])[0]["x-ms-client-principal-name"] == "alice"


async def test_keys_are_strict_when_deployed(cloud: Cloud) -> None:
    """In the header or as ?code=."""
    expected = {
        ("/api/k", ""): 401,
        ("/api/k", "wrong"): 401,
        ("/api/k", "function-key"): 200,
        ("/api/k", "own-key"): 200,
        ("/api/k", "other-key"): 401,
        ("/api/k", "master-key"): 200,
        ("/admin/host/status", "function-key"): 401,
        ("/admin/host/status", "master-key"): 200,
        ("/runtime/webhooks/signalr", "function-key"): 401,
        ("/runtime/webhooks/signalr", "extension-key"): 415,
    }
    await cloud.publish(app_zip("one"))
    in_header = {}
    in_query = {}
    for path, key in expected:
        in_header[path, key], _ = await cloud.ask(
            path, headers={"x-functions-key": key} if key else {}
        )
        in_query[path, key], _ = await cloud.ask(path, params={"code": key} if key else {})
    assert in_header == expected
    assert in_query == expected
