"""Turning authentication on: on a real local cloud, and against a Graph that refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from chatkit.cloud.provision import authentication
from chatkit.cloud.provision.app_registration import SECRET_SETTING, Registration, register
from chatkit.cloud.provision.app_settings import read_app_settings
from chatkit.cloud.provision.authentication import Addresses
from chatkit.cloud.stack import Stack
from chatkit.core.errors import ServiceError
from chatkit.workshop import Workshop
from tests.cloud.fake_azure import FakeAzure
from tests.localcloud.resource_manager.watching import Watch

SITE = Addresses("https://site.example", "https://page.example/")


@pytest.fixture(scope="module")
def workshop(running_home: Path, watch: Watch) -> Workshop:
    """A workshop with a function app and no functions in it."""
    opened = Workshop.open()
    opened.create_resource_group()
    opened.create_function_app()
    return opened


def test_a_person_can_sign_in_afterwards_and_a_second_run_changes_nothing(
    workshop: Workshop,
) -> None:
    """Secret and settings stay as they are; the sign-in page knows where people come from."""
    text = repr(workshop.enable_authentication())
    stack = workshop.session.stack()
    secret = read_app_settings(stack)[SECRET_SETTING]
    again = workshop.enable_authentication()
    assert repr(again) == text and workshop.settings.suffix not in text and "localhost" not in text
    kept = read_app_settings(stack)
    assert kept[SECRET_SETTING] == secret and "AzureWebJobsStorage" in kept
    assert not [
        call
        for call in again.calls
        if call.verb in ("PUT", "PATCH") or call.verb == "POST" and "list" not in call.resource
    ]
    login = f"{workshop.api_base_url}/.auth/login/aad"
    good = requests.get(
        login,
        params={"post_login_redirect_uri": workshop.web_url, "session_mode": "token"},
        timeout=30,
    )
    assert good.status_code == 200 and "Pick an account" in good.text
    assert (
        requests.get(
            login, params={"post_login_redirect_uri": "https://evil.example"}, timeout=30
        ).status_code
        == 403
    )


def test_clean_up_removes_the_registration(workshop: Workshop) -> None:
    """A line of the receipt proves it; nothing is remembered."""
    workshop.enable_authentication()
    graph = workshop.cloud.graph_rest()
    client_id = workshop.settings.facts.client_id
    assert graph.send("GET", f"/v1.0/applications(appId='{client_id}')").status_code == 200
    receipt = workshop.clean_up()
    assert receipt.complete and "app registration" in repr(receipt)
    assert graph.send("GET", f"/v1.0/applications(appId='{client_id}')").status_code == 404
    assert workshop.settings.facts.client_id == ""


def test_authentication_settings_fit_azures_models(workshop: Workshop, watch: Watch) -> None:
    """Requests and answers of the two tests above."""
    assert watch.specs.problems == [] and watch.unknown == []
    assert "WebApps_UpdateAuthSettingsV2" in watch.specs.seen


def test_without_the_right_to_register_the_manual_way_is_named(
    azure: FakeAzure, stack: Stack
) -> None:
    """The hint has the redirect URI and the call that takes the result; nothing was written."""
    azure.on("GET", r"v1\.0/applications", (200, {"value": []}, {}))
    refusal = {
        "error": {
            "code": "Authorization_RequestDenied",
            "message": "Insufficient privileges to complete the operation.",
        }
    }
    azure.on("POST", r"v1\.0/applications", (403, refusal, {}))
    with pytest.raises(ServiceError, match="may not register") as caught:
        register(stack, SITE.callback)
    assert SITE.callback in caught.value.hint and "client_id=" in caught.value.hint
    assert not azure.sent("PUT")


def test_the_secret_is_written_before_the_settings(azure: FakeAzure, stack: Stack) -> None:
    """With a registration made by hand; other settings stay."""
    azure.on("POST", "appsettings/list", (200, {"properties": {"A": "1"}}, {}))
    azure.on("PUT", "config/appsettings", lambda request: (200, request.body, {}))
    azure.on("GET", "authsettingsV2", (200, {"properties": {}}, {}))
    azure.on("PUT", "authsettingsV2", lambda request: (200, request.body, {}))
    authentication.enable_authentication(stack, SITE, Registration("id", "secret"))
    first, second = azure.sent("PUT")
    assert first.body["properties"] == {"A": "1", SECRET_SETTING: "secret"}
    assert second.body["properties"]["login"]["allowedExternalRedirectUrls"] == [SITE.web_url]
