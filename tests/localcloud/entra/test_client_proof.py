"""Every grant asks confidential clients, and only those, for their proof (RFC 6749 §3.2.1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localcloud.entra.tenant import Tenant

WEB = "http://localhost:5000/.auth/login/aad/callback"
NATIVE = "http://localhost"
PAGE = "http://localhost:5000/spa"
REDIRECTS = {
    "web": {"redirectUris": [WEB]},
    "publicClient": {"redirectUris": [NATIVE]},
    "spa": {"redirectUris": [PAGE]},
}
MISSING = (401, "invalid_client", [7000218])
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid offline_access"


def outcome(answered: tuple[int, dict[str, Any]]) -> tuple[int, str, list[int]]:
    """What a client sees of an answer: the status, and the error if there is one."""
    status, answer = answered
    return status, answer.get("error", ""), answer.get("error_codes", [])


async def redeemed(tenant: Tenant, client: dict[str, str], redirect: str) -> dict[str, Any]:
    """The tokens of a person who signed in at a redirect URI."""
    asked = {
        "client_id": client["client_id"],
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": SCOPE,
    }
    code = (await tenant.sign_in(asked))["code"]
    status, answer = await tenant.post(
        grant_type="authorization_code", code=code, redirect_uri=redirect, **client
    )
    assert status == 200, answer
    return answer


async def test_a_confidential_client_renews_with_its_secret(tenant: Tenant) -> None:
    """RFC 6749 §6: AADSTS7000218 without one, AADSTS7000215 with a wrong one.

    Again the next time.
    """
    app_id, secret = await tenant.register(**REDIRECTS)
    client = {"client_id": app_id, "client_secret": secret}
    token = (await redeemed(tenant, client, WEB))["refresh_token"]
    for _ in range(2):
        grant = {"grant_type": "refresh_token", "client_id": app_id, "refresh_token": token}
        assert outcome(await tenant.post(**grant)) == MISSING
        wrong = await tenant.post(**grant, client_secret="wrong")
        assert outcome(wrong) == (401, "invalid_client", [7000215])
        status, renewed = await tenant.post(**grant, client_secret=secret)
        assert status == 200
        token = renewed["refresh_token"]


@pytest.mark.parametrize("redirect", [NATIVE, f"{NATIVE}:49152", PAGE])
async def test_a_public_client_renews_without_a_secret(tenant: Tenant, redirect: str) -> None:
    """Native programs and pages have none to keep, also beside a web client of the same name."""
    app_id, _ = await tenant.register(**REDIRECTS)
    token = (await redeemed(tenant, {"client_id": app_id}, redirect))["refresh_token"]
    answer = await tenant.post(grant_type="refresh_token", client_id=app_id, refresh_token=token)
    assert outcome(answer) == (200, "", [])


@pytest.mark.parametrize(("is_public", "expected"), [(False, MISSING), (True, (200, "", []))])
async def test_a_device_needs_the_secret_unless_public_flows_are_allowed(
    tenant: Tenant, is_public: bool, expected: tuple[int, str, list[int]]
) -> None:
    """`isFallbackPublicClient` is "Allow public client flows"; renewing is like the first time."""
    app_id, secret = await tenant.register(isFallbackPublicClient=is_public)
    url = tenant.token_url.replace("/token", "/devicecode")
    async with tenant.http.post(url, data={"client_id": app_id, "scope": SCOPE}) as answer:
        flow = await answer.json()
    typed = {"otc": flow["user_code"], "user": "bob"}
    async with tenant.http.post(flow["verification_uri"], data=typed):
        pass
    grant = {"grant_type": DEVICE, "device_code": flow["device_code"], "client_id": app_id}
    answered = await tenant.post(**grant)
    assert outcome(answered) == expected
    if not is_public:
        answered = await tenant.post(**grant, client_secret=secret)
    renewal = {
        "grant_type": "refresh_token",
        "client_id": app_id,
        "refresh_token": answered[1]["refresh_token"],
    }
    assert outcome(await tenant.post(**renewal)) == expected
