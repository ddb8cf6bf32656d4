"""Every port of a local cloud is taken while it is down: what named the old ones names the new."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from typer.testing import CliRunner

from chatkit.cli.local import app as local_verbs
from chatkit.cloud import local_cloud
from chatkit.cloud.local_cloud import Endpoints
from chatkit.core.ports import next_free
from chatkit.steps import local_settings, moved_ports
from chatkit.steps.local_servers import FUNCTIONS, LocalServers
from chatkit.steps.session import Session
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.homes import workshop_in
from tests.other_programs import taking_ports

FILES = (
    "settings.json",
    "local/cloud.json",
    "my-chat/functions/local.settings.json",
    "my-chat/content/config.json",
)


def fixed(known: Endpoints) -> list[str]:
    """The addresses that a local cloud has without any resource."""
    return [
        known["resource_manager"],
        known["authority"],
        known["graph"],
        known["dev_storage"],
        known["control"],
    ]


def of_resources(workshop: Workshop) -> list[str]:
    """Of SignalR, the deployed app and the deployed page."""
    text = local_settings.values(workshop.functions_folder)["AzureSignalRConnectionString"]
    return [
        SignalRConnectionString.parse(text).base_url,
        str(workshop.api_base_url),
        str(workshop.web_url),
    ]


def kill(known: Endpoints) -> None:
    """As `kill -9` does it."""
    killed = psutil.Process(known["pid"])
    killed.kill()
    psutil.wait_procs([killed], timeout=30)


@pytest.fixture(scope="module")
def before() -> list[str]:
    """The addresses that were in use before the move; `moved` fills it."""
    return []


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory, before: list[str]) -> Iterator[Workshop]:
    """A workshop with everything in it, whose local cloud came back with every port taken.

    The other programs hold the ports until the end.
    """
    home = tmp_path_factory.mktemp("home")
    with workshop_in(home) as workshop:
        write_app(workshop.folder)
        workshop.provision()
        workshop.write_local_settings()
        workshop.prepare_page()
        workshop.upload_settings()
        workshop.publish_functions()
        workshop.allow_page()
        workshop.enable_authentication()
        workshop.set_page_url()
        workshop.upload_page()
        known = local_cloud.read(home / "local")
        before.extend([*fixed(known), *of_resources(workshop)])
        kill(known)
        with taking_ports(*before):
            workshop.session.connect()
            yield workshop


def written(workshop: Workshop) -> str:
    """What the kit has written for this home, with every port behind a colon."""
    texts = [(workshop.home / name).read_text(encoding="utf-8") for name in FILES]
    # What tells of the move has the old ports in it.
    texts[1] = re.sub(r'"(moves|moved)": [\[{].*?[\]}],?\n', "", texts[1], flags=re.DOTALL)
    return "\n".join(texts).replace(";Port=", ":")


def stored(workshop: Workshop) -> str:
    """What Resource Manager and Graph say, with every port behind a colon."""
    names = workshop.settings.names
    base = f"/subscriptions/{workshop.cloud.subscription_id}/resourceGroups/{names.resource_group}"
    site = f"{base}/providers/Microsoft.Web/sites/{names.function_app}"
    version = "?api-version=2023-12-01"
    manager = workshop.cloud.rest(workshop.cloud.resource_manager)
    found = [
        manager.get(site + version).json(),
        manager.send("POST", f"{site}/config/appsettings/list{version}").json(),
        manager.get(f"{site}/config/web{version}").json(),
        manager.get(f"{site}/config/authsettingsV2{version}").json(),
        workshop.cloud.graph_rest().get("/v1.0/applications").json(),
    ]
    return json.dumps(found).replace(";Port=", ":")


@pytest.mark.long
def test_functions_that_run_are_at_the_new_address_at_once(tmp_path: Path) -> None:
    """Nobody is sent to the old one: it may be another program's now, which refuses the token."""
    home = tmp_path / "home"
    folder = tmp_path / "my-chat" / "functions"
    write_app(folder.parent, until="05")
    local_settings.write(
        folder,
        signalr="Endpoint=http://localhost;Port=8888;AccessKey=a-key-only-for-tests;Version=1.0;",
        storage=local_settings.DEVELOPMENT_STORAGE,
    )
    servers = LocalServers(home)
    url = servers.start_functions(folder, port=next_free(27071)).server.url
    try:
        known = cast(Endpoints, {"moved": {"8888": 8990}, "dev_storage": ""})
        for port in (8888, 8990):
            info = requests.post(f"{url}/api/negotiate", timeout=30).json()
            assert urlsplit(info["url"]).port == port
            moved_ports.follow_moves(home, folder.parent, known)
    finally:
        servers.stop(FUNCTIONS)


def test_no_old_address_is_left(moved: Workshop, before: list[str]) -> None:
    """Neither in a file that the kit wrote, nor in a document of the local cloud."""
    assert len({urlsplit(url).port for url in before}) == len(before)
    for text in (written(moved), stored(moved)):
        ports = {urlsplit(url).port for url in before}
        assert [port for port in ports if re.search(rf":{port}(?!\d)", text)] == []


@pytest.mark.usefixtures("before")
def test_the_chat_goes_on(moved: Workshop) -> None:
    """Sign-in, the app's settings and SignalR have followed each other."""
    panel = moved.chat_panel("alice", "bob")
    try:
        assert repr(panel.say("alice", "moved")).endswith("received by alice and bob")
    finally:
        panel.close()


def test_a_person_signs_in_at_the_new_address(moved: Workshop) -> None:
    """The redirect URI that was registered leads to the app."""
    assert moved.sign_in_as("alice").name.startswith("alice")


def test_the_page_may_call_the_functions(moved: Workshop) -> None:
    """CORS names the page at its new address."""
    page = str(moved.web_url).rstrip("/")
    headers = {"Origin": page, "Access-Control-Request-Method": "POST"}
    answer = requests.options(f"{moved.api_base_url}/api/negotiate", headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == page


def test_what_was_published_is_named_with_its_verb(moved: Workshop) -> None:
    """A page that was uploaded is not changed behind a person's back."""
    sentences = moved_ports.sentences(local_cloud.read(moved.home / "local"))
    name = psutil.Process().name()
    assert any(f"{name} (process {psutil.Process().pid}) has port" in one for one in sentences)
    assert "`workshop.upload_page()`" in " ".join(sentences)
    assert 'eval "$(chatkit local env)"' in " ".join(sentences)
    moved.upload_page()
    with urllib.request.urlopen(f"{moved.web_url}config.json") as answer:
        assert json.load(answer)["apiBaseUrl"] == moved.api_base_url


def test_status_and_env_tell_the_new_addresses(moved: Workshop, before: list[str]) -> None:
    """A person reads what moved; a shell reads only addresses that answer."""
    status = CliRunner().invoke(local_verbs, ["status"]).output
    assert "SignalR Service" in status and "is at port" in status
    env = CliRunner().invoke(local_verbs, ["env"]).output
    assert moved.cloud.resource_manager in env
    assert [url for url in before if url in env] == []


def test_the_first_step_after_it_says_what_moved(moved: Workshop) -> None:
    """And the second one does not say it again."""
    another_kernel = Workshop(Session(moved.home))
    told = [text for name, text in another_kernel.sign_in().rows if name == "moved"]
    assert any("is at port" in text for text in told)
    assert "moved" not in dict(another_kernel.sign_in().rows)


def test_every_verb_that_starts_the_cloud_says_what_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lab, sign-in, az and `local up` say it; who finds the cloud running heard it from them."""
    move = {"owner": "entra", "before": 1, "now": 2, "holder": "nc (process 3)"}
    known: Any = {"moves": [move]}
    running: list[object] = []
    monkeypatch.setattr(local_cloud, "usable", lambda _where: known if running else None)
    monkeypatch.setattr(local_cloud, "start", lambda _where: known)
    said: list[str] = []
    assert moved_ports.start_cloud(tmp_path, said.append) == known
    assert said[0] == "Entra ID is at port 2 now: nc (process 3) has port 1."
    running.append(known)
    said.clear()
    assert moved_ports.start_cloud(tmp_path, said.append) == known
    assert said == []
