"""Fixtures of the Resource Manager tests."""

import os

import pytest

from tests.localcloud.resource_manager import coverage_table
from tests.localcloud.resource_manager.arm_cloud import Clients, LocalCloud, clients, cloud
from tests.localcloud.resource_manager.clients.az_cli import az
from tests.localcloud.resource_manager.raw import Raw

__all__ = ["az", "clients", "cloud"]


@pytest.fixture
def raw(cloud: LocalCloud, clients: Clients) -> Raw:
    """Plain HTTPS with a token; the group "class" is there."""
    return Raw(cloud)


def pytest_sessionfinish() -> None:
    """Write docs/resource-manager.md anew when asked to: CHATKIT_WRITE_TABLES=1."""
    if os.environ.get("CHATKIT_WRITE_TABLES"):
        coverage_table.write()
