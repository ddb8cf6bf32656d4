"""What a whole tutorial sends: every notebook in a kernel, from an empty home."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from chatkit.cloud.trace import record
from chatkit.cloud.trace.entry import Entry
from chatkit.core.settings import Names, checkout
from chatkit.lesson import sections
from chatkit.lesson.notebooks import execution
from tests.homes import workshop_in
from tests.steps.by_hand.state import Asked

SUFFIX = "whole1"
REGION = "eastus2"
REGION_SHOWN = "East US 2"


@dataclass(frozen=True)
class Whole:
    """A tutorial that was done.

    Attributes:
        sent: What each section sent, by its number.
        addresses: What stands for each address of the local cloud: `{app}`, `{blob}`.
        suffixes: Of its names, those of the second chat last.
    """

    sent: dict[str, list[Entry]]
    addresses: dict[str, str]
    suffixes: tuple[str, ...] = (SUFFIX,)


def sent_by_notebooks(home: Path) -> Whole:
    """Execute all notebooks, the clean-up and the appendix too."""
    found: dict[str, list[Entry]] = {}
    addresses: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATKIT_SUFFIX", SUFFIX)
        patch.setenv("CHATKIT_TARGET", "local")
        patch.setenv("CHATKIT_REGION", REGION)
        with workshop_in(home) as workshop:
            # What is asked for here is not the tutorial's.
            cloud = replace(workshop.cloud, record=None)
            # Section 13 makes a second chat, of other names.
            names = [workshop.settings.names, Names.of(workshop.other_suffix, region=REGION)]
            places = [Asked(cloud, one) for one in names]
            for section, path in sections.TUTORIAL.notebooks(checkout() / "notebooks").items():
                before = len(record.read(home, "local"))
                content: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
                execution.execute(
                    content,
                    path.name,
                    path.parent,
                    done=lambda _cell: addresses.update(known_at(places)),
                    environment=os.environ,
                )
                found[section.number] = record.read(home, "local")[before:]
            suffixes = (SUFFIX, workshop.other_suffix)
    return Whole(found, addresses, suffixes)


def known_at(places: Iterable[Asked]) -> dict[str, str]:
    """The addresses of several chats."""
    return {address: name for one in places for address, name in addresses_of(one).items()}


def addresses_of(asked: Asked) -> dict[str, str]:
    """What stands for each address that there is now."""
    return {address: name for name, address in asked.addresses().items() if address}
