"""Templates and parameters by link: blobs of the cloud's own accounts, and nothing else."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from azure.storage.blob import (
    BlobServiceClient,
    ContainerSasPermissions,
    PublicAccess,
    generate_container_sas,
)

from chatkit.localcloud.cloud import LocalCloud
from tests.localcloud.credentials import credential_of
from tests.localcloud.resource_manager.clients.loops import drop_connections
from tests.localcloud.resource_manager.raw import Raw, Reply
from tests.localcloud.resource_manager.templates.deploying import (
    VERSION,
    deploy,
    ended,
    nested,
    outputs,
    path,
    request,
    template,
)

ACCOUNT = "/providers/Microsoft.Storage/storageAccounts/linkstore"
NAMED = {"word": {"type": "string", "defaultValue": "none"}}
WORD = {"word": {"type": "string", "value": "[parameters('word')]"}}
SAID = template(parameters=NAMED, outputs=WORD)
LINKED = "Microsoft.Resources/deployments"


@dataclass
class Whole:
    """What a client needs of a whole local cloud."""

    endpoints: dict[str, Any]

    def token(self) -> str:
        """The tutorial's own."""
        with credential_of(self.endpoints) as credential:
            return credential.get_token("https://management.azure.com/.default").token


@dataclass
class Store:
    """A storage account with a private container of templates and a public one."""

    raw: Raw
    url: str
    sas: str

    def at(self, name: str, container: str = "private") -> str:
        """The address of a blob."""
        return f"{self.url}/{container}/{name}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A whole local cloud with templates in its storage."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    async def start() -> tuple[LocalCloud, str, dict[str, Any]]:
        cloud = LocalCloud(tmp_path_factory.mktemp("local"), on_stop=lambda: None)
        await cloud.start()
        ca_file = str(cloud.platform.certificates.ca_file)
        url = cloud.storage.blob_endpoint("linkstore")
        return cloud, url, {**cloud.endpoints(), "ca_file": ca_file}

    async def stop() -> None:
        await cloud.stop()
        await drop_connections()

    cloud, url, endpoints = run(start())
    try:
        whole = Whole(endpoints)
        yield _filled(Raw(cast(Any, whole), whole.token()), url, endpoints["ca_file"])
    finally:
        run(stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _filled(raw: Raw, url: str, ca_file: str) -> Store:
    subscription = raw.group.removesuffix("/resourceGroups/class")
    for name in ("Storage", "SignalRService"):
        raw("POST", f"{subscription}/providers/Microsoft.{name}/register", version=VERSION)
    raw("PUT", raw.group, {"location": "eastus2"}, version=VERSION)
    body = {
        "location": "eastus2",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"allowBlobPublicAccess": True},
    }
    assert raw("PUT", raw.group + ACCOUNT, body).status in (200, 202)
    key = raw("POST", f"{raw.group}{ACCOUNT}/listKeys").body["keys"][0]["value"]
    with BlobServiceClient(url, credential=key, connection_verify=ca_file) as client:
        _upload(client)
    sas = generate_container_sas(
        "linkstore",
        "private",
        account_key=key,
        permission=ContainerSasPermissions(read=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return Store(raw, url, sas)


def _upload(client: BlobServiceClient) -> None:
    client.create_container("private")
    client.create_container("open", public_access=PublicAccess.BLOB)
    child = {
        "type": LINKED,
        "apiVersion": VERSION,
        "name": "child",
        "properties": {
            "mode": "Incremental",
            "templateLink": {"relativePath": "parts/said.json"},
            "parameters": {"word": {"value": "[parameters('word')]"}},
        },
    }
    whole = template(
        child,
        parameters=NAMED,
        outputs={
            "word": {"type": "string", "value": "[reference('child').outputs.word.value]"},
            "uri": {"type": "string", "value": "[deployment().properties.templateLink.uri]"},
        },
    )
    values = {"contentVersion": "1.0.0.0", "parameters": {"word": {"value": "from a file"}}}
    blobs = {
        "said.json": SAID,
        "whole.json": whole,
        "parts/said.json": SAID,
        "values.json": values,
        "wrong.json": '{\n  // a comment\n  "contentVersion" "1"\n}',
        "list.json": [],
        "large.json": " " * (4 * 1024 * 1024 + 1),
    }
    for name, content in blobs.items():
        text = content if isinstance(content, str) else json.dumps(content)
        for container in ("private", "open"):
            client.get_blob_client(container, name).upload_blob(text, overwrite=True)


def put(raw: Raw, link: Any, *, values: Any = None, name: str = "main", **given: Any) -> Reply:
    """Begin a deployment of a link."""
    properties = {"mode": "Incremental", "templateLink": link, **given}
    if values is not None:
        properties["parametersLink"] = values
    return raw("PUT", path(raw, name), {"properties": properties}, version=VERSION)


def made(raw: Raw, reply: Reply, name: str = "main") -> Any:
    """What GET shows of a deployment that succeeded."""
    status = ended(raw, reply)
    assert status["status"] == "Succeeded", status
    return raw("GET", path(raw, name), version=VERSION).body


def test_a_public_blob_is_deployed(store: Store) -> None:
    """By the account's path and by its host name; the link is shown."""
    link = {"uri": store.at("said.json", "open"), "contentVersion": "1.0.0.0"}
    shown = made(store.raw, put(store.raw, link))
    assert outputs(shown) == {"word": "none"}
    assert shown["properties"]["templateLink"] == link
    host = store.url.replace("localhost", "linkstore.blob.core.localhost").removesuffix(
        "/linkstore"
    )
    assert made(store.raw, put(store.raw, {"uri": f"{host}/open/said.json"}))
    exported = store.raw("POST", path(store.raw) + "/exportTemplate", version=VERSION).body
    assert exported["template"] == SAID


@pytest.mark.parametrize("in_uri", [True, False], ids=["in the uri", "beside it"])
def test_a_private_blob_needs_a_signature(store: Store, in_uri: bool) -> None:
    """Which is neither shown nor kept."""
    link = {"uri": store.at("said.json"), "queryString": store.sas}
    if in_uri:
        link = {"uri": f"{store.at('said.json')}?{store.sas}"}
    reply = put(store.raw, link)
    shown = made(store.raw, reply)
    assert "sig=" not in str(shown) + str(reply.body)
    assert shown["properties"]["templateLink"] == {"uri": store.at("said.json")}
    refused = put(store.raw, {"uri": store.at("said.json")})
    assert (refused.status, refused.code) == (400, "InvalidContentLink")


def test_parameters_come_from_a_file(store: Store) -> None:
    """In place of those of the request."""
    link = {"uri": store.at("said.json", "open")}
    values = {"uri": store.at("values.json", "open"), "contentVersion": "1.0.0.0"}
    shown = made(store.raw, put(store.raw, link, values=values))
    assert outputs(shown) == {"word": "from a file"}
    assert shown["properties"]["parametersLink"] == values
    twice = put(store.raw, link, values=values, parameters={"word": {"value": "x"}})
    assert (twice.status, twice.code) == (400, "InvalidDeployment")


def test_a_relative_path_leads_from_the_template_around(store: Store) -> None:
    """With its signature; what is deployed does not see that."""
    link = {"uri": store.at("whole.json"), "queryString": store.sas}
    word = {"word": {"value": "hello"}}
    shown = made(store.raw, put(store.raw, link, parameters=word))
    assert outputs(shown) == {"word": "hello", "uri": store.at("whole.json")}
    child = store.raw("GET", path(store.raw, "child"), version=VERSION).body
    assert child["properties"]["templateLink"] == {"uri": store.at("parts/said.json")}
    assert "sig=" not in str(child)


def test_what_if_and_validation_follow_links(store: Store) -> None:
    """As the deployment does."""
    link = {"uri": store.at("whole.json"), "queryString": store.sas}
    body = {"properties": {"mode": "Incremental", "templateLink": link}}
    validated = store.raw("POST", path(store.raw) + "/validate", body, version=VERSION)
    assert validated.status == 200, validated.body
    asked = store.raw("POST", path(store.raw) + "/whatIf", body, version=VERSION)
    assert store.raw("GET", asked.headers["Location"]).body["status"] == "Succeeded"


@pytest.mark.parametrize(
    ("link", "code", "said"),
    [
        ({"uri": "{url}/open/none.json"}, "InvalidContentLink", "404 BlobNotFound"),
        ({"uri": "{url}/open/large.json"}, "InvalidContentLink", "more than 4,194,304 bytes"),
        ({"uri": "{url}/open/wrong.json"}, "InvalidTemplate", "line 3, position 20"),
        ({"uri": "{url}/open/list.json"}, "InvalidTemplate", "not a JSON object"),
        ({"uri": "{url}/open/said.json", "contentVersion": "2"}, "InvalidTemplate", "TemplateLink"),
        ({"uri": "said.json"}, "InvalidContentLink", "must be an absolute URI"),
        ({"uri": "file:///etc/passwd"}, "InvalidContentLink", "must be an absolute URI"),
        ({"uri": "https://[::1/a"}, "InvalidContentLink", "must be an absolute URI"),
        ({"uri": "https://localhost:99999/a"}, "InvalidContentLink", "must be an absolute URI"),
        ({"uri": "https://example.com/a.json"}, "InvalidContentLink", "opens no other address"),
        ({"uri": "{resource_manager}/subscriptions"}, "InvalidContentLink", "no other address"),
        ({"relativePath": "a.json"}, "InvalidContentLink", "no 'uri' and no 'id'"),
        ({"id": "/subscriptions/x"}, "InvalidContentLink", "version of a template spec"),
        ({"uri": "https://a", "id": "b"}, "InvalidContentLink", "give one"),
        ("https://a", "InvalidRequestContent", "must be an object"),
    ],
)
def test_a_link_that_leads_to_nothing_is_refused(
    store: Store, link: Any, code: str, said: str
) -> None:
    """With Azure's code, and what is possible here."""
    text = json.dumps(link).replace("{url}", store.url)
    known = store.raw.cloud.endpoints["resource_manager"]
    reply = put(store.raw, json.loads(text.replace("{resource_manager}", known)))
    assert (reply.status, reply.code) == (400, code), reply.body
    assert said in reply.body["error"]["message"]


@pytest.mark.parametrize("within", [False, True], ids=["at the root", "within"])
def test_no_other_address_is_opened(store: Store, within: bool) -> None:
    """Neither for a template nor for parameters, whoever listens there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        name = store.url.removeprefix("https://")
        for uri in (
            f"http://127.0.0.1:{port}/linkstore/open/said.json",
            f"https://localhost:{port}/linkstore/open/said.json",
            f"https://{name}@127.0.0.1:{port}/linkstore/open/said.json",
            f"https://linkstore.blob.core.localhost:{port}/open/said.json",
        ):
            if within:
                inner = nested(template())
                del inner["properties"]["template"]
                inner["properties"]["templateLink"] = {"uri": uri}
                reply = store.raw("PUT", path(store.raw), request(template(inner)), version=VERSION)
                assert "InvalidContentLink" in str(reply.body)
            else:
                assert put(store.raw, {"uri": uri}).code == "InvalidContentLink"
                link = {"uri": store.at("said.json", "open")}
                assert put(store.raw, link, values={"uri": uri}).code == "InvalidContentLink"
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_deployment_goes_on_without_links(store: Store) -> None:
    """A template in the request has no link to show."""
    assert "templateLink" not in deploy(store.raw, SAID)["properties"]
