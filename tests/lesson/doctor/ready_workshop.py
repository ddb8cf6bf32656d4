"""A learner's workshop on a real local cloud, and ways to break it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatkit.core.errors import CheckFailed
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.homes import workshop_in

LOCAL = ("write_local_settings", "start_functions", "prepare_page", "start_page")
DEPLOYED = ("publish_functions", "upload_settings", "allow_page", "set_page_url", "upload_page")


@contextmanager
def at_section_08(home: Path) -> Iterator[Workshop]:
    """A workshop at the end of section 08."""
    with workshop_in(home) as opened:
        write_app(opened.folder)
        for verb in ("provision", *LOCAL, *DEPLOYED):
            getattr(opened, verb)()
        yield opened


@contextmanager
def edited(path: Path, old: str, new: str) -> Iterator[None]:
    """Replace a text in a file, for as long as the block runs."""
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, new), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


def fails(workshop: Workshop, section: str, words: str) -> str:
    """The check fails, says what is wrong, and has a hint, which is returned."""
    with pytest.raises(CheckFailed, match=words) as caught:
        workshop.check(section)
    assert caught.value.hint
    return caught.value.hint
