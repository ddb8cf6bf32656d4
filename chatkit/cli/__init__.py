"""The verbs of the command line."""

from __future__ import annotations

from chatkit.cli.app import main

__all__ = ["main"]
