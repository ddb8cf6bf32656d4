"""The learner's own files, as the doctor reads them: settings, host.json, the functions' source,
the page.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from chatkit.core.errors import AppFileDamaged
from chatkit.core.reading import app_json
from chatkit.lesson.doctor.snapshot.lookups import NotThere
from chatkit.steps import local_settings, page_config

HOST_FILE = "host.json"
HOST_VERSION = "2.0"
SAMPLES = (
    "local.settings.sample.json",
    "local.settings.example.json",
    "sample.local.settings.json",
)


class Folder:
    """What lies in my-chat. A file that is not there reads as empty.

    Of one that cannot be read as what it is, `damaged` and `unreadable` tell; who asks for its
    content gets NotThere, so that nobody takes it for empty.

    Args:
        functions: The function app.
        page: The web page.
    """

    def __init__(self, functions: Path, page: Path) -> None:
        self.functions = functions
        self.page = page

    @cached_property
    def damaged(self) -> list[str]:
        """Settings files that are not what they should be, each with the reason."""
        found = [_damage(path) for path in self._settings_files]
        host = self.functions / HOST_FILE
        if not found[0] and host.is_file() and not self.unreadable:
            version = self.host_json.get("version")
            if version != HOST_VERSION:
                found.append(f'{HOST_FILE} must say "version": "{HOST_VERSION}", and not {version}')
        return [one for one in found if one]

    @cached_property
    def unreadable(self) -> list[str]:
        """Files of the app and the page that this user cannot read."""
        paths = [*self._settings_files, *self._sources, *sorted(self.page.glob("*.js"))]
        return [f"{path.parent.name}/{path.name}" for path in paths if not _is_readable(path)]

    @property
    def changed_at(self) -> float:
        """When a file of the app was saved last, in seconds since 1970."""
        paths = [path for path in (*self._settings_files, *self._sources) if path.exists()]
        return max((path.stat().st_mtime for path in paths), default=0.0)

    @cached_property
    def host_json(self) -> dict[str, Any]:
        """The content of host.json."""
        return _json(self.functions / HOST_FILE)

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
        return {path.name: _text(path) for path in self._sources}

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
        return "\n".join(_text(path) for path in sorted(self.page.glob("*.js")))

    @property
    def _settings_files(self) -> tuple[Path, ...]:
        host, settings = self.functions / HOST_FILE, self.functions / local_settings.FILE
        return host, settings, self.page / page_config.FILE

    @cached_property
    def _sources(self) -> list[Path]:
        return sorted(self.functions.glob("*.py"))

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
        return app_json.read_object(path) if os.path.lexists(path) else {}
    except AppFileDamaged as error:
        raise NotThere(error.message) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NotThere(f"{path.name} cannot be read") from error


def _damage(path: Path) -> str:
    """Why a settings file is none; empty when it is, is not there, or may not be read."""
    if not os.path.lexists(path) or not _is_readable(path):
        return ""
    try:
        app_json.read_object(path)
    except AppFileDamaged as error:
        return error.message.replace(str(path), path.name).rstrip(".")
    return ""


def _is_readable(path: Path) -> bool:
    """Whether this user may read a file; what is not there is in nobody's way."""
    return not os.path.lexists(path) or os.access(path, os.R_OK)
