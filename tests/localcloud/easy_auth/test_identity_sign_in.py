"""Sign-in without a client secret: the site's managed identity proves the app to Entra."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from chatkit.localcloud.easy_auth.site import IDENTITY_SETTING
from chatkit.localcloud.entra.core.federation import EXCHANGE
from tests.localcloud.easy_auth.deployed_stack import Browser, Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def use_identity(stack: Stack, *, is_assigned: bool = True, is_trusted: bool = True) -> None:
    """Let the app be proven by a user-assigned identity, and by no secret."""
    entra = stack.cloud.entra
    object_id = entra.directory.create_identity("sign-in", resource_id="/identities/sign-in")
    identity = entra.directory.principal(object_id)
    assert identity is not None
    entra.identity_hosts.put(
        stack.app.spec.scope, system="", assigned=(object_id,) if is_assigned else ()
    )
    application = entra.directory.application(stack.app.client_id)
    assert application is not None
    application["passwordCredentials"] = []
    application["federatedIdentityCredentials"] = [
        {
            "id": "1",
            "name": "sign-in",
            "issuer": entra.tokens.issuer,
            "subject": object_id if is_trusted else "somebody else",
            "description": None,
            "audiences": [EXCHANGE],
        }
    ]
    entra.directory.save_application(application)
    document = copy.deepcopy(stack.app.spec.authentication)
    assert document is not None
    microsoft = document["identityProviders"]["azureActiveDirectory"]
    microsoft["registration"]["clientSecretSettingName"] = IDENTITY_SETTING
    changed = replace(
        stack.app.spec, authentication=document, app_settings={IDENTITY_SETTING: identity.app_id}
    )
    await stack.cloud.functions.apply(changed)


async def test_people_sign_in_and_renew_without_a_secret(stack: Stack, browser: Browser) -> None:
    """The code and the refresh token are exchanged with the identity's token."""
    await use_identity(stack)
    assert await browser.sign_in(stack.app) == "/api/done"
    assert (await browser.ask("GET", f"{stack.app.url}/.auth/refresh"))[0] == 200


@pytest.mark.parametrize(
    ("is_assigned", "is_trusted", "words"),
    [(False, True, "No Managed Identity found"), (True, False, "AADSTS700213")],
)
async def test_an_identity_that_does_not_count_signs_nobody_in(
    stack: Stack, browser: Browser, is_assigned: bool, is_trusted: bool, words: str
) -> None:
    """One that the site does not have, and one that the registration does not trust."""
    await use_identity(stack, is_assigned=is_assigned, is_trusted=is_trusted)
    callback = await browser.to_callback(f"{stack.app.url}/.auth/login/aad")
    status, text, _ = await browser.ask("GET", callback)
    assert status == 401 and words in text
