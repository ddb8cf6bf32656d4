"""Accounts by host name: what clients build from a name and the cloud's storage suffix."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, ContainerClient, generate_account_sas

from tests.attacks import storage_hosts
from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names below localhost are this machine's, as RFC 6761 says; not every resolver does that."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *others: Any, **options: Any) -> Any:
        if str(host).endswith(".localhost"):
            host = "127.0.0.1"
        return resolve(host, *others, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def suffix(cloud: StorageCloud) -> str:
    """What stands behind an account and its service."""
    return cloud.call(cloud.storage.suffix)


def root(cloud: StorageCloud) -> str:
    """The storage's port: the Host header says which account is meant."""
    return cloud.url.removesuffix(f"/{NAME}")


def by_host(cloud: StorageCloud, credential: Any, account: str = NAME) -> BlobServiceClient:
    """The SDK's client of an address by host name."""
    return BlobServiceClient(
        f"https://{account}.blob.{suffix(cloud)}",
        credential,
        connection_verify=cloud.ca_file,
        retry_total=0,
    )


@pytest.mark.usefixtures("resolved")
@pytest.mark.parametrize("kind", ["key", "token", "sas"])
def test_the_sdk_reads_and_writes_there(
    cloud: StorageCloud, container: ContainerClient, kind: str
) -> None:
    """Signed with the account's key, with a token of Entra ID, with a shared access signature."""
    credentials: dict[str, Any] = {
        "key": KEY1,
        "token": cloud.credential(),
        "sas": generate_account_sas(NAME, KEY1, "sco", "rwl", "2099-01-01T00:00:00Z"),
    }
    name = container.container_name
    with by_host(cloud, credentials[kind]) as service:
        blob = service.get_blob_client(name, f"{kind}/a b.txt")
        blob.upload_blob(b"hello")
        assert container.download_blob(f"{kind}/a b.txt").readall() == b"hello"
        assert name in {one.name for one in service.list_containers()}


@pytest.mark.usefixtures("resolved")
@pytest.mark.parametrize("reader", ["by host", "by path"])
def test_a_copy_reads_from_either_address(
    cloud: StorageCloud, container: ContainerClient, reader: str
) -> None:
    """az writes the source's address with the suffix, wherever the copy is asked for."""
    container.upload_blob("source", b"hello", overwrite=True)
    url = f"https://{NAME}.blob.{suffix(cloud)}"
    sas = generate_account_sas(NAME, KEY1, "o", "r", "2099-01-01T00:00:00Z")
    service = by_host(cloud, KEY1) if reader == "by host" else cloud.service()
    with service:
        copy = service.get_blob_client(container.container_name, f"copy {reader}")
        copy.start_copy_from_url(f"{url}/{container.container_name}/source?{sas}")
        assert copy.download_blob().readall() == b"hello"


@pytest.mark.usefixtures("resolved")
def test_a_batch_names_blobs_as_that_address_does(
    cloud: StorageCloud, container: ContainerClient
) -> None:
    """The paths of its parts have no account in front, and are signed so."""
    for name in ("a", "b c"):
        container.upload_blob(name, b"hello")
    with by_host(cloud, KEY1) as service:
        there = service.get_container_client(container.container_name)
        assert [answer.status_code for answer in there.delete_blobs("a", "b c")] == [202, 202]
    assert [*container.list_blob_names()] == []


def test_answers_name_the_address_they_were_asked_at(cloud: StorageCloud) -> None:
    """Lists have the account's address in them."""
    host = f"{NAME}.blob.{suffix(cloud)}"
    sas = generate_account_sas(NAME, KEY1, "s", "l", "2099-01-01T00:00:00Z")
    url = f"{root(cloud)}/?comp=list&{sas}"
    answer = cloud.request("GET", url, {"Host": host})
    assert f'ServiceEndpoint="https://{host}/"' in answer.body.decode()


@pytest.mark.usefixtures("resolved")
def test_an_account_that_is_not_there_is_named(cloud: StorageCloud) -> None:
    """As where the path names it; and no client takes that for a blob that is not there."""
    refused = pytest.raises(HttpResponseError, match="no storage account called 'nobody'")
    with by_host(cloud, KEY1, "nobody") as service:
        with refused:
            service.get_service_properties()
        with refused:
            service.get_blob_client("box", "blob").exists()


def test_a_sentence_that_is_no_line_of_http_stays_in_the_body(cloud: StorageCloud) -> None:
    """A name may have anything in it, also what would begin another header."""
    answer = cloud.request("GET", f"{root(cloud)}/a%0d%0aX-Forged:%201/box/blob", {})
    assert answer.status == 400 and "X-Forged" not in answer.headers


@pytest.mark.parametrize("service", ["queue", "table", "file", "dfs"])
def test_other_services_say_that_they_are_not_provided(cloud: StorageCloud, service: str) -> None:
    """501, not an answer of the Blob service."""
    host = f"{NAME}.{service}.{suffix(cloud)}"
    url = f"{root(cloud)}/?comp=list"
    answer = cloud.request("GET", url, {"Host": host})
    assert answer.status == 501 and b"Queue, Table, File or Data Lake" in answer.body


@pytest.mark.parametrize("name", storage_hosts.FOREIGN)
def test_a_name_that_is_no_accounts_is_refused(cloud: StorageCloud, name: str) -> None:
    """421: a page elsewhere may have such a name, and resolve it to this machine."""
    url = f"{root(cloud)}/?comp=list"
    host = storage_hosts.FOREIGN[name].format(account=NAME)
    assert cloud.request("GET", url, {"Host": host}).status == 421
