"""A trigger behind sign-in: SignalR Service calls it with the token of its managed identity."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from chatkit.localcloud.signalr.core.spec import InstanceSpec, UpstreamTemplate
from chatkit.wire.tokens import client_token
from tests.attacks.keyless import UPSTREAM
from tests.localcloud.easy_auth.deployed_stack import App, Stack

ARM = "https://management.azure.com"
WAIT_S = 20
SCRIPT = """
@app.generic_trigger(arg_name='invocation', type='signalRTrigger', hubName='chat',
    category='messages', event='greet', parameterNames='["name"]')
def greet(invocation: str) -> str:
    return 'hello ' + json.loads(invocation)['Arguments'][0]
"""


class Room:
    """An instance without keys whose upstream is an app that takes signed-in callers only."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.app: App = stack.app
        directory = stack.cloud.entra.directory
        self.identity = directory.create_identity("room", resource_id="/signalr/room")
        port = stack.cloud.platform.listeners.reserve("signalr/room")
        self.url = f"http://localhost:{port}"
        self.webhook = f"{self.app.url}/runtime/webhooks/signalr?code=m"
        self.spec = InstanceSpec(
            *("room", port, "", ""),
            disable_local_auth=True,
            token_key="own-key-" * 6,
            identity_id=self.identity,
        )

    async def use(self, *, resource: str, identity: str) -> None:
        """Change for what the token is, and whose."""
        template = UpstreamTemplate(self.webhook, category_pattern="messages", resource=resource)
        self.spec = replace(self.spec, upstream=(template,), identity_id=identity)
        await self.stack.cloud.signalr.apply(self.spec)

    async def greet(self) -> dict[str, Any]:
        """Invoke the app's method as a client; its completion."""
        instance = self.stack.cloud.signalr.instance("room")
        assert instance is not None
        token = client_token(instance.connection_string, "chat", user_id="alice")
        headers = {"Authorization": f"Bearer {token}"}
        async with self.stack.outsider.http.ws_connect(
            f"{self.url}/client/?hub=chat", headers=headers
        ) as socket:
            await socket.send_str('{"protocol":"json","version":1}\x1e')
            call = {"type": 1, "invocationId": "1", "target": "greet", "arguments": ["alice"]}
            await socket.send_str(f"{json.dumps(call)}\x1e")
            return await completion(socket)


async def completion(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next hub message that completes an invocation."""
    while True:
        text = str(await socket.receive_str(timeout=WAIT_S))
        for part in filter(None, text.split("\x1e")):
            message: dict[str, Any] = json.loads(part)
            if message.get("type") == 3:
                return message


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    """The app is deployed, and sign-in stands in front of everything it has."""
    folder: Path = tmp_path_factory.mktemp("room")
    async with Stack(folder, script=SCRIPT) as stack:
        made = Room(stack)
        settings = {"AzureSignalRConnectionString__serviceUri": made.url}
        await stack.app.configure(settings, unauthenticatedClientAction="Return401")
        await stack.cloud.signalr.start()
        await stack.cloud.signalr.apply(made.spec)
        yield made
        await stack.cloud.signalr.stop()


@pytest.mark.asyncio(loop_scope="module")
async def test_the_instances_identity_opens_the_trigger(room: Room) -> None:
    """Its token is for the app; no key signs anything."""
    await room.use(resource=room.app.client_id, identity=room.identity)
    assert (await room.greet())["result"] == "hello alice"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("attempt", UPSTREAM)
async def test_a_trigger_behind_sign_in_takes_no_other_call(room: Room, attempt: str) -> None:
    """The function does not run; the client learns that its call failed."""
    directory = room.stack.cloud.entra.directory
    identity = room.identity
    resource = room.app.client_id
    match attempt:
        case "no token":
            resource = ""
        case "the identity's token for Resource Manager":
            resource = ARM
        case "the identity's token for another app":
            resource = room.stack.other.client_id
        case "a resource that the tenant does not know":
            resource = "https://nowhere.example"
        case "an instance without an identity":
            identity = ""
        case "an identity that was deleted":
            identity = directory.create_identity("gone")
            directory.delete_identity(identity)
        case "the signature of an access key, without a token":
            await forged(room, {"X-ASRS-Signature": "sha256=" + "0" * 64})
            return
        case "a user's token of another app":
            principal = directory.user("mallory")
            claims = {"oid": principal.id, "sub": principal.id}
            other = room.stack.cloud.entra.tokens.issue(room.stack.other.client_id, claims)
            await forged(room, {"Authorization": f"Bearer {other}"})
            return
    await room.use(resource=resource, identity=identity)
    failed = await room.greet()
    assert "result" not in failed and failed["error"].startswith("Invocation failed")


async def forged(room: Room, headers: dict[str, str]) -> None:
    """Call the webhook as if one were the service."""
    body = {"type": 1, "invocationId": "1", "target": "greet", "arguments": ["mallory"]}
    asrs = {"Connection-Id": "c", "Hub": "chat", "Category": "messages", "Event": "greet"}
    about = {f"X-ASRS-{name}": value for name, value in asrs.items()}
    async with room.stack.outsider.http.post(
        room.webhook, json=body, headers={**about, **headers}
    ) as answer:
        assert answer.status == 401
        assert "mallory" not in await answer.text()
