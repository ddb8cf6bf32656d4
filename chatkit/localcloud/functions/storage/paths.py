"""Paths of blobs in bindings: `container/name`, and the patterns of triggers.

Follows Microsoft's page "Azure Blob storage trigger for Azure Functions", section "Blob name
patterns".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CONTAINER = re.compile(r"\$root|\$web|\$logs|[a-z0-9](?:-?[a-z0-9]){2,62}")
PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class PathInvalid(ValueError):
    """A path names no blob."""


@dataclass(frozen=True)
class BlobPath:
    """Where one blob is."""

    container: str
    blob: str

    def __str__(self) -> str:
        return f"{self.container}/{self.blob}"

    @classmethod
    def parse(cls, text: str) -> BlobPath:
        """Read `container/name`.

        Raises:
            PathInvalid: It is no such path.
        """
        container, _, blob = text.lstrip("/").partition("/")
        if not CONTAINER.fullmatch(container) or not blob or has_dot_segments(blob):
            raise PathInvalid(
                f"Invalid blob path '{text}'. Paths must be in the format 'container/blob'."
            )
        return cls(container, blob)


def has_dot_segments(blob: str) -> bool:
    """Whether a part of a blob's name is `.` or `..`.

    In a URL they mean other parts (RFC 3986, section 5.2.4): the request would be for another blob,
    and maybe for another container's.
    """
    return any(part in (".", "..") for part in re.split(r"[/\\]", blob))


@dataclass(frozen=True)
class BlobPattern:
    """The path of a trigger: a container, and which blobs of it.

    Attributes:
        container: Its name.
        texts: What stands around the expressions, one more than there are of them.
        expressions: Their names.
    """

    container: str
    texts: tuple[str, ...]
    expressions: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> BlobPattern:
        """Read `container`, `container/name`, or a name with expressions such as `{name}.txt`.

        Raises:
            PathInvalid: It is no such path.
        """
        container, _, name = text.lstrip("/").partition("/")
        if not CONTAINER.fullmatch(container):
            raise PathInvalid(
                f"Invalid blob trigger path '{text}'. Paths must be in the format"
                " 'container/blob'. The container's name has 3 to 63 lower-case letters, digits and"
                " single '-', and no expressions."
            )
        if not name:
            return cls(container, ("", ""), ("",))  # every blob
        texts = [""]
        expressions: list[str] = []
        end = 0
        for part in PART.finditer(name):
            texts[-1] += name[end : part.start()]
            end = part.end()
            if part[1] is None:
                texts[-1] += part[0][0]  # a brace that is written twice stands for itself
                continue
            if not NAME.fullmatch(part[1]) or part[1] in expressions:
                raise PathInvalid(f"Invalid blob trigger path '{text}': the expression {part[0]}.")
            expressions.append(part[1])
            texts.append("")
        texts[-1] += name[end:]
        return cls(container, tuple(texts), tuple(expressions))

    @property
    def prefix(self) -> str:
        """What every such blob's name begins with."""
        return self.texts[0]

    def match(self, name: str) -> dict[str, str] | None:
        """What the expressions stand for in a blob's name; None for another blob's.

        Each takes as much as it can, the first one first. People who may write blobs choose their
        names, so that this goes through a name once, from its end.
        """
        first, *others = self.texts
        if not others:
            return {} if name == first else None
        if not name.startswith(first) or not name.endswith(others[-1]):
            return None
        end = len(name) - len(others[-1])
        if end < len(first):
            return None
        captured: dict[str, str] = {}
        for index in range(len(self.expressions) - 1, 0, -1):
            before = self.texts[index]
            found = name.rfind(before, len(first), end)
            if found < 0:
                return None
            captured[self.expressions[index]] = name[found + len(before) : end]
            end = found
        captured[self.expressions[0]] = name[len(first) : end]
        captured.pop("", None)
        return captured
