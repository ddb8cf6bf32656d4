"""What goes wrong with an app that is there already.

The kit's verbs repair it, or say what is wrong and what to do.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import AzureError
from azure.mgmt.web.models import (
    CorsSettings,
    SiteAuthSettingsV2,
    SiteConfig,
    SiteConfigResource,
    StringDictionary,
)

from chatkit.cloud.calls import Calls
from chatkit.cloud.local_cloud import ask
from chatkit.cloud.provision.app_registration import SECRET_SETTING
from chatkit.cloud.publish import functions
from chatkit.core.errors import ChatkitError
from chatkit.steps import local_settings
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.localcloud.resource_manager.watching import Watch

STORAGE = local_settings.STORAGE_SETTING
SIGNALR = local_settings.SIGNALR_SETTING


@pytest.fixture(scope="module")
def published(running_home: Path, watch: Watch) -> Workshop:
    """A workshop at the end of section 08."""
    write_app(running_home / "my-chat")
    opened = Workshop.open()
    for verb in (
        "create_resource_group",
        "provision",
        "write_local_settings",
        "upload_settings",
        "publish_functions",
    ):
        getattr(opened, verb)()
    for verb in ("prepare_page", "set_page_url", "allow_page", "upload_page"):
        getattr(opened, verb)()
    return opened


@pytest.fixture
def workshop(published: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """The same, with short pauses between retries, and healthy again at the end."""
    pause = time.sleep
    monkeypatch.setattr("time.sleep", lambda seconds: pause(min(seconds, 0.05)))
    yield published
    ask("DELETE", "/faults")


@pytest.fixture
def app(workshop: Workshop) -> Iterator[Path]:
    """The learner's functions, to be broken."""
    kept = shutil.copytree(workshop.functions_folder, workshop.home / "kept")
    yield workshop.functions_folder
    shutil.rmtree(workshop.functions_folder)
    kept.rename(workshop.functions_folder)
    workshop.publish_functions(again=True)


def said(error: BaseException) -> str:
    """An error with its hints."""
    return " ".join([str(error), getattr(error, "hint", ""), *getattr(error, "__notes__", ())])


def refusal(verb: Callable[[], object]) -> str:
    """What a verb says when it gives up."""
    with pytest.raises((ChatkitError, AzureError)) as caught:
        verb()
    return said(caught.value)


def site(workshop: Workshop) -> tuple[str, str]:
    """Group and name of the function app."""
    return workshop.settings.names.resource_group, workshop.settings.names.function_app


def settings_of(workshop: Workshop) -> dict[str, str]:
    """The app settings as they are deployed."""
    return dict(
        workshop.cloud.web().web_apps.list_application_settings(*site(workshop)).properties or {}
    )


def overwrite(workshop: Workshop, settings: dict[str, str]) -> None:
    """Write app settings as somebody does who does not know that this replaces all of them."""
    workshop.cloud.web().web_apps.update_application_settings(
        *site(workshop), StringDictionary(properties=settings)
    )


def allowed(workshop: Workshop) -> str | None:
    """The origin that the deployed functions let call them, asked as the page's browser asks."""
    headers = {"Origin": str(workshop.web_url).rstrip("/"), "Access-Control-Request-Method": "POST"}
    answer = requests.options(f"{workshop.api_base_url}/api/messages", headers=headers, timeout=30)
    return answer.headers.get("Access-Control-Allow-Origin")


def test_a_used_up_free_tier_is_named_when_somebody_connects(workshop: Workshop) -> None:
    """Twenty connections or twenty thousand messages: which tier it is, and what to close."""
    order: dict[str, Any] = {"kind": "429", "count": 1}
    ask("POST", f"/signalr/{workshop.settings.names.signalr}/faults", order)
    assert "20 connections" in refusal(lambda: workshop.chat_panel("alice", "bob"))
    panel = workshop.chat_panel("alice", "bob")
    try:
        assert repr(panel.say("alice", "hello")).endswith("received by alice and bob")
    finally:
        panel.close()


def test_settings_that_were_overwritten_are_missed_and_set_again(workshop: Workshop) -> None:
    """The storage connection is lost with a PUT of one setting.

    Publishing says so, the verb that it names puts it back, and the one setting stays.
    """
    overwrite(workshop, {"MINE": "1"})
    text = repr(workshop.publish_functions())
    assert f"Lost on the deployed app: {STORAGE}" in text and f"Not uploaded yet: {SIGNALR}" in text
    workshop.create_function_app(), workshop.upload_settings()
    assert settings_of(workshop).keys() >= {
        "MINE",
        STORAGE,
        SIGNALR,
        "DEPLOYMENT_STORAGE_CONNECTION_STRING",
    }
    assert repr(workshop.publish_functions()).endswith("negotiate.")


def test_settings_that_flex_refuses_are_never_uploaded(workshop: Workshop) -> None:
    """A local file of another plan: what Flex forbids stays local, the rest goes."""
    path = workshop.functions_folder / local_settings.FILE
    before = path.read_text(encoding="utf-8")
    content = json.loads(before)
    content["Values"] |= {
        "WEBSITE_RUN_FROM_PACKAGE": "1",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "OWN": "2",
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    try:
        workshop.upload_settings()
    finally:
        path.write_text(before, encoding="utf-8")
    assert settings_of(workshop)["OWN"] == "2"
    assert (
        not {"WEBSITE_RUN_FROM_PACKAGE", "FUNCTIONS_WORKER_RUNTIME"} & settings_of(workshop).keys()
    )


def test_functions_that_are_not_listed_are_synchronised(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zero functions after a deployment, until the triggers are synchronised."""
    ask("PUT", "/faults/triggers-late", {"times": 1})
    assert repr(workshop.publish_functions(again=True)).startswith("Published. 4 functions")
    ask("PUT", "/faults/triggers-late", {"times": 0})
    monkeypatch.setattr(functions, "LISTED_LIMIT_S", 0.3)
    assert "has no functions" in refusal(lambda: workshop.publish_functions(again=True))


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (
            "function_app.py",
            "import azure.functions\nimport not_there_zz\n",
            "Name the package of not_there_zz in requirements.txt",
        ),
        ("function_app.py", "import azure.functions\n1 / 0\n", "ZeroDivisionError"),
        ("function_app.py", "import azure.functions\n", "function_app.py"),
        ("function_app.py", "def (:\n", "line 1 is not Python"),
        ("host.json", '{"version": "2.0"}', "host.json names it"),
        ("requirements.txt", "requests\n", "requirements.txt does not name azure-functions"),
    ],
)
def test_an_app_that_cannot_run_is_not_published(
    workshop: Workshop, app: Path, file: str, text: str, words: str
) -> None:
    """An import error, no function, no bundle: the sentence says it, and the old app serves on."""
    (app / file).write_text(text, encoding="utf-8")
    assert words in refusal(workshop.publish_functions)
    assert requests.post(f"{workshop.api_base_url}/api/negotiate", timeout=30).status_code == 200


def test_a_package_without_the_bundle_is_told_with_its_reason(
    workshop: Workshop, app: Path, tmp_path: Path
) -> None:
    """Sent past the kit's own look at it: the deployment says which binding is not registered."""
    (app / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    package = Path(shutil.make_archive(str(tmp_path / "app"), "zip", app)).read_bytes()
    scm = functions.scm_url(workshop.cloud.web().web_apps.get(*site(workshop)))
    text = refusal(lambda: functions.upload_package(workshop.session.stack(), scm, package))
    assert "not registered" in text and "extensionBundle" in text


@pytest.mark.parametrize("origin", ["{page}/", "https://elsewhere.example", "http://127.0.0.1"])
def test_an_origin_that_no_browser_sends_is_replaced(workshop: Workshop, origin: str) -> None:
    """A slash at the end, another site, no port: the page is shut out until it is allowed again."""
    origins = [origin.format(page=str(workshop.web_url).rstrip("/"))]
    config = SiteConfigResource(
        properties=SiteConfig(cors=CorsSettings(allowed_origins=origins, support_credentials=True))
    )
    workshop.cloud.web().web_apps.update_configuration(*site(workshop), config)
    assert allowed(workshop) is None
    workshop.allow_page()
    assert allowed(workshop) == str(workshop.web_url).rstrip("/")


def test_everybody_with_credentials_is_refused_with_the_remedy(workshop: Workshop) -> None:
    """`*` does not go with credentials; what was set stays."""
    everybody = SiteConfigResource(
        properties=SiteConfig(cors=CorsSettings(allowed_origins=["*"], support_credentials=True))
    )
    update = workshop.cloud.web().web_apps.update_configuration
    group, name = site(workshop)
    assert "allow_page" in refusal(lambda: Calls().call(update, group, name, everybody))
    assert allowed(workshop) == str(workshop.web_url).rstrip("/")


def test_authentication_that_somebody_broke_is_repaired(workshop: Workshop) -> None:
    """Nobody may be sent back to the page, and the secret is gone: one verb repairs both."""
    workshop.enable_authentication()
    web = workshop.cloud.web().web_apps
    group, name = site(workshop)
    kept = {key: value for key, value in settings_of(workshop).items() if key != SECRET_SETTING}
    overwrite(workshop, kept)
    document = web.get_auth_settings_v2_without_secrets(group, name).as_dict()
    document["properties"]["login"].pop("allowedExternalRedirectUrls")
    web.update_auth_settings_v2(group, name, SiteAuthSettingsV2(document))
    login = f"{workshop.api_base_url}/.auth/login/aad"
    back = {"post_login_redirect_uri": str(workshop.web_url), "session_mode": "token"}
    assert requests.get(login, params=back, timeout=30).status_code == 403
    workshop.enable_authentication()
    assert requests.get(login, params=back, timeout=30).status_code == 200
    assert workshop.sign_in_as("alice").headers
    web.update_auth_settings_v2(
        group, name, SiteAuthSettingsV2({"properties": {"platform": {"enabled": False}}})
    )


def test_an_instance_in_the_wrong_mode_becomes_serverless(workshop: Workshop) -> None:
    """With Default, negotiate works and nothing else does."""
    signalr: Any = workshop.cloud.signalr().signal_r
    names = workshop.settings.names
    default = {"location": names.region, "sku": {"name": "Free_F1"}, "properties": {"features": []}}
    signalr.begin_create_or_update(names.resource_group, names.signalr, default).result()
    workshop.create_signalr()
    features = signalr.get(names.resource_group, names.signalr).features
    assert [feature.value for feature in features if feature.flag == "ServiceMode"] == [
        "Serverless"
    ]


def test_a_website_that_was_switched_off_is_switched_on_by_the_upload(workshop: Workshop) -> None:
    """The page answers again, with its content type."""
    services = workshop.cloud.storage().blob_services
    names = workshop.settings.names
    off: Any = {"properties": {"staticWebsite": {"enabled": False}}}
    services.set_service_properties(names.resource_group, names.storage_account, off)
    assert requests.get(str(workshop.web_url), timeout=30).status_code == 404
    workshop.upload_page()
    answer = requests.get(str(workshop.web_url), timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_nothing_of_all_this_was_outside_azures_models(watch: Watch) -> None:
    """Requests, answers and errors."""
    assert watch.specs.problems == []
