"""What the token for Microsoft Graph opens that `/.auth/me` hands a chat user."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.attacks.graph import WIDER_SCOPES
from tests.localcloud.easy_auth.deployed_stack import App, Browser, Stack, sent

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def graph_token(app: App, browser: Browser) -> str:
    """The access token of the browser's session."""
    _, text, _ = await browser.ask("GET", f"{app.url}/.auth/me")
    return str(json.loads(text)[0]["access_token"])


async def test_a_chat_users_token_sees_only_themself(stack: Stack, browser: Browser) -> None:
    """Nobody else, no registration, and no secret of the app that signed the person in."""
    await browser.sign_in(stack.app, "mallory")
    headers = {"Authorization": f"Bearer {await graph_token(stack.app, browser)}"}
    directory = stack.cloud.entra.directory
    application = directory.application(stack.app.client_id)
    assert application is not None
    graph = f"{stack.cloud.endpoints()['graph']}/v1.0"
    asked = {
        ("GET", "/me"): 200,
        ("GET", "/users"): 403,
        ("GET", f"/users/{directory.user('alice').id}"): 403,
        ("GET", "/applications"): 403,
        ("GET", f"/applications/{application['id']}"): 403,
        ("POST", f"/applications/{application['id']}/addPassword"): 403,
        ("GET", "/servicePrincipals"): 403,
    }
    found = {}
    for method, path in asked:
        found[method, path], text, _ = await browser.ask(
            method, graph + path, headers=headers, ssl=stack.trust
        )
        assert "alice" not in text and stack.app.client_id not in text
    assert found == asked


@pytest.mark.parametrize("name", WIDER_SCOPES)
async def test_nobody_signs_in_for_more_than_an_administrator_gave(
    stack: Stack, browser: Browser, name: str
) -> None:
    """`/.auth/login` passes the scope on; Entra asks for an administrator's consent."""
    query = urlencode({"scope": WIDER_SCOPES[name], "post_login_redirect_uri": "/api/done"})
    login = f"{stack.app.url}/.auth/login/aad?{query}"
    _, _, headers = await browser.ask("GET", login)
    _, _, headers = await browser.ask("GET", headers["Location"])
    back = sent(headers["Location"])
    assert (back["error"], back["error_description"][:12]) == ("consent_required", "AADSTS90094:")
    assert "code" not in back
    status, text, _ = await browser.ask("GET", headers["Location"])
    assert status in (401, 403) and "administrator" in text or "admin" in text
    assert (await browser.ask("GET", f"{stack.app.url}/.auth/me"))[0] == 401
