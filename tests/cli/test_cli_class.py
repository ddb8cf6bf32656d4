"""`chatkit class`: roster, hand-out, cost."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from chatkit.classroom import roster as rosters
from chatkit.classroom.board import record
from chatkit.classroom.board.record import BoardRecord
from chatkit.cloud import local_cloud
from chatkit.core import settings
from tests.cli.typing_verbs import Chatkit


@pytest.fixture
def names(tmp_path: Path) -> Path:
    """A list of two, as Excel writes it in Germany."""
    path = tmp_path / "names.csv"
    path.write_bytes("Name;E-Mail\r\nJosé García;jose@example.org\r\n李雷;\r\n".encode("utf-16"))
    return path


def test_a_roster_is_made_shown_and_handed_out(chatkit: Chatkit, home: Path, names: Path) -> None:
    """Codes are on the pages, and on no list."""
    typed = chatkit("class", "roster", str(names), "--title", "Monday")
    assert typed.code == 0 and "Monday" in typed.out and "jose.garcia" in typed.out
    known = rosters.read(home)
    assert chatkit("class", "handout", "--board", "192.0.2.7").code == 0
    page = (home / "class" / "handout.html").read_text(encoding="utf-8")
    shown = chatkit("class", "show").out
    for person in known.people:
        assert f"{person.code}@192.0.2.7:8070" in page
        assert person.code not in shown + typed.out
    assert known.people[1].code in chatkit("class", "show", "--person", "李雷").out


def test_a_page_has_the_address_of_the_open_board(
    chatkit: Chatkit, home: Path, names: Path
) -> None:
    """Until there is one it says that an address is missing; one that is typed comes first."""
    chatkit("class", "roster", str(names))
    assert "CODE@HOST:PORT" in chatkit("class", "show", "--person", "1").out
    known = rosters.read(home)
    record.write(home, BoardRecord(known.id, "", "", "", 0, "192.0.2.9", 8071, [], {}))
    show = ("class", "show", "--person", "1")
    page = chatkit(*show).out
    assert f"{known.people[0].code}@192.0.2.9:8071" in page and "CODE@HOST:PORT" not in page
    assert "@192.0.2.7:8070" in chatkit(*show, "--board", "192.0.2.7").out


def test_a_class_is_not_ended_on_a_target_where_it_is_not(
    chatkit: Chatkit, home: Path, names: Path
) -> None:
    """Its codes go on."""
    chatkit("class", "roster", str(names))
    typed = chatkit("class", "clean", "--target", "azure", "--yes")
    assert typed.code == 1 and "nothing on the target azure" in typed.err
    assert not rosters.read(home).has_ended()


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")
def test_only_the_instructor_reads_the_handout(
    chatkit: Chatkit, names: Path, tmp_path: Path
) -> None:
    """Wherever it is written to; and the roster remembers where."""
    chatkit("class", "roster", str(names))
    for name in ("pages.html", "pages.txt"):
        assert chatkit("class", "handout", "--out", str(tmp_path / name)).code == 0
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert len(rosters.read(tmp_path / "home").handouts) == 2


def test_a_handout_does_not_replace_another_file(
    chatkit: Chatkit, names: Path, tmp_path: Path
) -> None:
    """Cleaning up would delete it."""
    chatkit("class", "roster", str(names))
    thesis = tmp_path / "thesis.html"
    thesis.write_text("<p>Mine.</p>", encoding="utf-8")
    typed = chatkit("class", "handout", "--out", str(thesis))
    assert typed.code == 1 and "no hand-out" in typed.err
    assert not rosters.read(tmp_path / "home").handouts


def test_a_bad_list_makes_nothing(chatkit: Chatkit, home: Path, tmp_path: Path) -> None:
    """Its lines are named."""
    bad = tmp_path / "bad.csv"
    bad.write_text("name,mail\nBob,nowhere\n", encoding="utf-8")
    typed = chatkit("class", "roster", str(bad))
    assert typed.code == 1 and "line 2 has no mail address" in typed.err
    assert not rosters.path(home).exists()


def test_without_a_class_the_verbs_say_so(chatkit: Chatkit) -> None:
    """And how to make one."""
    for verb in ("show", "handout"):
        typed = chatkit("class", verb)
        assert typed.code == 1 and "class roster" in typed.err


def test_the_cost_names_its_prices(chatkit: Chatkit) -> None:
    """Source, region and date of each."""
    typed = chatkit("class", "cost", "--people", "30", "--hours", "4")
    assert typed.code == 0
    assert "30 people for 4 hours" in typed.out and "list prices" in typed.out.lower()
    assert typed.out.count("East US") == 5


def test_wrong_words_are_bad_usage(chatkit: Chatkit, names: Path) -> None:
    """Exit code 2."""
    assert chatkit("class", "cost", "--people", "0").code == 2
    assert chatkit("class", "roster", str(names), "--target", "azur").code == 2
    assert chatkit("class", "roster", str(names), "--tier", "golden").code == 2
    chatkit("class", "roster", str(names))
    assert chatkit("class", "handout", "--out", "pages.pdf").code == 2


def test_a_person_takes_the_names_of_the_page(chatkit: Chatkit, home: Path) -> None:
    """And not others afterwards, while resources have these."""
    page = ("class", "use", "k3f9q2", "westus2", "--target", "local")
    try:
        typed = chatkit(*page, "--shared", "44wfwr")
        assert typed.code == 0 and "chat_k3f9q2" in typed.out
        known = settings.load(home)
        assert (known.suffix, known.region, known.hub) == ("k3f9q2", "westus2", "chat_k3f9q2")
        assert known.names.signalr_group == "chatkit-class-44wfwr"
        settings.save(home, known.learned(resource_group="chatkit-k3f9q2"))
        assert chatkit(*page).code == 1
        assert chatkit("class", "use", "../x", "westus2").code == 1
        assert settings.load(home).shared == "44wfwr"
    finally:
        local_cloud.stop(home / "local")
