"""Remedies for the errors that Azure gives most often."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError
from azure.core.pipeline.transport import HttpRequest, RequestsTransportResponse

from chatkit.cloud.hints import add_hint, code_of, hint_for


def answer(status: int, body: dict[str, Any]) -> HttpResponseError:
    """The SDK's error for an answer of a service."""
    raw = requests.Response()
    raw.status_code = status
    raw._content = json.dumps(body).encode()
    raw.headers["Content-Type"] = "application/json"
    response = RequestsTransportResponse(HttpRequest("GET", "https://x"), raw)
    return HttpResponseError(message=str(body), response=response)


def arm(code: str, message: str = "") -> dict[str, Any]:
    """Resource Manager's error shape."""
    return {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("status", "body", "remedy"),
    [
        (409, arm("StorageAccountAlreadyTaken"), "suffix"),
        (
            409,
            {"Code": "Conflict", "Message": "Website with given name x already exists."},
            "suffix",
        ),
        (409, arm("MissingSubscriptionRegistration"), "create_resource_group"),
        (409, arm("Conflict", "FreeTierInstances 5 of 5 used"), "region"),
        (
            400,
            arm(
                "BadRequest",
                "Requested features are not supported in region. Please try another region.",
            ),
            "region",
        ),
        (400, arm("BadRequest", "The Python runtime version is not supported."), "3.12"),
        (403, arm("KeyBasedAuthenticationNotPermitted"), "policy"),
        (403, arm("RequestDisallowedByPolicy"), "policy"),
        (403, arm("LocalAuthDisabled"), "--disable-local-auth false"),
        (403, arm("AuthorizationPermissionMismatch"), "10 minutes"),
        (403, arm("AuthorizationFailed"), "Contributor"),
        (429, arm("TooManyRequests"), "every step can be repeated"),
        (409, arm("ResourceGroupBeingDeleted"), "still being deleted"),
        (409, arm("InvalidResourceGroupLocation"), "another region"),
        (404, arm("ResourceGroupNotFound"), "create_resource_group"),
        (404, arm("ResourceNotFound"), "catch_up"),
        (404, arm("SubscriptionNotFound"), "CHATKIT_SUBSCRIPTION"),
        (504, arm("GatewayTimeout"), "again"),
    ],
)
def test_a_known_failure_gets_its_remedy(status: int, body: dict[str, Any], remedy: str) -> None:
    """Recognised in both error shapes, by code or by words."""
    assert remedy in hint_for(answer(status, body))


def test_the_hint_is_added_once() -> None:
    """A retry around a retry does not say it twice."""
    error = answer(403, arm("AuthorizationFailed"))
    add_hint(error)
    add_hint(error)
    assert len(error.__notes__) == 1


def test_an_unknown_error_stays_alone() -> None:
    """No guess is better than a wrong one."""
    error = answer(418, arm("Teapot", "short and stout"))
    add_hint(error)
    assert not hasattr(error, "__notes__")


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("y")])
def test_other_peoples_errors_get_no_hint(error: Exception) -> None:
    """Only the SDK's."""
    assert hint_for(error) == ""


def test_no_answer_and_no_sign_in_have_remedies_too() -> None:
    """Without any answer there is no code."""
    assert "Workshop.open()" in hint_for(ServiceRequestError("refused"))
    assert "az login" in hint_for(ClientAuthenticationError("no"))


@pytest.mark.parametrize("body", [{}, {"error": "text"}, {"error": None}])
def test_a_strange_body_has_no_code(body: dict[str, Any]) -> None:
    """And raises nothing."""
    assert code_of(answer(500, body)) == ""
