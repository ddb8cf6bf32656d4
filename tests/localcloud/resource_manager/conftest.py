"""Fixtures of the Resource Manager tests."""

import pytest

from tests.localcloud.resource_manager.arm_cloud import Clients, LocalCloud, clients, cloud
from tests.localcloud.resource_manager.raw import Raw

__all__ = ["clients", "cloud"]


@pytest.fixture
def raw(cloud: LocalCloud, clients: Clients) -> Raw:
    """Plain HTTPS with a token; the group "class" is there."""
    return Raw(cloud)
