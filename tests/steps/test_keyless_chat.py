"""The tutorial's chat, deployed, with every key taken away: it goes on by its identity."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

from chatkit.cloud.provision import signalr, storage
from chatkit.cloud.provision.app_registration import SECRET_SETTING
from chatkit.cloud.provision.app_settings import merge_app_settings, read_app_settings
from chatkit.cloud.stack import Stack
from chatkit.core.errors import CheckFailed
from chatkit.steps import local_settings
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import rest_token
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.localcloud.resource_manager.watching import Watch

DEPLOYED = (
    "create_resource_group",
    "create_signalr",
    "write_local_settings",
    "create_storage_account",
    "create_function_app",
    "publish_functions",
    "upload_settings",
)
WAIT_S = 20
SEND = "/api/hubs/chat/:send?api-version=2022-06-01"


@dataclass
class Chat:
    """A deployed chat without keys, and the keys it had."""

    workshop: Workshop
    stack: Stack
    signalr_key: str = field(repr=False)
    storage_key: str = field(repr=False)

    @property
    def api(self) -> str:
        """Address of the deployed app."""
        return str(self.workshop.api_base_url)


@pytest.fixture(scope="module")
def chat(running_home: Path, watch: Watch) -> Iterator[Chat]:
    """Deployed with keys as the tutorial does it, then without."""
    write_app(running_home / "my-chat", until="10")
    opened = Workshop.open()
    for verb in DEPLOYED:
        getattr(opened, verb)()
    with opened.session.step("Reading the keys") as step:
        stack = step.stack
    keyed = SignalRConnectionString.parse(signalr.connection_string(stack))
    made = Chat(opened, stack, keyed.access_key, storage.account_key(stack))
    opened.remove_keys()
    yield made


def headers(user: str) -> dict[str, str]:
    """What App Service Authentication adds; it is off here, and nobody takes it away."""
    return {"x-ms-client-principal-name": user}


async def talk(api: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """bob connects, alice writes to him; what bob gets, and what alice is answered."""
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{api}/api/negotiate", headers=headers("bob")) as answer:
            info = await answer.json()
        token = {"Authorization": f"Bearer {info['accessToken']}"}
        async with http.ws_connect(info["url"], headers=token) as socket:
            await socket.send_str('{"protocol":"json","version":1}\x1e')
            assert (await socket.receive_str(timeout=WAIT_S)) == "{}\x1e"
            message = {"text": "no key anywhere", "recipient": "bob"}
            url = f"{api}/api/messages"
            async with http.post(url, json=message, headers=headers("alice")) as answer:
                answered = await answer.json()
                assert answer.status == 200, answered
            frame = {"type": 6}
            while frame["type"] == 6:
                frame = json.loads((await socket.receive_str(timeout=WAIT_S)).split("\x1e")[0])
            return frame, answered


def test_a_message_arrives_and_is_kept_without_any_key(chat: Chat) -> None:
    """Client token, output binding, presence and history: each by the app's identity."""
    frame, answered = asyncio.run(talk(chat.api))
    assert frame["target"] == "newMessage"
    assert frame["arguments"][0]["text"] == "no key anywhere"
    assert (answered["stored"], answered["recipientConnected"]) == (True, True)
    url = f"{chat.api}/api/messages"
    history = requests.get(url, headers=headers("bob"), timeout=WAIT_S).json()
    assert [message["text"] for message in history] == ["no key anywhere"]


def test_no_setting_of_the_app_holds_a_key(chat: Chat) -> None:
    """Neither under its own name nor inside another value."""
    settings = read_app_settings(chat.stack)
    text = json.dumps(settings)
    for secret in ("AccessKey", "AccountKey", "SharedAccess", chat.signalr_key, chat.storage_key):
        assert secret not in text
    assert settings["AzureSignalRConnectionString__serviceUri"].startswith("http://localhost:")
    assert "AzureWebJobsStorage" not in settings


def test_the_keys_open_nothing_any_more(chat: Chat) -> None:
    """Not SignalR Service, not the account; and nobody reads new ones of SignalR Service."""
    uri = read_app_settings(chat.stack)["AzureSignalRConnectionString__serviceUri"]
    connection = SignalRConnectionString.parse(f"Endpoint={uri};AccessKey={chat.signalr_key}")
    token = {"Authorization": f"Bearer {rest_token(connection, SEND)}"}
    message = {"target": "newMessage", "arguments": []}
    assert requests.post(uri + SEND, json=message, headers=token, timeout=30).status_code == 401
    url = storage.blob_url(storage.read_account(chat.stack))
    ca_file = chat.stack.cloud.transport_kwargs()["connection_verify"]
    with (
        BlobServiceClient(url, chat.storage_key, connection_verify=ca_file) as service,
        pytest.raises(HttpResponseError, match="KeyBasedAuthenticationNotPermitted"),
    ):
        service.get_account_information()
    names = chat.stack.names
    with pytest.raises(HttpResponseError, match="LocalAuthDisabled"):
        chat.stack.cloud.signalr().signal_r.list_keys(names.resource_group, names.signalr)


def test_the_tutorials_steps_again_bring_no_key_back(chat: Chat) -> None:
    """They are done with the sign-in's token; the settings stay, and nothing is missing."""
    before = read_app_settings(chat.stack)
    said = repr(chat.workshop.publish_functions(again=True))
    assert "Not uploaded" not in said and "Lost" not in said
    chat.workshop.create_function_app()
    chat.workshop.upload_settings()
    assert "identity" in repr(chat.workshop.remove_keys())
    assert read_app_settings(chat.stack) == before
    assert asyncio.run(talk(chat.api))[1]["stored"]


def test_functions_on_this_machine_sign_in_without_a_key(chat: Chat) -> None:
    """The local settings name the service; the local cloud's identity and a role do the rest."""
    folder = chat.workshop.functions_folder
    local_settings.write(folder, signalr="", storage=local_settings.DEVELOPMENT_STORAGE)
    # They run already, as after section 10: from now on they have somebody to sign in as.
    chat.workshop.start_functions()
    said = repr(chat.workshop.write_local_settings())
    assert "takes no keys" in said
    text = local_settings.values(folder)["AzureSignalRConnectionString"]
    assert text == signalr.connection_string(chat.stack) and "AuthType=azure" in text
    before = read_app_settings(chat.stack)
    try:
        local = str(chat.workshop.local_api_base_url)
        frame, answered = asyncio.run(talk(local))
    finally:
        chat.workshop.stop_functions()
    assert frame["arguments"][0]["text"] == "no key anywhere"
    assert (answered["stored"], answered["recipientConnected"]) == (True, True)
    chat.workshop.upload_settings()
    assert read_app_settings(chat.stack) == before


@pytest.mark.long
def test_checks_tell_the_truth_about_a_local_run_without_a_key(
    chat: Chat, running_home: Path
) -> None:
    """By an address in the settings, as Azure's apps have it; a wrong address is named."""
    app = running_home / "my-chat"
    write_app(app, until="05")
    chat.workshop.write_local_settings()
    folder = chat.workshop.functions_folder
    before = local_settings.read(folder)
    uri = read_app_settings(chat.stack)["AzureSignalRConnectionString__serviceUri"]

    def name(address: str) -> None:
        values = {**before["Values"], "AzureSignalRConnectionString": ""}
        values["AzureSignalRConnectionString__serviceUri"] = address
        changed = json.dumps({**before, "Values": values})
        (folder / local_settings.FILE).write_text(changed, encoding="utf-8")

    try:
        name("http://localhost:1")
        with pytest.raises(CheckFailed, match="http://localhost:1, without a key"):
            chat.workshop.check("03")
        name(uri)
        chat.workshop.start_functions()
        said = [str(chat.workshop.check(section)) for section in ("02", "03", "04", "05")]
    finally:
        chat.workshop.stop_functions()
        (folder / local_settings.FILE).write_text(json.dumps(before), encoding="utf-8")
        write_app(app, until="10")
    assert "it handed out without a key" in said[0]
    assert "has your instance's address, and no key" in said[1]
    assert "hands out a token to who is signed in" in said[1]
    assert "The token comes from the service itself" in said[2]


def test_what_the_app_has_besides_stays_and_is_named(chat: Chat) -> None:
    """A user-assigned identity is no key; the secret of sign-in is one that goes on working."""
    cloud = chat.stack.cloud
    names = chat.stack.names
    subscription = f"/subscriptions/{cloud.subscription_id}"
    group = f"{subscription}/resourceGroups/{names.resource_group}"
    path = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine"
    arm = cloud.rest(cloud.resource_manager)
    register = f"{subscription}/providers/Microsoft.ManagedIdentity/register"
    arm.send("POST", f"{register}?api-version=2021-04-01").raise_for_status()
    made = arm.send("PUT", f"{path}?api-version=2023-01-31", json={"location": "eastus2"})
    made.raise_for_status()
    site = f"{group}/providers/Microsoft.Web/sites/{names.function_app}"
    site += "?api-version=2025-05-01"
    given = {"type": "UserAssigned", "userAssignedIdentities": {made.json()["id"]: {}}}
    arm.send("PATCH", site, json={"identity": given}).raise_for_status()
    merge_app_settings(chat.stack, {SECRET_SETTING: "value-of-the-secret"})
    said = repr(chat.workshop.remove_keys())
    assert SECRET_SETTING in said and "value-of-the-secret" not in said
    identity = arm.get(site).json()["identity"]
    assert identity["principalId"] and len(identity["userAssignedIdentities"]) == 1
