"""What goes wrong in Azure, switched on in a workshop's local cloud."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chatkit.cloud.local_cloud import ask
from chatkit.cloud.provision import name_rules
from chatkit.workshop import Workshop
from tests.localcloud.resource_manager.watching import Watch

RESOURCES = (
    "create_resource_group",
    "create_signalr",
    "create_storage_account",
    "create_function_app",
)
ALWAYS = {"times": 0}


@dataclass(frozen=True)
class Fault:
    """One failure, and the verb that meets it.

    Attributes:
        kind: As `chatkit local fault` has it.
        verb: Method of the workshop.
        said: Words of the sentence; empty when the verb gets through it by itself.
        options: How often it hits, and where.
    """

    kind: str
    verb: str
    said: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.verb}-{self.kind}-{'said' if self.said else 'survived'}"


@pytest.fixture(scope="module")
def opened(running_home: Path, watch: Watch) -> Iterator[Workshop]:
    """A workshop in a home of its own; faults have the shapes that they have in Azure."""
    yield Workshop.open()
    gc.collect()  # dropped connections: what they warn of belongs to this file
    assert watch.specs.problems == []


@pytest.fixture
def workshop(opened: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """A workshop with nothing but its group, with short pauses between its retries."""
    opened.create_resource_group()
    pause = time.sleep
    monkeypatch.setattr("time.sleep", lambda seconds: pause(min(seconds, 0.05)))
    # The test before has deleted the same names, and here they are free at once.
    monkeypatch.setattr(name_rules, "FREE_LIMIT_S", 0.0)
    yield opened
    ask("DELETE", "/faults")
    opened.clean_up()


def inject(fault: Fault) -> None:
    """Switch a failure on."""
    ask("PUT", f"/faults/{fault.kind}", fault.options)
