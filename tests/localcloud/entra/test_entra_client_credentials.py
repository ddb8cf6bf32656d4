"""Applications sign in to the local Entra, with azure-identity where it has a credential."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.tokens import Tokens
from tests.localcloud.entra.tenant import ARM, Tenant


def make_certificate(folder: Path) -> tuple[Path, str]:
    """A self-signed certificate with its key in one PEM file, and its DER bytes in Base64."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chat")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
    )
    certificate = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "client.pem"
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return path, base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


async def certificate_token(tenant: Tenant, app_id: str, path: Path) -> str:
    """Ask for a token with a certificate through azure-identity."""
    credential = CertificateCredential(
        tenant.known["tenant_id"],
        app_id,
        str(path),
        authority=tenant.known["authority"],
        disable_instance_discovery=True,
        connection_verify=tenant.ca_file,
    )
    with credential:
        return (await asyncio.to_thread(credential.get_token, f"{ARM}/.default")).token


async def test_a_client_secret_gets_a_token_that_resource_manager_accepts(tenant: Tenant) -> None:
    """azure-identity, unmodified, against the local authority."""
    claims = tenant.service.tokens.verify(await tenant.get_token(f"{ARM}/.default"), [ARM])
    assert (claims.appid, claims.tid) == (tenant.known["client_id"], tenant.known["tenant_id"])


async def test_a_certificate_signs_in(tenant: Tenant) -> None:
    """The private key stays with the client; Entra has the certificate from Graph."""
    path, der = make_certificate(tenant.folder)
    app_id, _ = await tenant.register(
        keyCredentials=[{"type": "AsymmetricX509Cert", "usage": "Verify", "key": der}]
    )
    claims = tenant.service.tokens.verify(await certificate_token(tenant, app_id, path), [ARM])
    assert claims.appid == app_id


async def test_an_unregistered_certificate_is_refused(tenant: Tenant) -> None:
    """AADSTS700027."""
    path, _ = make_certificate(tenant.folder)
    app_id, _ = await tenant.register()
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        await certificate_token(tenant, app_id, path)


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": "11111111-1111-1111-1111-111111111111"}, "AADSTS700016"),
    ],
)
async def test_a_wrong_credential_is_refused_in_entras_words(
    tenant: Tenant, changes: dict[str, str], number: str
) -> None:
    """The learner must see the error that the real Entra gives."""
    with pytest.raises(ClientAuthenticationError, match=number):
        await tenant.get_token(f"{ARM}/.default", **changes)


async def test_an_expired_secret_is_told_from_a_wrong_one(tenant: Tenant) -> None:
    """AADSTS7000222, with status 401 and Entra's shape."""
    app_id, secret = await tenant.register()
    application = tenant.service.directory.application(app_id)
    assert application is not None
    application["passwordCredentials"][0]["endDateTime"] = "2020-01-01T00:00:00Z"
    tenant.service.directory.save_application(application)
    form = {"grant_type": "client_credentials", "client_id": app_id, "scope": f"{ARM}/.default"}
    for text, number in ((secret, 7000222), ("wrong", 7000215)):
        status, refused = await tenant.post(**form, client_secret=text)
        assert (status, refused["error"], refused["error_codes"]) == (
            401,
            "invalid_client",
            [number],
        )
        assert refused["error_description"].startswith(f"AADSTS{number}: ") and refused[
            "error_uri"
        ].endswith(str(number))


async def test_an_unknown_tenant_is_refused(tenant: Tenant) -> None:
    """AADSTS90002 in Entra's JSON shape."""
    stranger = f"{tenant.known['authority']}/11111111-1111-1111-1111-111111111111"
    url = f"{stranger}/v2.0/.well-known/openid-configuration"
    async with tenant.http.get(url) as answer:
        body = await answer.json()
    assert (answer.status, body["error"], body["error_codes"]) == (400, "invalid_request", [90002])
    assert set(body) == {
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    }


@pytest.mark.parametrize(
    ("form", "number"),
    [
        ({}, 900144),
        ({"grant_type": "password", "client_id": "x"}, 70003),
        ({"grant_type": "client_credentials"}, 900144),
    ],
)
async def test_a_malformed_request_names_what_is_wrong(
    tenant: Tenant, form: dict[str, str], number: int
) -> None:
    """Missing and unsupported fields have numbers of their own."""
    status, body = await tenant.post(**form)
    assert (status, body["error_codes"]) == (400, [number])


async def test_a_token_for_another_audience_is_rejected(tenant: Tenant) -> None:
    """A storage token must not open Resource Manager."""
    token = await tenant.token("https://storage.azure.com/.default")
    with pytest.raises(TokenRejected) as refusal:
        tenant.service.tokens.verify(token, [ARM])
    assert refusal.value.code == "audience"


async def test_an_expired_token_is_rejected(tenant: Tenant) -> None:
    """One second ago is too late."""
    token = tenant.service.tokens.issue(ARM, {"oid": "x"}, lifetime_s=-1)
    with pytest.raises(TokenRejected) as refusal:
        tenant.service.tokens.verify(token, [ARM])
    assert refusal.value.code == "expired"


async def test_a_token_of_another_key_is_rejected(tenant: Tenant) -> None:
    """A signature that is not ours."""
    text = await tenant.token(f"{ARM}/.default")
    head, body, signature = text.split(".")
    with pytest.raises(TokenRejected) as refusal:
        tenant.service.tokens.verify(f"{head}.{body}.{'A' * len(signature)}", [ARM])
    assert refusal.value.code == "signature"


async def test_an_unknown_resource_is_refused(tenant: Tenant) -> None:
    """The scope must name something in the tenant."""
    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        await tenant.get_token("https://unknown.example/.default")


async def test_ids_and_key_outlive_a_restart(tenant: Tenant) -> None:
    """A token from before is good after."""
    token = await tenant.token(f"{ARM}/.default")
    store = tenant.store
    again = Directory(store)
    tokens = Tokens(store, tenant_id=again.tenant_id, authority=tenant.known["authority"])
    assert again.client_secret == tenant.known["client_secret"]
    assert tokens.verify(token, [ARM]).oid == tenant.service.tokens.verify(token, [ARM]).oid


async def test_a_token_needs_no_look_at_everybody(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can sign in under a thousand names: nobody's tokens become slower by them."""
    again = Directory(tenant.store)
    monkeypatch.setattr(again, "principals", lambda: pytest.fail("all are looked at"))
    own = again.service_principal(again.client_id)
    made = again.create_application("other")
    other = again.create_service_principal(made["appId"])
    assert own is not None and again.service_principal(made["appId"]) == other
    again.delete_application(made["appId"])
    assert again.service_principal(made["appId"]) is None
    with pytest.raises(ZeroDivisionError), tenant.store.transaction():
        again.delete_identity(own.id)
        raise ZeroDivisionError
    assert again.service_principal(again.client_id) == own


async def test_discovery_promises_nothing_that_is_not_there(tenant: Tenant) -> None:
    """Every endpoint answers; all names of the tenant lead to it; only the code flow is offered."""
    base = tenant.known["authority"]
    found = []
    for name in (tenant.known["tenant_id"], "common", "organizations"):
        async with tenant.http.get(
            f"{base}/{name}/v2.0/.well-known/openid-configuration"
        ) as answer:
            found.append(await answer.json())
    assert found[0] == found[1] == found[2] and found[0]["response_types_supported"] == ["code"]
    for name, url in found[0].items():
        if name.endswith(("_endpoint", "_uri")):
            async with tenant.http.get(url) as answer:
                assert answer.status != 404, name


async def test_published_keys_verify_a_token(tenant: Tenant) -> None:
    """What discovery points to is enough for any OpenID Connect client."""
    import jwt

    base = f"{tenant.known['authority']}/{tenant.known['tenant_id']}/v2.0"
    async with tenant.http.get(f"{base}/.well-known/openid-configuration") as answer:
        configuration = await answer.json()
    async with tenant.http.get(configuration["jwks_uri"]) as answer:
        keys = jwt.PyJWKSet.from_dict(await answer.json())
    token = await tenant.token(f"{ARM}/.default")
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token, key, algorithms=["RS256"], audience=ARM, issuer=configuration["issuer"]
    )
    assert claims["tid"] == tenant.known["tenant_id"]
