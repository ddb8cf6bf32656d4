"""Who a binding asks as where its connection has no key, against the real local Entra."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
import pytest_asyncio

from chatkit.core.time import clock
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.entra.core.roles import BY_NAME, Assignment
from chatkit.localcloud.entra.service import EntraService
from chatkit.localcloud.functions.host.credentials import EntraTokens
from chatkit.localcloud.functions.host.errors import BindingFailed
from chatkit.localcloud.functions.host.signalr_bindings import InputContext, input_value
from chatkit.localcloud.functions.host.signalr_service import RestCall, RestSender, connection
from chatkit.localcloud.signalr.core.spec import InstanceSpec
from chatkit.localcloud.signalr.service import SignalRService
from chatkit.wire.connection_strings import Credential

SETTING = "AzureSignalRConnectionString"
SIGNALR = "https://signalr.azure.com"
SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.SignalRService/SignalR/room"
SEND = RestCall("POST", "/api/hubs/chat/:send", {"target": "newMessage", "arguments": ["hello"]})
UNKNOWN = "11111111-1111-1111-1111-111111111111"


@dataclass
class Cloud:
    """Entra ID and an instance without keys."""

    entra: EntraService
    url: str
    ca_file: Path
    system: str
    assigned: str
    header: str

    @property
    def app(self) -> dict[str, str]:
        """What App Service puts into an app's environment."""
        endpoint = f"{self.entra.pages_origin}/msi/token"
        return {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": self.header}

    @property
    def secret(self) -> dict[str, str]:
        """What a developer sets."""
        known = self.entra.endpoints()
        return {
            "AZURE_AUTHORITY_HOST": known["authority"],
            "AZURE_TENANT_ID": known["tenant_id"],
            "AZURE_CLIENT_ID": known["client_id"],
            "AZURE_CLIENT_SECRET": known["client_secret"],
        }

    @property
    def own(self) -> str:
        """Object id of the principal whose secret that is."""
        found = self.entra.directory.service_principal(self.entra.directory.client_id)
        assert found is not None
        return found.id

    def client_id(self, object_id: str) -> str:
        """Application id of a principal."""
        found = self.entra.directory.principal(object_id)
        assert found is not None
        return found.app_id


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cloud(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cloud]:
    """One for all tests: nothing here changes what another one sees."""
    platform = Platform.open(tmp_path_factory.mktemp("cloud"))
    entra = EntraService(platform)
    await entra.start()
    service = SignalRService(platform, entra.tokens, entra.identities.token)
    port = platform.listeners.reserve("signalr/room")
    spec = InstanceSpec(
        *("room", port, "", ""),
        sku="Standard_S1",
        disable_local_auth=True,
        token_key="own-key-" * 6,
        scope=SCOPE,
    )
    await service.apply(spec)
    create = entra.directory.create_identity
    system, assigned = create("app"), create("class-id", resource_id="/ids/class-id")
    host = entra.identity_hosts.put("/sites/app", system=system, assigned=(assigned,))
    url = f"http://localhost:{port}"
    made = Cloud(entra, url, platform.certificates.ca_file, system, assigned, host.header)
    for number, principal in enumerate((system, assigned, made.own)):
        id_ = f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/{number}"
        role = BY_NAME["SignalR Service Owner"]
        entra.tokens.roles.assign(Assignment(id_, SCOPE, role, principal))
    yield made
    await service.stop()
    await entra.stop()
    await platform.close()


async def asker(cloud: Cloud, settings: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """Send a message with an app's settings; object id of who did."""
    sender = RestSender(cloud.ca_file)
    try:
        service = connection(settings, SETTING)
        await sender.send(service, [SEND], environment)
        assert service.credential is not None and sender._tokens is not None
        token = await sender._tokens.token(service.credential, SIGNALR, environment)
    finally:
        await sender.close()
    return str(jwt.decode(token, options={"verify_signature": False})["oid"])


def uri(cloud: Cloud, **more: str) -> dict[str, str]:
    """Settings such as NAME__serviceUri."""
    names = {"serviceUri": cloud.url, **more}
    return {f"{SETTING}__{name}": value for name, value in names.items()}


def string(cloud: Cloud, auth_type: str, **more: str) -> dict[str, str]:
    """A connection string with an AuthType."""
    parts = {"Endpoint": cloud.url, "AuthType": auth_type, **more, "Version": "1.0"}
    return {SETTING: "".join(f"{name}={value};" for name, value in parts.items())}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("kind", "who"),
    [
        ("serviceUri alone", "system"),
        ("credential", "system"),
        ("credential and clientId", "assigned"),
        ("credential and resource id", "assigned"),
        ("names in other case, with colons", "assigned"),
        ("azure.msi", "system"),
        ("azure.msi with ClientId", "assigned"),
        ("azure", "system"),
        ("azure.app", "own"),
        ("clientId, tenantId and clientSecret", "own"),
        ("the developer's variables", "own"),
    ],
)
async def test_settings_say_who_asks(cloud: Cloud, kind: str, who: str) -> None:
    """As in Microsoft's tables of identity-based connections and of AuthType."""
    assigned = cloud.client_id(cloud.assigned)
    secret = cloud.secret
    parts = {
        "ClientId": secret["AZURE_CLIENT_ID"],
        "TenantId": secret["AZURE_TENANT_ID"],
        "ClientSecret": secret["AZURE_CLIENT_SECRET"],
    }
    authority = {"AZURE_AUTHORITY_HOST": secret["AZURE_AUTHORITY_HOST"]}
    identity = {"credential": "managedidentity"}
    cases: dict[str, tuple[dict[str, str], dict[str, str]]] = {
        "serviceUri alone": (uri(cloud), cloud.app),
        "credential": (uri(cloud, **identity), cloud.app),
        "credential and clientId": (uri(cloud, **identity, clientId=assigned), cloud.app),
        "credential and resource id": (
            uri(cloud, **identity, managedIdentityResourceId="/ids/class-id"),
            cloud.app,
        ),
        "names in other case, with colons": (
            {
                f"{SETTING.upper()}:SERVICEURI": cloud.url,
                f"{SETTING.lower()}:clientid": assigned,
            },
            cloud.app,
        ),
        "azure.msi": (string(cloud, "azure.msi"), cloud.app),
        "azure.msi with ClientId": (string(cloud, "azure.msi", ClientId=assigned), cloud.app),
        "azure": (string(cloud, "azure"), cloud.app),
        "azure.app": (string(cloud, "azure.app", **parts), authority),
        "clientId, tenantId and clientSecret": (
            uri(cloud, **{name[0].lower() + name[1:]: value for name, value in parts.items()}),
            authority,
        ),
        "the developer's variables": (uri(cloud), secret),
    }
    settings, environment = cases[kind]
    expected = {"system": cloud.system, "assigned": cloud.assigned, "own": cloud.own}
    assert await asker(cloud, settings, environment) == expected[who]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("nobody", "Nobody is signed in"),
        ("no identity", "has no managed identity"),
        ("another identity", "No Managed Identity found"),
        ("another header", "no app with an identity"),
        ("a wrong secret", "AADSTS7000215"),
        ("no authority there", "does not answer"),
    ],
)
async def test_a_token_that_there_is_not_is_named(cloud: Cloud, kind: str, sentence: str) -> None:
    """Why, and never a secret."""
    wrong = {**cloud.secret, "AZURE_CLIENT_SECRET": "a-wrong-secret-of-mallory"}
    nowhere = {**cloud.secret, "AZURE_AUTHORITY_HOST": "http://localhost:9"}
    cases: dict[str, tuple[dict[str, str], dict[str, str]]] = {
        "nobody": (uri(cloud), {}),
        "no identity": (uri(cloud, credential="managedidentity"), {}),
        "another identity": (uri(cloud, clientId=UNKNOWN), cloud.app),
        "another header": (uri(cloud), {**cloud.app, "IDENTITY_HEADER": "0" * 32}),
        "a wrong secret": (uri(cloud), wrong),
        "no authority there": (uri(cloud), nowhere),
    }
    settings, environment = cases[kind]
    with pytest.raises(BindingFailed) as failed:
        await asker(cloud, settings, environment)
    assert sentence in str(failed.value)
    secrets = (wrong["AZURE_CLIENT_SECRET"], cloud.secret["AZURE_CLIENT_SECRET"], cloud.header)
    assert not any(secret in str(failed.value) for secret in secrets)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_connection_info_without_a_key_connects(cloud: Cloud) -> None:
    """`signalRConnectionInfo` hands over a token that the service has made, with the user."""
    context = InputContext(
        uri(cloud), cloud.app, {"headers": {"x-user": "alice & bob"}}, "negotiate"
    )
    binding = {
        "type": "signalRConnectionInfo",
        "name": "info",
        "hubName": "chat",
        "userId": "{headers.x-user}",
    }
    sender = RestSender(cloud.ca_file)
    try:
        value = await input_value(binding, context, sender)
        with pytest.raises(BindingFailed, match="no claims of an idToken"):
            claims = jwt.encode({"name": "Alice"}, "k" * 32)
            more = {"idToken": claims, "claimTypeList": ["name"]}
            await input_value({**binding, **more}, context, sender)
    finally:
        await sender.close()
    info: dict[str, Any] = json.loads(value["json"])
    assert info["url"] == f"{cloud.url}/client/?hub=chat"
    token = jwt.decode(info["accessToken"], options={"verify_signature": False})
    assert token["asrs.s.uid"] == "alice & bob"
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(
            info["url"], headers={"Authorization": f"Bearer {info['accessToken']}"}
        ) as socket,
    ):
        assert not socket.closed


@pytest.mark.asyncio(loop_scope="module")
async def test_a_principal_without_a_role_is_told_what_it_needs(cloud: Cloud) -> None:
    """The sentence names the role and the time it takes to count."""
    stranger = cloud.entra.directory.create_identity("stranger")
    host = cloud.entra.identity_hosts.put("/sites/other", system=stranger, assigned=())
    with pytest.raises(BindingFailed, match="role assignments can take up to 30 minutes") as failed:
        await asker(cloud, uri(cloud), {**cloud.app, "IDENTITY_HEADER": host.header})
    assert "SignalR Service Owner" in str(failed.value.hint)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_token_is_kept_until_shortly_before_its_end(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And asked for anew then, also when the clock was set back."""
    now = clock.wall()
    async with aiohttp.ClientSession() as http:
        tokens = EntraTokens(http)

        async def ask() -> str:
            return await tokens.token(Credential(), SIGNALR, cloud.app)

        first = await ask()
        assert await ask() == first
        monkeypatch.setattr(clock, "wall", lambda: now + 3400)
        second = await ask()
        assert second != first
        monkeypatch.setattr(clock, "wall", lambda: now - 48 * 3600)
        assert await ask() != second
