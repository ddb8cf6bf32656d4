"""Federated identity credentials: a managed identity's token in the place of a client secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
import pytest_asyncio

from chatkit.core import tls
from chatkit.localcloud.entra.core.federation import EXCHANGE, MOST
from tests.attacks.federation import ASSERTIONS
from tests.localcloud.entra.tenant import ARM, Tenant, running_in

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRAPH = "https://graph.microsoft.com/.default"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Trust:
    """An application that trusts one identity."""

    tenant: Tenant
    app_id: str
    identity: str

    async def graph(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask Graph about the application's federated credentials."""
        headers = {"Authorization": f"Bearer {await self.tenant.token(GRAPH)}"}
        address = f"/v1.0/applications(appId='{self.app_id}')/federatedIdentityCredentials{path}"
        url = self.tenant.known["graph"] + address
        async with self.tenant.http.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json() if answer.status != 204 else None

    def credential(self, name: str, **changes: Any) -> dict[str, Any]:
        """What trusts the identity."""
        issuer = self.tenant.service.tokens.issuer
        made = {"name": name, "issuer": issuer, "subject": self.identity, "audiences": [EXCHANGE]}
        return {**made, **changes}

    def token(self, resource: str = EXCHANGE, identity: str = "") -> str:
        """A token of an identity."""
        principal = self.tenant.service.directory.principal(identity or self.identity)
        assert principal is not None
        return self.tenant.service.identities.issue(principal, resource)

    async def show(self, assertion: str, app_id: str = "") -> tuple[int, dict[str, Any]]:
        """Ask for a token as the application, with an assertion."""
        return await self.tenant.post(
            grant_type="client_credentials",
            client_id=app_id or self.app_id,
            scope=f"{ARM}/.default",
            client_assertion_type=TYPE,
            client_assertion=assertion,
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trust(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trust]:
    """One tenant for the tests of this file."""
    async with running_in(tmp_path_factory.mktemp("tenant")) as tenant:
        app_id, _ = await tenant.register()
        identity = tenant.service.directory.create_identity("sign-in", resource_id="/identities/a")
        made = Trust(tenant, app_id, identity)
        assert (await made.graph("POST", "", made.credential("app-service")))[0] == 201
        yield made


async def test_an_identitys_token_proves_the_application(trust: Trust) -> None:
    """No secret takes part; the token that comes is the application's own."""
    status, answer = await trust.show(trust.token())
    assert status == 200, answer
    claims = trust.tenant.service.tokens.verify(answer["access_token"], (ARM,))
    assert claims.appid == trust.app_id


@pytest.mark.parametrize("attempt", ASSERTIONS)
async def test_a_token_that_is_not_trusted_is_refused(trust: Trust, attempt: str) -> None:
    """With the number that Entra has for it; 401."""
    tokens = trust.tenant.service.tokens
    directory = trust.tenant.service.directory
    assertion = trust.token()
    own = {"oid": trust.identity, "sub": trust.identity, "xms_mirid": "/identities/a"}
    app_id = trust.app_id
    match attempt:
        case "another identity's token":
            assertion = trust.token(identity=directory.create_identity("other"))
        case "the identity's token for Resource Manager":
            assertion = trust.token(ARM)
        case "a token of another issuer":
            assertion = tokens.issue(EXCHANGE, {**own, "iss": "https://issuer.example/v2.0"})
        case "the identity's id in another case":
            assertion = tokens.issue(EXCHANGE, {**own, "sub": trust.identity.upper()})
        case "the identity's claims, signed with another key":
            claims = jwt.decode(assertion, options={"verify_signature": False})
            key = tls.read_signing_key(tls.new_signing_key())
            assertion = jwt.encode(claims, key, algorithm="RS256")
        case "an application's token, its id named as the subject":
            own_id = directory.create_service_principal(directory.client_id).id
            await trust.graph("POST", "", trust.credential("an-app", subject=own_id))
            assertion = await trust.tenant.token(f"{EXCHANGE}/.default")
        case "an expired token of the identity":
            assertion = tokens.issue(EXCHANGE, own, lifetime_s=-1)
        case "the token for an application that trusts nobody":
            app_id, _ = await trust.tenant.register()
        case "no token at all":
            assertion = "no.token.atall"
    status, answer = await trust.show(assertion, app_id)
    assert (status, answer["error_codes"]) == (401, [ASSERTIONS[attempt]]), answer


async def test_graph_keeps_what_is_trusted(trust: Trust) -> None:
    """Shown by name and id, changed and ended; the application itself shows none of it."""
    _, made = await trust.graph("POST", "", trust.credential("second", subject="s2"))
    _, listed = await trust.graph("GET", "")
    assert "second" in [one["name"] for one in listed["value"]]
    assert (await trust.graph("GET", "/second"))[1] == made
    assert (await trust.graph("PATCH", f"/{made['id']}", {"subject": "s3"}))[0] == 204
    assert (await trust.graph("GET", "/second"))[1]["subject"] == "s3"
    assert (await trust.graph("DELETE", "/second"))[0] == 204
    status, gone = await trust.graph("GET", "/second")
    assert (status, gone["error"]["code"]) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"name": "app-service", "subject": "x"}, 409),
        ({}, 400),
        ({"name": "a", "subject": "x"}, 400),
        ({"subject": ""}, 400),
        ({"subject": "x", "audiences": []}, 400),
        ({"subject": "x", "audiences": [EXCHANGE, ARM]}, 400),
        ({"subject": "x", "extra": 1}, 400),
    ],
)
async def test_graph_refuses_what_it_cannot_trust(
    trust: Trust, changes: dict[str, Any], status: int
) -> None:
    """A name or a subject twice, no audience or several, an unknown property."""
    answered, answer = await trust.graph("POST", "", {**trust.credential("new-one"), **changes})
    assert answered == status, answer


async def test_an_application_trusts_twenty_at_most(trust: Trust) -> None:
    """As Graph's page says."""
    app_id, _ = await trust.tenant.register()
    other = Trust(trust.tenant, app_id, trust.identity)
    answers = [
        (await other.graph("POST", "", other.credential(f"one-{number}", subject=f"s{number}")))[0]
        for number in range(MOST + 1)
    ]
    assert answers == [201] * MOST + [400]
    rename = await other.graph("PATCH", "/one-1", {"name": "another"})
    assert rename[0] == 400
