"""Join codes that were guessed, pieced together, or come too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatkit.classroom import forgetting
from chatkit.classroom import roster as rosters
from chatkit.classroom.codes import read_code
from chatkit.classroom.enrolment import Wanted, enrol
from chatkit.classroom.roster import Roster
from chatkit.core.errors import NoJoinCode
from tests.attacks.classes import CODES
from tests.classroom.test_enrolment import people


@pytest.fixture
def roster() -> Roster:
    """Two people, from now on."""
    return enrol(people(2), Wanted("Class"))


@pytest.mark.parametrize("attempt", CODES)
def test_a_code_that_is_nobodys_finds_nobody(roster: Roster, attempt: str) -> None:
    """It is no code, or it is nobody's; the error does not repeat it."""
    given = CODES[attempt](roster)
    try:
        assert roster.find(read_code(given)) is None
    except NoJoinCode as error:
        assert not given or given not in error.message
    assert roster.find(given) is None


@pytest.mark.parametrize("attempt", ["by the clock", "by cleaning up"])
def test_no_code_outlives_its_class(tmp_path: Path, roster: Roster, attempt: str) -> None:
    """Nor does it come back with a new list."""
    code = roster.people[0].code
    later = datetime.now(UTC) + timedelta(days=1)
    if attempt == "by cleaning up":
        rosters.write(tmp_path, roster)
        roster = forgetting.end(tmp_path, roster)
        later = datetime.now(UTC)
        assert rosters.read(tmp_path).has_ended()
    assert roster.find(code, later) is None
