"""A home of an older version opens: nothing is lost, and what stood there works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatkit import Workshop
from chatkit.cloud import local_cloud
from chatkit.core.errors import CheckFailed
from chatkit.lesson.checks.core.evidence import run
from chatkit.lesson.checks.core.people import TEST_USERS, signed_in
from chatkit.lesson.checks.deployed_app import deployed_api
from chatkit.lesson.checks.private_messages import wire
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


@pytest.mark.parametrize("section", ["01", "02", "08"])
def test_a_section_that_was_done_still_works(workshop: Workshop, section: str) -> None:
    """Resources and page answer as they did."""
    assert workshop.check(section)


def test_private_messages_still_go_by_name(workshop: Workshop) -> None:
    """The app that stands there knows people by their names, and so does its page."""
    api = deployed_api(workshop.session)
    people = signed_in(api, *TEST_USERS)
    by_name = {name: replace(person, id=person.name) for name, person in people.items()}
    assert run(wire(api, by_name))["recipientConnected"] is True


def test_the_check_says_that_people_have_ids_now(workshop: Workshop) -> None:
    """And that the cells of the section write the app that knows them by these."""
    with pytest.raises(CheckFailed, match="The user in alice's token") as failed:
        workshop.check("09")
    assert "publish_functions()" in failed.value.hint
