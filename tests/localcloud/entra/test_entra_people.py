"""People signing in: authorization code with PKCE, device code, refresh."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from typing import Any

import msal
import pytest
import requests

from chatkit.localcloud.entra.core.principals import DOMAIN
from tests.localcloud.entra.tenant import ARM, Tenant

VERIFIER = "correct-horse-battery-staple-correct-horse-battery"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
CALLBACK = "http://localhost:5000/.auth/login/aad/callback"


async def asked_by(tenant: Tenant, **more: str) -> tuple[dict[str, str], str]:
    """A sign-in request of a newly registered web application, and its secret."""
    app_id, secret = await tenant.register(web={"redirectUris": [CALLBACK]})
    asked = {
        "client_id": app_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid profile offline_access",
        "state": "s1",
        "nonce": "n1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **more,
    }
    return asked, secret


async def redeem(
    tenant: Tenant, asked: dict[str, str], secret: str, sent_code: str, **more: str
) -> tuple[int, dict[str, Any]]:
    """Exchange a code as a web application does."""
    form = {
        "grant_type": "authorization_code",
        "client_id": asked["client_id"],
        "client_secret": secret,
        "code": sent_code,
        "redirect_uri": asked["redirect_uri"],
        "code_verifier": VERIFIER,
        **more,
    }
    return await tenant.post(**{name: value for name, value in form.items() if value})


async def test_alice_signs_in_to_a_web_application(tenant: Tenant) -> None:
    """Code by redirect, then an id token with her name and the nonce, and a refresh token."""
    asked, secret = await asked_by(tenant)
    back = await tenant.sign_in(asked, "alice")
    status, answer = await redeem(tenant, asked, secret, back["code"])
    claims = tenant.service.tokens.verify(answer["id_token"], [asked["client_id"]])
    assert (status, back["state"], claims.raw["nonce"]) == (200, "s1", "n1")
    assert claims.name.startswith("alice@")
    status, renewed = await tenant.post(
        grant_type="refresh_token",
        client_id=asked["client_id"],
        client_secret=secret,
        refresh_token=answer["refresh_token"],
    )
    assert (
        status == 200
        and tenant.service.tokens.verify(renewed["id_token"], [asked["client_id"]]).oid
        == claims.oid
    )


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("Zoë 山田", "zoe\u0308 山田"),
        ("👩\u200d👩\u200d👧 Family", "👩\u200d👩\u200d👧 family@{domain}"),
        ("علی\u200cرضا", "علی\u200cرضا"),
    ],
)
async def test_a_name_in_any_letters_is_one_person(tenant: Tenant, name: str, again: str) -> None:
    """However a keyboard writes it; the token has the name as people read it."""
    oids = set()
    for typed in (name, again.format(domain=DOMAIN)):
        asked, secret = await asked_by(tenant)
        back = await tenant.sign_in(asked, typed)
        _, answer = await redeem(tenant, asked, secret, back["code"])
        claims = tenant.service.tokens.verify(answer["id_token"], [asked["client_id"]])
        assert claims.name == f"{name.lower()}@{DOMAIN}"
        oids.add(claims.oid)
    assert len(oids) == 1


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"code_verifier": "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"}, 501481),
        ({"code_verifier": ""}, 50148),
        ({"redirect_uri": "http://localhost:5000/other"}, 500112),
        ({"code": "1.unknown"}, 9002313),
        ({"client_secret": "wrong"}, 7000215),
        ({"client_secret": ""}, 7000218),
    ],
)
async def test_a_code_counts_only_with_all_that_belongs_to_it(
    tenant: Tenant, changes: dict[str, str], number: int
) -> None:
    """PKCE, redirect URI and client proof."""
    asked, secret = await asked_by(tenant)
    back = await tenant.sign_in(asked)
    _, answer = await redeem(tenant, asked, secret, back["code"], **changes)
    assert answer["error_codes"] == [number]


@pytest.mark.parametrize("method", [{"code_challenge_method": "plain"}, {}])
async def test_a_challenge_may_be_the_verifier_itself(
    tenant: Tenant, method: dict[str, str]
) -> None:
    """`plain`, said or left out (Microsoft's page "OAuth 2.0 authorization code flow")."""
    asked, secret = await asked_by(tenant, code_challenge=VERIFIER)
    asked = {
        name: value for name, value in asked.items() if name != "code_challenge_method"
    } | method
    code = (await tenant.sign_in(asked))["code"]
    assert (await redeem(tenant, asked, secret, code, code_verifier="x" * 50))[1][
        "error_codes"
    ] == [501481]
    code = (await tenant.sign_in(asked))["code"]
    assert (await redeem(tenant, asked, secret, code))[0] == 200


async def test_a_persons_token_is_for_one_resource(tenant: Tenant) -> None:
    """AADSTS28000 for the scopes of two; several scopes of one are fine."""
    asked, secret = await asked_by(tenant)
    code = (await tenant.sign_in(asked))["code"]
    _, answer = await redeem(
        tenant, asked, secret, code, scope=f"User.Read {ARM}/user_impersonation"
    )
    assert answer["error_codes"] == [28000]
    code = (await tenant.sign_in(asked))["code"]
    status, _ = await redeem(
        tenant, asked, secret, code, scope="User.Read Mail.Read openid offline_access"
    )
    assert status == 200


async def test_a_code_counts_once(tenant: Tenant) -> None:
    """AADSTS54005 the second time."""
    asked, secret = await asked_by(tenant)
    code = (await tenant.sign_in(asked))["code"]
    await redeem(tenant, asked, secret, code)
    _, answer = await redeem(tenant, asked, secret, code)
    assert (answer["error"], answer["error_codes"]) == ("invalid_grant", [54005])


async def test_an_expired_code_is_refused(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """AADSTS70008 after ten minutes."""
    monkeypatch.setattr("chatkit.localcloud.entra.codes.CODE_LIFETIME_S", 0)
    asked, secret = await asked_by(tenant)
    code = (await tenant.sign_in(asked))["code"]
    _, answer = await redeem(tenant, asked, secret, code)
    assert answer["error_codes"] == [70008]


async def test_a_refresh_token_is_its_clients_own(tenant: Tenant) -> None:
    """Unknown, another application's, or too old: invalid_grant in Entra's numbers."""
    asked, secret = await asked_by(tenant)
    back = await tenant.sign_in(asked)
    _, answer = await redeem(tenant, asked, secret, back["code"])
    grant = {
        "grant_type": "refresh_token",
        "client_id": asked["client_id"],
        "client_secret": secret,
    }
    other, other_secret = await tenant.register()
    foreign = {**grant, "client_id": other, "client_secret": other_secret}
    store = tenant.store
    numbers = []
    for form in (
        {**grant, "refresh_token": "1.unknown"},
        {**foreign, "refresh_token": answer["refresh_token"]},
    ):
        status, refused = await tenant.post(**form)
        numbers.append((status, refused["error"], refused["error_codes"]))
    for key, document in [*store.items("entra-refresh")]:
        store.put("entra-refresh", key, {**document, "expires": 1.0})
    status, refused = await tenant.post(**grant, refresh_token=answer["refresh_token"])
    numbers.append((status, refused["error"], refused["error_codes"]))
    assert numbers == [(400, "invalid_grant", [number]) for number in (9002313, 9002313, 700082)]


async def test_a_foreign_redirect_uri_is_never_followed(tenant: Tenant) -> None:
    """An open redirector would give codes away."""
    asked, _ = await asked_by(tenant, redirect_uri="http://evil.example/")
    page = f"{tenant.service.pages_origin}/{tenant.known['tenant_id']}/oauth2/v2.0/authorize"
    async with tenant.http.get(page, params=asked, allow_redirects=False) as answer:
        assert answer.status == 400 and "AADSTS50011" in await answer.text()


async def test_a_silent_sign_in_needs_a_person(tenant: Tenant) -> None:
    """prompt=none goes back with an error: nobody is ever signed in here already."""
    asked, _ = await asked_by(tenant, prompt="none")
    assert (await tenant.sign_in(asked))["error"] == "login_required"


async def test_text_of_a_request_is_escaped_on_the_page(tenant: Tenant) -> None:
    """No markup from the query reaches the sign-in page."""
    asked, _ = await asked_by(tenant, login_hint='"><script>alert(1)</script>')
    page = f"{tenant.service.pages_origin}/{tenant.known['tenant_id']}/oauth2/v2.0/authorize"
    async with tenant.http.get(page, params=asked) as answer:
        assert "<script>" not in await answer.text()


async def test_msal_signs_a_person_in_by_device_code(tenant: Tenant) -> None:
    """The unmodified MSAL, as az uses it.

    Code on the device, name in a browser, then silently from its cache.
    """
    authority = f"{tenant.known['authority']}/{tenant.known['tenant_id']}"
    with requests.Session() as session:
        session.trust_env = False  # REQUESTS_CA_BUNDLE would win over the session
        session.verify = tenant.ca_file
        app = await asyncio.to_thread(
            msal.PublicClientApplication,
            "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
            authority=authority,
            instance_discovery=False,
            http_client=session,
        )
        flow = await asyncio.to_thread(app.initiate_device_flow, [f"{ARM}/.default"])
        waiting = asyncio.create_task(asyncio.to_thread(app.acquire_token_by_device_flow, flow))
        async with tenant.http.post(
            flow["verification_uri"], data={"otc": flow["user_code"], "user": "bob"}
        ) as answer:
            assert answer.status == 200
        result = await waiting
        assert tenant.service.tokens.verify(result["access_token"], [ARM]).name.startswith("bob@")
        account = app.get_accounts()[0]
        again = await asyncio.to_thread(
            app.acquire_token_silent, [f"{ARM}/.default"], account, force_refresh=True
        )
    assert (
        re.match(r"bob@", account["username"]) and again["access_token"] != result["access_token"]
    )


async def test_a_device_waits_until_somebody_signs_in(tenant: Tenant) -> None:
    """authorization_pending, then authorization_declined."""
    url = tenant.token_url.replace("/token", "/devicecode")
    client = {"client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46"}
    async with tenant.http.post(url, data={**client, "scope": f"{ARM}/.default"}) as answer:
        flow = await answer.json()
    grant = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": flow["device_code"],
        **client,
    }
    assert (await tenant.post(**grant))[1]["error"] == "authorization_pending"
    async with tenant.http.post(
        flow["verification_uri"], data={"otc": flow["user_code"], "cancel": "1"}
    ):
        pass
    assert (await tenant.post(**grant))[1]["error"] == "authorization_declined"


async def test_user_info_takes_bearer_tokens_only(tenant: Tenant) -> None:
    """The claims of a token; 401 for a token under another scheme (RFC 6750 §2.1)."""
    asked, secret = await asked_by(tenant)
    code = (await tenant.sign_in(asked))["code"]
    _, granted = await redeem(tenant, asked, secret, code)
    url = f"{tenant.known['authority']}/oidc/userinfo"
    statuses = {}
    for scheme in ("Bearer", "bearer", "Token"):
        headers = {"Authorization": f"{scheme} {granted['access_token']}"}
        async with tenant.http.get(url, headers=headers) as answer:
            statuses[scheme] = answer.status
    assert statuses == {"Bearer": 200, "bearer": 200, "Token": 401}
