"""Fixtures of the kit's own tests."""

from tests.cloud.fixtures import app, azure, calls, cloud, home, running_home, stack, watch

__all__ = ["app", "azure", "calls", "cloud", "home", "running_home", "stack", "watch"]
