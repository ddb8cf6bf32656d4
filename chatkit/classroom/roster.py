"""The roster of a class: who is in it, and what each person has. It stays with the instructor.

`class/roster.json` in the instructor's home is the only file with names and codes. Only its owner
can read it, and `chatkit class clean` deletes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatkit.classroom.codes import MASK, fingerprint, is_code_of, read_code
from chatkit.classroom.names_file import same_name
from chatkit.core.errors import HomeDamaged, HomeTooNew, NotStarted, SetupError
from chatkit.core.file_lock import FileLock
from chatkit.core.files import private_folder, write_private
from chatkit.core.settings import (
    REGION,
    Names,
    Target,
    checked_hub,
    checked_suffix,
    checked_target,
)
from chatkit.core.strict_json import read_numbered

FOLDER = "class"
FILE = "roster.json"
CLASS_TAG = "chatkit-class"
"""Of a resource group: the class's id."""
SCHEMA = 1
MAKE = "`chatkit class roster names.csv` makes one."
HOLDS = "it is not as the kit writes it, and it holds the class"


@dataclass(frozen=True)
class Person:
    """One person of a class.

    Attributes:
        number: 1 for the first line of the list.
        name: As the list has it.
        mail: As the list has it; may be empty.
        region: Azure region of this person's resources.
        suffix: Of the names of this person's resources.
        hub: The hub that this person's chat uses.
        sign_in_name: Who this person is to the local cloud, or to Entra ID.
        code: The join code, for the hand-out alone; neither in the repr nor with anybody else.
    """

    number: int
    name: str
    mail: str
    region: str
    suffix: str
    hub: str
    sign_in_name: str
    code: str = field(repr=False)

    def __repr__(self) -> str:
        shown = {**asdict(self), "code": MASK}
        return f"Person({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    @property
    def names(self) -> Names:
        """What this person's resources are called."""
        return Names.of(self.suffix, region=self.region, hub=self.hub)


@dataclass(frozen=True)
class Roster:
    """A class.

    Attributes:
        id: Six letters and digits; the tag of its resource groups.
        title: What the class is called.
        target: "local" or "azure".
        made_at: In UTC.
        ends_at: In UTC: from then on no code counts.
        people: In the order of the list.
        subscription_id: Where the class was made on Azure; empty before.
        is_shared: One SignalR Service instance for everybody, with a hub each.
        tier: Of each person's instance, or of the shared one: "free" or "standard".
        units: Of the shared instance.
        handouts: Files with codes in them that were written for this class.
    """

    id: str
    title: str
    target: Target
    made_at: datetime
    ends_at: datetime
    people: tuple[Person, ...]
    subscription_id: str = ""
    is_shared: bool = False
    tier: str = "free"
    units: int = 1
    handouts: tuple[str, ...] = ()

    def has_ended(self, now: datetime | None = None) -> bool:
        """Whether the class is over, and its codes do not count any more."""
        return (now or datetime.now(UTC)) >= self.ends_at

    def label(self, person: Person) -> str:
        """What a person is called: where somebody else has the name, with what tells them apart."""
        same = [one for one in self.people if same_name(one.name) == same_name(person.name)]
        if len(same) == 1:
            return person.name
        return f"{person.name} ({person.mail or person.number})"

    def find(self, code: str, now: datetime | None = None) -> Person | None:
        """The person of a code, None when nobody has it, or the class is over.

        Everybody's code is looked at, so that the time does not tell whose it is.

        Args:
            code: As `codes.read_code` returns it.
            now: The time; default: that of the clock.
        """
        found: Person | None = None
        for person in self.people:
            if is_code_of(code, fingerprint(person.code, self.id), self.id):
                found = person
        return None if self.has_ended(now) else found

    def fingerprints(self) -> dict[str, int]:
        """What the board needs in the place of codes: fingerprint to the person's number."""
        return {fingerprint(person.code, self.id): person.number for person in self.people}


def path(home: Path) -> Path:
    """Where the roster of a home is."""
    return home / FOLDER / FILE


def read(home: Path) -> Roster:
    """Read the roster of this home.

    Raises:
        NotStarted: There is no class.
        HomeDamaged: The file is not what the kit wrote.
        HomeTooNew: A newer version wrote it.
    """
    where = path(home)
    try:
        return _roster(read_numbered(where, known=SCHEMA))
    except FileNotFoundError:
        raise NotStarted("There is no class.", hint=MAKE) from None
    except HomeTooNew:
        raise
    except (SetupError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise HomeDamaged(where, HOLDS) from error


def find(home: Path) -> Roster | None:
    """Read the roster of this home; None when there is no class.

    Raises:
        HomeDamaged: The file is not what the kit wrote.
        HomeTooNew: A newer version wrote it.
    """
    try:
        return read(home)
    except NotStarted:
        return None


def write(home: Path, roster: Roster) -> None:
    """Keep the roster, atomically, for its owner alone.

    Raises:
        NotWritten: The disk is full, or takes no writes.
    """
    document = {"schema": SCHEMA, **asdict(roster)}
    for moment in ("made_at", "ends_at"):
        document[moment] = document[moment].isoformat()
    private_folder(home / FOLDER)
    write_private(path(home), json.dumps(document, indent=1, ensure_ascii=False))


@contextmanager
def changing(home: Path) -> Iterator[None]:
    """Let no other process change the class of this home during the block."""
    private_folder(home / FOLDER)
    with FileLock(home / FOLDER / "lock") as lock:
        lock.acquire()
        yield


def note_handout(home: Path, file: Path) -> None:
    """Remember a file with codes in it, so that cleaning up finds it."""
    known = read(home)
    files = dict.fromkeys((*known.handouts, str(file.resolve())))
    write(home, replace(known, handouts=tuple(files)))


def _roster(document: dict[str, Any]) -> Roster:
    people = tuple(_person(one) for one in document.pop("people"))
    handouts = tuple(str(one) for one in document.pop("handouts"))
    del document["schema"]
    document["made_at"] = _moment(document["made_at"])
    document["ends_at"] = _moment(document["ends_at"])
    document["target"] = checked_target(document["target"])
    # It becomes a part of the name of a group that is deleted.
    checked_suffix(document["id"])
    return Roster(people=people, handouts=handouts, **document)


def _person(document: dict[str, Any]) -> Person:
    person = Person(**{"region": REGION, **document})
    checked_suffix(person.suffix)
    checked_hub(person.hub)
    read_code(person.code)
    return person


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment
