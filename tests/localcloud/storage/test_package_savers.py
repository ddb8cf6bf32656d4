"""Who may save the package of a function app in its deployment container."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatkit.localcloud.storage.state.errors import StorageError
from tests.attacks.deployment import SAVERS
from tests.localcloud.storage.storage_testing import StorageCloud

BOX = "packages"


@pytest.fixture
def box(cloud: StorageCloud) -> Iterator[str]:
    """Address of a deployment container."""
    service = cloud.service()
    service.create_container(BOX)
    yield f"{cloud.url}/{BOX}"
    cloud.apply()
    service.delete_container(BOX)
    service.close()


def save(cloud: StorageCloud, url: str, identity: str | None) -> None:
    """Save a package as an identity, or with a key."""
    cloud.run(cloud.storage.receive_package(url, b"zip", identity=identity)).discard()


def test_an_identity_with_a_data_role_saves_without_any_key(cloud: StorageCloud, box: str) -> None:
    """Also where the account takes no keys; a key opens an account that takes them."""
    save(cloud, box, None)
    robot = cloud.call(cloud.entra.directory.create_identity, "site")
    cloud.call(cloud.assign, "Storage Blob Data Contributor", robot)
    cloud.apply(allow_shared_key=False)
    save(cloud, box, robot)


@pytest.mark.parametrize("attempt", SAVERS)
def test_who_may_not_write_saves_no_package(cloud: StorageCloud, box: str, attempt: str) -> None:
    """As the account answers a request of theirs."""
    identity: str | None = cloud.call(cloud.entra.directory.create_identity, "mallory")
    code = "AuthorizationPermissionMismatch"
    match attempt:
        case "an identity that may only read":
            cloud.call(cloud.assign, "Storage Blob Data Reader", identity)
        case "an identity that owns the account without a data role":
            cloud.call(cloud.assign, "Owner", identity)
        case "an identity that the site does not have":
            identity = ""
        case "a key where the account takes none":
            cloud.apply(allow_shared_key=False)
            identity = None
            code = "KeyBasedAuthenticationNotPermitted"
    with pytest.raises(StorageError) as refused:
        save(cloud, box, identity)
    assert refused.value.code == code
