"""Fixtures of the Resource Manager tests."""

from arm_cloud import clients, cloud

__all__ = ["clients", "cloud"]
