"""Every identity asks every service: status and error as Azure gives them."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import aiohttp
import jwt
import pytest
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    BlobClient,
    BlobServiceClient,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
)

from chatkit.core import tls
from chatkit.localcloud.cloud import LocalCloud
from chatkit.localcloud.entra.core.permissions import AZURE_CLI_SCOPES
from chatkit.localcloud.entra.core.principals import Principal
from chatkit.localcloud.entra.core.roles import BY_NAME, Assignment
from chatkit.localcloud.entra.grants import app_claims, user_claims
from tests.localcloud import rights_matrix as matrix
from tests.localcloud.resource_manager.clients.loops import drop_connections
from tests.localcloud.rights_matrix import ENDPOINTS, IDENTITIES, Endpoint

ARM = "https://management.azure.com"
AUDIENCES = {
    "arm": ARM,
    "scm": "https://appservice.azure.com",
    "blob": "https://storage.azure.com",
    "signalr": "https://signalr.azure.com",
    "graph": "https://graph.microsoft.com",
    "control": ARM,
}
GUID = "11111111-1111-1111-1111-111111111111"


@dataclass
class Setup:
    """A local cloud with one resource of each kind, and everybody's tokens."""

    folder: Path
    places: dict[str, str] = field(default_factory=dict)
    principals: dict[str, Principal] = field(default_factory=dict)

    def start(self) -> None:
        """Run the cloud on a thread of its own."""
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.run(self._start())

    def run(self, work: Any) -> Any:
        """Run a coroutine where the cloud runs."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    async def _start(self) -> None:
        self.cloud = LocalCloud(self.folder, on_stop=lambda: None)
        ca_file = self.cloud.platform.certificates.ca_file
        self.trust = ssl.create_default_context(cafile=str(ca_file))
        self.foreign_key = tls.new_signing_key()
        await self.cloud.start()
        self.http = aiohttp.ClientSession()
        self.known = self.cloud.endpoints()
        directory = self.cloud.entra.directory
        own = directory.service_principal(directory.client_id)
        assert own is not None
        self.principals[matrix.OWN] = own
        await self._create()
        await self._name_principals()
        write = next(one for one in ENDPOINTS if one.title == "write a blob")
        assert (await self.ask(write, matrix.OWN))[0] == 201

    async def _create(self) -> None:
        subscription = f"/subscriptions/{self.known['subscription_id']}"
        group = f"{subscription}/resourceGroups/class"
        self.places = {
            "subscription": subscription,
            "group": group,
            "site": f"{group}/providers/Microsoft.Web/sites/rights-app",
            "account": f"{group}/providers/Microsoft.Storage/storageAccounts/rightsstore",
            "signalr": f"{group}/providers/Microsoft.SignalRService/SignalR/rights-hub",
            "guid": GUID,
        }
        namespaces = ("Web", "Storage", "SignalRService", "ManagedIdentity")
        for namespace in (f"Microsoft.{name}" for name in namespaces):
            await self._made("POST", f"{subscription}/providers/{namespace}/register", {})
        east = {"location": "eastus2"}
        await self._made("PUT", group, east)
        plan = f"{group}/providers/Microsoft.Web/serverFarms/rights-plan"
        sku = {"name": "FC1", "tier": "FlexConsumption"}
        await self._made("PUT", plan, {**east, "sku": sku, "properties": {"reserved": True}})
        account = {**east, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        await self._made("PUT", self.places["account"], account)
        await self._made("PUT", f"{self.places['account']}/blobServices/default/containers/box", {})
        free = {"name": "Free_F1", "tier": "Free", "capacity": 1}
        await self._made("PUT", self.places["signalr"], {**east, "sku": free})
        url = self.cloud.storage.blob_endpoint("rightsstore").rstrip("/")
        storage = {
            "type": "blobContainer",
            "value": f"{url}/box",
            "authentication": {"type": "SystemAssignedIdentity"},
        }
        flex = {
            "deployment": {"storage": storage},
            "runtime": {"name": "python", "version": "3.12"},
            "scaleAndConcurrency": {"maximumInstanceCount": 40, "instanceMemoryMB": 2048},
        }
        site = {
            **east,
            "kind": "functionapp,linux",
            "identity": {"type": "SystemAssigned"},
            "properties": {"serverFarmId": plan, "functionAppConfig": flex},
        }
        made = await self._made("PUT", self.places["site"], site)
        identity = self.cloud.entra.directory.principal(made["identity"]["principalId"])
        assert identity is not None
        self.principals[matrix.APP] = identity

    async def _made(self, method: str, path: str, body: dict[str, Any]) -> Any:
        versions = {
            "Microsoft.Web/": matrix.API_WEB,
            "Microsoft.Storage/": matrix.API_STORAGE,
            "Microsoft.SignalRService/": matrix.API_SIGNALR,
        }
        version = next(
            (text for part, text in versions.items() if f"providers/{part}" in path),
            matrix.API_GROUPS,
        )
        if path.endswith("/register"):
            version = matrix.API_GROUPS
        headers = {"Authorization": f"Bearer {self.token(matrix.OWN, 'arm')}"}
        url = self.known["resource_manager"] + path + version
        async with self.http.request(
            method, url, json=body, headers=headers, ssl=self.trust
        ) as answer:
            text = await answer.text()
            assert answer.status < 300, text
            return json.loads(text or "null")

    async def _name_principals(self) -> None:
        directory = self.cloud.entra.directory
        people = {matrix.OWNER: "alice", matrix.CONTRIBUTOR: "bob", matrix.NOBODY: "mallory"}
        self.principals.update({name: directory.user(who) for name, who in people.items()})
        self.principals[matrix.CHAT] = directory.user("carol")
        robots = {
            matrix.OWNER: ("Owner", "subscription"),
            matrix.READER: ("Reader", "subscription"),
            matrix.WEBSITE: ("Website Contributor", "site"),
            matrix.DATA: ("Storage Blob Data Contributor", "account"),
            matrix.REST_OWNER: (matrix.REST_OWNER, "signalr"),
            matrix.REST_READER: (matrix.REST_READER, "signalr"),
            matrix.APP_SERVER: (matrix.APP_SERVER, "signalr"),
            matrix.SERVICE_OWNER: (matrix.SERVICE_OWNER, "signalr"),
        }
        for name, (role, place) in robots.items():
            if name not in self.principals:
                app_id = directory.create_application(name)["appId"]
                self.principals[name] = directory.create_service_principal(app_id)
            scope = self.places[place]
            id_ = f"{scope}{matrix.ROLES}/{uuid.uuid4()}"
            self.cloud.entra.tokens.roles.assign(
                Assignment(id_, scope, BY_NAME[role], self.principals[name].id)
            )
        application = directory.application(directory.client_id)
        assert application is not None
        self.places["application"] = application["id"]
        self.places["principal"] = self.principals[matrix.OWN].id
        self.places["bob"] = self.principals[matrix.CONTRIBUTOR].id
        scm_port = self.cloud.platform.listeners.remembered("scm/rights-app")
        signalr_port = self.cloud.platform.listeners.remembered("signalr/rights-hub")
        self.addresses = {
            "arm": self.known["resource_manager"],
            "graph": self.known["graph"],
            "scm": f"https://localhost:{scm_port}",
            "blob": self.cloud.storage.blob_endpoint("rightsstore").rstrip("/"),
            "signalr": f"http://localhost:{signalr_port}",
            "control": self.known["control"],
        }

    # Tokens --------------------------------------------------------------------------------------

    def token(self, identity: str, service: str) -> str:
        """An identity's token for a service; empty without one."""
        tokens = self.cloud.entra.tokens
        audience = AUDIENCES[service]
        if identity == matrix.NONE:
            return ""
        if identity in matrix.INVALID:
            claims = self._claims(matrix.OWNER, audience)
            if identity == matrix.EXPIRED:
                return tokens.issue(audience, claims, lifetime_s=-1)
            if identity == matrix.AUDIENCE:
                return tokens.issue("https://vault.azure.net", claims)
            issuer = tokens.issuer
            if identity == matrix.TENANT:
                issuer = f"https://login.microsoftonline.com/{GUID}/v2.0"
            moment = int(time.time())
            payload = {**claims, "aud": audience, "iss": issuer, "nbf": moment, "exp": moment + 60}
            return jwt.encode(payload, self.foreign_key, algorithm="RS256")
        if identity == matrix.CHAT:
            claims = {**user_claims(self.principals[identity]), "scp": "openid profile User.Read"}
            return tokens.issue(AUDIENCES["graph"], claims)
        return tokens.issue(audience, self._claims(identity, audience))

    def _claims(self, identity: str, audience: str) -> dict[str, Any]:
        principal = self.principals[identity]
        if principal.kind != "User":
            return {**app_claims(self.cloud.entra.directory, principal, audience)}
        scopes = "user_impersonation"
        if audience == AUDIENCES["graph"]:
            scopes = " ".join(AZURE_CLI_SCOPES)
        return {**user_claims(principal), "scp": scopes}

    @property
    def ca_file(self) -> str:
        """What clients trust."""
        return str(self.cloud.platform.certificates.ca_file)

    def account_key(self) -> str:
        """The account's first key."""
        listed = self.run(self._made("POST", f"{self.places['account']}/listKeys", {}))
        return str(listed["keys"][0]["value"])

    def allow_shared_key(self, *, allowed: bool) -> None:
        """Change the account's allowSharedKeyAccess."""
        body = {"properties": {"allowSharedKeyAccess": allowed}}
        self.run(self._made("PATCH", self.places["account"], body))

    # Requests ------------------------------------------------------------------------------------

    async def ask(self, endpoint: Endpoint, identity: str) -> tuple[int, str, str]:
        """Status of an identity's request, its error code, and what came back."""
        headers = {"x-ms-version": "2026-10-06"}
        token = self.token(identity, endpoint.service)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if endpoint.method == "PUT" and endpoint.service == "blob":
            headers["x-ms-blob-type"] = "BlockBlob"
        body = None
        if endpoint.method == "PATCH" or endpoint.path.startswith("{account}/blobServices"):
            headers["Content-Type"] = "application/json"
            body = b"{}"
        url = self.addresses[endpoint.service] + endpoint.path.format(**self.places)
        async with self.http.request(
            endpoint.method, url, headers=headers, data=body, ssl=self.trust
        ) as answer:
            text = await answer.text()
            code = error_code(endpoint.service, answer, text) if answer.status >= 400 else ""
            return answer.status, code, text

    def stop(self) -> None:
        """End the cloud and its thread."""
        self.run(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _stop(self) -> None:
        await self.http.close()
        await self.cloud.stop()
        await drop_connections()


def error_code(service: str, answer: aiohttp.ClientResponse, text: str) -> str:
    """The code of a refusal, read as that service writes it."""
    if service == "arm":
        body = json.loads(text)
        if "error" not in body:  # Microsoft.Web's own shape
            return str(body["Code"])
        assert body["error"]["message"]
        return str(body["error"]["code"])
    if service == "graph":
        error = json.loads(text)["error"]
        assert error["message"] and error["innerError"]["request-id"]
        return str(error["code"])
    if service == "blob":
        code = ElementTree.fromstring(text.encode()).findtext("Code") or ""
        assert answer.headers["x-ms-error-code"] == code
        return code
    if service == "control":
        return "refused" if json.loads(text)["error"] else ""
    if service == "signalr":
        assert not text or json.loads(text)["code"]
        assert answer.status not in (401, 403) or "Bearer" in answer.headers["WWW-Authenticate"]
    if service == "scm":
        assert text and "Traceback" not in text
        assert answer.status != 401 or answer.headers["WWW-Authenticate"] == "Bearer"
    return ""


CODES: dict[tuple[str, int], tuple[str, ...]] = {
    ("arm", 401): (
        *("AuthenticationFailed", "ExpiredAuthenticationToken", "InvalidAuthenticationToken"),
        *("InvalidAuthenticationTokenAudience", "InvalidAuthenticationTokenTenant"),
    ),
    ("arm", 403): ("AuthorizationFailed",),
    ("graph", 401): ("InvalidAuthenticationToken",),
    ("graph", 403): ("Authorization_RequestDenied",),
    ("blob", 401): ("InvalidAuthenticationInfo", "NoAuthenticationInformation"),
    ("blob", 403): ("AuthorizationPermissionMismatch",),
    ("control", 403): ("refused",),
    ("scm", 401): ("",),
    ("scm", 403): ("",),
    ("blob", 409): ("PublicAccessNotPermitted",),
}


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """One cloud for all rows: no request here changes anything that another one sees."""
    made = Setup(tmp_path_factory.mktemp("rights"))
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("title", [endpoint.title for endpoint in ENDPOINTS])
def test_an_endpoint_asks_for_its_right(setup: Setup, title: str) -> None:
    """Those who may are let in; everybody else is refused in that service's words."""
    endpoint = next(one for one in ENDPOINTS if one.title == title)

    async def everybody() -> dict[str, tuple[int, str, str]]:
        return {identity: await setup.ask(endpoint, identity) for identity in IDENTITIES}

    answers = setup.run(everybody())
    expected = {identity: endpoint.status(identity) for identity in IDENTITIES}
    assert {identity: answer[0] for identity, answer in answers.items()} == expected
    for status, code, text in answers.values():
        if (endpoint.service, status) in CODES:
            assert code in CODES[endpoint.service, status], text
            assert "Traceback" not in text


def reader(setup: Setup, proof: str) -> BlobClient:
    """A client of the blob that proves who it is in one way."""
    key = setup.account_key()
    url = setup.addresses["blob"]
    ends = datetime.now(UTC) + timedelta(hours=1)
    where: Any = {"account_name": "rightsstore", "container_name": "box", "blob_name": "a.txt"}
    credential: Any = None
    match proof:
        case "Shared Key":
            credential = AzureNamedKeyCredential("rightsstore", key)
        case "account SAS":
            credential = generate_account_sas(
                "rightsstore", key, ResourceTypes(object=True), "r", ends
            )
        case "service SAS":
            credential = generate_blob_sas(**where, account_key=key, permission="r", expiry=ends)
        case "user delegation SAS":
            with BlobServiceClient(url, Known(setup), connection_verify=setup.ca_file) as service:
                delegated = service.get_user_delegation_key(ends - timedelta(hours=2), ends)
            credential = generate_blob_sas(
                **where, user_delegation_key=delegated, permission="r", expiry=ends
            )
        case "Entra token":
            credential = Known(setup)
    return BlobClient(
        url, "box", "a.txt", credential=credential, connection_verify=setup.ca_file, retry_total=0
    )


class Known:
    """The own principal's credential."""

    def __init__(self, setup: Setup) -> None:
        async def made() -> str:
            return setup.token(matrix.OWN, "blob")

        self._token = str(setup.run(made()))

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """A token for storage."""
        return AccessToken(self._token, int(time.time()) + 3600)


@pytest.mark.parametrize("proof", matrix.PROOFS)
def test_what_a_key_has_signed_counts_while_keys_are_allowed(setup: Setup, proof: str) -> None:
    """Microsoft's own client, before and after the account's allowSharedKeyAccess."""
    found = []
    for allowed in (True, False):
        with reader(setup, proof) as blob:
            setup.allow_shared_key(allowed=allowed)
            try:
                blob.download_blob().readall()
                found.append(200)
            except HttpResponseError as error:
                found.append(error.status_code or 0)
                if not allowed and error.status_code == 403:
                    assert getattr(error, "error_code", "") == matrix.NO_KEYS
            finally:
                setup.allow_shared_key(allowed=True)
    assert tuple(found) == matrix.PROOFS[proof]


def test_the_table_in_the_docs_is_the_tested_one() -> None:
    """`python -m tests.localcloud.rights_matrix` writes it."""
    assert matrix.DOCUMENT.read_text(encoding="utf-8") == matrix.document()
