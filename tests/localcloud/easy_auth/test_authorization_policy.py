"""The built-in authorization policy: which callers with a good token an app lets in."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from chatkit.localcloud.easy_auth.principal import Principal
from chatkit.localcloud.easy_auth.settings import AuthSettings
from tests.attacks.sign_in import UNNAMED_CALLERS
from tests.localcloud.easy_auth.deployed_stack import Browser, Stack

OTHERS = "00000000-0000-0000-0000-00000000000a"


async def allow(stack: Stack, **validation: Any) -> None:
    """Give the app's Microsoft provider a policy, and nothing else anew."""
    document = copy.deepcopy(stack.app.spec.authentication)
    assert document is not None
    document["identityProviders"]["azureActiveDirectory"]["validation"] = validation
    await stack.cloud.functions.apply(replace(stack.app.spec, authentication=document))


def caller(stack: Stack, name: str) -> tuple[str, str, str]:
    """A managed identity's token for the app, its client id and its object id."""
    directory = stack.cloud.entra.directory
    made = directory.principal(directory.create_identity(name))
    assert made is not None
    token = stack.cloud.entra.identities.issue(made, stack.app.client_id)
    return token, made.app_id, made.id


async def status(stack: Stack, token: str) -> int:
    """What the app answers to a bearer token."""
    headers = {"Authorization": f"Bearer {token}"}
    return (await stack.outsider.ask("GET", f"{stack.app.url}/api/who", headers=headers))[0]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("by", ["application", "claim check", "object id", "nothing"])
async def test_a_caller_whom_the_policy_names_comes_in(stack: Stack, by: str) -> None:
    """By the application that got the token, in any case of letters, or by its object id."""
    token, client_id, object_id = caller(stack, "room")
    match by:
        case "application":
            policy = {"allowedApplications": [OTHERS, client_id.upper()]}
            await allow(stack, defaultAuthorizationPolicy=policy)
        case "claim check":
            await allow(stack, jwtClaimChecks={"allowedClientApplications": [client_id]})
        case "object id":
            principals = {"identities": [object_id], "groups": [OTHERS]}
            await allow(stack, defaultAuthorizationPolicy={"allowedPrincipals": principals})
        case _:
            await allow(stack, defaultAuthorizationPolicy={"allowedApplications": []})
    assert await status(stack, token) == 200


@pytest.mark.asyncio(loop_scope="module")
async def test_who_signs_in_at_the_app_comes_by_its_own_application(
    stack: Stack, browser: Browser
) -> None:
    """The portal's "requests only from this application itself" lets people in, services not."""
    policy = {"allowedApplications": [stack.app.client_id]}
    await allow(stack, defaultAuthorizationPolicy=policy)
    await browser.sign_in(stack.app)
    code, text, _ = await browser.ask("GET", f"{stack.app.url}/api/who")
    assert code == 200 and "alice" in json.loads(text)["x-ms-client-principal-name"]
    assert await status(stack, caller(stack, "room")[0]) == 403


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("attempt", UNNAMED_CALLERS)
async def test_a_caller_whom_the_policy_does_not_name_is_refused(
    stack: Stack, browser: Browser, attempt: str
) -> None:
    """403, whatever the app does with callers who are not signed in."""
    token, client_id, object_id = caller(stack, "mallory")
    named = {"allowedApplications": [client_id]}
    match attempt:
        case "another application":
            await allow(stack, defaultAuthorizationPolicy={"allowedApplications": [OTHERS]})
        case "an application whose object id is listed as a client id":
            await allow(stack, defaultAuthorizationPolicy={"allowedApplications": [object_id]})
        case "a named application that the claim checks do not name":
            checks = {"allowedClientApplications": [OTHERS]}
            await allow(stack, defaultAuthorizationPolicy=named, jwtClaimChecks=checks)
        case "a named application that is no named principal":
            principals = {"allowedPrincipals": {"identities": [OTHERS]}}
            await allow(stack, defaultAuthorizationPolicy={**named, **principals})
        case "a principal outside of the named groups":
            principals = {"allowedPrincipals": {"groups": [OTHERS]}}
            await allow(stack, defaultAuthorizationPolicy=principals)
        case "a person's session from before the policy":
            await allow(stack)
            await browser.sign_in(stack.app, "mallory")
            principals = {"allowedPrincipals": {"identities": [OTHERS]}}
            await allow(stack, defaultAuthorizationPolicy=principals)
            code, _, _ = await browser.ask("GET", f"{stack.app.url}/api/who")
            assert code == 403
    assert await status(stack, token) == 403


@pytest.mark.parametrize("given", [None, "x", 5, [5], {"a": 1}])
def test_lists_of_another_shape_name_nobody(given: Any) -> None:
    """A policy document is as strangers write it; what is no list of texts is no list."""
    microsoft = {
        "registration": {"clientId": "c", "openIdIssuer": "https://localhost:1/t"},
        "validation": {
            "defaultAuthorizationPolicy": {"allowedApplications": given, "allowedPrincipals": given}
        },
    }
    settings = AuthSettings.parse(
        {"platform": {"enabled": True}, "identityProviders": {"azureActiveDirectory": microsoft}}
    )
    alice = Principal("aad", "alice", "alice", ())
    assert all(policy.admits(alice, client_id="c") for policy in settings.providers[0].policies)
