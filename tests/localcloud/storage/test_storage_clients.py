"""What clients of other languages lean on, stated as the rules of Microsoft's reference that they follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import ContainerClient, generate_account_sas, generate_blob_sas, generate_container_sas

from chatkit.localcloud.storage.xmltext import parse
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
    answer = cloud.request("GET", f"{filled.container_name}?restype=container&comp=list&startFrom=b&{SAS}")
    blobs = parse(answer.body).child("Blobs")
    assert blobs is not None and [blob.value("Name") for blob in blobs.children] == ["b", "c/d"]


def test_a_page_after_the_first_goes_on_whatever_the_start(filled: ContainerClient) -> None:
    """The marker says where the next page begins; a start that is sent again does not bring back what was listed."""
    pages = filled.list_blobs(start_from="a", results_per_page=1).by_page()
    assert [[item.name for item in page] for page in pages] == [["a"], ["b"], ["c/d"]]


def test_a_refusal_without_body_has_no_type_of_a_body(cloud: StorageCloud, filled: ContainerClient) -> None:
    """HEAD has its error in `x-ms-error-code` alone; clients read XML where a type says so (`status-and-error-codes2`)."""
    answer = cloud.request("HEAD", f"{filled.container_name}/none?{SAS}")
    assert (answer.status, answer.code, answer.body) == (404, "BlobNotFound", b"")
    assert "xml" not in answer.headers.get("content-type", "")


@pytest.mark.parametrize(("named", "status", "code"), [("", 400, "HierarchicalNamespaceNotEnabled"), ("none", 404, "")])
def test_an_account_without_directories_says_so(
    cloud: StorageCloud, filled: ContainerClient, named: str, status: int, code: str
) -> None:
    """Clients ask for access control to find out: 400, or 404 without container (`datalakestoragegen2/path/get-properties`)."""
    name = named or filled.container_name
    answer = cloud.request("HEAD", f"{name}/?action=getAccessControl&upn=false&{SAS}")
    assert (answer.status, answer.code) == (status, code or "ContainerNotFound")


def test_any_signature_gets_account_information(cloud: StorageCloud, filled: ContainerClient) -> None:
    """Get Account Information: a signature of account, container or blob with any permission (`get-account-information`)."""
    box = filled.container_name
    of_blob = generate_blob_sas(NAME, box, "a", account_key=KEY1, permission="r", expiry=LATER)
    of_box = generate_container_sas(NAME, box, account_key=KEY1, permission="l", expiry=LATER)
    of_account = generate_account_sas(NAME, KEY1, "o", "r", LATER)
    for path in (f"{box}/a?{of_blob}", f"{box}?{of_box}", f"?{of_account}"):
        answer = cloud.request("GET", f"{path}&restype=account&comp=properties")
        assert (answer.status, answer.headers["x-ms-account-kind"]) == (200, "StorageV2")
