"""One whole verb in its four forms: the SignalR Service instance."""

from __future__ import annotations

import json

import pytest

from chatkit.cloud.provision.signalr import create_signalr, scale
from chatkit.cloud.provision.tiers import STANDARD, Size
from chatkit.core.results import Result
from tests.cloud.fake_azure import FakeAzure
from tests.cloud.how.conftest import Run

PATH = "signalR/chatkit-x"
AZ = """\
az signalr create --name chatkit-x --resource-group g --location eastus2 --sku Free_F1 \\
    --service-mode Serverless --allowed-origins '*'"""
PYTHON = """\
from azure.identity import DefaultAzureCredential
from azure.mgmt.signalr import SignalRManagementClient

credential = DefaultAzureCredential()
signalr = SignalRManagementClient(credential, "sub")

signalr.signal_r.begin_create_or_update(
    "g",
    "chatkit-x",
    {
        "location": "eastus2",
        "sku": {"name": "Free_F1", "tier": "Free", "capacity": 1},
        "kind": "SignalR",
        "properties": {
            "features": [{"flag": "ServiceMode", "value": "Serverless"}],
            "cors": {"allowedOrigins": ["*"]},
            "publicNetworkAccess": "Enabled",
            "disableLocalAuth": False,
            "disableAadAuth": False,
        },
    },
).result()"""


@pytest.fixture
def made(azure: FakeAzure, run: Run) -> Result:
    """The result of making one."""
    azure.on("POST", "checkNameAvailability", (200, {"nameAvailable": True}, {}))
    azure.on("GET", "usages", (200, {"value": []}, {}))
    azure.on("PUT", PATH, (200, {"properties": {}}, {}))
    return run(create_signalr)


def test_az(made: Result) -> None:
    """One command with what was sent, broken before an option."""
    assert made.az() == AZ


def test_python(made: Result) -> None:
    """A program that signs in by itself, and the body that was sent."""
    assert made.python() == PYTHON
    compile(PYTHON, "signalr.py", "exec")


def test_rest(made: Result, azure: FakeAzure) -> None:
    """Method, URL with its api-version, and the JSON."""
    comment, first, token, kind, _, *body = made.rest().splitlines()
    assert comment.startswith("# Poll")
    (sent,) = azure.sent("PUT")
    assert first == f"PUT https://management.azure.com/{sent.path}"
    assert token == "Authorization: Bearer <token: az account get-access-token>"
    assert kind == "Content-Type: application/json"
    assert json.loads("\n".join(body)) == sent.body


def test_template(made: Result, azure: FakeAzure) -> None:
    """The resource as a template has it."""
    (resource,) = json.loads(made.template())["resources"]
    (sent,) = azure.sent("PUT")
    assert resource == {
        "type": "Microsoft.SignalRService/signalR",
        "apiVersion": "2023-02-01",
        "name": "chatkit-x",
        **sent.body,
    }
    assert [*resource][:4] == ["type", "apiVersion", "name", "location"]


def test_what_is_there_already_is_told_as_it_is_made(
    made: Result, azure: FakeAzure, run: Run
) -> None:
    """A cell that runs again shows the same, and sends nothing."""
    serverless = [{"flag": "ServiceMode", "value": "Serverless"}]
    there = {"properties": {"provisioningState": "Succeeded", "features": serverless}}
    azure.on("GET", PATH, (200, there, {}))
    azure.seen.clear()
    again = run(create_signalr)
    assert not azure.sent("PUT")
    assert [again.az(), again.python(), again.rest(), again.template()] == [
        made.az(),
        made.python(),
        made.rest(),
        made.template(),
    ]


def test_another_tier(azure: FakeAzure, run: Run) -> None:
    """The size in each form; the template is the whole resource."""
    free = {"name": "Free_F1", "capacity": 1}
    serverless = [{"flag": "ServiceMode", "value": "Serverless"}]
    there = {"location": "eastus2", "sku": free, "properties": {"features": serverless}}
    azure.on("GET", PATH, (200, there, {}))
    azure.on("PATCH", PATH, (200, there, {}))
    told = run(lambda stack: scale(stack, Size(STANDARD, 2)))
    assert told.az() == (
        "az signalr update --name chatkit-x --resource-group g --service-mode Serverless \\\n"
        "    --sku Standard_S1 --unit-count 2"
    )
    assert '"capacity": 2}' in told.python() and told.rest().count("PATCH ") == 1
    (resource,) = json.loads(told.template())["resources"]
    assert resource["sku"]["capacity"] == 2 and resource["location"] == "eastus2"
    assert resource["properties"]["features"][0]["value"] == "Serverless"
