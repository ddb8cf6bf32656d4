"""Fixtures of the lesson tests."""

from __future__ import annotations

from tests.chat.fixtures import app, background

__all__ = ["app", "background"]
