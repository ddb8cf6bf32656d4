"""Every check on a real local cloud: it passes, fails with the right words when something is
broken, and passes when repaired.

Each breakage is one that learners make; the repair is what the check's hint says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.mgmt.signalr.models import (
    RegenerateKeyParameters,
    SignalRFeature,
    SignalRResource,
)
from azure.mgmt.web.models import StringDictionary
from azure.storage.blob import StaticWebsite

from chatkit.cloud.provision import app_settings as app_settings
from chatkit.core.errors import CheckFailed
from chatkit.lesson import sections
from chatkit.lesson.checks.core import evidence
from chatkit.steps import page_config
from chatkit.steps.session import Session
from chatkit.workshop import Workshop
from tests.lesson.doctor.ready_workshop import at_section_08, edited, fails
from tests.tiers import one_in

CLEAN_UP = sections.CLEAN_UP.number
pytestmark = pytest.mark.slow
SECTIONS = ("00", "01", "02", "03", "04", "05", "06", "07", "08")
Repair = Callable[[], object]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop at the end of section 08, in a home of its own."""
    with at_section_08(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that does not come within two seconds does not come."""
    monkeypatch.setattr(evidence, "ARRIVAL_S", 2.0)


def restart(workshop: Workshop) -> None:
    """Stop and start the functions on this machine; the page calls them, wherever they run now."""
    workshop.stop_functions()
    workshop.start_functions()
    page_config.write(workshop.page_folder, str(workshop.local_api_base_url))


def test_every_check_passes_on_what_the_notebooks_build(workshop: Workshop) -> None:
    """And says at least two things that it has proven.

    The page in 06 calls the deployed functions by now.
    """
    with edited(
        workshop.page_folder / "config.json",
        str(workshop.api_base_url),
        str(workshop.local_api_base_url),
    ):
        results = {
            section: repr(workshop.check(section)) for section in SECTIONS if section != "08"
        }
    results["08"] = repr(workshop.check("08"))
    assert all(
        text.startswith(f"Section {section} works:") and text.count("\n") >= 2
        for section, text in results.items()
    )


def test_02_notices_the_wrong_service_mode(workshop: Workshop) -> None:
    """Default is what one gets when nobody says Serverless, Classic what older instances have."""
    settings, client = workshop.settings, workshop.cloud.signalr().signal_r
    for mode in ("Classic", "Default"):
        change = SignalRResource(
            location=settings.region, features=[SignalRFeature(flag="ServiceMode", value=mode)]
        )
        client.begin_update(settings.names.resource_group, settings.names.signalr, change).result()
        fails(workshop, "02", f"service mode: expected Serverless, got {mode}")
    workshop.create_signalr()
    workshop.check("02")


def test_02_says_what_a_larger_tier_costs(workshop: Workshop) -> None:
    """It is a documented way to have room for more; who did not mean it reads the price."""
    workshop.create_signalr(tier="standard", units=2)
    said = repr(workshop.check("02"))
    assert "tier Standard_S1, service mode Serverless." in said
    assert "The standard tier, 2 units, costs nothing on the local cloud; on Azure about" in said
    workshop.scale("free")
    assert "costs" not in repr(workshop.check("02"))


def test_02_notices_an_instance_that_is_gone(workshop: Workshop) -> None:
    """Deleted in the portal.

    The new one has new keys, so settings are written and uploaded anew.
    """
    settings = workshop.settings
    workshop.cloud.signalr().signal_r.begin_delete(
        settings.names.resource_group, settings.names.signalr
    ).result()
    assert "cells" in fails(
        workshop, "02", "instance: expected one in your resource group, got none"
    )
    workshop.create_signalr()
    workshop.check("02")
    for verb in ("write_local_settings", "upload_settings"):
        getattr(workshop, verb)()
    restart(workshop)
    workshop.set_page_url()


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (
            "host.json",
            "[4.*, 5.0.0)",
            "[1.*, 2.0.0)",
            "The extension bundle in host.json: expected .* got .*1[.]",
        ),
        (
            "host.json",
            '"extensionBundle"',
            '"bundle"',
            "The extension bundle in host.json: expected .* got none",
        ),
        ("host.json", "{", "", "host.json: expected JSON, got a mistake"),
        (
            "local.settings.json",
            "AccessKey=",
            "AccessKey=x",
            "expected the connection string of your instance, .* got another one",
        ),
        (
            "local.settings.json",
            "AzureSignalRConnectionString",
            "SignalR",
            "AzureSignalRConnectionString: .* got none",
        ),
        (
            "local.settings.json",
            '"CORS": "http',
            '"CORS": "*http',
            "Host.CORS .* expected one exact origin",
        ),
        (
            "function_app.py",
            "import",
            "KEY = 'AccessKey=abc'\nimport",
            "no access key in them, got one in function_app.py",
        ),
    ],
)
def test_03_notices_a_wrong_folder(
    workshop: Workshop, file: str, old: str, new: str, words: str
) -> None:
    """Bundle, settings, and a key where none may be."""
    with edited(workshop.functions_folder / file, old, new):
        fails(workshop, "03", words)
    workshop.check("03")


@pytest.mark.parametrize(
    ("section", "file", "old", "new", "words"),
    one_in(
        3,
        [
            (
                "04",
                "signalr_info.py",
                "HttpResponse(connection_info",
                'HttpResponse("Hello"',
                "JSON with url and accessToken",
            ),
            (
                "04",
                "signalr_info.py",
                'hubName="chat"',
                'hubName="room"',
                "The url: expected hub=chat",
            ),
            (
                "04",
                "function_app.py",
                "app.register_functions(signalr_info",
                "print(signalr_info",
                "No function answers POST /api/SignalRInfo",
            ),
            (
                "05",
                "send_message.py",
                '"newMessage"',
                '"message"',
                "The target: expected newMessage, got message",
            ),
            (
                "05",
                "send_message.py",
                'hubName="chat"',
                'hubName="room"',
                "What alice received: expected the message, got nothing",
            ),
            (
                "05",
                "send_message.py",
                '"arguments": [message]',
                '"arguments": [message, 1]',
                "The arguments: expected one",
            ),
            (
                "06",
                "send_message.py",
                "chat_history.append(message)",
                "pass",
                "the last two messages, newest first",
            ),
        ],
    ),
)
def test_the_functions_checks_notice_a_mistake_in_the_code(
    workshop: Workshop, section: str, file: str, old: str, new: str, words: str
) -> None:
    """What a learner types wrong in sections 04 to 06."""
    config = workshop.page_folder / page_config.FILE
    deployed = config.read_text(encoding="utf-8")
    with edited(workshop.functions_folder / file, old, new):
        restart(workshop)
        fails(workshop, section, words)
    restart(workshop)
    workshop.check(section)
    config.write_text(deployed, encoding="utf-8")


@pytest.mark.parametrize(
    ("section", "stop", "start", "words"),
    [
        (
            "04",
            "stop_functions",
            "start_functions",
            "The functions on this machine: expected to run",
        ),
        ("06", "stop_page", "start_page", "The page on this machine: expected to be served"),
    ],
)
def test_a_server_that_does_not_run_is_named(
    workshop: Workshop, section: str, stop: str, start: str, words: str
) -> None:
    """And the hint says how to start it."""
    getattr(workshop, stop)()
    with pytest.raises(CheckFailed, match=words) as caught:
        workshop.check(section)
    assert f"workshop.{start}()" in caught.value.hint
    getattr(workshop, start)()


def test_07_notices_a_key_that_was_changed(workshop: Workshop) -> None:
    """After a change of the access key, local and deployed settings are old.

    Each check says so until it is repaired.
    """
    settings = workshop.settings
    keys = RegenerateKeyParameters(key_type="Primary")
    workshop.cloud.signalr().signal_r.begin_regenerate_key(
        settings.names.resource_group, settings.names.signalr, keys
    ).result()
    fails(workshop, "03", "got another one")
    workshop.write_local_settings()
    workshop.check("03")
    fails(workshop, "07", "AzureSignalRConnectionString differs")
    workshop.upload_settings()
    workshop.check("07")
    restart(workshop)
    workshop.set_page_url()


def test_07_notices_a_missing_setting(workshop: Workshop) -> None:
    """A deployed app without its connection string."""
    settings, sites = workshop.settings, workshop.cloud.web().web_apps
    group, site = settings.names.resource_group, settings.names.function_app
    kept = app_settings.read_app_settings(workshop.session.stack())
    kept.pop("AzureSignalRConnectionString")
    sites.update_application_settings(group, site, StringDictionary(properties=kept))
    fails(workshop, "07", "AzureSignalRConnectionString not uploaded")
    workshop.upload_settings()
    workshop.check("07")


def test_07_notices_another_origin(workshop: Workshop) -> None:
    """CORS that names somebody else's page."""
    app_settings.set_cors(workshop.session.stack(), "https://somebody.example")
    fails(workshop, "07", "Access-Control-Allow-Origin for the page")
    workshop.allow_page()
    workshop.check("07")


def test_06_notices_an_origin_that_is_not_the_pages(workshop: Workshop) -> None:
    """Host.CORS of another machine's page, which a browser would hold against this one."""
    config = workshop.page_folder / page_config.FILE
    deployed = config.read_text(encoding="utf-8")
    with edited(
        workshop.functions_folder / "local.settings.json",
        str(workshop.local_web_url),
        "http://127.0.0.1:1",
    ):
        restart(workshop)
        assert "write_local_settings" in fails(
            workshop, "06", "Access-Control-Allow-Origin for the page: expected http"
        )
    workshop.write_local_settings()
    restart(workshop)
    workshop.check("06")
    config.write_text(deployed, encoding="utf-8")


def test_06_notices_a_page_that_calls_another_place(workshop: Workshop) -> None:
    """A config.json edited by hand."""
    config = workshop.page_folder / page_config.FILE
    deployed = config.read_text(encoding="utf-8")
    page_config.write(workshop.page_folder, "http://localhost:1")
    assert "prepare_page" in fails(
        workshop, "06", "config.json of the page: expected apiBaseUrl .* got http://localhost:1"
    )
    workshop.prepare_page()
    workshop.check("06")
    config.write_text(deployed, encoding="utf-8")


def test_08_notices_a_website_that_is_off(workshop: Workshop) -> None:
    """Switched off in the portal; uploading the page switches it on again."""
    from chatkit.cloud.provision import storage

    settings, cloud = workshop.settings, workshop.cloud
    account = cloud.storage().storage_accounts.get_properties(
        settings.names.resource_group, settings.names.storage_account
    )
    key = storage.account_key(workshop.session.stack())
    cloud.blobs(storage.blob_url(account), key).set_service_properties(
        static_website=StaticWebsite(enabled=False)
    )
    assert "upload_page" in fails(workshop, "08", "The page: expected 200 text/html, got 404")
    workshop.set_page_url()
    workshop.upload_page()
    workshop.check("08")


def test_08_notices_a_page_that_was_not_uploaded(workshop: Workshop) -> None:
    """An edit stays on this machine until it is uploaded."""
    with edited(workshop.page_folder / "index.html", "</html>", "<!-- mine --></html>"):
        fails(workshop, "08", "index.html: expected the one in my-chat/content, got another")
        workshop.upload_page()
        workshop.check("08")
    workshop.upload_page()


def test_08_notices_a_page_that_calls_another_place(workshop: Workshop) -> None:
    """A config.json from somewhere else, uploaded by hand."""
    from chatkit.cloud.provision import storage

    settings, cloud = workshop.settings, workshop.cloud
    account = cloud.storage().storage_accounts.get_properties(
        settings.names.resource_group, settings.names.storage_account
    )
    key = storage.account_key(workshop.session.stack())
    web = cloud.blobs(storage.blob_url(account), key).get_container_client("$web")
    web.upload_blob("config.json", json.dumps({"apiBaseUrl": "http://localhost:1"}), overwrite=True)
    fails(
        workshop,
        "08",
        (
            "config.json of the page: expected apiBaseUrl http://localhost:[0-9]+, got"
            " http://localhost:1"
        ),
    )
    workshop.set_page_url()
    workshop.upload_page()
    workshop.check("08")


def test_the_clean_up_is_content_only_when_everything_is_gone(workshop: Workshop) -> None:
    """Last, because nothing is left after it."""
    fails(workshop, CLEAN_UP, "The resource group: expected gone, got still there")
    assert workshop.clean_up().complete
    assert "404 Not Found" in repr(workshop.check(CLEAN_UP))


@pytest.mark.long
def test_an_app_that_was_deleted_is_brought_back_by_one_verb(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the sections have done is not there any more, whatever the settings remember."""
    monkeypatch.setattr(Session, "folder", tmp_path / "my-chat")
    with pytest.raises(CheckFailed) as caught:
        workshop.check("05")
    assert caught.value.hint.startswith('workshop.catch_up("05")')
