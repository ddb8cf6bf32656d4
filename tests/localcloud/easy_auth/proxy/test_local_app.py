"""Signing in to an app on this machine, from the first redirect to the sign-out."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import pytest

from chatkit.core.errors import SetupError
from chatkit.localcloud.easy_auth.proxy.run import Front, ProxyOptions, take_port
from chatkit.localcloud.easy_auth.proxy.target import Target
from tests.localcloud.easy_auth.deployed_stack import Browser
from tests.localcloud.easy_auth.proxy.front_stack import Cloud, RawApp, named, told

pytestmark = pytest.mark.asyncio(loop_scope="module")
PREFIX = "/user/alice/proxy"


def identity(document: Any) -> dict[str, str]:
    """What the app is told about the sender, and about tokens."""
    return {
        name.upper(): value
        for name, value in document["headers"]
        if name.upper().replace("_", "-").startswith("X-MS-")
    }


async def sign_in(browser: Browser, front: Front, user: str = "alice", **query: str) -> str:
    """Sign in; where it ends, or the token in token mode."""
    query = {"post_login_redirect_uri": "/done", **query}
    callback = await browser.to_callback(f"{front.url}/.auth/login/aad?{urlencode(query)}", user)
    status, text, headers = await browser.ask("GET", callback)
    assert status == 302, text
    end = headers["Location"]
    if query.get("session_mode") != "token":
        return end
    fragment = unquote(urlsplit(end).fragment.removeprefix("token="))
    return str(json.loads(fragment)["authenticationToken"])


async def test_the_app_is_told_who_is_signed_in(front: Front, browser: Browser) -> None:
    """In the headers of App Service: the person, and the tokens of the token store."""
    assert identity(await told(browser.http, f"{front.url}/x")) == {}
    assert await sign_in(browser, front) == "/done"
    found = identity(await told(browser.http, f"{front.url}/x"))
    principal = json.loads(base64.b64decode(found["X-MS-CLIENT-PRINCIPAL"]))
    assert principal["auth_typ"] == found["X-MS-CLIENT-PRINCIPAL-IDP"] == "aad"
    assert found["X-MS-CLIENT-PRINCIPAL-NAME"].startswith("alice@")
    assert len(found["X-MS-CLIENT-PRINCIPAL-ID"]) == 36
    tokens = ("ID-TOKEN", "ACCESS-TOKEN", "REFRESH-TOKEN", "EXPIRES-ON")
    assert {f"X-MS-TOKEN-AAD-{name}" for name in tokens} < {*found}


async def test_me_refresh_and_logout(front: Front, browser: Browser) -> None:
    """The endpoints of the module, and nobody after the sign-out."""
    await sign_in(browser, front, "bob")
    status, text, _ = await browser.ask("GET", f"{front.url}/.auth/me")
    assert (status, json.loads(text)[0]["user_id"].partition("@")[0]) == (200, "bob")
    status, _, _ = await browser.ask("GET", f"{front.url}/.auth/refresh")
    assert status == 200
    status, _, headers = await browser.ask("GET", f"{front.url}/.auth/logout")
    assert status == 302
    _, _, headers = await browser.ask("GET", headers["Location"])
    assert headers["Location"].startswith(f"{front.url}/.auth/logout/complete?")
    _, _, headers = await browser.ask("GET", headers["Location"])
    assert headers["Location"] == "/.auth/logout/done"
    status, _, _ = await browser.ask("GET", f"{front.url}/.auth/me")
    assert status == 401


async def test_a_token_is_as_good_as_a_cookie(front: Front, browser: Browser) -> None:
    """For pages at another address, and for programs."""
    token = await sign_in(browser, front, "carol", session_mode="token")
    document = await told(browser.http, f"{front.url}/x", headers={"X-ZUMO-AUTH": token})
    assert identity(document)["X-MS-CLIENT-PRINCIPAL-NAME"].startswith("carol@")
    assert identity(await told(browser.http, f"{front.url}/x")) == {}


@pytest.mark.long
async def test_sign_in_follows_the_local_entra(
    cloud: Cloud, front: Front, browser: Browser
) -> None:
    """It comes back at another port: who is signed in stays, and others can sign in."""
    await sign_in(browser, front)
    await cloud.come_back_elsewhere()
    assert identity(await told(browser.http, f"{front.url}/x"))
    status, _, _ = await browser.ask("GET", f"{front.url}/.auth/refresh")
    assert status == 200
    other = Browser()
    await sign_in(other, front, "bob")
    found = identity(await told(other.http, f"{front.url}/x"))
    assert found["X-MS-CLIENT-PRINCIPAL-NAME"].startswith("bob@")
    await other.http.close()
    assert cloud.applications().count(front.client_id) == 1


@pytest.mark.parametrize(
    ("action", "page", "script"),
    [("RedirectToLoginPage", 302, 401), ("Return401", 401, 401), ("Return403", 403, 403)],
)
async def test_everybody_may_have_to_sign_in(
    cloud: Cloud, app: RawApp, front: Front, browser: Browser, action: str, page: int, script: int
) -> None:
    """But not at the paths that are excluded; nothing else reaches the app."""
    other = RawApp()
    await other.start()
    async with cloud.front(other.port, action=action, excluded_paths=("/health",)) as closed:
        accept = {"Accept": "text/html"}
        status, _, headers = await browser.ask("GET", f"{closed.url}/x?y=1", headers=accept)
        assert status == page
        if page == 302:
            login = "/.auth/login/aad?post_login_redirect_uri=%2Fx%3Fy%3D1"
            assert headers["Location"] == login
        status, _, _ = await browser.ask("POST", f"{closed.url}/x")
        assert (status, other.asked) == (script, [])
        assert named(await told(browser.http, f"{closed.url}/health/live"), "Host")
        await sign_in(browser, closed)
        assert identity(await told(browser.http, f"{closed.url}/x"))
        assert "Everybody has to sign in first." in "\n".join(closed.lines())
    await other.stop()


async def test_a_page_at_another_origin_signs_in_and_calls(cloud: Cloud, browser: Browser) -> None:
    """A development server's page, with a token: preflights pass, also where sign-in is needed."""
    page = "http://localhost:5173"
    app = RawApp()
    await app.start()
    async with cloud.front(app.port, cors=(page,), action="Return401") as front:
        token = await sign_in(
            browser, front, session_mode="token", post_login_redirect_uri=f"{page}/app"
        )
        asked = {
            "Origin": page,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-zumo-auth",
        }
        allow = "Access-Control-Allow-Origin"
        for path in ("/x", "/.auth/me"):
            url = front.url + path
            status, _, headers = await browser.ask("OPTIONS", url, headers=asked)
            assert (status, headers[allow]) == (204, page)
            sent = {"Origin": page, "X-ZUMO-AUTH": token}
            status, _, headers = await browser.ask("GET", url, headers=sent)
            assert (status, headers[allow]) == (200, page)
            foreign = {**asked, "Origin": "http://localhost:5174"}
            status, _, headers = await browser.ask("OPTIONS", url, headers=foreign)
            assert (status in (401, 404), allow in headers) == (True, False)
    await app.stop()


async def test_who_is_signed_in_stays_so_over_a_restart(cloud: Cloud, browser: Browser) -> None:
    """The port may change: cookies do not tell ports apart, and the token's audience is refused."""
    app = RawApp()
    await app.start()
    async with cloud.front(app.port) as front:
        await sign_in(browser, front)
    async with cloud.front(app.port) as front:
        assert identity(await told(browser.http, f"{front.url}/x"))
    await app.stop()


async def test_an_app_has_one_front(cloud: Cloud, app: RawApp, front: Front) -> None:
    """Two would take the registration's callback from each other."""
    with pytest.raises(SetupError, match="Another process stands in front of the app at"):
        async with cloud.front(app.port):
            pass


@pytest.mark.parametrize(
    ("path", "status", "leads_to"),
    [
        ("login/aad/callback?code=1&state=2", 401, "/.auth/login/aad"),
        ("login/aad?post_login_redirect_uri=//evil.example/", 403, "/.auth/login/aad"),
        ("login/github", 404, "/"),
        ("login/done", 200, "/"),
        ("logout/done", 200, "/"),
    ],
)
async def test_a_browser_gets_a_page_that_leads_on(
    front: Front, browser: Browser, path: str, status: int, leads_to: str
) -> None:
    """A phone shows plain text tiny, and a person there cannot type the next address."""
    url = f"{front.url}/.auth/{path}"
    seen, page, headers = await browser.ask("GET", url, headers={"Accept": "text/html"})
    assert (seen, headers["Content-Type"].partition(";")[0]) == (status, "text/html")
    assert f'<a href="{leads_to}">' in page and "width=device-width" in page
    script = {"Accept": "text/html", "Sec-Fetch-Mode": "cors"}
    for sent in ({}, script):
        seen, text, headers = await browser.ask("GET", url, headers=sent)
        assert (seen, "<" in text) == (status, False)
        assert headers["Content-Type"].startswith("text/plain")


async def test_a_cloud_that_is_down_is_named(tmp_path: Path, app: RawApp, browser: Browser) -> None:
    """The browser is not sent to a port where nothing answers, and signs out all the same."""
    cloud = Cloud(tmp_path)
    await cloud.start()
    async with cloud.front(app.port) as front:
        await sign_in(browser, front)
        await cloud.stop()
        status, text, _ = await browser.ask("GET", f"{front.url}/.auth/login/aad")
        assert status == 500 and "`chatkit local up` starts the local cloud" in text
        _, _, headers = await browser.ask("GET", f"{front.url}/.auth/logout")
        assert headers["Location"] == "/.auth/logout/done"


async def test_an_app_keeps_its_port(cloud: Cloud, app: RawApp) -> None:
    """A front at the app's own port would ask itself, again and again."""
    options = ProxyOptions(
        Target("http", "127.0.0.1", app.port), cloud.options(), cloud.folder, port=app.port
    )
    with pytest.raises(SetupError, match="is the app's own"):
        take_port(options)


async def test_sign_in_works_below_the_prefix_of_a_proxy(
    front: Front, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every address that the browser follows is the proxy's; so is the path of its cookies."""
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/alice/")
    hub = "hub.example"

    async def at_hub(location: str, **options: Any) -> tuple[int, str, Any]:
        """Ask what the proxy would ask for the browser."""
        assert location.startswith(f"//{hub}{PREFIX}/"), location
        port, _, path = location.removeprefix(f"//{hub}{PREFIX}/").partition("/")
        context = {"Host": hub, "X-Forwarded-Context": f"{PREFIX}/{port}"}
        method = options.pop("method", "GET")
        url = f"http://localhost:{port}/{path}"
        return await browser.ask(method, url, headers=context, **options)

    port = front.url.rpartition(":")[2]
    root = f"//{hub}{PREFIX}/{port}"
    target = urlencode({"post_login_redirect_uri": f"https:{root}/app?x=1"})
    _, _, headers = await at_hub(f"{root}/.auth/login/aad?{target}")
    cookies = headers.getall("Set-Cookie")
    assert cookies and all(f"Path={PREFIX}/{port};" in one for one in cookies)
    page = headers["Location"]
    _, text, _ = await at_hub(page)
    hidden = text.partition('name="request" value="')[2].partition('"')[0].replace("&quot;", '"')
    picked = {"request": hidden.replace("&amp;", "&"), "user": "alice"}
    _, _, headers = await at_hub(page, method="POST", data=picked)
    # The test's browser does not know the proxy's paths: it carries the cookie by itself.
    name, _, value = cookies[0].partition(";")[0].partition("=")
    browser.http.cookie_jar.update_cookies({name: value})
    callback = headers["Location"]
    assert callback.startswith(f"{root}/.auth/login/aad/callback?")
    port_and_path = callback.removeprefix(f"//{hub}{PREFIX}/")
    sent = {"Host": hub, "X-Forwarded-Context": f"{PREFIX}/{port}", "Cookie": f"{name}={value}"}
    url = f"http://localhost:{port_and_path}"
    status, text, headers = await browser.ask("GET", url, headers=sent)
    assert (status, headers["Location"]) == (302, f"{root}/app?x=1"), text
    given = headers.getall("Set-Cookie")  # type: ignore[attr-defined]
    session = [one for one in given if one.startswith("AppServiceAuth")]
    assert session and all(f"Path={PREFIX}/{port};" in one for one in session)
