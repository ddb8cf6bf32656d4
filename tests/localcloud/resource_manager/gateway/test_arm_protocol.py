"""Resource Manager's protocol: tokens, api-versions, error shapes, headers, paging, casing."""

from __future__ import annotations

import pytest

from chatkit.core.time.recorded import RECORDED, Recorded
from tests.localcloud.resource_manager.arm_cloud import LocalCloud
from tests.localcloud.resource_manager.raw import Raw

SIGNALR = "/providers/Microsoft.SignalRService/SignalR"
STORAGE = "/providers/Microsoft.Storage/storageAccounts"
ACCOUNT = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
FREE = {"location": "eastus2", "sku": {"name": "Free_F1"}}


@pytest.mark.parametrize(
    ("authorization", "code", "error"),
    [
        ("", "AuthenticationFailed", "invalid_request"),
        ("Bearer nonsense", "InvalidAuthenticationToken", "invalid_token"),
        ("Basic eDp5", "AuthenticationFailed", "invalid_request"),
    ],
)
def test_without_a_good_token_the_answer_says_where_to_sign_in(
    raw: Raw, authorization: str, code: str, error: str
) -> None:
    """401 with a challenge that names the authority."""
    reply = raw("GET", raw.group, Authorization=authorization)
    challenge = reply.headers["WWW-Authenticate"]
    assert (reply.status, reply.code) == (401, code)
    assert (
        f'authorization_uri="{raw.cloud.endpoints["authority"]}' in challenge
        and f'error="{error}"' in challenge
    )


@pytest.mark.parametrize(
    ("audience", "lifetime_s", "code"),
    [
        ('https://localhost:1/"\r\nX: "', 60, "InvalidAuthenticationTokenAudience"),
        ("https://management.azure.com", -1, "ExpiredAuthenticationToken"),
    ],
)
def test_a_token_must_be_for_here_and_now(
    raw: Raw, cloud: LocalCloud, audience: str, lifetime_s: int, code: str
) -> None:
    """Audience and expiry are checked."""
    raw.token = cloud.entra.tokens.issue(audience, {"oid": "x"}, lifetime_s=lifetime_s)
    assert raw("GET", raw.group).code == code


def test_a_token_of_another_key_or_tenant_opens_nothing(raw: Raw, cloud: LocalCloud) -> None:
    """Signature and issuer are checked; the challenge says where a good token comes from."""
    head, body, signature = raw.token.split(".")
    tokens = cloud.entra.tokens
    elsewhere = tokens.issue(
        "https://management.azure.com", {"oid": "x", "iss": "https://login.example/other/v2.0"}
    )
    for token, code in (
        (f"{head}.{body}.{signature[::-1]}", "InvalidAuthenticationToken"),
        (elsewhere, "InvalidAuthenticationTokenTenant"),
    ):
        stranger = Raw(cloud, token)
        for method, given in (("GET", None), ("PUT", {"location": "eastus2"}), ("DELETE", None)):
            reply = stranger(method, raw.group, given)
            assert (reply.status, reply.code) == (401, code)
            assert reply.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")
    assert raw("GET", raw.group).status == 200


def test_a_provider_takes_its_time_to_register(
    raw: Raw, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registering while recorded time runs, then Registered; creates are refused until then."""
    monkeypatch.setitem(RECORDED, "provider.register", Recorded("register", 20.0, "this test"))
    provider = (
        raw.group.removesuffix("/resourceGroups/class") + "/providers/Microsoft.SignalRService"
    )
    raw("POST", f"{provider}/unregister", version="2025-04-01")
    cloud.arm.context.clock.mode = "recorded"
    seen = [
        raw("GET", provider, version="2025-04-01"),
        raw("POST", f"{provider}/register", version="2025-04-01"),
    ]
    seen.append(raw("GET", provider, version="2025-04-01"))
    assert [reply.body["registrationState"] for reply in seen] == [
        "Unregistered",
        "Registering",
        "Registering",
    ]
    assert (
        raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE).code == "MissingSubscriptionRegistration"
    )
    cloud.call(
        cloud.platform.store.put,
        "registrations",
        "microsoft.signalrservice",
        {"state": "Registering", "until": 1.0},
    )
    assert raw("GET", provider, version="2025-04-01").body["registrationState"] == "Registered"
    assert raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE).status == 201


def test_a_caller_without_a_role_is_refused(raw: Raw, cloud: LocalCloud) -> None:
    """403 AuthorizationFailed names the action; with a role the call goes through."""
    identity = cloud.call(cloud.entra.directory.create_identity, "app")
    stranger = Raw(
        cloud, cloud.entra.tokens.issue("https://management.azure.com", {"oid": identity})
    )
    reply = stranger("GET", raw.group)
    assert (reply.status, reply.code) == (403, "AuthorizationFailed")
    assert "Microsoft.Resources/subscriptions/resourceGroups/read" in reply.body["error"]["message"]
    provider = f"{raw.group}/providers/Microsoft.Authorization"
    role = f"{provider}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    path = f"{provider}/roleAssignments/11111111-1111-1111-1111-111111111111"
    wanted = {
        "properties": {
            "roleDefinitionId": role,
            "principalId": identity,
            "principalType": "ServicePrincipal",
        }
    }
    assert raw("PUT", path, wanted, version="2022-04-01").status == 201
    assert stranger("GET", raw.group).status == 200
    assert stranger("PUT", raw.group, {"location": "eastus2"}).status == 403
    again = path.replace("1111", "2222")
    assert raw("PUT", again, wanted, version="2022-04-01").code == "RoleAssignmentExists"
    # Under the same name it would stay with the first one, even when it is deleted.
    wanted["properties"]["principalId"] = cloud.call(cloud.entra.directory.create_identity, "two")
    reply = raw("PUT", path, wanted, version="2022-04-01")
    assert (reply.status, reply.code) == (400, "RoleAssignmentUpdateNotPermitted")
    assert raw("GET", path, version="2022-04-01").body["properties"]["principalId"] == identity
    assert raw("DELETE", path, version="2022-04-01").status == 200
    assert stranger("GET", raw.group).status == 403


def test_an_unknown_api_version_is_refused_with_the_list(raw: Raw) -> None:
    """Several are taken; a wrong one gets the ones there are."""
    assert raw("GET", raw.group + SIGNALR, version="2023-08-01-preview").status == 200
    reply = raw("GET", raw.group + SIGNALR, version="1999-01-01")
    assert (reply.status, reply.code) == (400, "NoRegisteredProviderFound")
    assert "2023-02-01" in reply.body["error"]["message"]
    assert raw("GET", raw.group, version="1999-01-01").code == "InvalidApiVersionParameter"
    assert raw("GET", raw.group, version="-").code == "MissingApiVersionParameter"


def test_paths_match_in_any_case_and_ids_keep_theirs(raw: Raw) -> None:
    """az writes signalR and resourcegroups; the id is that of the creation."""
    raw("PUT", f"{raw.group}{SIGNALR}/Chat-One", FREE)
    path = (
        raw.group.replace("resourceGroups/class", "RESOURCEGROUPS/CLASS")
        + "/Providers/microsoft.signalrservice/signalR/chat-one"
    )
    reply = raw("GET", path)
    assert reply.body["id"] == f"{raw.group}{SIGNALR}/Chat-One"
    assert reply.body["type"] == "Microsoft.SignalRService/SignalR"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/resourceGroups/none", 404, "ResourceGroupNotFound"),
        ("GET", f"/resourceGroups/class{SIGNALR}/none", 404, "ResourceNotFound"),
        ("GET", f"/resourceGroups/none{SIGNALR}/none", 404, "ResourceGroupNotFound"),
        ("DELETE", f"/resourceGroups/class{SIGNALR}/none", 204, ""),
        (
            "GET",
            "/resourceGroups/class/providers/Microsoft.Compute/virtualMachines/x",
            501,
            "NotImplemented",
        ),
        (
            "GET",
            "/resourceGroups/class/providers/Microsoft.Web/sites/x/slots/y",
            501,
            "NotImplemented",
        ),
        ("POST", "/resourceGroups/class/moveResources", 501, "NotImplemented"),
        ("POST", "/resourcegroups/class/validatemoveresources", 501, "NotImplemented"),
        ("GET", "/tagNames", 501, "NotImplemented"),
        ("PUT", "/tagNames/course/tagValues/1", 501, "NotImplemented"),
        ("POST", "/resourceGroups/class", 405, "HttpMethodNotAllowed"),
        ("PUT", "/resourceGroups/bad.", 400, "InvalidResourceGroup"),
        ("HEAD", "/resourceGroups/class", 204, ""),
        ("HEAD", "/resourceGroups/none", 404, ""),
        ("GET", "/nothing", 404, "InvalidRequestUri"),
    ],
)
def test_what_is_not_there_is_said_in_azures_words(
    raw: Raw, method: str, path: str, status: int, code: str
) -> None:
    """Statuses and codes as recorded; what is unsupported names what is supported."""
    body = {"location": "eastus2"} if method == "PUT" else None
    reply = raw(method, raw.group.removesuffix("/resourceGroups/class") + path, body)
    assert reply.status == status
    if code:
        assert reply.code == code
    if status == 501:
        assert "Microsoft.SignalRService/SignalR" in reply.body["error"]["message"]


def test_another_subscription_is_not_found(raw: Raw) -> None:
    """404 SubscriptionNotFound."""
    assert (
        raw("GET", "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups").code
        == "SubscriptionNotFound"
    )


@pytest.mark.parametrize("body", [b"{", b"[1]", b"", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(raw: Raw, body: bytes) -> None:
    """400 in Azure's shape, nothing made."""
    reply = raw("PUT", f"{raw.group}{SIGNALR}/chat-1", body)
    assert reply.status == 400 and reply.code in ("InvalidRequestContent", "MissingRequestBody")
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").status == 404


def test_a_huge_body_is_refused(raw: Raw) -> None:
    """413 at four megabytes."""
    assert (
        raw("PUT", f"{raw.group}{SIGNALR}/chat-1", b" " * (5 << 20)).code == "RequestEntityTooLarge"
    )


def test_every_answer_carries_azures_headers(raw: Raw) -> None:
    """Request id, correlation id of the client, remaining requests."""
    reply = raw("GET", raw.group, **{"x-ms-correlation-request-id": "c1"})
    assert reply.headers["x-ms-correlation-request-id"] == "c1"
    assert len(reply.headers["x-ms-request-id"]) == 36
    assert int(reply.headers["x-ms-ratelimit-remaining-subscription-reads"]) > 1000
    assert reply.headers["Cache-Control"] == "no-cache"
    assert raw("GET", raw.group + "x").headers["x-ms-failure-cause"] == "gateway"


def test_an_empty_bucket_answers_429_until_it_refills(raw: Raw, cloud: LocalCloud) -> None:
    """A real token bucket with Retry-After."""
    cloud.arm.admission.throttle.limits = {
        "reads": (3, 0.1),
        "writes": (3, 0.1),
        "deletes": (3, 0.1),
    }
    replies = [raw("GET", raw.group) for _ in range(5)]
    assert replies[-1].status == 429 and replies[-1].code == "SubscriptionRequestsThrottled"
    assert int(replies[-1].headers["Retry-After"]) >= 1


def test_lists_come_in_pages_with_an_absolute_next_link(raw: Raw) -> None:
    """$top and $skiptoken; following nextLink gives every item once."""
    for number in range(5):
        raw(
            "PUT",
            f"{raw.group}{SIGNALR}/chat-{number}",
            {"location": f"westus{number % 2 + 2}", "sku": {"name": "Free_F1"}},
        )
    reply = raw("GET", f"{raw.group}{SIGNALR}?$top=2")
    names: list[str] = []
    while True:
        names += [one["name"] for one in reply.body["value"]]
        if "nextLink" not in reply.body:
            break
        reply = raw("GET", reply.body["nextLink"])
    assert names == [f"chat-{number}" for number in range(5)]


def test_web_errors_come_in_the_other_shape(raw: Raw) -> None:
    """Microsoft.Web writes Code, Message and Details; both shapes reach a client."""
    reply = raw(
        "PUT",
        f"{raw.group}/providers/Microsoft.Web/sites/-x-",
        {"location": "eastus2", "kind": "functionapp,linux"},
    )
    assert (reply.status, reply.body["Code"]) == (400, "BadRequest")
    assert reply.body["Details"][2]["ErrorEntity"]["Code"] == "BadRequest"
    assert reply.headers["x-ms-failure-cause"] == "service"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (f"{SIGNALR}/1chat", FREE, "InvalidResourceName"),
        (f"{SIGNALR}/ab", FREE, "InvalidResourceName"),
        (f"{SIGNALR}/chat-1", {"sku": {"name": "Free_F1"}}, "LocationRequired"),
        (
            f"{SIGNALR}/chat-1",
            {**FREE, "location": "atlantis"},
            "LocationNotAvailableForResourceType",
        ),
        (f"{SIGNALR}/chat-1", {**FREE, "sku": {"name": "Gold"}}, "InvalidParameter"),
        (
            f"{SIGNALR}/chat-1",
            {**FREE, "sku": {"name": "Free_F1", "capacity": 2}},
            "InvalidParameter",
        ),
        (
            f"{SIGNALR}/chat-1",
            {**FREE, "properties": {"features": [{"flag": "ServiceMode", "value": "x"}]}},
            "InvalidParameter",
        ),
        (f"{STORAGE}/Not-Valid", ACCOUNT, "AccountNameInvalid"),
        (f"{STORAGE}/chatstore1", {**ACCOUNT, "kind": "x"}, "AccountPropertyIsInvalid"),
        (
            "/providers/Microsoft.Web/sites/x_y",
            {"location": "eastus2", "kind": "functionapp"},
            "BadRequest",
        ),
        (
            "/providers/Microsoft.Web/serverfarms/p",
            {"location": "ukwest", "sku": {"name": "FC1"}},
            "BadRequest",
        ),
        (
            "/providers/Microsoft.Web/serverfarms/p",
            {"location": "eastus2", "sku": {"name": "S1"}},
            "NotImplemented",
        ),
    ],
)
def test_names_and_values_are_checked(raw: Raw, path: str, body: object, code: str) -> None:
    """Client-side validation is off in the SDKs: the server must say no."""
    assert raw("PUT", raw.group + path, body).code == code
    assert raw("GET", raw.group + path).status == 404


def test_names_are_unique_across_groups(raw: Raw) -> None:
    """A second group cannot have the same name; the checks say so before."""
    raw("PUT", raw.group + "2", {"location": "eastus2"})
    raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE)
    reply = raw("PUT", f"{raw.group}2{SIGNALR}/CHAT-1", FREE)
    assert (reply.status, reply.code) == (400, "BadArgument")
    assert "Leaf domain CHAT-1 is already in use." in reply.body["error"]["message"]
    location = (
        raw.group.removesuffix("/resourceGroups/class")
        + "/providers/Microsoft.SignalRService/locations/eastus2"
    )
    wanted = {"type": "Microsoft.SignalRService/SignalR", "name": "chat-1"}
    reply = raw("POST", f"{location}/checkNameAvailability", wanted)
    assert (reply.body["nameAvailable"], reply.body["reason"]) == (False, "AlreadyExists")


def test_the_free_tier_has_a_limit_that_usages_show(raw: Raw) -> None:
    """Five a region; the sixth is refused, another region has its own five."""
    for number in range(5):
        assert raw("PUT", f"{raw.group}{SIGNALR}/chat-{number}", FREE).status == 201
    location = (
        raw.group.removesuffix("/resourceGroups/class")
        + "/providers/Microsoft.SignalRService/locations/eastus2"
    )
    free = raw("GET", f"{location}/usages").body["value"][0]
    assert (free["name"]["value"], free["currentValue"], free["limit"]) == (
        "FreeTierInstances",
        5,
        5,
    )
    assert raw("PUT", f"{raw.group}{SIGNALR}/chat-6", FREE).code == "FreeTierQuotaExceeded"


def test_a_provider_that_is_not_registered_is_named(raw: Raw) -> None:
    """409 with the namespace between single quotes: the SDKs read it from there."""
    raw(
        "POST",
        raw.group.removesuffix("/resourceGroups/class")
        + "/providers/Microsoft.SignalRService/unregister",
        version="2025-04-01",
    )
    reply = raw("PUT", f"{raw.group}{SIGNALR}/chat-1", FREE)
    assert (reply.status, reply.code) == (409, "MissingSubscriptionRegistration")
    assert "'Microsoft.SignalRService'" in reply.body["error"]["message"]


def test_cloud_metadata_needs_no_token(raw: Raw) -> None:
    """`az cloud register` reads it before anybody signed in, with two slashes."""
    reply = raw("GET", "//metadata/endpoints", version="2022-09-01", Authorization="")
    assert reply.body["authentication"]["loginEndpoint"] == raw.cloud.endpoints["authority"]


def test_cloud_metadata_is_a_list_in_older_versions(raw: Raw) -> None:
    """az reads that with ARM_CLOUD_METADATA_URL, and builds storage addresses from its suffix."""
    reply = raw("GET", "/metadata/endpoints", version="2019-05-01", Authorization="")
    (described,) = reply.body
    assert described["suffixes"]["storage"].startswith("core.localhost:")
    newer = raw("GET", "/metadata/endpoints", version="2022-09-01", Authorization="")
    assert newer.body == described


def test_only_this_machine_is_answered(raw: Raw) -> None:
    """A foreign Host header is refused: DNS rebinding."""
    assert raw("GET", raw.group, Host="attacker.example").status == 421
