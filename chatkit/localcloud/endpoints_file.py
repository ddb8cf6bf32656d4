"""`cloud.json`: what a local cloud that runs tells those who look for it."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from chatkit.core.errors import ChatkitError
from chatkit.core.files import write_private
from chatkit.core.home import records

log = logging.getLogger("chatkit.local")


class EndpointsFile:
    """The file of this process.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: Path, endpoints: Mapping[str, object]) -> None:
        self.path = path
        document = {"running": True, "pid": os.getpid(), **endpoints}
        self._text = json.dumps(document, indent=1)

    def write(self) -> None:
        """Write the file; what stands there from a run that was killed is of no use any more."""
        write_private(self.path, self._text)

    def mend(self) -> None:
        """Write it anew when it is gone or damaged: nobody finds this process without it."""
        if self._is_whole():
            return
        try:
            with suppress(FileNotFoundError):
                aside = records.put_aside(self.path)
                log.warning("cloud.json was damaged; it is kept as %s", aside.name)
            self.write()
        except (OSError, ChatkitError):
            log.exception("cloud.json cannot be written")

    def _is_whole(self) -> bool:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace") == self._text
        except OSError:
            return False
