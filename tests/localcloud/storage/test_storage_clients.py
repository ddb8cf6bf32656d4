"""What clients of other languages lean on, as the rules of Microsoft's reference say it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import (
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from chatkit.localcloud.storage.formats.xmltext import parse
from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud

LATER = datetime.now(UTC) + timedelta(hours=2)
SAS = generate_account_sas(NAME, KEY1, "sco", "rwdlacuptf", LATER)


@pytest.fixture
def filled(container: ContainerClient) -> Iterator[ContainerClient]:
    """A container with a, b and c/d."""
    for name in ("a", "b", "c/d"):
        container.upload_blob(name, name.encode())
    yield container


def test_a_listing_starts_where_it_is_told(cloud: StorageCloud, filled: ContainerClient) -> None:
    """List Blobs: `startFrom` names the first entry, which belongs to the list (`list-blobs`)."""
    answer = cloud.request(
        "GET", f"{filled.container_name}?restype=container&comp=list&startFrom=b&{SAS}"
    )
    blobs = parse(answer.body).child("Blobs")
    assert blobs is not None and [blob.value("Name") for blob in blobs.children] == ["b", "c/d"]


def test_a_page_after_the_first_goes_on_whatever_the_start(filled: ContainerClient) -> None:
    """The marker says where the next page begins, also when the first start is sent again."""
    pages = filled.list_blobs(start_from="a", results_per_page=1).by_page()
    assert [[item.name for item in page] for page in pages] == [["a"], ["b"], ["c/d"]]


def test_a_refusal_without_body_has_no_type_of_a_body(
    cloud: StorageCloud, filled: ContainerClient
) -> None:
    """HEAD has its error in a header alone; a type means XML (`status-and-error-codes2`)."""
    answer = cloud.request("HEAD", f"{filled.container_name}/none?{SAS}")
    assert (answer.status, answer.code, answer.body) == (404, "BlobNotFound", b"")
    assert "xml" not in answer.headers.get("content-type", "")


@pytest.mark.parametrize(
    ("named", "status", "code"), [("", 400, "HierarchicalNamespaceNotEnabled"), ("none", 404, "")]
)
def test_an_account_without_directories_says_so(
    cloud: StorageCloud, filled: ContainerClient, named: str, status: int, code: str
) -> None:
    """Clients ask for access control to find out: 400, or 404 without container.

    `datalakestoragegen2/path/get-properties`
    """
    name = named or filled.container_name
    answer = cloud.request("HEAD", f"{name}/?action=getAccessControl&upn=false&{SAS}")
    assert (answer.status, answer.code) == (status, code or "ContainerNotFound")


def test_any_signature_gets_account_information(
    cloud: StorageCloud, filled: ContainerClient
) -> None:
    """A signature of account, container or blob with any permission.

    `get-account-information`
    """
    box = filled.container_name
    of_blob = generate_blob_sas(NAME, box, "a", account_key=KEY1, permission="r", expiry=LATER)
    of_box = generate_container_sas(NAME, box, account_key=KEY1, permission="l", expiry=LATER)
    of_account = generate_account_sas(NAME, KEY1, "o", "r", LATER)
    for path in (f"{box}/a?{of_blob}", f"{box}?{of_box}", f"?{of_account}"):
        answer = cloud.request("GET", f"{path}&restype=account&comp=properties")
        assert (answer.status, answer.headers["x-ms-account-kind"]) == (200, "StorageV2")


@pytest.mark.parametrize(
    "header",
    [
        {
            "x-ms-encryption-key": "a2V5",
            "x-ms-encryption-key-sha256": "eA==",
            "x-ms-encryption-algorithm": "AES256",
        },
        {"x-ms-encryption-scope": "mine"},
        {"x-ms-immutability-policy-until-date": "Mon, 23 Nov 2037 18:00:00 GMT"},
        {"x-ms-legal-hold": "true"},
    ],
)
def test_protection_that_is_not_provided_is_refused(
    cloud: StorageCloud, container: ContainerClient, header: dict[str, str]
) -> None:
    """A client must not believe that a blob is encrypted with its key, or held (`put-blob`)."""
    path = f"{container.container_name}/a?{SAS}"
    answer = cloud.request("PUT", path, {"x-ms-blob-type": "BlockBlob", **header}, b"secret")
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert cloud.request("HEAD", path).status == 404


@pytest.mark.parametrize(
    "parameter", ["snapshot=2026-11-23T18:00:00.0000000Z", "versionid=2026-11-23T18:00:00.0000000Z"]
)
def test_a_version_is_never_taken_for_the_blob(
    cloud: StorageCloud, filled: ContainerClient, parameter: str
) -> None:
    """What is meant for a snapshot or version does not touch the blob (`set-blob-tags`, …)."""
    for method, comp in (("GET", "tags"), ("GET", "blocklist"), ("DELETE", ""), ("PUT", "tier")):
        answer = cloud.request(
            method,
            f"{filled.container_name}/a?comp={comp}&{parameter}&{SAS}",
            {"x-ms-access-tier": "Cool"},
        )
        assert (answer.status, answer.code) == (501, "NotImplemented")
    assert filled.get_blob_client("a").exists()


@pytest.mark.parametrize("name", ["a\ufffeb", "a\uffff/b"])
def test_a_name_that_xml_cannot_hold_is_listed_encoded(
    cloud: StorageCloud, container: ContainerClient, name: str
) -> None:
    """Such blobs can be put; a listing says that it encodes their name (`list-blobs`)."""
    container.upload_blob(name, b"")
    assert [blob.name for blob in container.list_blobs()] == [name]
    answer = cloud.request("GET", f"{container.container_name}?restype=container&comp=list&{SAS}")
    assert b'Encoded="true"' in answer.body


def test_the_md5_of_the_properties_is_as_it_was_given(filled: ContainerClient) -> None:
    """The service does not validate `x-ms-blob-content-md5` here (`set-blob-properties`)."""
    blob = filled.get_blob_client("a")
    blob.set_http_headers(ContentSettings(content_md5=bytearray(b"short")))
    assert bytes(blob.get_blob_properties().content_settings.content_md5 or b"") == b"short"


def test_an_empty_access_policy_is_not_shown(container: ContainerClient) -> None:
    """A policy without fields has no AccessPolicy element (`get-container-acl`)."""
    container.set_container_access_policy({"empty": None})  # type: ignore[dict-item]
    (found,) = container.get_container_access_policy()["signed_identifiers"]
    assert (found.id, found.access_policy) == ("empty", None)


def test_a_container_says_that_its_versions_can_change(
    blob_service: BlobServiceClient, container: ContainerClient
) -> None:
    """A header, and its element in a listing (`get-container-properties`)."""
    (listed,) = blob_service.list_containers(name_starts_with=container.container_name)
    for found in (listed, container.get_container_properties()):
        assert found.immutable_storage_with_versioning_enabled is False


@pytest.mark.parametrize("days", ["0", "366", ""])
def test_a_retention_has_a_number_of_days(cloud: StorageCloud, days: str) -> None:
    """Days is 1 to 365 where a retention is enabled (`set-blob-service-properties`)."""
    policy = f"<RetentionPolicy><Enabled>true</Enabled><Days>{days}</Days></RetentionPolicy>"
    metrics = (
        "<HourMetrics><Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>true</IncludeAPIs>"
        f"{policy}</HourMetrics>"
    )
    body = f"<StorageServiceProperties>{metrics}</StorageServiceProperties>".encode()
    answer = cloud.request("PUT", f"?restype=service&comp=properties&{SAS}", {}, body)
    assert (answer.status, answer.code) == (400, "InvalidXmlDocument")


def test_an_answer_in_a_batch_looks_as_one_of_its_own(
    cloud: StorageCloud, filled: ContainerClient
) -> None:
    """Each has a request id and version; an error's body follows its type (`blob-batch`)."""
    part = f"DELETE /{NAME}/{filled.container_name}/none?{SAS} HTTP/1.1\r\nContent-Length: 0\r\n"
    head = "--b\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\n"
    body = f"{head}{part}\r\n--b--\r\n".encode()
    answer = cloud.request(
        "POST", f"?comp=batch&{SAS}", {"Content-Type": "multipart/mixed; boundary=b"}, body
    )
    head, _, rest = answer.body.decode().partition("\r\n\r\nHTTP/1.1 404 ")[2].partition("\r\n\r\n")
    names = [line.partition(":")[0] for line in head.split("\r\n")[1:]]
    assert names[-4:] == ["x-ms-request-id", "x-ms-version", "Content-Length", "Content-Type"]
    assert parse(rest.partition("\r\n--batchresponse")[0].encode()).value("Code") == "BlobNotFound"
