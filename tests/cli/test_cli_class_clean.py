"""`chatkit class roster --make` and `chatkit class clean`, with a local cloud in Azure's place."""

from __future__ import annotations

from pathlib import Path

import pytest
from azure.mgmt.resource.resources.models import ResourceGroup

from chatkit.classroom import roster as rosters
from chatkit.classroom.board import board, record
from chatkit.classroom.resources.groups import tags
from chatkit.cloud import targets
from tests.classroom.resources.people import owner, place, signed_in
from tests.cli.typing_verbs import Chatkit
from tests.cloud.fixtures import running_home

__all__ = ["running_home"]
NAMES = "name,mail\nOla,ola@example.org\nPia,pia@example.org\n"


@pytest.fixture
def names(tmp_path: Path, running_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of two people whom the directory has; Azure is the local cloud."""
    monkeypatch.setattr(targets, "connect_azure", lambda: owner(running_home))
    for name in ("ola", "pia"):
        signed_in(running_home, f"{name}@example.org")
    path = tmp_path / "names.csv"
    path.write_text(NAMES, encoding="utf-8")
    return path


def test_a_class_is_made_and_cleaned_up(
    chatkit: Chatkit, home: Path, names: Path, running_home: Path
) -> None:
    """From names to nothing: groups, roster and pages are gone, with a line for each."""
    typed = chatkit("class", "roster", str(names), "--target", "azure", "--make", "--yes")
    assert typed.code == 0 and typed.out.count("ready") == 2
    assert "Contributor, on the person's own group and nowhere else" in typed.out
    chatkit("class", "handout")
    known = rosters.read(home)
    groups = [person.names.resource_group for person in known.people]
    assert all(place(running_home).group(name) is not None for name in groups)
    cleaned = chatkit("class", "clean", "--yes")
    assert cleaned.code == 0
    assert cleaned.out.count("GET answers 404") == 2 and "2. Pia" in cleaned.out
    assert all(place(running_home).group(name) is None for name in groups)
    assert [one.name for one in (home / "class").iterdir()] == ["lock"]
    again = chatkit("class", "clean", "--yes")
    assert again.code == 0 and "no class" in again.out


def test_names_stay_until_every_group_is_gone(
    chatkit: Chatkit, home: Path, names: Path, running_home: Path
) -> None:
    """Codes end at once; the group that is not the class's is named, and stays."""
    chatkit("class", "roster", str(names), "--target", "azure", "--make", "--yes")
    known = rosters.read(home)
    name = known.people[0].names.resource_group
    groups = owner(running_home).resources().resource_groups
    groups.create_or_update(name, ResourceGroup(location="eastus2", tags={"mine": "yes"}))
    typed = chatkit("class", "clean", "--target", "azure", "--yes")
    assert typed.code == 1 and "it has no tag of a class" in typed.out
    assert rosters.read(home).find(known.people[0].code) is None
    assert groups.get(name).tags == {"mine": "yes"}
    groups.begin_delete(name).result()
    assert chatkit("class", "clean", "--target", "azure", "--yes").code == 0
    assert not rosters.path(home).exists()


def test_the_groups_of_a_lost_roster_are_found_by_their_tag(
    chatkit: Chatkit, home: Path, names: Path, running_home: Path
) -> None:
    """The verb says which classes there are, and takes the id of one."""
    chatkit("class", "roster", str(names), "--target", "azure", "--make", "--yes")
    known = rosters.read(home)
    rosters.path(home).unlink()
    typed = chatkit("class", "clean", "--target", "azure", "--yes")
    assert typed.code == 1 and f"{known.id} (2 groups)" in typed.err
    typed = chatkit("class", "clean", "--target", "azure", "--class", known.id, "--yes")
    assert typed.code == 0 and typed.out.count("GET answers 404") == 2
    assert place(running_home).group(known.people[0].names.resource_group) is None


def test_nothing_is_deleted_without_an_answer(chatkit: Chatkit, home: Path, names: Path) -> None:
    """A script has to say `--yes`."""
    chatkit("class", "roster", str(names))
    typed = chatkit("class", "clean")
    assert typed.code == 1 and "--yes" in typed.err
    assert not rosters.read(home).has_ended()


def test_another_subscription_is_refused(chatkit: Chatkit, home: Path, names: Path) -> None:
    """The names in it may be somebody else's."""
    chatkit("class", "roster", str(names), "--target", "azure", "--make", "--yes")
    path = rosters.path(home)
    elsewhere = "00000000-0000-0000-0000-000000000001"
    known = rosters.read(home)
    text = path.read_text(encoding="utf-8").replace(known.subscription_id, elsewhere)
    path.write_text(text, encoding="utf-8")
    typed = chatkit("class", "clean", "--yes")
    assert typed.code == 1 and f"CHATKIT_SUBSCRIPTION={elsewhere}" in typed.err
    assert not rosters.read(home).has_ended()


def test_a_local_class_leaves_no_name_and_no_code(
    chatkit: Chatkit, home: Path, names: Path, tmp_path: Path
) -> None:
    """Pages elsewhere on the disk are found, too; what took the place of one stays."""
    chatkit("class", "roster", str(names))
    pages = [tmp_path / "pages.html", tmp_path / "more.txt"]
    for page in pages:
        chatkit("class", "handout", "--out", str(page))
    pages[1].write_text("A letter.", encoding="utf-8")
    typed = chatkit("class", "clean", "--yes")
    assert typed.code == 1 and "no hand-out any more" in typed.out
    assert not pages[0].exists() and pages[1].exists()
    pages[1].unlink()
    assert chatkit("class", "clean", "--yes").code == 0
    assert not rosters.path(home).exists()
    texts = [one.read_text(encoding="utf-8") for one in home.rglob("*") if one.is_file()]
    assert not any("ola@example.org" in text for text in texts)


def test_the_board_of_a_local_class_goes_with_it(
    chatkit: Chatkit, running_home: Path, names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the instructor's own cloud; a chat that is there, too, stays."""
    monkeypatch.setenv("CHATKIT_HOME", str(running_home))
    chatkit("class", "roster", str(names))
    known = rosters.read(running_home)
    group = board.names_of(known).resource_group
    groups = owner(running_home).resources().resource_groups
    for name, its_tags in ((group, tags(known, None)), ("chatkit-mine", {"made-by": "chatkit"})):
        groups.create_or_update(name, ResourceGroup(location="eastus2", tags=its_tags))
    opened = record.BoardRecord(
        known.id, "Class", "http://api", "http://hub", 0.0, "127.0.0.1", 8070, [], {"p01": "Ola"}
    )
    record.write(running_home, opened)
    typed = chatkit("class", "clean", "--yes")
    assert typed.code == 0 and "the board" in typed.out
    assert place(running_home).group(group) is None
    assert not record.path(running_home).exists() and not rosters.path(running_home).exists()
    assert place(running_home).group("chatkit-mine") is not None


def test_a_participant_loses_nothing_by_the_instructors_verb(chatkit: Chatkit, home: Path) -> None:
    """What has not reached the board yet is in the same folder."""
    waiting = home / "class" / "outbox.jsonl"
    waiting.parent.mkdir(parents=True)
    waiting.write_text("{}", encoding="utf-8")
    typed = chatkit("class", "clean", "--yes")
    assert typed.code == 0 and "no class" in typed.out
    assert waiting.exists()


def test_making_needs_azure(chatkit: Chatkit, names: Path) -> None:
    """Everybody has a local cloud; there is nothing to make."""
    typed = chatkit("class", "roster", str(names), "--make", "--yes")
    assert typed.code == 2 and "nothing to make" in typed.err
    assert chatkit("class", "roster").code == 2
