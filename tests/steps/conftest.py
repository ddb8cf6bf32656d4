"""Fixtures of the kit's own tests."""

from tests.cloud.fixtures import app, azure, calls, cloud, home, running_home, stack, watch
from tests.steps.azure_faults import opened, workshop

__all__ = [
    "app",
    "azure",
    "calls",
    "cloud",
    "home",
    "opened",
    "running_home",
    "stack",
    "watch",
    "workshop",
]
