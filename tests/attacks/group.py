"""Attempts of one kind, and the test that makes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """Rows of docs/attacks.md: every name is one parameter of the test."""

    title: str
    file: str
    test: str
    names: tuple[str, ...]
