"""What this chat changed recently: Azure acknowledges a change before it knows it everywhere."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chatkit.core.errors import ChatkitError
from chatkit.core.files import write_private
from chatkit.core.system.moving import read_file

FILE = "recent.json"
KEPT_S = 3600.0
REGISTERED = "registered"
DELETED = "deleted"


@dataclass(frozen=True)
class Recent:
    """When things were changed, for code that meets an answer from before the change.

    What cannot be written or read is not known: then a verb waits for nothing.

    Args:
        path: Keeps them for other kernels and the next start; None keeps them here alone.
        where: Id of the subscription: another one, with the same names, knows nothing of them.
    """

    path: Path | None = None
    where: str = ""
    _here: dict[str, float] = field(default_factory=dict, repr=False)

    def note(self, change: str, name: str) -> None:
        """Remember that a change was made now."""
        self._keep({**self._known(), self._key(change, name): time.time()})

    def forget(self, change: str, name: str) -> None:
        """Forget it: it is known everywhere, or was not made."""
        known = self._known()
        if known.pop(self._key(change, name), None) is not None:
            self._keep(known)

    def _key(self, change: str, name: str) -> str:
        return f"{change} {name} {self.where}".rstrip()

    def left_s(self, change: str, name: str, takes_s: float) -> float:
        """How long a change may still be unknown; 0 for one that was not made or is older.

        Args:
            change: What was done.
            name: To what.
            takes_s: How long such a change may take.
        """
        passed_s = time.time() - self._known().get(self._key(change, name), 0.0)
        # Somebody may have set the machine's clock back meanwhile.
        return takes_s - passed_s if 0 <= passed_s < takes_s else 0.0

    def _known(self) -> dict[str, float]:
        if self.path is None:
            return dict(self._here)
        with suppress(OSError, ValueError, RecursionError):
            found = json.loads(read_file(self.path))
            if isinstance(found, dict):
                return {str(key): float(one) for key, one in found.items() if _is_number(one)}
        return {}

    def _keep(self, known: dict[str, float]) -> None:
        now = time.time()
        kept = {key: moment for key, moment in known.items() if abs(now - moment) < KEPT_S}
        if self.path is None:
            self._here.clear()
            self._here.update(kept)
            return
        with suppress(OSError, ChatkitError):
            write_private(self.path, json.dumps(kept, indent=1))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
