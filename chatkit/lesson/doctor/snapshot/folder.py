"""The learner's own files, as the doctor reads them: settings, host.json, the functions' source,
the page.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from chatkit.core.reading import commented_json, texts
from chatkit.steps import local_settings, page_config

SAMPLES = (
    "local.settings.sample.json",
    "local.settings.example.json",
    "sample.local.settings.json",
)


class Folder:
    """What lies in my-chat. A file that is not there, or not what it should be, reads as empty.

    Args:
        functions: The function app.
        page: The web page.
    """

    def __init__(self, functions: Path, page: Path) -> None:
        self.functions = functions
        self.page = page

    @cached_property
    def host_json(self) -> dict[str, Any]:
        """The content of host.json."""
        return _json(self.functions / "host.json")

    @property
    def has_local_settings(self) -> bool:
        """Whether local.settings.json is there."""
        return (self.functions / local_settings.FILE).is_file()

    @cached_property
    def host(self) -> dict[str, Any]:
        """`Host` of local.settings.json."""
        value = _json(self.functions / local_settings.FILE).get("Host")
        return value if isinstance(value, dict) else {}

    @cached_property
    def values(self) -> dict[str, str]:
        """`Values` of local.settings.json. Never shown."""
        value = _json(self.functions / local_settings.FILE).get("Values")
        if isinstance(value, dict):
            return {str(name): str(text) for name, text in value.items()}
        return {}

    @cached_property
    def samples(self) -> list[str]:
        """Sample settings that nobody renamed."""
        return [name for name in SAMPLES if (self.functions / name).is_file()]

    @cached_property
    def page_config(self) -> dict[str, Any]:
        """The page's config.json."""
        return _json(self.page / page_config.FILE)

    @cached_property
    def sources(self) -> dict[str, str]:
        """Text of each Python file at the top of the function app."""
        found = {path.name: path for path in sorted(self.functions.glob("*.py"))}
        return {
            name: path.read_text(encoding="utf-8", errors="replace") for name, path in found.items()
        }

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """The same, parsed; a file that is not Python is left out."""
        found = {}
        for name, text in self.sources.items():
            try:
                found[name] = ast.parse(text)
            except (SyntaxError, ValueError):
                continue
        return found

    @cached_property
    def page_text(self) -> str:
        """Everything the page's own scripts say."""
        return "\n".join(
            path.read_text(encoding="utf-8", errors="replace")
            for path in sorted(self.page.glob("*.js"))
        )

    def nodes(self, kind: type[ast.AST]) -> Iterator[tuple[str, Any]]:
        """Every node of a kind, with the name of its file."""
        for name, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, kind):
                    yield name, node

    def file_with(self, words: str) -> str:
        """Name of the first file that has some words in it, empty when none has."""
        return next((name for name, text in self.sources.items() if words in text), "")


def _json(path: Path) -> dict[str, Any]:
    try:
        value = commented_json.loads(texts.read(path))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
