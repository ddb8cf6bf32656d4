"""An account whose host name is not known yet: nothing answers, as where DNS has no such name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatkit.core.time.propagation import BLOB_HOST, HOST_NAME
from tests.localcloud.storage.storage_testing import NAME, StorageCloud

HOST = BLOB_HOST.format(NAME)


@pytest.fixture
def unknown(cloud: StorageCloud) -> Iterator[None]:
    """The account, as if it had been made a moment ago."""
    cloud.clock.mode = "azure"
    cloud.clock.begin(HOST_NAME, HOST)
    yield
    cloud.clock.propagating.end(HOST_NAME, HOST)


@pytest.mark.usefixtures("unknown")
def test_no_address_of_a_new_account_answers_at_once(cloud: StorageCloud) -> None:
    """Neither blobs nor the website; other accounts do, and this one does afterwards."""
    for address in (f"{cloud.url}/", cloud.web_url):
        with pytest.raises(ConnectionError):
            cloud.request("GET", address)
    assert cloud.request("GET", f"{cloud.dev_url}/").status == 400
    cloud.clock.propagating.end(HOST_NAME, HOST)
    assert cloud.request("GET", f"{cloud.url}/").status == 400
    assert cloud.request("GET", cloud.web_url).status == 404
