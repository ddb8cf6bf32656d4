"""A home of an older version opens: nothing is lost, and what stood there works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit import Workshop
from chatkit.cloud import local_cloud
from tests.steps import old_homes


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """The workshop of a home that 0.1.0 left after section 10."""
    home = tmp_path_factory.mktemp("home")
    while not _started(home):  # what happens to a home whose ports are taken is another test's
        local_cloud.stop(home / "local")
        home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATKIT_HOME", str(home))
        yield Workshop.open()
        local_cloud.stop(home / "local")


def _started(home: Path) -> bool:
    """Whether the cloud of an old home has the ports that the home remembers."""
    old_homes.make("0.1.0", home)
    return not local_cloud.start(home / "local").get("moves")


def test_everything_known_is_still_known(workshop: Workshop) -> None:
    """Names, sections and the subscription are those of before."""
    assert workshop.settings.suffix == "usg4zs"
    assert workshop.settings.facts.completed == tuple(f"{number:02}" for number in range(11))
    assert workshop.settings.facts.authentication == "on"


@pytest.mark.parametrize("section", ["01", "02", "08", "09", "10"])
def test_a_section_that_was_done_still_works(workshop: Workshop, section: str) -> None:
    """Resources, page, sign-in and private messages answer as they did."""
    assert workshop.check(section)
