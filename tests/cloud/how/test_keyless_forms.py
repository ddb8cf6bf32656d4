"""Section 12 in its forms: real commands where az has some, and ids looked up where it is typed."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import Any

import pytest

from chatkit.cloud.how import az, python
from chatkit.cloud.how.forms import StepForms
from chatkit.cloud.how.references import SECRET_NAME
from chatkit.cloud.how.requests import Place, Request
from chatkit.cloud.provision import federated_sign_in, keyless
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError
from chatkit.core.results import Result
from tests.cloud.fake_azure import FakeAzure
from tests.cloud.how.conftest import Run

APP = "11111111-1111-1111-1111-111111111111"
OBJECT = "22222222-2222-2222-2222-222222222222"
CLIENT = "33333333-3333-3333-3333-333333333333"
KEY = "44444444-4444-4444-4444-444444444444"
SYSTEM = "55555555-5555-5555-5555-555555555555"
IDENTITY = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/site-sign-in"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRUST = "az ad app federated-credential create --id"
AZ = """\
az provider register --namespace Microsoft.ManagedIdentity --wait
az identity create --name site-sign-in --resource-group g --location eastus2
subscription=$(az account show --query id --output tsv)
az functionapp identity assign --name site --resource-group g --identities '[system]' \\
    "/subscriptions/${subscription}/resourceGroups/g/providers\
/Microsoft.ManagedIdentity/userAssignedIdentities/site-sign-in"
"""


class Entra:
    """A registration at Graph, and an app that signs people in with it."""

    def __init__(self, azure: FakeAzure) -> None:
        self.settings = {"MICROSOFT_PROVIDER_AUTHENTICATION_SECRET": "secret"}
        self.trusted: list[dict[str, str]] = []
        self.secrets = [{"keyId": KEY, "displayName": SECRET_NAME}]
        self.azure = azure
        registration = {"clientId": APP}
        providers = {"azureActiveDirectory": {"registration": registration}}
        signed_in = {"properties": {"identityProviders": providers}}
        made = {"id": f"/subscriptions/sub/resourceGroups/g{IDENTITY}"}
        ids = {"clientId": CLIENT, "principalId": OBJECT}
        answers: list[tuple[str, str, dict[str, Any]]] = [
            ("POST", "Microsoft.ManagedIdentity/register", {}),
            ("GET", "sites/site", {"name": "site"}),
            ("PATCH", "sites/site", {"identity": {"principalId": SYSTEM}}),
            ("GET", "authsettingsV2", signed_in),
            ("PUT", "authsettingsV2", signed_in),
            ("PUT", "userAssignedIdentities/site-sign-in", {**made, "properties": ids}),
            ("PUT", "config/appsettings", {}),
            ("POST", "federatedIdentityCredentials", {}),
            ("DELETE", "federatedIdentityCredentials", {}),
            ("POST", "removePassword", {}),
        ]
        for method, path, answer in answers:
            azure.on(method, path, (200, answer, {}))
        azure.on("POST", "appsettings/list", lambda _: (200, {"properties": {**self.settings}}, {}))
        azure.on("GET", "applications", lambda _: (200, {"passwordCredentials": self.secrets}, {}))
        azure.on(
            "GET", "federatedIdentityCredentials", lambda _: (200, {"value": self.trusted}, {})
        )


@pytest.fixture
def entra(azure: FakeAzure) -> Entra:
    """Both, as they are before section 12."""
    return Entra(azure)


def remove(stack: Stack) -> None:
    """What `workshop.remove_client_secret` sends."""
    federated_sign_in.delete_secrets(stack, federated_sign_in.trust_identity(stack))


def test_az_has_a_command_for_each_step(entra: Entra, run: Run) -> None:
    """An identity, the app gets it, the registration trusts it, the secret goes."""
    text = in_azure(run(remove))
    assert text.startswith(AZ)
    commands = re.findall(r"^(?:\w+=\$\()?(az .+?) -", text, re.MULTILINE)
    assert commands[4:] == [
        "az ad app list",
        "az account show",
        "az identity show",
        "az ad app federated-credential create",
        "az identity show",
        "az functionapp config appsettings set",
        "az rest",
        "az ad app credential list",
        "az ad app credential delete",
        "az functionapp config appsettings delete",
    ]


def test_az_asks_for_every_id(entra: Entra, run: Run) -> None:
    """Ids are others in another subscription: none of them stands in the lines."""
    text = in_azure(run(remove))
    assert not ID.search(text)
    for variable in ("identity_object", "identity_client", "app", "key"):
        assert f"{variable}=$(az " in text
        assert re.search(rf"\$({variable}|{{{variable}}})", text)


def test_the_second_run_tells_the_same(entra: Entra, run: Run) -> None:
    """Though nothing is deleted and nobody is told to trust any more."""
    first = run(remove)
    entra.trusted = [{"name": federated_sign_in.CREDENTIAL, "subject": OBJECT, "id": "1"}]
    entra.secrets = []
    entra.azure.seen.clear()
    assert in_azure(run(remove)) == in_azure(first)
    assert not entra.azure.sent("POST", "removePassword|federatedIdentityCredentials")


def test_who_was_trusted_before_goes_and_the_registration_stays(entra: Entra, run: Run) -> None:
    """`az ad app delete` would take the registration itself."""
    entra.trusted = [{"name": federated_sign_in.CREDENTIAL, "subject": SYSTEM, "id": "1"}]
    text = in_azure(run(remove))
    assert "az ad app federated-credential delete --id" in text and "az ad app delete" not in text


def test_who_may_not_change_the_registration_keeps_its_secret(
    entra: Entra, stack: Stack, azure: FakeAzure
) -> None:
    """Nothing of the app was changed before Graph was asked."""
    azure.on("POST", "federatedIdentityCredentials", (403, {}, {}))
    with pytest.raises(ServiceError, match="as before") as refused:
        remove(stack)
    assert "make you an owner" in refused.value.hint
    assert not azure.sent("PUT", "config/")


def test_python_asks_for_the_secrets_id(entra: Entra, run: Run) -> None:
    """It is a program that takes each id from an answer."""
    result = run(remove)
    program = python.text(forms_of(result).requests, place(result))
    ast.parse(program)
    assert '"keyId": key_id' in program and '"subject": identity_object_id' in program
    assert KEY not in program and OBJECT not in program and CLIENT not in program


def test_a_template_names_the_identity_by_its_resource(entra: Entra, run: Run) -> None:
    """And waits for it."""
    text = run(remove).template()
    function = "resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'site-sign-in')"
    assert text.count(f"[{function}]") == 2 and "dependsOn" in text


def test_keys_go_after_the_page_is_up(entra: Entra, run: Run, azure: FakeAzure) -> None:
    """The page's files go up with the key that the last command takes away."""
    path = "/subscriptions/sub/resourceGroups/g/providers/Microsoft.SignalRService/signalR/x"
    instance = {"id": path, "location": "eastus2", "properties": {}}
    azure.on("GET", "signalR/", (200, instance, {}))
    azure.on("PATCH", "signalR/", (200, instance, {}))
    azure.on("PATCH", "storageAccounts/account", (200, {}, {}))
    switched = run(keyless.disable_keys)
    headers = (("x-ms-blob-content-type", "text/html"),)
    url = "https://account.blob.core.windows.net/$web/index.html"
    page = Request("ContainerClient.upload_blob", ("index.html",), "PUT", url, headers=headers)
    requests = [*forms_of(switched).requests, page]
    text = az.text(az.commands(requests, place(switched)))
    assert text.index("upload-batch") < text.index("--allow-shared-key-access false")
    program = python.text(requests, place(switched))
    assert program.index("page.upload_blob") < program.index("allowSharedKeyAccess")


def forms_of(result: Result) -> StepForms:
    """A step's forms, as they are kept."""
    assert isinstance(result.forms, StepForms)
    return result.forms


def place(result: Result) -> Place:
    """Where it was done, with the registration that the kit has made."""

    return replace(forms_of(result).place, client_id=APP)


def in_azure(result: Result) -> str:
    """The step's az lines."""
    return az.text(az.commands(forms_of(result).requests, place(result)))
