"""A probe: it looks at what the learner has, and says what it saw there that is wrong."""

from __future__ import annotations

from collections.abc import Callable

from chatkit.lesson.doctor.snapshot.snapshot import Snapshot

Probe = Callable[[Snapshot], str]
"""Returns what it saw of a problem, empty when all is well; raises Unknown when it cannot look."""
