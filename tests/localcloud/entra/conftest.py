"""Fixtures of the Entra tests."""

from tests.localcloud.entra.tenant import tenant

__all__ = ["tenant"]
