"""Fixtures of the kit's own tests."""

from tests.cloud.fixtures import home

__all__ = ["home"]
