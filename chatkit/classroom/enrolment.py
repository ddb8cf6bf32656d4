"""From a list of people to a roster: what each person gets, and what those keep who are in it."""

from __future__ import annotations

import re
import secrets
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from chatkit.classroom.codes import new_code
from chatkit.classroom.names_file import Entry, same_name
from chatkit.classroom.roster import Person, Roster
from chatkit.core.errors import NotOffered, SetupError
from chatkit.core.settings import HUB, REGION, Target, new_suffix

FREE_A_REGION = 5
"""Free SignalR Service instances of a subscription in a region (Microsoft: "Azure SignalR Service
limits")."""
REGIONS = (
    *("eastus2", "westus2", "westus3", "southcentralus", "eastus"),
    *("northeurope", "swedencentral", "uksouth", "australiaeast", "southeastasia"),
)
"""Regions for free instances when nobody names others. `--make` asks Azure whether each has what is
needed before it makes anything."""
TEST_USERS = ("alice", "bob", "carol", "mallory")  # checks sign in as these
SINGLE = dict(zip("øåłđðıħŋĸ", "oalddihnk", strict=True))
SPELLED = str.maketrans({**SINGLE, "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"})
"""Latin letters that Unicode takes apart into no others."""
ID_LENGTH = 6
TITLE_LENGTH = 80


@dataclass(frozen=True)
class Wanted:
    """What somebody wants the class to be.

    Attributes:
        title: What it is called.
        target: Where people build their chats.
        hours: How long codes count, from now on.
        regions: For those whose line names none; empty for the usual ones.
        is_shared: One SignalR Service instance for everybody.
        tier: Of each person's instance: "free" or "standard"; empty for the known class's, or free.
    """

    title: str
    target: Target = "local"
    hours: float = 12.0
    regions: tuple[str, ...] = ()
    is_shared: bool = False
    tier: str = ""


def enrol(
    entries: Sequence[Entry],
    wanted: Wanted,
    known: Roster | None = None,
    now: datetime | None = None,
) -> Roster:
    """Make the roster.

    Who is in the known one keeps suffix and code, and those who are missing in the list stay: they
    may have a hand-out already.

    Raises:
        SetupError: The class cannot be as it is wanted.
        NotOffered: There are not enough free instances for everybody.
    """
    now = now or datetime.now(UTC)
    if known is not None:
        _check_same(known, wanted, now)
        _check_own(known, entries)
    wanted = replace(wanted, tier=wanted.tier or (known.tier if known else "free"))
    if not wanted.title or len(wanted.title) > TITLE_LENGTH or not wanted.title.isprintable():
        raise SetupError(f"A title has 1 to {TITLE_LENGTH} letters, on one line.")
    people = [*known.people] if known is not None else []
    for entry in entries:
        if not any(_is_same(person, entry) for person in people):
            people.append(_new(entry, len(people) + 1, people, wanted))
    made_before = known is not None and bool(known.subscription_id)
    if not made_before:
        listed = {number: entry.region for number, entry in _numbers(people, entries)}
        given = _kept_regions(known, wanted)
        given.update({number: region for number, region in listed.items() if region})
        people = _placed(people, given, wanted)
    fresh = known or _empty(wanted, now)
    return replace(
        fresh,
        title=wanted.title,
        ends_at=now + timedelta(hours=wanted.hours),
        people=tuple(people),
        tier="standard" if wanted.is_shared else wanted.tier,
        units=units_for(len(people)) if wanted.is_shared else 1,
    )


def units_for(people: int) -> int:
    """Units of a shared instance: 20 connections a person, as many as on a free instance."""
    needed = -(-people * 20 // 1_000)
    return needed if needed <= 10 else -(-needed // 10) * 10


def missing(known: Roster, entries: Iterable[Entry]) -> list[str]:
    """Names of those who are in the roster and not in the list."""
    listed = [*entries]
    return [
        person.name
        for person in known.people
        if not any(_is_same(person, entry) for entry in listed)
    ]


def sign_in_name(name: str, number: int, taken: Iterable[str]) -> str:
    """A name to sign in with: small Latin letters, as near to the person's as they allow.

    Args:
        name: The person's.
        number: Of the person, for those whose name has no such letters.
        taken: Names that others have.
    """
    spelled = name.lower().translate(SPELLED)
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain)
    slug = ".".join(words)[:30].strip(".") or f"guest{number:02}"
    if slug in {*taken, *TEST_USERS}:
        slug = f"{slug}.{number}"
    return slug


def _empty(wanted: Wanted, now: datetime) -> Roster:
    letters = string.ascii_lowercase + string.digits
    return Roster(
        id="".join(secrets.choice(letters) for _ in range(ID_LENGTH)),
        title=wanted.title,
        target=wanted.target,
        made_at=now,
        ends_at=now,
        people=(),
        is_shared=wanted.is_shared,
    )


def _check_same(known: Roster, wanted: Wanted, now: datetime) -> None:
    if known.has_ended(now):
        # Its codes would count again, on pages that lie about since then.
        hint = "`chatkit class clean` deletes it; then make the new one."
        raise SetupError(f"There is a class that is over: {known.title}.", hint=hint)
    same = (known.target, known.is_shared) == (wanted.target, wanted.is_shared)
    if not same:
        shared = ", with one shared instance" if known.is_shared else ""
        raise SetupError(
            f"There is a class already: {known.title}, on the target {known.target}{shared}.",
            hint="`chatkit class clean` ends it; or name the same target.",
        )


def _check_own(known: Roster, entries: Sequence[Entry]) -> None:
    """Make sure that a list is one of this class: the next class has another home."""
    count = len(known.people)
    if count and len(missing(known, entries)) == count:
        raise SetupError(
            f"There is a class already: {known.title}, with {count} people, and the list names"
            " nobody of them.",
            hint="`chatkit class clean` ends it; CHATKIT_HOME names another home for a second class"
            " beside it. For newcomers, name somebody of the class in the list, too.",
        )


def _is_same(person: Person, entry: Entry) -> bool:
    if person.mail and entry.mail:
        return person.mail.casefold() == entry.mail.casefold()
    return same_name(person.name) == same_name(entry.name)


def _new(entry: Entry, number: int, others: Sequence[Person], wanted: Wanted) -> Person:
    suffixes = {person.suffix for person in others}
    suffix = new_suffix()
    while suffix in suffixes:
        suffix = new_suffix()
    name = entry.mail
    if wanted.target == "local":
        name = sign_in_name(entry.name, number, [person.sign_in_name for person in others])
    return Person(
        number=number,
        name=entry.name,
        mail=entry.mail,
        region=entry.region or REGION,
        suffix=suffix,
        hub=f"{HUB}_{suffix}" if wanted.is_shared else HUB,
        sign_in_name=name,
        code=new_code(),
    )


def _numbers(people: Sequence[Person], entries: Sequence[Entry]) -> Iterable[tuple[int, Entry]]:
    for person in people:
        for entry in entries:
            if _is_same(person, entry):
                yield person.number, entry


def _kept_regions(known: Roster | None, wanted: Wanted) -> dict[int, str]:
    """Regions by person's number that are on pages already; none when others are asked for."""
    if known is None or wanted.regions or wanted.tier != known.tier:
        return {}
    return {person.number: person.region for person in known.people}


def _placed(people: list[Person], given: dict[int, str], wanted: Wanted) -> list[Person]:
    """Give everybody a region: the one of the list, else the first that has room.

    Free instances on Azure are counted; others are not limited by five.
    """
    is_counted = wanted.target == "azure" and wanted.tier == "free" and not wanted.is_shared
    usual = REGIONS if is_counted else (REGION,)
    regions = wanted.regions or usual
    used = Counter(region for region in given.values() if region)
    placed = []
    for person in people:
        region = given.get(person.number, "")
        if not region:
            region = _free(regions, used, len(people)) if is_counted else regions[0]
            used[region] += 1
        placed.append(replace(person, region=region))
    full = [region for region, count in used.items() if count > FREE_A_REGION]
    if is_counted and full:
        raise NotOffered(
            f"The list puts more than {FREE_A_REGION} people into {', '.join(full)}: a subscription"
            f" has {FREE_A_REGION} free instances in a region.",
            hint="Name other regions; or `--tier standard`, or `--shared`.",
        )
    return placed


def _free(regions: Sequence[str], used: Counter[str], people: int) -> str:
    for region in regions:
        if used[region] < FREE_A_REGION:
            return region
    raise NotOffered(
        f"{len(regions)} regions have {len(regions) * FREE_A_REGION} free instances;"
        f" {people} people need more.",
        hint="Name more with `--regions`; or `--tier standard`, or `--shared` for one instance.",
    )
