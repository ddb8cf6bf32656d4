"""Stack: one chat room in one cloud.

Everything that provisions, publishes or cleans up takes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.recent import FILE, Recent
from chatkit.core.settings import Names


@dataclass(frozen=True)
class Stack:
    """The resources of one chat room, which are made and deleted together.

    Attributes:
        cloud: Where they are.
        calls: Takes note of what is called about them.
        names: What they are called.
        recent: What was done to them a moment ago.
    """

    cloud: Cloud
    calls: Calls
    names: Names
    recent: Recent = field(default_factory=Recent)

    @classmethod
    def of_home(cls, home: Path, cloud: Cloud, calls: Calls, names: Names) -> Stack:
        """The stack of a home, which remembers what was done a moment ago."""
        return cls(cloud, calls, names, Recent(home / FILE, cloud.subscription_id))

    def branch(self) -> Stack:
        """Return the same stack for another thread; its calls stand where the branch was begun."""
        return replace(self, calls=self.calls.branch())
