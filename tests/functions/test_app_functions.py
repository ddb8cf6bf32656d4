"""The functions as the host sees them: names, routes, bindings, answers."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import Any

import pytest

from tests.functions.built_app import FOLDER, FUNCTIONS, Ask, Sent
from tests.functions.fake_blobs import FakeContainer

GOOD = {"text": "Hello"}
PACKAGES = {
    "azure.functions": "azure-functions",
    "azure.identity": "azure-identity",
    "azure.storage.blob": "azure-storage-blob",
    "jwt": "PyJWT",
}


def bindings(name: str) -> dict[str, dict[str, Any]]:
    """Bindings of a function by type, as the host reads them."""
    return {one["type"]: one for one in json.loads(FUNCTIONS[name].get_function_json())["bindings"]}


@pytest.mark.parametrize(
    ("name", "route", "method"),
    [
        ("SignalRInfo", "SignalRInfo", "POST"),
        ("negotiate", "negotiate", "POST"),
        ("SendMessage", "messages", "POST"),
        ("GetMessages", "messages", "GET"),
    ],
)
def test_every_function_has_its_route_for_everybody(name: str, route: str, method: str) -> None:
    """One method each, anonymous."""
    trigger = bindings(name)["httpTrigger"]
    assert (trigger["route"], trigger["methods"], trigger["authLevel"]) == (
        route,
        [method],
        "ANONYMOUS",
    )


def test_the_output_binding_names_the_hub_and_the_setting() -> None:
    """Hub `chat`, connection string from AzureSignalRConnectionString."""
    found = bindings("SendMessage")["signalR"]
    assert (found["hubName"], found["connectionStringSetting"]) == (
        "chat",
        "AzureSignalRConnectionString",
    )


def test_a_message_goes_to_the_hub_and_into_the_history(post: Ask, get: Ask, sent: Sent) -> None:
    """The same message, with the same id, everywhere."""
    status, answer = post(GOOD)
    assert (status, answer.pop("stored")) == (200, True)
    assert sent.values == [[{"target": "newMessage", "arguments": [answer]}]]
    assert get() == (200, [answer])


def test_chat_goes_on_when_storage_is_down(
    post: Ask, get: Ask, sent: Sent, blobs: FakeContainer
) -> None:
    """The message goes out, and the answer says that it was not stored; the history answers 503."""
    blobs.down = True
    status, answer = post(GOOD)
    assert (status, answer["stored"], len(sent.values)) == (200, False, 1)
    status, answer = get()
    assert (status, "cannot be read" in answer["error"]) == (503, True)
    blobs.down = False
    assert (post(GOOD)[1]["stored"], len(get()[1])) == (True, 1)


@pytest.mark.parametrize(
    "limit", ["0", "-1", "201", "1e2", "1.5", "ten", "", " 5", "9" * 5_000, "5;"]
)
def test_a_limit_out_of_range_is_refused(get: Ask, limit: str) -> None:
    """With a sentence that names the range."""
    status, answer = get(limit=limit)
    assert (status, answer["error"]) == (400, "limit has to be a whole number from 1 to 200.")


def test_limit_and_before_page_through_the_history(post: Ask, get: Ask) -> None:
    """Fifty unless told."""
    everything = [post(GOOD)[1]["id"] for _ in range(60)]
    assert [each["id"] for each in get()[1]] == everything[:9:-1]
    assert [each["id"] for each in get(limit="3", before=everything[10])[1]] == everything[9:6:-1]


def test_the_app_starts_without_the_storage_client() -> None:
    """Its import would cost a cold start half a second."""
    code = (
        "import sys, function_app; function_app.app.get_functions();"
        " print('azure.storage.blob' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_requirements_name_what_the_app_imports() -> None:
    """Azure installs these and nothing besides; azure.core comes with the storage client."""
    named = (FOLDER / "requirements.txt").read_text(encoding="utf-8")
    imports = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imports |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.module:
                imports.add(node.module)
    own = {path.stem for path in FOLDER.glob("*.py")}
    foreign = {name for name in imports if name.partition(".")[0] not in sys.stdlib_module_names}
    packages = {PACKAGES[name] for name in foreign - own - {"azure.core"}}
    assert packages == {line.partition(">=")[0] for line in named.split()}


def test_host_json_names_the_bundle_that_knows_signalr() -> None:
    """Bindings live in the host; the bundle brings them."""
    host = json.loads((FOLDER / "host.json").read_text(encoding="utf-8"))
    assert (host["version"], host["extensionBundle"]["version"]) == ("2.0", "[4.*, 5.0.0)")


def test_every_file_is_short_enough_for_a_cell() -> None:
    """A learner's cell writes a whole file."""
    lines = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in FOLDER.glob("*.py")
    }
    assert {name for name, count in lines.items() if count > 60} <= {
        "day_blobs.py",
        "send_message.py",
        "signalr_tokens.py",
    }
    assert max(lines.values()) < 100
