"""Typing a verb, and a small course that is installed for a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from chatkit.core.work.course_choice import VARIABLE
from tests.cli.conftest import chatkit, home
from tests.lesson.courses.making import GOOD, importable, lay

__all__ = ["chatkit", "home"]


class Install(Protocol):
    """Installs the small course with other files; returns the package's folder."""

    def __call__(
        self, files: Mapping[str, str] = ..., *, value: str = "small_course:COURSE"
    ) -> Path: ...


@pytest.fixture(autouse=True)
def no_course_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for who has set no variable; the plugin sets it where notebooks are to run."""
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Install a small course: the good one, with other files in the place of some of its own."""
    site = tmp_path / "site"
    site.mkdir()

    def put(files: Mapping[str, str] = {}, *, value: str = "small_course:COURSE") -> Path:
        return lay(site, {**GOOD, **files}, value=value)

    with importable(site):
        yield put
