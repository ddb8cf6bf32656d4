"""Fixtures of the Entra tests."""

from tenant import tenant

__all__ = ["tenant"]
