"""Fixtures of the storage tests."""

from tests.localcloud.storage.storage_testing import blob_service, cloud, container

__all__ = ["blob_service", "cloud", "container"]
