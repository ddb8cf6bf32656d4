"""A running local cloud that stands in for Azure, and a class in it."""

from tests.cloud.fixtures import azure, cloud, running_home

__all__ = ["azure", "cloud", "running_home"]
