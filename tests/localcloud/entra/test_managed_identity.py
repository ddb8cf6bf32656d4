"""A deployed app with a managed identity.

The unmodified DefaultAzureCredential inside it, and Blob storage's answer to it.
"""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.mgmt.web.models import SitePatchResource

from chatkit.cloud import local_cloud
from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.provision import everything, storage
from chatkit.cloud.provision.app_settings import merge_app_settings
from chatkit.cloud.provision.resource_group import create_resource_group, register_providers
from chatkit.cloud.publish.functions import scm_url, upload_package, wait_until_listed
from chatkit.cloud.stack import Stack
from chatkit.cloud.targets import connect_local
from chatkit.core.settings import Settings

SETTINGS = Settings(suffix="msi123")
APP = """
import json, os
import azure.functions as func
from azure.core.exceptions import AzureError, HttpResponseError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.storage.blob import ContainerClient

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
KINDS = {"default": DefaultAzureCredential, "managed": ManagedIdentityCredential}

@app.route(route="note/{kind}", methods=["GET", "PUT"])
def note(req):
    with KINDS[req.route_params["kind"]]() as credential:
        url = os.environ["ACCOUNT_URL"]
        with ContainerClient(url, "notes", credential, retry_total=0) as notes:
            try:
                if req.method == "PUT":
                    notes.upload_blob("note", req.get_body(), overwrite=True)
                return func.HttpResponse(notes.download_blob("note").readall())
            except HttpResponseError as error:
                code = getattr(error, "error_code", None) or type(error).__name__
                text = str(getattr(code, "value", code))
                return func.HttpResponse(text, status_code=error.status_code or 500)
            except AzureError as error:
                return func.HttpResponse(type(error).__name__, status_code=500)

@app.route(route="variables")
def variables(req):
    return json.dumps(sorted(name for name in os.environ if name.startswith(("IDENTITY_", "MSI_"))))
"""
BUNDLE = '{"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}'
HOST = f'{{"version": "2.0", "extensionBundle": {BUNDLE}}}'
READER, CONTRIBUTOR = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
GIVEN = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET"]


@dataclass
class DeployedApp:
    """A published app, and what changes its identity and its roles."""

    cloud: Cloud
    url: str

    def identify(self, kind: str) -> Any:
        """Give the site an identity, or take it away."""
        envelope = SitePatchResource({"identity": {"type": kind}})
        return (
            self.cloud.web()
            .web_apps.update(SETTINGS.names.resource_group, SETTINGS.names.function_app, envelope)
            .identity
        )

    def assign(self, role: str, principal_id: str) -> str:
        """Give a principal a role at the storage account; returns the assignment's address."""
        account = self.cloud.storage().storage_accounts.get_properties(
            SETTINGS.names.resource_group, SETTINGS.names.storage_account
        )
        name = f"roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
        url = f"{account.id}/providers/Microsoft.Authorization/{name}"
        definition = f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
        given = {
            "roleDefinitionId": definition,
            "principalId": principal_id,
            "principalType": "ServicePrincipal",
        }
        made = self.cloud.rest(self.cloud.resource_manager).send(
            "PUT", url, json={"properties": given}
        )
        assert made.status_code == 201, made.text()
        return url

    def unassign(self, url: str) -> None:
        """Take a role away."""
        assert self.cloud.rest(self.cloud.resource_manager).send("DELETE", url).status_code == 200

    def note(self, method: str, kind: str = "default") -> tuple[int, str]:
        """What the app gets when it reads the note, or writes it and reads it back."""
        answer = requests.request(
            method,
            f"{self.url}/api/note/{kind}",
            data=b"hello" if method == "PUT" else None,
            timeout=60,
        )
        return answer.status_code, answer.text

    def variables(self) -> list[str]:
        """The variables of an identity that the app sees."""
        return list(requests.get(f"{self.url}/api/variables", timeout=60).json())


def package() -> bytes:
    """The app as a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (
            ("host.json", HOST),
            ("function_app.py", APP),
            ("requirements.txt", "azure-functions\nazure-identity\nazure-storage-blob\n"),
        ):
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedApp]:
    """A local cloud of its own with the app on it; a note from the account's owner is there."""
    home: Path = tmp_path_factory.mktemp("home")
    local_cloud.start(home / "local")
    cloud = connect_local(home)
    stack = Stack(cloud, Calls(), SETTINGS.names)
    register_providers(stack)
    create_resource_group(stack)
    made = everything.create_function_app(stack)
    account = storage.read_account(stack)
    with cloud.blobs(storage.blob_url(account)) as blobs:
        blobs.create_container("notes").upload_blob("note", b"the owner's")
    merge_app_settings(stack, {"ACCOUNT_URL": storage.blob_url(account)})
    names = SETTINGS.names
    site = cloud.web().web_apps.get(names.resource_group, names.function_app)
    upload_package(stack, scm_url(site), package())
    wait_until_listed(stack)
    yield DeployedApp(cloud, made["api_base_url"])
    local_cloud.stop(home / "local")


def test_an_app_without_an_identity_has_nothing_to_sign_in_with(deployed: DeployedApp) -> None:
    """No endpoint in its environment, so the credential says that it is unavailable."""
    deployed.identify("None")
    assert deployed.variables() == []
    status, said = deployed.note("GET")
    assert (status, said) == (500, "ClientAuthenticationError")


@pytest.mark.parametrize("kind", ["default", "managed"])
def test_an_identity_without_a_role_is_known_and_refused(deployed: DeployedApp, kind: str) -> None:
    """Who it is was never the question: 403, not 401."""
    deployed.identify("SystemAssigned")
    assert deployed.variables() == GIVEN
    assert deployed.note("GET", kind) == (403, "AuthorizationPermissionMismatch")


@pytest.mark.parametrize("kind", ["default", "managed"])
def test_a_role_opens_what_it_says_and_its_end_closes_it(deployed: DeployedApp, kind: str) -> None:
    """A reader reads, a contributor writes too; neither needs a key, a secret or a restart."""
    principal = deployed.identify("SystemAssigned").principal_id
    reader = deployed.assign(READER, principal)
    assert deployed.note("GET", kind)[0] == 200
    assert deployed.note("PUT", kind) == (403, "AuthorizationPermissionMismatch")
    contributor = deployed.assign(CONTRIBUTOR, principal)
    assert deployed.note("PUT", kind) == (200, "hello")
    for role in (reader, contributor):
        deployed.unassign(role)
    assert deployed.note("GET", kind) == (403, "AuthorizationPermissionMismatch")


def test_an_identity_lasts_as_long_as_it_is_on(deployed: DeployedApp) -> None:
    """The same principal after every change of the site.

    Switched off and on again, it is another one without roles.
    """
    first = deployed.identify("SystemAssigned").principal_id
    assert deployed.identify("SystemAssigned").principal_id == first
    deployed.assign(READER, first)
    deployed.identify("None")
    assert deployed.identify("SystemAssigned").principal_id != first
    assert deployed.note("GET") == (403, "AuthorizationPermissionMismatch")


def test_identities_that_are_not_there_are_refused(deployed: DeployedApp) -> None:
    """A user-assigned identity that is not named is refused instead of being left out."""
    with pytest.raises(HttpResponseError, match="at least one identity") as refused:
        deployed.identify("UserAssigned")
    assert refused.value.status_code == 400
