"""Who may do what: keys, signatures, bearer tokens with roles, and anonymous callers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.storage.blob import (
    AccountSasPermissions,
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    UserDelegationKey,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from azure.storage.blob.aio import BlobServiceClient as AsyncBlobServiceClient

from chatkit.localcloud.entra.tokens import Claims
from chatkit.localcloud.storage.auth import delegation, shared_key
from chatkit.localcloud.storage.formats.xmltext import Element
from chatkit.localcloud.storage.service import StorageService
from chatkit.localcloud.storage.state.errors import StorageError
from tests.localcloud.storage.storage_testing import KEY1, KEY2, NAME, SCOPE, StorageCloud

LATER = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def signed_in(cloud: StorageCloud) -> Iterator[BlobServiceClient]:
    """The kit's own principal, by a bearer token."""
    with cloud.service(cloud.credential()) as client:
        yield client


@pytest.fixture
def blob(container: ContainerClient) -> BlobClient:
    """A blob of the owner's."""
    return container.upload_blob("a", b"secret")


def code_of(error: HttpResponseError) -> str:
    """The storage error code of an SDK exception."""
    code = getattr(error, "error_code", "")
    return str(getattr(code, "value", code))


@pytest.mark.parametrize("key", [KEY1, KEY2])
def test_both_keys_open_the_account(cloud: StorageCloud, blob: BlobClient, key: str) -> None:
    """Both account keys sign."""
    with cloud.service(key) as client:
        assert (
            client.get_blob_client(blob.container_name, "a").download_blob().readall() == b"secret"
        )


def test_a_rotated_key_is_refused_at_once(cloud: StorageCloud) -> None:
    """After apply with another key, the old one signs nothing."""
    with cloud.service(KEY2) as client:
        cloud.apply(key2="bmV3" * 16)
        try:
            with pytest.raises(ClientAuthenticationError) as caught:
                client.get_service_properties()
        finally:
            cloud.apply()
    assert code_of(caught.value) == "AuthenticationFailed"


def test_an_account_may_refuse_keys(
    cloud: StorageCloud, blob: BlobClient, signed_in: BlobServiceClient
) -> None:
    """Without shared keys, keys and their signatures are refused, bearer tokens and theirs not."""
    box = blob.container_name
    by_key: dict[str, Any] = {"account_key": KEY1, "permission": "r", "expiry": LATER}
    delegated = {**by_key, "account_key": None}
    delegated["user_delegation_key"] = signed_in.get_user_delegation_key(
        datetime.now(UTC) - timedelta(minutes=1), LATER
    )
    account = generate_account_sas(
        NAME, KEY1, "sco", AccountSasPermissions(read=True, list=True), LATER
    )
    cloud.apply(allow_shared_key=False)
    try:
        for path, headers in (
            (f"{box}/a?{generate_blob_sas(NAME, box, 'a', **by_key)}", {}),
            (f"{box}/a?{generate_container_sas(NAME, box, **by_key)}", {}),
            (f"{box}/a?{generate_blob_sas(NAME, box, 'a', account_key=KEY1, policy_id='p')}", {}),
            (f"{box}/a?{account}", {}),
            (f"?comp=list&{account}", {}),
            ("?comp=list", {"Authorization": f"SharedKey {NAME}:x"}),
        ):
            assert cloud.request("GET", path, headers).code == "KeyBasedAuthenticationNotPermitted"
        for token in (
            generate_blob_sas(NAME, box, "a", **delegated),
            generate_container_sas(NAME, box, **delegated),
        ):
            assert cloud.request("GET", f"{box}/a?{token}", {}).status == 200
        assert (
            signed_in.get_blob_client(blob.container_name, "a").download_blob().readall()
            == b"secret"
        )
    finally:
        cloud.apply()


def test_a_bearer_token_opens_the_account(signed_in: BlobServiceClient, blob: BlobClient) -> None:
    """A token of the real ClientSecretCredential for storage is accepted."""
    assert (
        signed_in.get_blob_client(blob.container_name, "a").download_blob().readall() == b"secret"
    )


async def test_the_async_sdk_works_with_key_and_token(
    cloud: StorageCloud, container: ContainerClient
) -> None:
    """azure.storage.blob.aio signs paths in its own way."""
    options: dict[str, Any] = {"connection_verify": cloud.ca_file, "retry_total": 0}
    async with AsyncBlobServiceClient(cloud.url, KEY1, **options) as client:
        blob = client.get_blob_client(container.container_name, "ä b+c/%.txt")
        await blob.upload_blob(b"x" * 100_000)
        assert await (await blob.download_blob()).readall() == b"x" * 100_000
        assert [
            item.name
            async for item in client.get_container_client(container.container_name).list_blobs()
        ] == ["ä b+c/%.txt"]


def test_a_token_for_something_else_is_refused(cloud: StorageCloud) -> None:
    """Wrong audience, and no token at all: 401 with Azure's challenge."""
    wrong = cloud.call(
        lambda: cloud.entra.tokens.issue("https://management.azure.com", {"oid": "someone"})
    )
    for authorization in (f"Bearer {wrong}", "Bearer nonsense"):
        answer = cloud.request("GET", "?comp=list", {"Authorization": authorization})
        assert (answer.status, answer.code) == (401, "InvalidAuthenticationInfo")
        assert "authorization_uri=https://localhost" in answer.headers["www-authenticate"]
    assert cloud.request("GET", "?comp=list").code == "NoAuthenticationInformation"


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        ("", [403, 403, 403]),
        ("Owner", [403, 403, 403]),
        ("Contributor", [403, 403, 403]),
        ("Storage Blob Data Reader", [200, 403, 403]),
        ("Storage Blob Data Contributor", [200, 201, 202]),
    ],
)
def test_a_role_allows_what_it_says(
    cloud: StorageCloud, blob: BlobClient, role: str, statuses: list[int]
) -> None:
    """Read, write and delete with a token of a principal that has one role, or none."""
    assigned = (
        [cloud.call(cloud.assign, role, "11111111-0000-0000-0000-000000000001")] if role else []
    )
    token = cloud.call(
        lambda: cloud.entra.tokens.issue(
            "https://storage.azure.com", {"oid": "11111111-0000-0000-0000-000000000001"}
        )
    )
    headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2026-10-06"}
    found = []
    for method, more in (("GET", {}), ("PUT", {"x-ms-blob-type": "BlockBlob"}), ("DELETE", {})):
        found.append(
            cloud.request(
                method, f"{blob.container_name}/a", {**headers, **more}, b"" if more else None
            ).status
        )
    for assignment in assigned:
        cloud.call(cloud.entra.tokens.roles.remove, assignment.id)
    assert found == statuses


def test_roles_are_asked_for_each_action(
    cloud: StorageCloud,
    signed_in: BlobServiceClient,
    blob: BlobClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The role check sees principal, scope and data action; its no is a permission mismatch."""
    asked: list[tuple[str, str]] = []

    def only_read(_claims: object, scope: str, action: str) -> bool:
        asked.append((scope, action))
        return action.endswith("/read")

    monkeypatch.setattr(cloud, "role_check", only_read)
    mine = signed_in.get_blob_client(blob.container_name, "a")
    assert mine.download_blob().readall() == b"secret"
    with pytest.raises(HttpResponseError) as caught:
        mine.delete_blob()
    assert (caught.value.status_code, code_of(caught.value)) == (
        403,
        "AuthorizationPermissionMismatch",
    )
    action = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete"
    assert asked[-1] == (f"{SCOPE}/blobServices/default/containers/{blob.container_name}", action)


def test_who_decides_about_roles_has_to_be_said(cloud: StorageCloud) -> None:
    """No service is built that lets every token do everything."""
    with pytest.raises(TypeError, match="role_check"):
        StorageService(cloud.platform, cloud.entra.tokens)  # type: ignore[call-arg]


def test_a_user_delegation_key_signs(
    cloud: StorageCloud, signed_in: BlobServiceClient, blob: BlobClient
) -> None:
    """A key got with a bearer token signs for its permission and no more."""
    key = signed_in.get_user_delegation_key(datetime.now(UTC), LATER)
    token = generate_blob_sas(
        NAME, blob.container_name, "a", user_delegation_key=key, permission="r", expiry=LATER
    )
    options: dict[str, Any] = {"connection_verify": cloud.ca_file, "retry_total": 0}
    with BlobClient.from_blob_url(f"{blob.url}?{token}", **options) as client:
        assert client.download_blob().readall() == b"secret"
        with pytest.raises(HttpResponseError) as caught:
            client.upload_blob(b"x", overwrite=True)
    assert code_of(caught.value) == "AuthorizationPermissionMismatch"
    changed = token.replace("sp=r", "sp=rw")
    assert cloud.request("GET", f"{blob.container_name}/a?{changed}").code == "AuthenticationFailed"


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00+14:00", "0001-01-01", "2020-01-01"])
def test_a_delegation_key_begins_within_seven_days(start: str) -> None:
    """Microsoft's page "Get User Delegation Key"; no moment makes the service fail."""
    times = [Element("Start", start), Element("Expiry", LATER.isoformat())]
    claims = Claims(oid="o", appid="", tid="t", name="", raw={})
    with pytest.raises(StorageError) as caught:
        delegation.read_request(Element("KeyInfo", times), claims)
    assert caught.value.code == "InvalidXmlNodeValue"


def test_a_delegated_signature_ends_with_the_role(
    cloud: StorageCloud,
    signed_in: BlobServiceClient,
    blob: BlobClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A signature is worth no more than what its signer may do now."""
    key = signed_in.get_user_delegation_key(datetime.now(UTC), LATER)
    token = generate_container_sas(
        NAME, blob.container_name, user_delegation_key=key, permission="r", expiry=LATER
    )
    monkeypatch.setattr(cloud, "role_check", lambda *_: False)
    answer = cloud.request("GET", f"{blob.container_name}/a?{token}")
    assert answer.code == "AuthorizationPermissionMismatch"


def bound_to(container: str, key: UserDelegationKey, oid: str, **more: Any) -> str:
    """A signature that only one principal can use."""
    options = {"permission": "r", "expiry": LATER, "user_delegation_oid": oid, **more}
    return generate_blob_sas(NAME, container, "a", user_delegation_key=key, **options)


def test_a_signature_bound_to_a_person_needs_that_persons_token(
    cloud: StorageCloud, signed_in: BlobServiceClient, blob: BlobClient
) -> None:
    """`sduoid`: worth nothing alone or beside another person's token; the person needs no role."""
    alice, bob = (cloud.call(cloud.entra.directory.user, name) for name in ("alice", "bob"))
    signature = bound_to(blob.container_name, delegation_key(signed_in), alice.id)
    path = f"{blob.container_name}/a?{signature}"
    answers = [cloud.request("GET", path)]
    for person in (bob, alice):
        token = cloud.call(
            lambda oid=person.id: cloud.entra.tokens.issue(
                "https://storage.azure.com", {"oid": oid}
            )
        )
        answers.append(cloud.request("GET", path, {"Authorization": f"Bearer {token}"}))
    assert [answer.status for answer in answers] == [403, 403, 200]
    assert b"bound to" in answers[0].body and answers[2].body == b"secret"
    stolen = cloud.request(
        "GET", path.replace(alice.id, bob.id), {"Authorization": f"Bearer {token}"}
    )
    assert stolen.code == "AuthenticationFailed"
    assert cloud.request("GET", path, {"Authorization": "Bearer nonsense"}).status == 401


def delegation_key(signed_in: BlobServiceClient) -> UserDelegationKey:
    """A key for the next hour."""
    return signed_in.get_user_delegation_key(datetime.now(UTC), LATER)


@pytest.mark.parametrize(("name", "status"), [("saoid", 200), ("scid", 200), ("suoid", 403)])
def test_agents_and_correlation_ids_are_taken_as_documented(
    cloud: StorageCloud, signed_in: BlobServiceClient, blob: BlobClient, name: str, status: int
) -> None:
    """A preauthorized agent and a correlation id change no right.

    An unauthorized agent needs access lists of files, so it is refused.
    """
    texts: list[str] = []
    key = delegation_key(signed_in)
    plain = generate_blob_sas(
        NAME,
        blob.container_name,
        "a",
        user_delegation_key=key,
        permission="r",
        expiry=LATER,
        sts_hook=texts.append,
    )
    value = "11111111-0000-0000-0000-000000000009"
    lines = texts[0].split("\n")
    lines[4 + 6 + ("saoid", "suoid", "scid").index(name)] = value
    signature = quote(shared_key.sign(str(key.value), "\n".join(lines)), safe="")
    query = (
        "&".join(part for part in plain.split("&") if not part.startswith("sig="))
        + f"&{name}={value}&sig={signature}"
    )
    assert cloud.request("GET", f"{blob.container_name}/a?{query}").status == status


def test_a_key_is_no_reason_for_a_delegation_key(blob_service: BlobServiceClient) -> None:
    """Only principals get user delegation keys."""
    with pytest.raises(HttpResponseError) as caught:
        blob_service.get_user_delegation_key(datetime.now(UTC), LATER)
    assert code_of(caught.value) == "AuthenticationFailed"


def test_a_signature_to_create_does_not_replace(cloud: StorageCloud, blob: BlobClient) -> None:
    """Permission c makes new blobs only."""
    token = generate_container_sas(NAME, blob.container_name, KEY1, permission="c", expiry=LATER)
    put = {"x-ms-blob-type": "BlockBlob"}
    assert cloud.request("PUT", f"{blob.container_name}/new?{token}", put, b"1").status == 201
    assert (
        cloud.request("PUT", f"{blob.container_name}/a?{token}", put, b"1").code
        == "AuthorizationPermissionMismatch"
    )


def test_a_signature_may_change_the_answers_headers(cloud: StorageCloud, blob: BlobClient) -> None:
    """rscd and rsct are signed and sent back."""
    token = generate_blob_sas(
        NAME,
        blob.container_name,
        "a",
        account_key=KEY1,
        permission="r",
        expiry=LATER,
        content_disposition="attachment",
        content_type="x/y",
    )
    answer = cloud.request("GET", f"{blob.container_name}/a?{token}")
    assert (answer.headers["content-disposition"], answer.headers["content-type"]) == (
        "attachment",
        "x/y",
    )


def test_an_account_may_forbid_public_containers(
    cloud: StorageCloud, container: ContainerClient, blob: BlobClient
) -> None:
    """Forbidden on the account, a public container can neither be made nor be read."""
    container.set_container_access_policy({}, public_access="blob")
    assert cloud.request("GET", f"{blob.container_name}/a").status == 200
    cloud.apply(allow_blob_public_access=False)
    try:
        assert cloud.request("GET", f"{blob.container_name}/a").code == "PublicAccessNotPermitted"
        with pytest.raises(HttpResponseError) as caught:
            container.set_container_access_policy({}, public_access="container")
    finally:
        cloud.apply()
    assert code_of(caught.value) == "PublicAccessNotPermitted"


def test_an_old_request_is_refused(cloud: StorageCloud) -> None:
    """A signed request is good for fifteen minutes: a recorded one cannot be sent again later."""
    headers = {"x-ms-date": "Mon, 23 Nov 2020 18:00:00 GMT", "Authorization": f"SharedKey {NAME}:x"}
    answer = cloud.request("GET", "?comp=list", headers)
    assert answer.code == "AuthenticationFailed"
    assert b"too old" in answer.body


def test_a_refusal_does_not_tell_keys(cloud: StorageCloud) -> None:
    """The answer shows the string to sign, as Azure's does, and no key."""
    from email.utils import formatdate

    headers = {"x-ms-date": formatdate(usegmt=True), "Authorization": f"SharedKey {NAME}:x"}
    body = cloud.request("GET", "?comp=list", headers).body.decode()
    assert "Server used following string to sign" in body
    assert KEY1 not in body and KEY2 not in body


def test_another_service_or_account_is_told_apart(cloud: StorageCloud) -> None:
    """Queue addresses say what there is; unknown accounts are not found."""
    origin = cloud.url.rpartition("/")[0]
    assert cloud.request("GET", f"{origin}/{NAME}-queue/q").status == 501
    assert cloud.request("GET", f"{origin}/nobody/c/b").code == "InvalidUri"
    assert cloud.request("GET", f"{origin}/devstoreaccount1/c/b").code == "InvalidUri"
