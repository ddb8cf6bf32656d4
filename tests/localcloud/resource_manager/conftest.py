"""Fixtures of the Resource Manager tests."""

from tests.localcloud.resource_manager.arm_cloud import clients, cloud

__all__ = ["clients", "cloud"]
