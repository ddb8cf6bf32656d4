"""What Azure says of a signature that people got wrong; the thread of each is named."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob import BlobClient, ContainerClient, generate_blob_sas

from tests.localcloud.storage.storage_testing import KEY1, NAME, StorageCloud

NOW = datetime.now(UTC)
PAST = NOW - timedelta(hours=1)
LATER = NOW + timedelta(hours=1)
DATE = r"\[\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\]"
EXPIRED = f"Signed expiry time {DATE} must be after signed start time {DATE}"
FRAME = "Signature not valid in the specified time frame:"
FRAME += f" Start {DATE} - Expiry {DATE} - Current {DATE}"


@pytest.fixture
def blob(container: ContainerClient) -> BlobClient:
    """A blob of the owner's."""
    return container.upload_blob("a", b"secret")


def signature(blob: BlobClient, **other: Any) -> str:
    """A signature to read a blob."""
    given = {"permission": "r", "expiry": LATER, **other}
    return generate_blob_sas(NAME, str(blob.container_name), "a", account_key=KEY1, **given)


def detail(cloud: StorageCloud, blob: BlobClient, query: str) -> str:
    """What Azure adds to AuthenticationFailed."""
    answer = cloud.request("GET", f"{blob.container_name}/a?{query}", {}, None)
    assert (answer.status, answer.code) == (403, "AuthenticationFailed")
    found = re.search("<AuthenticationErrorDetail>(.*)</Auth", answer.body.decode())
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({"expiry": PAST}, EXPIRED),
        ({"start": PAST - timedelta(hours=1), "expiry": PAST}, FRAME),
        ({"start": LATER, "expiry": LATER + timedelta(hours=1)}, FRAME),
        ({"expiry": "0001-01-01T00:00:00Z"}, EXPIRED),
        ({"expiry": "tomorrow"}, r"Signature fields not well formed\."),
    ],
)
def test_a_signature_out_of_its_time_says_the_times(
    cloud: StorageCloud, blob: BlobClient, times: dict[str, Any], words: str
) -> None:
    """floci-az#89 without a start, AzureStorageExplorer#3219 with one; dates as HTTP has them."""
    assert re.fullmatch(words, detail(cloud, blob, signature(blob, **times)))


@pytest.mark.parametrize("name", ["sr", "sp", "se"])
def test_a_signature_names_the_field_that_it_lacks(
    cloud: StorageCloud, blob: BlobClient, name: str
) -> None:
    """Before the signature, which fits no more either."""
    rest = [part for part in signature(blob).split("&") if not part.startswith(f"{name}=")]
    assert detail(cloud, blob, "&".join(rest)) == f"{name} is mandatory. Cannot be empty"


def test_a_plus_that_became_a_space_is_no_signature(cloud: StorageCloud, blob: BlobClient) -> None:
    """delta-rs#910: the signature was decoded once too often."""
    query = re.sub("sig=[^&]*", "sig=a b/c=", signature(blob)).replace(" ", "%20")
    assert detail(cloud, blob, query) == "Signature fields not well formed."
