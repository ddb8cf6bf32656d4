"""Every attempt of the attack table, against two deployed apps and the local Entra."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from multidict import CIMultiDict
from yarl import URL

from chatkit.localcloud.easy_auth.sessions import Sessions
from tests.attacks import sign_in
from tests.localcloud.easy_auth.deployed_stack import App, Browser, Stack, sent

pytestmark = pytest.mark.asyncio(loop_scope="module")
COOKIE = "AppServiceAuthSession"


async def who(app: App, browser: Browser, **options: Any) -> dict[str, str]:
    """What the app is told about the sender."""
    status, text, _ = await browser.ask("GET", f"{app.url}/api/who", **options)
    assert status == 200, text
    return dict(json.loads(text))


def cookie_of(browser: Browser, name: str = COOKIE) -> str:
    """Value of a cookie the browser has."""
    return next(cookie.value for cookie in browser.http.cookie_jar if cookie.key == name)


def b64(value: bytes) -> str:
    """Base64 as tokens have it."""
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def unsigned(claims: dict[str, Any], alg: str = "none") -> str:
    """A token without signature."""
    header = {"alg": alg, "typ": "JWT"}
    return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}."


@pytest.mark.parametrize("name", sign_in.SPOOFED_HEADERS)
async def test_a_spoofed_header_never_arrives(stack: Stack, browser: Browser, name: str) -> None:
    """Nobody stays nobody, and alice stays alice."""
    spoofed = CIMultiDict(sign_in.SPOOFED_HEADERS[name])
    assert await who(stack.app, browser, headers=spoofed) == {}
    await browser.sign_in(stack.app)
    assert await who(stack.app, browser, headers=spoofed) == await who(stack.app, browser)


async def bad_token(stack: Stack, browser: Browser, name: str) -> str:
    """A token for X-ZUMO-AUTH that must not count."""
    token = await browser.token(stack.app)
    claims = jwt.decode(token, options={"verify_signature": False})
    head, payload, signature = token.split(".")
    match name:
        case "alg none":
            return unsigned(claims)
        case "alg none, odd case":
            return unsigned(claims, "nOnE")
        case "foreign key":
            return jwt.encode(claims, "k" * 32, algorithm="HS256")
        case "client secret as key":
            return jwt.encode(claims, stack.secret(stack.app.client_id), algorithm="HS256")
        case "another app's":
            return await browser.token(stack.other)
        case "expired":
            sessions = Sessions(stack.cloud.platform.store, "one")
            session = sessions.of_token(token, origin=stack.app.url)
            return sessions.token(
                sessions.renew(session, life_s=-5, tokens={}), origin=stack.app.url
            )
        case "id token" | "access token":
            _, text, _ = await browser.ask(
                "GET", f"{stack.app.url}/.auth/me", headers={"X-ZUMO-AUTH": token}
            )
            return str(json.loads(text)[0][name.replace(" ", "_")])
        case "cookie value":
            await browser.sign_in(stack.app)
            return cookie_of(browser)
        case "cut short":
            return token[:-3]
        case "payload of another session":
            other = (await browser.token(stack.app, "bob")).split(".")[1]
            return f"{head}.{other}.{signature}"
        case "very long":
            return f"{head}.{payload}{'A' * 5000}.{signature}"
        case "beyond ASCII":
            return "é" + token
        case "after sign-out":
            await browser.ask(
                "POST", f"{stack.app.url}/.auth/logout", headers={"X-ZUMO-AUTH": token}
            )
            return token
    return "not a token"


@pytest.mark.parametrize("name", sign_in.BAD_TOKENS)
async def test_a_bad_session_token_is_refused(stack: Stack, browser: Browser, name: str) -> None:
    """401 from the app and from /.auth/me."""
    headers = {"X-ZUMO-AUTH": await bad_token(stack, browser, name)}
    for path in ("/api/who", "/.auth/me"):
        assert (await stack.outsider.ask("GET", stack.app.url + path, headers=headers))[0] == 401


async def bad_bearer(stack: Stack, browser: Browser, name: str) -> str:
    """A provider token that must not count."""
    tokens = stack.cloud.entra.tokens
    now = int(time.time())
    claims = {
        "iss": tokens.issuer,
        "aud": stack.app.client_id,
        "sub": "x",
        "oid": "x",
        "iat": now,
        "exp": now + 600,
    }
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    known = {"kid": str(tokens.jwks()["keys"][0]["kid"])}
    match name:
        case "alg none":
            return unsigned(claims)
        case "public key as secret":
            header = b64(json.dumps({"alg": "HS256", **known}).encode())
            text = f"{header}.{b64(json.dumps(claims).encode())}"
            modulus = tokens.jwks()["keys"][0]["n"].encode()
            return f"{text}.{b64(hmac.digest(modulus, text.encode(), 'sha256'))}"
        case "foreign key":
            return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "mine"})
        case "foreign key, known id":
            return jwt.encode(claims, key, algorithm="RS256", headers=known)
        case "another app's id token":
            return tokens.issue(stack.other.client_id, {"sub": "x", "oid": "x"})
        case "management token":
            return tokens.issue("https://management.azure.com", {"sub": "x", "oid": "x"})
        case "graph token":
            return tokens.issue("https://graph.microsoft.com", {"sub": "x", "oid": "x"})
        case "foreign issuer":
            return tokens.issue(
                stack.app.client_id, {"sub": "x", "iss": "https://evil.example/v2.0"}
            )
        case "expired":
            return tokens.issue(stack.app.client_id, {"sub": "x"}, lifetime_s=-10)
        case "session token":
            return await browser.token(stack.app)
    return "not.a.token"


@pytest.mark.parametrize("name", sign_in.BAD_BEARERS)
async def test_a_bad_provider_token_is_refused(stack: Stack, browser: Browser, name: str) -> None:
    """As a bearer and in a client-directed sign-in."""
    token = await bad_bearer(stack, browser, name)
    url, bearer = stack.app.url, {"Authorization": f"Bearer {token}"}
    assert (await stack.outsider.ask("GET", f"{url}/api/who", headers=bearer))[0] == 401
    for kind in ("id_token", "access_token"):
        assert (await stack.outsider.ask("POST", f"{url}/.auth/login/aad", json={kind: token}))[
            0
        ] == 401


async def bad_cookie(stack: Stack, browser: Browser, name: str) -> str:
    """A session cookie that must not count."""
    match name:
        case "another app's":
            await browser.sign_in(stack.other)
            return cookie_of(browser)
        case "state of a sign-in":
            return sent(await browser.to_callback(f"{stack.app.url}/.auth/login/aad"))["state"]
        case "token as cookie":
            return await browser.token(stack.app)
        case "not a cookie":
            return "alice"
    await browser.sign_in(stack.app)
    value = cookie_of(browser)
    if name == "after sign-out":
        await browser.ask("GET", f"{stack.app.url}/.auth/logout")
        return value
    return value[:-4]


@pytest.mark.parametrize("name", sign_in.BAD_COOKIES)
async def test_a_bad_cookie_names_nobody(stack: Stack, browser: Browser, name: str) -> None:
    """The app hears of no one, /.auth/me answers 401."""
    headers = {"Cookie": f"{COOKIE}={await bad_cookie(stack, browser, name)}"}
    assert await who(stack.app, stack.outsider, headers=headers) == {}
    assert (await stack.outsider.ask("GET", f"{stack.app.url}/.auth/me", headers=headers))[0] == 401


async def bad_callback(stack: Stack, browser: Browser, name: str) -> tuple[Browser, str]:
    """Who comes back from the sign-in page with what."""
    login = f"{stack.app.url}/.auth/login/aad"
    good = await browser.to_callback(login)
    back, url = sent(good), good.partition("?")[0]
    match name:
        case "replayed":
            cookies = {cookie.key: cookie.value for cookie in browser.http.cookie_jar}
            assert (await browser.ask("GET", good))[0] == 302
            browser.http.cookie_jar.clear()
            browser.http.cookie_jar.update_cookies(cookies, URL(stack.app.url))
            return browser, good
        case "state without cookie":
            return stack.browser(), good
        case "state of another browser":
            victim = stack.browser()
            await victim.to_page(login)
            return victim, good
        case "state of another app":
            back["state"] = sent(await browser.to_callback(f"{stack.other.url}/.auth/login/aad"))[
                "state"
            ]
        case "no state":
            del back["state"]
        case "tampered state":
            back["state"] = back["state"][:-6] + "AAAAA="
        case "session cookie as state":
            await browser.sign_in(stack.app)
            back["state"] = cookie_of(browser)
        case "code of another sign-in":
            back["code"] = sent(await stack.browser().to_callback(login, "bob"))["code"]
        case "made-up code":
            back["code"] = "1.made-up"
        case "no code":
            del back["code"]
        case "guessed cookie":
            guess = stack.browser()
            (name,) = [one.key for one in browser.http.cookie_jar if one.key.startswith("Nonce-")]
            guess.http.cookie_jar.update_cookies({name: "A" * 43}, URL(stack.app.url))
            return guess, good
    return browser, f"{url}?{urlencode(back)}"


@pytest.mark.parametrize("name", sign_in.BAD_CALLBACKS)
async def test_a_bad_callback_signs_nobody_in(stack: Stack, browser: Browser, name: str) -> None:
    """401, and no session cookie is set."""
    visitor, url = await bad_callback(stack, browser, name)
    status, _, headers = await visitor.ask("GET", url)
    assert status == 401 and COOKIE not in headers.get("Set-Cookie", "")


@pytest.mark.parametrize("name", sign_in.LONG_BODIES)
async def test_sign_in_reads_no_long_body(stack: Stack, name: str) -> None:
    """413, though the app itself takes 100 MB: nobody has signed in yet."""
    path, kind = sign_in.LONG_BODIES[name]

    async def body() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b"a" * 1000

    url = f"{stack.app.url}/.auth/login/aad{path}"
    status, _, _ = await stack.outsider.ask(
        "POST", url, data=body(), headers={"Content-Type": kind}
    )
    assert status == 413


@pytest.mark.parametrize("target", sign_in.BAD_TARGETS)
async def test_there_is_no_open_redirect(stack: Stack, target: str) -> None:
    """403 before sign-in begins, under both names; 403 at sign-out and its end."""
    for path in (
        "login/aad?post_login_redirect_uri",
        "login/aad?post_login_redirect_url",
        "logout?post_logout_redirect_uri",
        "logout/complete?post_logout_redirect_uri",
    ):
        query = urlencode({"x": target})[1:]
        status, _, headers = await stack.outsider.ask("GET", f"{stack.app.url}/.auth/{path}{query}")
        assert status == 403 and "Location" not in headers


@pytest.mark.parametrize("name", sign_in.FORGED_REQUESTS)
async def test_another_site_cannot_use_the_cookie(
    stack: Stack, browser: Browser, name: str
) -> None:
    """403, and alice is still signed in."""
    await browser.sign_in(stack.app)
    method, path, headers = sign_in.FORGED_REQUESTS[name]
    status, text, _ = await browser.ask(method, stack.app.url + path, headers=headers)
    assert status == 403 and "alice" not in text
    assert (await who(stack.app, browser))["x-ms-client-principal-name"].startswith("alice@")


@pytest.mark.parametrize("path", sign_in.PATHS)
async def test_no_spelling_of_a_path_passes_by(stack: Stack, path: str) -> None:
    """Without identity the app never answers."""
    await stack.app.configure(unauthenticatedClientAction="Return401", excludedPaths=["/api/open"])
    try:
        url = URL(stack.app.url + path, encoded=True)
        status, text, _ = await stack.outsider.ask("GET", url)
    finally:
        await stack.app.configure()
    assert status in (400, 401, 404) and text != "{}"
