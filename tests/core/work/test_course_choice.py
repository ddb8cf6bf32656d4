"""Which course a folder is for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatkit.core.settings import LAID_OUT
from chatkit.core.work import course_choice


@pytest.mark.parametrize(
    ("record", "course"), [({"course": "mine"}, "mine"), ({}, "tutorial"), (None, "everybodys")]
)
def test_a_folder_that_was_laid_out_stays_with_its_course(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: dict[str, str] | None, course: str
) -> None:
    """The variable of an image chooses for all other folders."""
    monkeypatch.setenv(course_choice.VARIABLE, "everybodys")
    if record is not None:
        (tmp_path / LAID_OUT).parent.mkdir()
        (tmp_path / LAID_OUT).write_text(json.dumps(record), encoding="utf-8")
    assert course_choice.of_folder(tmp_path) == course
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path / ".chatkit"))
    assert course_choice.chosen() == course
