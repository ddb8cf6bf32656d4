"""Whatever a client sends, a service answers in its own words, and fails only where it means to."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatkit.localcloud.core import answering
from tests.attacks.hostile import CASES
from tests.localcloud.hostile import FORMATS, Hostile, Reply, Sent

SUBSCRIPTION = b"SUB"
TENANT = b"TENANT"
GROUP = b"/subscriptions/SUB/resourceGroups/class"
WEB = GROUP + b"/providers/Microsoft.Web"
BASES: dict[str, tuple[bytes, ...]] = {
    "resource-manager": (
        GROUP,
        b"/subscriptions/SUB/resources",
        b"/subscriptions/SUB/tagNames/a",
        GROUP + b"/providers/Microsoft.Authorization/roleAssignments/a",
        GROUP + b"/providers/Microsoft.Resources/tags/default",
        GROUP + b"/providers/Microsoft.SignalRService/signalR/chat-x",
        GROUP + b"/providers/Microsoft.SignalRService/signalR/chat-x/regenerateKey",
        GROUP + b"/providers/Microsoft.Storage/storageAccounts/chatx",
        GROUP + b"/providers/Microsoft.Storage/storageAccounts/chatx/blobServices/default",
        b"/subscriptions/SUB/providers/Microsoft.Storage/checkNameAvailability",
        b"/subscriptions/SUB/providers/Microsoft.Web/checkNameAvailability",
        b"/subscriptions/SUB/providers/Microsoft.SignalRService/locations/a/checkNameAvailability",
        WEB + b"/serverfarms/plan",
        WEB + b"/sites/chat-x",
        WEB + b"/sites/chat-x/config/appsettings",
        WEB + b"/sites/chat-x/config/authsettingsV2",
        WEB + b"/sites/chat-x/config/web",
        GROUP + b"/providers/Microsoft.Insights/components/chat-x",
    ),
    "graph": (
        b"/v1.0/applications",
        b"/v1.0/applications/a",
        b"/v1.0/applications(appId='a')",
        b"/v1.0/applications/a/addPassword",
        b"/v1.0/applications/a/removePassword",
        b"/v1.0/servicePrincipals",
        b"/v1.0/users",
        b"/v1.0/me",
        b"/beta/directoryObjects/getByIds",
    ),
    "entra": (
        b"/TENANT/oauth2/v2.0/token",
        b"/TENANT/oauth2/v2.0/devicecode",
        b"/TENANT/oauth2/v2.0/authorize",
        b"/common/v2.0/.well-known/openid-configuration",
        b"/oidc/userinfo",
    ),
    "sign-in": (
        b"/TENANT/oauth2/v2.0/authorize",
        b"/TENANT/oauth2/deviceauth",
        b"/TENANT/oauth2/v2.0/logout",
    ),
    "control": (b"/trace", b"/time", b"/faults", b"/faults/slow", b"/signalr/chat/faults"),
    "dev-storage": (
        b"/devstoreaccount1",
        b"/devstoreaccount1/box",
        b"/devstoreaccount1/box/blob",
        b"/devstoreaccount1/$web/index.html",
    ),
    "blob": (b"/chat", b"/chat/box/blob", b"/nobody/box"),
    "website": (b"/", b"/index.html", b"/a/b"),
    "signalr": (
        b"/client/negotiate",
        b"/client/",
        b"/client",
        b"/api/hubs/chat/:send",
        b"/api/v1/hubs/chat",
        b"/api/hubs/chat/users/alice",
        b"/api/hubs/chat/groups/a/connections/b",
        b"/api/hubs/chat/:generateToken",
        b"/trace",
        b"/server",
    ),
    "site": (
        b"/",
        b"/api/a",
        b"/admin/host/status",
        b"/admin/functions/echo",
        b"/runtime/webhooks/signalr",
        b"/.auth/me",
        b"/.auth/login/aad",
    ),
    "scm": (b"/", b"/api/deployments", b"/api/deployments/a/log", b"/api/settings", b"/api/no"),
}
METHODS = (b"GET", b"PUT", b"POST", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"QUERY")
SEGMENTS = (
    b"",
    b"/a",
    b"/%00",
    b"/%ff",
    b"/%ed%a0%80",
    b"//",
    b"/..%2f",
    b"/%2e%2e/",
    b"/" + b"a" * 300,
    b"/(appId='",
    b"/%F0%9F%92%A9",
    b"/\xc3\xa9",
    b"/'",
    b"/;a=b",
    b"/:send",
)
NAMES = (
    b"api-version",
    b"comp",
    b"restype",
    b"$filter",
    b"$top",
    b"$skiptoken",
    b"hub",
    b"id",
    b"after",
    b"marker",
    b"maxresults",
    b"prefix",
    b"include",
    b"timeout",
    b"sv",
    b"client_id",
    b"redirect_uri",
    b"post_logout_redirect_uri",
    b"otc",
    b"blockid",
    b"ttl",
    b"excluded",
    b"code",
)
VALUES = (
    b"",
    b"1",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"list",
    b"metadata",
    b"properties",
    b"tags",
    b"block",
    b"blocklist",
    b"appendblock",
    b"lease",
    b"batch",
    b"container",
    b"service",
    b"2025-04-01",
    b"2022-06-01",
    b"http://[::1",
    b"http://localhost:99999/",
    b"%ff",
    b"%00",
    b"%ed%a0%80",
    b"a%20eq%20'b",
    b"((((((((",
    b"chat",
    b"\xe9",
)
HEADERS = (
    b"x-ms-copy-source",
    b"x-ms-version",
    b"x-ms-blob-type",
    b"x-ms-meta-a",
    b"x-ms-range",
    b"Range",
    b"If-Match",
    b"If-Modified-Since",
    b"x-ms-lease-action",
    b"x-ms-lease-duration",
    b"x-ms-blob-content-length",
    b"x-ms-client-request-id",
    b"client-request-id",
    b"x-ms-correlation-request-id",
    b"x-ms-date",
    b"Content-Type",
    b"Content-MD5",
    b"Content-Encoding",
    b"Expect",
    b"Cookie",
    b"Origin",
    b"Access-Control-Request-Method",
    b"Accept",
    b"X-ZUMO-AUTH",
    b"traceparent",
    b"Upgrade",
    b"Authorization",
)
HEADER_VALUES = (
    b"",
    b"0",
    b"-1",
    b"bytes=0-",
    b"bytes=9-1",
    b"bytes=-99999999999999999999",
    b"http://[::1",
    b"http://localhost:7/devstoreaccount1/box/blob",
    b"BlockBlob",
    b"AppendBlob",
    b"acquire",
    b"*",
    b'"',
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "é".encode(),
    b"Mon, 99 Feb 0000 99:99:99 GMT",
    b"multipart/form-data",
    b"multipart/mixed; boundary=x",
    b"application/x-www-form-urlencoded",
    b"application/json; charset=utf-7",
    b"application/x-msgpack",
    b"gzip",
    b"Bearer \xff",
    b"Bearer a.b.c",
    b"Basic \xff",
    b"SharedKey devstoreaccount1:x",
    b"websocket",
    b"100-continue",
    b"=;\x7f" + b"a" * 3000,
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(codec="utf-8"), max_size=5)
    | st.sampled_from(("\ud800", "../", "http://[::1", "é", "true", "eastus", "")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    *("properties", "location", "tags", "sku", "name", "kind", "type", "id"),
                    *("displayName", "web", "redirectUris", "keyCredentials", "appId", "ids"),
                    *("passwordCredential", "target", "arguments", "mode", "scale", "input"),
                    *("siteConfig", "appSettings", "functionAppConfig", "identity", "cors"),
                    *("serverFarmId", "roleDefinitionId", "principalId", "features", "value"),
                    *("upstream", "templates", "capacity", "reserved", "globalValidation"),
                    *("platform", "identityProviders", "kind", "seconds", "count", "\ud800"),
                )
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
BODIES = (
    JSON.map(lambda value: json.dumps(value).encode())
    | st.sampled_from(
        (
            b"",
            b"[" * 900 + b"]" * 900,
            b'{"a":' * 900 + b"1" + b"}" * 900,
            b'{"tags": {"a": "\\ud800"}, "location": "eastus"}',
            b"\xff\xfe{\x00}\x00",
            b"\xef\xbb\xbf{}",
            b"{",
            b"NaN",
            b"grant_type=client_credentials&client_id=%ff&client_secret=%ed%a0%80",
            b"request=%7B%22redirect_uri%22%3A%22http%3A%2F%2F%5B%3A%3A1%22%7D&user=alice",
            b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            b"<BlockList><Latest>\xff</Latest></BlockList>",
            b"<a>" * 900,
            b"--x\r\nContent-Type: application/http\r\n\r\nDELETE / HTTP/1.1\r\n\r\n--x--",
            b"\x91\x06",
        )
    )
    | st.binary(max_size=60)
)
QUERIES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=4)
FIELDS = st.lists(st.tuples(st.sampled_from(HEADERS), st.sampled_from(HEADER_VALUES)), max_size=4)
INTENDED = (501, 503)


def requests_to(service: str) -> st.SearchStrategy[Sent]:
    """Requests that come near a service's own."""

    def made(
        method: bytes,
        base: bytes,
        more: bytes,
        query: list[tuple[bytes, bytes]],
        fields: list[tuple[bytes, bytes]],
        body: bytes,
    ) -> Sent:
        target = base + more
        if query:
            target += b"?" + b"&".join(name + b"=" + value for name, value in query)
        return Sent(method, target, fields, body)

    return st.builds(
        made,
        st.sampled_from(METHODS),
        st.sampled_from(BASES[service]),
        st.sampled_from(SEGMENTS),
        QUERIES,
        FIELDS,
        BODIES,
    )


class Services:
    """The cloud on an event loop of its own, and what it has logged."""

    def __init__(self, runner: asyncio.Runner, hostile: Hostile) -> None:
        self._runner = runner
        self._hostile = hostile
        self.failures: list[str] = []

    def ask(self, service: str, sent: Sent | bytes) -> Reply:
        """Send a request, with the rights of an owner when it names none itself."""
        if isinstance(sent, Sent):
            sent = self._authorized(service, sent)
        return self._runner.run(self._hostile.ask(service, sent))

    def _authorized(self, service: str, sent: Sent) -> Sent:
        known = self._hostile.cloud.endpoints()
        target = sent.target.replace(SUBSCRIPTION, known["subscription_id"].encode())
        target = target.replace(TENANT, known["tenant_id"].encode())
        headers = [*sent.headers]
        management = self._hostile.tokens["https://management.azure.com"]
        bearer = {
            "resource-manager": management,
            "scm": management,
            "graph": self._hostile.tokens["https://graph.microsoft.com"],
        }.get(service)
        if bearer and not any(name == b"Authorization" for name, _ in headers):
            headers.append((b"Authorization", b"Bearer " + bearer.encode()))
        if service == "resource-manager" and b"api-version" not in target:
            target += (b"&" if b"?" in target else b"?") + b"api-version=" + _version(target)
        if service == "control":
            headers.append((b"x-chatkit-token", known["control_token"].encode()))
        if service == "dev-storage" and b"sv=" not in target:
            mark = b"&" if b"?" in target else b"?"
            target += mark + self._hostile.tokens["storage"].encode()
        return Sent(sent.method, target, headers, sent.body)


def _version(target: bytes) -> bytes:
    versions = {b"Microsoft.Web": b"2025-05-01", b"Microsoft.Storage": b"2026-09-01"}
    versions[b"Microsoft.SignalRService"] = b"2023-02-01"
    versions[b"Microsoft.Authorization"] = b"2022-04-01"
    versions[b"Microsoft.Insights"] = b"2020-02-02"
    return next((text for name, text in versions.items() if name in target), b"2025-04-01")


class _Failures(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(logging.Formatter().format(record)[-2000:])


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Every service, with something in it."""
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cloud")
        hostile = runner.run(Hostile.start(folder, patch))
        services = Services(runner, hostile)
        handler = _Failures(services.failures)
        logging.getLogger().addHandler(handler)
        yield services
        logging.getLogger().removeHandler(handler)
        runner.run(hostile.stop())


def check(services: Services, service: str, sent: Sent | bytes) -> Reply:
    """Send a request and look at the answer."""
    services.failures.clear()
    reply = services.ask(service, sent)
    assert services.failures == []
    assert b"Traceback" not in reply.body
    assert 200 <= reply.status < 500 or reply.status in INTENDED, reply
    is_head = isinstance(sent, Sent) and sent.method == b"HEAD"
    if reply.status >= 400 and reply.kind != "text/plain" and not is_head:
        FORMATS[service](reply)
    return reply


@pytest.mark.parametrize("service", BASES)
def test_every_service_answers_in_its_own_words(services: Services, service: str) -> None:
    """No exception of a handler is the answer, and none is logged. The same requests each time."""

    @settings(max_examples=100, derandomize=True)
    @given(requests_to(service))
    def run(sent: Sent) -> None:
        check(services, service, sent)

    run()


@pytest.mark.long
@pytest.mark.parametrize("service", BASES)
def test_every_service_answers_in_its_own_words_for_long(services: Services, service: str) -> None:
    """More of the same."""

    @settings(max_examples=3000)
    @given(requests_to(service))
    def run(sent: Sent) -> None:
        check(services, service, sent)

    run()


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_request_is_refused(services: Services, name: str) -> None:
    """With the status that Azure has for it."""
    case = CASES[name]
    reply = check(services, case.service, case.sent)
    assert reply.status == case.status


@pytest.mark.parametrize("service", BASES)
def test_a_failure_inside_a_service_is_its_own_500(
    services: Services, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logged once, and the answer says nothing about the code."""

    def fail(_: object) -> str:
        raise ValueError("the inside")

    monkeypatch.setattr(answering, "_header_problem", fail)
    services.failures.clear()
    reply = services.ask(service, Sent(b"GET", BASES[service][0]))
    assert reply.status == 500
    FORMATS[service](reply)
    assert b"the inside" not in reply.body
    assert b"Traceback" not in reply.body
    assert len(services.failures) == 1
    assert "the inside" in services.failures[0]
