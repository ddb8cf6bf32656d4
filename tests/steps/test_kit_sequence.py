"""The whole sequence on a real local cloud: provision, publish, upload, chat, clean up."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
import requests

from chatkit.cli.report.verb import names_of
from chatkit.cloud.plan.calls import all_calls
from chatkit.cloud.trace import record
from chatkit.cloud.trace.report import of
from chatkit.steps import local_settings
from chatkit.steps.local_servers import FUNCTIONS, PAGE
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.cloud.plan import azure_page, generating
from tests.cloud.plan.whole_tutorial import Whole, addresses_of
from tests.localcloud.resource_manager.watching import Watch
from tests.other_programs import taking_ports
from tests.steps.by_hand.state import Asked

PAGE_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
BLOB_ADDRESS = re.compile(r"https://localhost:\d+/chatkit\w+")
ORDER = (
    "sign_in",
    "create_resource_group",
    "create_signalr",
    "write_local_settings",
    "start_functions",
    "prepare_page",
    "start_page",
    "create_storage_account",
    "create_function_app",
    "publish_functions",
    "upload_settings",
    "enable_static_website",
    "allow_page",
    "set_page_url",
    "upload_page",
    "provision",
)


@pytest.fixture(scope="module")
def workshop(running_home: Path, watch: Watch) -> Iterator[Workshop]:
    """A workshop with the finished app in its folder."""
    write_app(running_home / "my-chat")
    opened = Workshop.open()
    yield opened
    opened.session.servers.stop(FUNCTIONS)
    opened.session.servers.stop(PAGE)


@pytest.fixture(scope="module")
def texts(workshop: Workshop) -> dict[str, str]:
    """What every step said when it was done for the first time, in the tutorial's order."""
    return {verb: repr(getattr(workshop, verb)()) for verb in ORDER}


def addresses(workshop: Workshop) -> list[str]:
    """Of SignalR, the deployed app and the deployed page."""
    text = local_settings.values(workshop.functions_folder)["AzureSignalRConnectionString"]
    return [
        SignalRConnectionString.parse(text).base_url,
        str(workshop.api_base_url),
        str(workshop.web_url),
    ]


def kill_cloud(workshop: Workshop) -> None:
    """As `kill -9` does it."""
    killed = psutil.Process(
        json.loads((workshop.home / "local" / "cloud.json").read_text(encoding="utf-8"))["pid"]
    )
    killed.kill()
    psutil.wait_procs([killed], timeout=30)


def read(url: str) -> tuple[str, bytes]:
    """Content type and body of an address."""
    with urllib.request.urlopen(url) as answer:
        return answer.headers["Content-Type"], answer.read()


def test_no_text_has_a_name_a_port_or_a_secret_in_it(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """A stored notebook and a new run agree."""
    key = local_settings.values(workshop.functions_folder)["AzureSignalRConnectionString"]
    assert "AccessKey=" in key
    for text in texts.values():
        assert workshop.settings.suffix not in text
        assert "localhost:" not in text and "127.0.0.1:" not in text
        assert "AccountKey" not in text and "AccessKey" not in text


@pytest.mark.parametrize("verb", [verb for verb in ORDER if verb != "publish_functions"])
def test_a_step_done_again_says_the_same(
    workshop: Workshop, texts: dict[str, str], verb: str
) -> None:
    """Every cell can be run twice."""
    assert repr(getattr(workshop, verb)()) == texts[verb]


def test_publishing_says_which_setting_was_forgotten(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """Before anybody wonders why nothing works."""
    published = "Published. 4 functions: GetMessages, SendMessage, SignalRInfo, negotiate."
    assert (
        texts["publish_functions"] == f"{published} Not uploaded yet: AzureSignalRConnectionString."
    )
    assert repr(workshop.publish_functions()) == published


def test_resource_manager_knows_what_was_published(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """The newest deployment is the active one, and its log tells which functions it serves."""
    web = workshop.cloud.web().web_apps
    names = workshop.settings.names
    newest = next(iter(web.list_deployments(names.resource_group, names.function_app)))
    assert newest.properties is not None and (
        newest.properties.status,
        newest.properties.active,
    ) == (4, True)
    log = web.list_deployment_log(
        names.resource_group, names.function_app, str(newest.properties["id"])
    )
    assert log.properties is not None and "The app serves: " in str(log.properties.details)


@pytest.mark.parametrize("where", ["local_api_base_url", "api_base_url"])
def test_the_functions_answer(workshop: Workshop, texts: dict[str, str], where: str) -> None:
    """Here and deployed, with a token for the hub."""
    request = urllib.request.Request(
        f"{getattr(workshop, where)}/api/negotiate", method="POST", data=b""
    )
    with urllib.request.urlopen(request) as answer:
        assert set(json.load(answer)) == {"url", "accessToken"}


def test_the_deployed_page_is_the_local_page_with_another_address(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """Only config.json differs."""
    assert workshop.web_url is not None
    kind, page = read(workshop.web_url)
    assert kind.startswith("text/html")
    assert page == (workshop.page_folder / "index.html").read_bytes()
    assert json.loads(read(workshop.web_url + "config.json")[1]) == {
        "apiBaseUrl": workshop.api_base_url
    }


def test_the_deployed_functions_answer_the_deployed_page_only(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """CORS, credentials included."""
    assert workshop.web_url is not None
    page = workshop.web_url.rstrip("/")
    allowed = {}
    for origin in (page, "http://evil.example"):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = requests.options(f"{workshop.api_base_url}/api/negotiate", headers=headers)
        allowed[origin] = answer.headers.get("Access-Control-Allow-Origin")
    assert allowed == {page: page, "http://evil.example": None}


@pytest.mark.parametrize("where", ["local", "deployed"])
def test_two_people_chat(workshop: Workshop, texts: dict[str, str], where: str) -> None:
    """What one says, both hear."""
    panel = workshop.chat_panel("alice", "bob", where=where)
    try:
        assert repr(panel.say("alice", "hello")) == "alice: hello\nreceived by alice and bob"
    finally:
        panel.close()


def test_settings_somebody_added_survive_every_step(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """Writing settings replaces all of them; the kit merges."""
    web = workshop.cloud.web().web_apps
    group = workshop.settings.names.resource_group
    site = workshop.settings.names.function_app
    current = dict(web.list_application_settings(group, site).properties or {})
    web.update_application_settings(group, site, {"properties": {**current, "MINE": "1"}})
    workshop.create_function_app()
    workshop.upload_settings()
    assert dict(web.list_application_settings(group, site).properties or {}) == {
        **current,
        "MINE": "1",
    }


def test_a_killed_cloud_comes_back_with_everything(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """The next cell starts it; addresses, settings, app and page are what they were."""
    addresses = (workshop.api_base_url, workshop.web_url)
    kill_cloud(workshop)
    assert repr(workshop.provision()) == texts["provision"]
    assert (workshop.api_base_url, workshop.web_url) == addresses
    assert workshop.web_url is not None
    assert read(workshop.web_url)[1] == (workshop.page_folder / "index.html").read_bytes()
    panel = workshop.chat_panel("alice", "bob")
    try:
        assert repr(panel.say("bob", "back again")).endswith("received by alice and bob")
    finally:
        panel.close()


def test_ports_that_other_programs_took_meanwhile_are_replaced(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """SignalR's, the app's and the website's at once: the chat goes on."""
    before = addresses(workshop)
    kill_cloud(workshop)
    with taking_ports(*before):
        assert repr(workshop.provision()) == texts["provision"]
        assert not set(before) & set(addresses(workshop))
        panel = workshop.chat_panel("alice", "bob")
        try:
            assert repr(panel.say("alice", "moved")).endswith("received by alice and bob")
        finally:
            panel.close()


def test_every_step_was_timed(workshop: Workshop, texts: dict[str, str]) -> None:
    """For planning a class."""
    steps = len(dict(workshop.timings().rows))
    assert steps >= len(ORDER)


def test_clean_up_leaves_nothing_and_says_how_it_knows(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """Last: it deletes everything the others used."""
    receipt = workshop.clean_up()
    assert receipt.complete
    assert [item.what for item in receipt.items] == [
        "resource group",
        "SignalR Service instance",
        "storage account",
        "function app",
        "plan",
        "access key",
        "keys in local.settings.json",
    ]
    status = workshop.status().as_dict()
    assert not any(status[name] for name in status if name not in ("target", "completed"))
    assert workshop.clean_up().complete


def test_nothing_that_went_over_the_wire_is_outside_azures_models(
    workshop: Workshop, watch: Watch
) -> None:
    """Requests and answers of all the steps above, publishing and clean-up among them."""
    assert watch.specs.problems == [] and watch.unknown == []
    assert watch.specs.seen >= {
        "SignalR_CreateOrUpdate",
        "WebApps_CreateOrUpdate",
        "WebApps_ListFunctions",
        "ResourceGroups_Delete",
    }


def test_everything_that_was_sent_has_a_row_in_the_page_about_azure(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """docs/azure.md says of each call what is known: a new one has to be looked up first."""
    manager = workshop.cloud.resource_manager
    sent = [
        (entry["method"], *_path_and_version(entry["url"]))
        for entry in record.read(workshop.home, "local")
        if entry["step"] and entry["url"].startswith(f"{manager}/")
    ]
    assert len(sent) > 50 and azure_page.missing(iter(sent)) == []


def test_what_a_step_changes_is_what_the_plan_says(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """With its body: `chatkit run --target azure --dry-run` tells what is really sent."""
    workshop.provision()
    noted = record.read(workshop.home, "local")
    changing = [one for one in noted if one["step"] and one["method"] in ("PUT", "PATCH")]
    asked = Asked(replace(workshop.cloud, record=None), workshop.settings.names)
    addresses = addresses_of(asked)
    for one in PAGE_ADDRESS.findall(json.dumps(changing)):  # before its port moved, too
        addresses[one] = "{web}"
    for one in BLOB_ADDRESS.findall(json.dumps(changing)):
        addresses[one] = "{blob}"
    sent = generating.planned(Whole({"": changing}, addresses, (workshop.settings.suffix,)))
    # Without the section and the step: `provision` makes at once what several steps make.
    told = {generating.key(call)[2:] for call in all_calls()}
    assert len(sent) > 8
    for call in sent:
        assert generating.key(call)[2:] in told, call


def _path_and_version(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.path, parse_qs(parts.query)["api-version"][0]


def test_no_key_of_this_cloud_is_in_what_was_noted_nor_in_a_report(
    workshop: Workshop, texts: dict[str, str]
) -> None:
    """The keys that there really are: of the account, of the instance, of the app; and no name."""
    names = workshop.settings.names
    web = workshop.cloud.web().web_apps
    site = (names.resource_group, names.function_app)
    workshop.provision()
    hosts = web.list_host_keys(*site).as_dict()
    settings = web.list_application_settings(*site).properties or {}
    instances = workshop.cloud.signalr().signal_r
    instance = instances.list_keys(names.resource_group, names.signalr).as_dict()
    accounts = workshop.cloud.storage().storage_accounts
    account = accounts.list_keys(names.resource_group, names.storage_account).as_dict()
    keys = [str(instance["primary_key"]), str(account["keys"][0]["value"])]
    keys += [str(hosts["masterKey"]), *map(str, hosts["functionKeys"].values())]
    keys += [value for value in settings.values() if "Key=" in value]
    assert len(keys) > 3 and all(len(key) > 20 for key in keys)
    noted = (workshop.home / record.FILE).read_text(encoding="utf-8")
    packed = of(record.read(workshop.home, "local"), names_of(names), {"target": "local"}).text()
    assert not [key for key in keys if key in noted or key in packed]
    for name in (names.function_app, names.storage_account, workshop.cloud.subscription_id):
        assert name in noted and name not in packed
