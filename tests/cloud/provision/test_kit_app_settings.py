"""App settings and CORS of the deployed app, over the real SDK client."""

from __future__ import annotations

from typing import Any

import pytest

from chatkit.cloud.provision import app_settings
from chatkit.cloud.stack import Stack
from tests.cloud.fake_azure import Answer, FakeAzure, Request


@pytest.fixture
def stored(azure: FakeAzure) -> dict[str, str]:
    """Settings of a site whose service replaces all of them on every write."""
    kept = {"AzureWebJobsStorage": "keep me", "MINE": "1"}

    def write(request: Request) -> Answer:
        kept.clear()
        kept.update(request.body["properties"])
        return 200, {"properties": kept}, {}

    azure.on("POST", "config/appsettings/list", lambda request: (200, {"properties": kept}, {}))
    azure.on("PUT", "config/appsettings", write)
    return kept


def test_settings_that_are_not_mentioned_stay(stack: Stack, stored: dict[str, str]) -> None:
    """The service replaces everything, so the kit sends everything."""
    assert app_settings.merge_app_settings(stack, {"NEW": "2"})
    assert stored == {"AzureWebJobsStorage": "keep me", "MINE": "1", "NEW": "2"}


def test_nothing_is_written_when_nothing_changes(
    azure: FakeAzure, stack: Stack, stored: dict[str, str]
) -> None:
    """Each write restarts the app."""
    assert not app_settings.merge_app_settings(stack, {"MINE": "1"})
    assert not azure.sent("PUT")


def test_settings_of_this_machine_are_not_uploaded() -> None:
    """The deployed app has a storage of its own."""
    local = {
        "AzureWebJobsStorage": "x",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "BLANKED": "",
        "AzureSignalRConnectionString": "y",
    }
    assert app_settings.uploadable(local) == {"AzureSignalRConnectionString": "y"}


def test_the_comparison_names_what_was_forgotten() -> None:
    """By name and hash: no value is kept."""
    found = app_settings.compare(
        {"A": "secret-1", "B": "secret-2", "C": "same"}, {"B": "other", "C": "same", "D": "x"}
    )
    assert {one.name: one.state for one in found} == {
        "A": "not uploaded",
        "B": "differs",
        "C": "same",
        "D": "only deployed",
    }
    assert "secret" not in repr(found)
    assert (
        app_settings.forgotten(found) == " Not uploaded yet: A. Different from the local ones: B."
    )
    assert app_settings.forgotten([]) == ""


@pytest.mark.parametrize(
    ("current", "written"),
    [
        ({"allowedOrigins": ["https://portal.azure.com"]}, True),
        ({"allowedOrigins": ["https://a.example"], "supportCredentials": False}, True),
        ({"allowedOrigins": ["https://a.example"], "supportCredentials": True}, False),
        (None, True),
    ],
)
def test_cors_is_exactly_the_page(
    azure: FakeAzure, stack: Stack, current: Any, written: bool
) -> None:
    """One origin, credentials included, written only when it differs."""
    azure.on("GET", "config/web", (200, {"properties": {"cors": current}}, {}))
    azure.on("PATCH", "config/web", lambda request: (200, request.body, {}))
    assert app_settings.set_cors(stack, "https://a.example") is written
    sent = [request.body["properties"]["cors"] for request in azure.sent("PATCH")]
    assert sent == (
        [{"allowedOrigins": ["https://a.example"], "supportCredentials": True}] if written else []
    )


def test_an_origin_has_no_slash_at_the_end() -> None:
    """With a slash, no browser would match it."""
    assert (
        app_settings.origin_of("https://a.z13.web.core.windows.net/")
        == "https://a.z13.web.core.windows.net"
    )
