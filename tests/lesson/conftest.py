"""Fixtures of the lesson tests."""

from __future__ import annotations

from tests.chat.fixtures import app, portal

__all__ = ["app", "portal"]
