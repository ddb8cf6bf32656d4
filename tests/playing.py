"""Playing another system: a module sees another `sys.platform`, and the rest of Python this one."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest


class Elsewhere:
    """`sys` as a module sees it on another system."""

    def __init__(self, platform: str) -> None:
        self.platform = platform

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


def play(monkeypatch: pytest.MonkeyPatch, platform: str, *modules: ModuleType) -> None:
    """Let modules believe that they run on another system."""
    for module in modules:
        monkeypatch.setattr(module, "sys", Elsewhere(platform))


def in_use(path: object) -> PermissionError:
    """What Windows answers about a file that another program has open: ERROR_SHARING_VIOLATION."""
    error = PermissionError(13, "The process cannot access the file", str(path))
    error.winerror = 32  # type: ignore[attr-defined,unused-ignore]
    return error
