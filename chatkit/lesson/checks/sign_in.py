"""Section 01: who you are, as the token says it and as Resource Manager sees it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jwt
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError

from chatkit.cloud.connection import Cloud
from chatkit.cloud.targets import subscription
from chatkit.lesson.checks.core.evidence import expect, expecting

if TYPE_CHECKING:
    from chatkit.steps.session import Session

SIGN_IN = "`az login` signs in again; for the local cloud, restart the kernel."
CHOOSE = "`az account set` chooses another one: see notebook 01."


def check(session: Session) -> Iterator[str]:
    """The token's claims, and what happens with one changed byte."""
    cloud = session.connect()
    with expecting("Signing in", expected="a token", hint=SIGN_IN):
        token = cloud.credential.get_token(*cloud.credential_scopes)
    claims: dict[str, Any] = jwt.decode(token.token, options={"verify_signature": False})
    _claims(claims, cloud)
    yield (
        "The token is for Resource Manager (aud), from the subscription's tenant (tid), and not"
        " expired (exp)."
    )
    with expecting("The subscription", expected="one that you may read", hint=CHOOSE):
        state = str(subscription(cloud)["state"])
    expect(state == "Enabled", "The subscription", expected="state Enabled", got=state, hint=CHOOSE)
    yield "Resource Manager accepts it, and the subscription is enabled."
    status = _status_with(cloud, AccessToken(_changed(token.token), token.expires_on))
    expect(
        status == 401,
        "A token with a changed signature",
        expected="401",
        got=status,
        hint=(
            "Something between you and Resource Manager does not check tokens; `chatkit doctor`"
            " looks."
        ),
    )
    yield "With one character of the signature changed it refuses: 401 Unauthorized."


def _claims(claims: dict[str, Any], cloud: Cloud) -> None:
    left = float(claims.get("exp", 0)) - time.time()
    expect(
        left > 60,
        "The token",
        expected="more than a minute left",
        got=f"{left:.0f} s",
        hint="Is this machine's clock right?",
    )
    tenant = claims.get("tid")
    expect(
        not cloud.tenant_id or tenant == cloud.tenant_id,
        "The token's tenant (tid)",
        expected="the subscription's tenant",
        got="another one",
        hint="`az login --tenant` with the tenant of your subscription.",
    )


def _changed(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def _status_with(cloud: Cloud, token: AccessToken) -> int:
    try:
        subscription(replace(cloud, credential=_Fixed(token)))
    except HttpResponseError as error:
        return error.status_code or 0
    return 200


class _Fixed:
    """A credential that always gives the same token."""

    def __init__(self, token: AccessToken) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """Give the token."""
        return self._token
