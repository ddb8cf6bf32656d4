"""The edge of the blob service: bad input, headers of every answer, batches, what is missing."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, ContainerClient, CorsRule, generate_account_sas

from chatkit.localcloud.storage.formats.xmltext import parse
from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud

SAS = generate_account_sas(NAME, KEY1, "sco", "rwdlacuptf", datetime.now(UTC) + timedelta(hours=2))
PUT = {"x-ms-blob-type": "BlockBlob"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "code"),
    [
        ("PUT", "box/a", {}, b"x", "MissingRequiredHeader"),
        ("PUT", "box/a", {"x-ms-blob-type": "Cube"}, b"x", "InvalidHeaderValue"),
        ("PUT", "box/a", {"x-ms-blob-type": "PageBlob"}, b"", "NotImplemented"),
        ("PUT", "box/a", {"x-ms-blob-type": "AppendBlob"}, b"x", "InvalidHeaderValue"),
        ("PUT", "box/a", {**PUT, "x-ms-version": "yesterday"}, b"x", "InvalidHeaderValue"),
        ("PUT", "box/a", {**PUT, "x-ms-access-tier": "Tepid"}, b"x", "InvalidHeaderValue"),
        ("PUT", "box/a", {**PUT, "x-ms-if-tags": "a='b'"}, b"x", "ConditionNotMet"),
        ("PUT", "box/a", {**PUT, "If-Unmodified-Since": "soon"}, b"x", "ConditionNotMet"),
        ("PUT", "box/a", {**PUT, "x-ms-meta-": "x"}, b"x", "EmptyMetadataKey"),
        (
            "PUT",
            "box/a",
            {**PUT, "x-ms-meta-a": "x" * 7000, "x-ms-meta-b": "x" * 7000},
            b"x",
            "MetadataTooLarge",
        ),
        ("PUT", "box/a", {**PUT, "x-ms-content-crc64": "AAAAAAAAAAA="}, b"x", "Crc64Mismatch"),
        ("PUT", "box/a", {**PUT, "x-ms-content-crc64": "%"}, b"x", "InvalidHeaderValue"),
        ("PUT", "box/a", {**PUT, "x-ms-tags": "bad%20tag!=1"}, b"x", "InvalidHeaderValue"),
        ("PUT", "box/" + "x" * 1025, PUT, b"x", "InvalidResourceName"),
        ("PUT", "box/%00", PUT, b"x", "InvalidUri"),
        ("PUT", "box/%ff", PUT, b"x", "InvalidUri"),
        ("PUT", "box/a?comp=block", {}, b"x", "MissingRequiredQueryParameter"),
        ("PUT", "box/a?comp=block&blockid=%21", {}, b"x", "InvalidQueryParameterValue"),
        ("PUT", "box/a?comp=blocklist", {}, b"<BlockList>", "InvalidXmlDocument"),
        ("PUT", "box/a?comp=blocklist", {}, b"<Other/>", "InvalidXmlDocument"),
        (
            "PUT",
            "box/a?comp=blocklist",
            {},
            b"<BlockList><Latest>YQ==</Latest></BlockList>",
            "InvalidBlockList",
        ),
        ("PUT", "box/a?comp=snapshot", {}, b"", "NotImplemented"),
        ("PUT", "box/a?comp=page", {}, b"", "NotImplemented"),
        ("PUT", "box/a?comp=lease", {"x-ms-lease-action": "borrow"}, b"", "BlobNotFound"),
        ("POST", "box/a", {}, b"", "UnsupportedHttpVerb"),
        (
            "GET",
            "box?restype=container&comp=list&maxresults=0",
            {},
            None,
            "OutOfRangeQueryParameterValue",
        ),
        (
            "GET",
            "box?restype=container&comp=list&maxresults=x",
            {},
            None,
            "InvalidQueryParameterValue",
        ),
        (
            "GET",
            "box?restype=container&comp=list&marker=%F0",
            {},
            None,
            "InvalidQueryParameterValue",
        ),
        (
            "GET",
            "box?restype=container&comp=list&include=everything",
            {},
            None,
            "InvalidQueryParameterValue",
        ),
        (
            "PUT",
            "?restype=service&comp=properties",
            {},
            b"<StorageServiceProperties><Odd/></StorageServiceProperties>",
            "",
        ),
        ("PUT", "?restype=service&comp=properties", {}, b"not xml", "InvalidXmlDocument"),
        ("POST", "?comp=batch", {"Content-Type": "text/plain"}, b"", "InvalidHeaderValue"),
        (
            "POST",
            "?comp=batch",
            {"Content-Type": "multipart/mixed; boundary=b"},
            b"--b\r\n\r\nnothing",
            "InvalidInput",
        ),
        (
            "PUT",
            "box/a",
            {**PUT, "x-ms-copy-source": "http://192.0.2.1/x/y"},
            b"",
            "NotImplemented",
        ),
        # learn.microsoft.com, "Naming and referencing containers": in every request.
        ("PUT", "Bad_Name/a", PUT, b"", "InvalidResourceName"),
        ("GET", "Bad_Name/a", {}, None, "InvalidResourceName"),
        # What people see who open an account's address in a browser.
        ("GET", "", {}, None, "InvalidQueryParameterValue"),
    ],
)
def test_bad_input_has_its_code(
    cloud: StorageCloud,
    box: ContainerClient,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes | None,
    code: str,
) -> None:
    """Each mistake is answered with Azure's code, as XML and as header, and changes nothing."""
    answer = cloud.request(method, f"{path}{'&' if '?' in path else '?'}{SAS}", headers, body)
    assert 400 <= answer.status <= 501
    assert answer.code == (code or "InvalidXmlDocument") == parse(answer.body).value("Code")
    assert [*box.list_blob_names()] == []


@pytest.fixture(scope="module")
def box(cloud: StorageCloud) -> Iterator[ContainerClient]:
    """An empty container."""
    with cloud.service() as client:
        yield client.create_container("box")


def test_every_answer_says_what_azures_says(
    cloud: StorageCloud, container: ContainerClient
) -> None:
    """Request id, version, date, server; and the caller's own id comes back."""
    answer = cloud.request(
        "GET",
        f"{container.container_name}?restype=container&{SAS}",
        {"x-ms-client-request-id": "mine"},
    )
    assert answer.status == 200
    assert answer.headers["x-ms-client-request-id"] == "mine"
    assert {"x-ms-request-id", "x-ms-version", "date", "server", "etag", "last-modified"} <= {
        *map(str.lower, answer.headers)
    }


def files(cloud: StorageCloud) -> set[str]:
    """Names of the account's files."""
    folder = cloud.folder / "blobs" / NAME
    if not folder.exists():
        return set()
    return {path.name for path in folder.iterdir()}


def test_a_half_request_body_leaves_nothing(cloud: StorageCloud, box: ContainerClient) -> None:
    """A client that goes away in the middle of an upload leaves neither blob nor file."""
    at = urlsplit(cloud.url)
    before = files(cloud)
    context = ssl.create_default_context(cafile=cloud.ca_file)
    with (
        socket.create_connection(("localhost", at.port or 0)) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        head = (
            f"PUT {at.path}/box/half?{SAS} HTTP/1.1\r\nHost: localhost:{at.port}\r\n"
            "x-ms-blob-type: BlockBlob\r\n"
        )
        tls.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + b"x" * 70_000)
    until = time.monotonic() + 10
    while files(cloud) != before or [*box.list_blob_names()]:
        assert time.monotonic() < until, "the half upload stays"


def test_another_host_name_is_refused(cloud: StorageCloud) -> None:
    """A web page elsewhere cannot reach the storage by a name that resolves to this machine."""
    assert cloud.request("GET", f"?comp=list&{SAS}", {"Host": "evil.example"}).status == 421


def test_other_origins_need_a_rule(
    cloud: StorageCloud, blob_service: BlobServiceClient, container: ContainerClient
) -> None:
    """With a CORS rule, answers to its origin may be read there; others may not."""
    container.upload_blob("a", b"1")
    blob_service.set_service_properties(
        cors=[CorsRule(["http://127.0.0.1:5500"], ["GET"], exposed_headers=["x-ms-*"])]
    )
    path = f"{container.container_name}/a?{SAS}"
    try:
        allowed = cloud.request("GET", path, {"Origin": "http://127.0.0.1:5500"}).headers
        other = cloud.request("GET", path, {"Origin": "http://evil.example"}).headers
    finally:
        blob_service.set_service_properties(cors=[])
    assert allowed["access-control-allow-origin"] == "http://127.0.0.1:5500"
    assert allowed["access-control-expose-headers"] == "x-ms-*"
    assert "access-control-allow-origin" not in other


def test_a_copy_may_name_its_account_by_azures_domain(
    cloud: StorageCloud, container: ContainerClient
) -> None:
    """az writes the source so; another account's domain is still another address."""
    container.upload_blob("a", b"1")
    name = container.container_name
    for account, status in ((NAME, 202), ("somebodyelse", 501)):
        source = {"x-ms-copy-source": f"https://{account}.blob.core.windows.net/{name}/a?{SAS}"}
        assert cloud.request("PUT", f"{name}/b?{SAS}", source, b"").status == status
    assert container.download_blob("b").readall() == b"1"


def test_a_batch_checks_each_part(cloud: StorageCloud, container: ContainerClient) -> None:
    """Parts without a signature are refused one by one; the batch itself succeeds."""
    container.upload_blob("a", b"1")
    part = f"DELETE /{NAME}/{container.container_name}/a HTTP/1.1\r\nContent-Length: 0\r\n"
    head = "--b\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\n"
    body = f"{head}{part}\r\n--b--\r\n".encode()
    answer = cloud.request(
        "POST", f"?comp=batch&{SAS}", {"Content-Type": "multipart/mixed; boundary=b"}, body
    )
    assert answer.status == 202
    assert b"HTTP/1.1 401" in answer.body
    assert container.get_blob_client("a").exists()


def test_an_unexpected_failure_is_an_internal_error(
    cloud: StorageCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure's 500 without a traceback; that is in the log."""
    monkeypatch.setattr(
        "chatkit.localcloud.storage.operations.listing.read_page_query", lambda _: 1 / 0
    )
    answer = cloud.request("GET", f"?comp=list&{SAS}")
    assert (answer.status, answer.code) == (500, "InternalError")
    assert b"Traceback" not in answer.body and b"ZeroDivision" not in answer.body


def test_snapshots_say_what_there_is(container: ContainerClient) -> None:
    """What is not provided answers 501 and names what is."""
    container.upload_blob("a", b"1")
    with pytest.raises(HttpResponseError) as caught:
        container.get_blob_client("a").create_snapshot()
    assert caught.value.status_code == 501
    assert "append blobs" in caught.value.message
