"""A file of the person's own that says what is published: lines as in `.gitignore`.

A line leaves files out; a line that begins with `!` asks for them. Follows git's page "gitignore",
which Microsoft's page "Azure Functions Core Tools reference" names for `.funcignore`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from chatkit.core.errors import SetupError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SPECIAL = frozenset("\\*?[]!# ")
ESCAPED = re.compile(r"\\(.)")


class IgnoreFile:
    """What the lines of one such file say."""

    def __init__(self, spec: GitIgnoreSpec | None = None, lines: Sequence[str] = ()) -> None:
        self._spec = spec
        wanted = [line.strip().removeprefix("!") for line in lines if line.startswith("!")]
        self._named = {ESCAPED.sub(r"\1", line.removeprefix("/")) for line in wanted}

    @classmethod
    def read(cls, path: Path) -> IgnoreFile:
        """Read the file; a missing one says nothing.

        Raises:
            SetupError: It cannot be read.
        """
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except FileNotFoundError:
            return cls()
        except UnicodeDecodeError:
            raise SetupError(f"{path.name} is not UTF-8 text.") from None
        except OSError as error:
            raise SetupError(f"{path.name} cannot be read: {error.strerror}.") from None
        # Only here: the page's server starts at once, and most pages have no such file.
        from pathspec import GitIgnoreSpec

        try:
            return cls(GitIgnoreSpec.from_lines(lines), lines)
        except ValueError as error:
            raise SetupError(f"{path.name} has a line that is no pattern: {error}.") from None

    def leaves_out(self, path: PurePosixPath) -> bool:
        """Whether the last line about a file leaves it out."""
        return self._spec is not None and self._spec.check_file(path).include is True

    def asks_for(self, path: PurePosixPath) -> bool:
        """Whether the last line about a file begins with `!`."""
        return self._spec is not None and self._spec.check_file(path).include is False

    def names(self, path: PurePosixPath) -> bool:
        """Whether a line asks for this very file: no pattern does, which may mean others."""
        return str(path) in self._named and self.asks_for(path)


def line_for(path: PurePosixPath) -> str:
    """The line that asks for one file and for no other."""
    return "!/" + "".join(f"\\{char}" if char in SPECIAL else char for char in str(path))
