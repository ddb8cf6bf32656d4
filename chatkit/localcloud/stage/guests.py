"""Guests of a stage: who is who without an account, by a signed cookie.

The stage makes an id for each phone and signs it with a key of its own. The name is what somebody
has chosen; two guests never have the same one, because some apps know people by their names.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from chatkit.core.text.constant_time import is_same_secret
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.stage.moderation.folding import MARKS, UNSEEN, folded

COLLECTION = "stage-guests"
REHEARSALS = "stage-rehearsals"
COOKIE = "chatkit-guest"
PROVIDER = "guest"
MAX_NAME = 50
MAX_SENT = 1_000
MAX_GUESTS = 10_000
MAX_SEEN = 50_000
MAX_EARLIER = 20
KIND = "guest"
REHEARSING = "rehearsal"
ID = re.compile(rf"({KIND}|{REHEARSING})-[0-9a-f]{{16}}")
MADE_NAME = re.compile(r"(guest|rehearsai)[2-9a-fio]{8}")  # folded
NO_NAME = "Please write a name first."
TOO_LONG = f"A name has at most {MAX_NAME} characters."
# Who is signed in at the app has a name with this sign: no guest can pass for one of them.
NO_SIGN = "A guest's name cannot have an @ in it."
MADE = "Names like Guest 1a2b3c4d are given by the stage. Please choose another one."
LAST = "last"
FULL = "No more guests can join this stage."
HAD_MANY = "You have had many names already. Please choose one that you had before."


class NameRefused(Exception):
    """A name that a guest cannot have; the text is for the guest."""


@dataclass(frozen=True)
class Guest:
    """Somebody with a phone.

    Attributes:
        id: By which the app knows the guest.
        name: What everybody sees.
        is_named: Whether the guest has chosen the name.
    """

    id: str
    name: str
    is_named: bool = False

    @classmethod
    def unnamed(cls, guest_id: str) -> Guest:
        """A guest who has chosen no name yet."""
        kind = guest_id.partition("-")[0].capitalize()
        return cls(guest_id, f"{kind} {guest_id[-8:]}")

    @property
    def is_rehearsing(self) -> bool:
        """Whether it is no person: a phone of a rehearsal."""
        return self.id.startswith(REHEARSING)


class Guests:
    """Everybody who has come to one stage.

    Args:
        store: Keeps chosen names, so that a guest is the same one after a restart.
        key: Signs the cookies; it lasts as long as the stage.
    """

    def __init__(self, store: Store, key: bytes) -> None:
        self._store = store
        self._key = key
        self._names = {key: str(value["name"]) for key, value in store.items(COLLECTION)}
        self._earlier: dict[str, list[str]] = {
            key: [str(name) for name in value.get("earlier", ())]
            for key, value in store.items(COLLECTION)
        }
        self._ids = {folded(name): key for key, names in self._earlier.items() for name in names}
        self._ids |= {folded(name): key for key, name in self._names.items()}
        self._ids |= {folded(Guest.unnamed(key).name): key for key in self._names}
        self._seen = set(self._names)
        self._reserved: set[str] = set()

    def __len__(self) -> int:
        """How many have come."""
        return len(self._seen)

    def of(self, cookie: str) -> Guest | None:
        """The guest whose cookie this is; None for a cookie that this stage has not made."""
        guest_id, _, signature = cookie.partition(".")
        if not ID.fullmatch(guest_id) or not is_same_secret(signature, self._signature(guest_id)):
            return None
        return self._guest(guest_id)

    def new(self, *, is_rehearsing: bool = False) -> Guest:
        """A guest who has just come, and has no name yet."""
        kind = REHEARSING if is_rehearsing else KIND
        return Guest.unnamed(f"{kind}-{secrets.token_hex(8)}")

    def without_cookie(self, address: str) -> Guest:
        """Everybody at an address who shows no cookie: one guest, who can be muted."""
        digest = hmac.digest(self._key, f"address {address}".encode(), hashlib.sha256)
        return Guest.unnamed(f"{KIND}-{digest.hex()[:16]}")

    def names_of(self, guest_id: str) -> tuple[str, ...]:
        """The names that a guest has and had; none for an id that is no guest's."""
        if not ID.fullmatch(guest_id):
            return ()
        now, earlier = self._guest(guest_id).name, self._earlier.get(guest_id, ())
        # What was said before somebody took a name was said with the one that the stage made.
        return (*dict.fromkeys((now, *earlier, Guest.unnamed(guest_id).name)),)

    def all_names(self) -> list[str]:
        """Every name that a guest has chosen."""
        earlier = (name for names in self._earlier.values() for name in names)
        return [*self._names.values(), *earlier]

    def id_of(self, name: str) -> str | None:
        """The guest who has or had a name."""
        return self._ids.get(folded(name))

    def cookie(self, guest: Guest) -> str:
        """What shows that somebody is this guest."""
        return f"{guest.id}.{self._signature(guest.id)}"

    def note(self, guest: Guest) -> None:
        """Count a guest who is there; a phone of a rehearsal does not count."""
        if len(self._seen) < MAX_SEEN and not guest.is_rehearsing:
            self._seen.add(guest.id)

    def name(self, guest: Guest, wanted: str) -> Guest:
        """Give a guest a name: the wanted one, or with a number when somebody else has that.

        A name that a guest had before stays that guest's, in each spelling: what was said with it
        can be read, is hidden when the guest is muted, and is deleted when guests are forgotten.

        Raises:
            NameRefused: Nobody can have it, or the guest has had too many.
        """
        wanted = checked(wanted)
        if guest.is_rehearsing:
            # Written as any name is, so that it takes as long; nothing of it is left.
            self._store.put(REHEARSALS, LAST, {"name": wanted})
            return replace(guest, is_named=True)
        if guest.id not in self._names and len(self._names) >= MAX_GUESTS:
            raise NameRefused(FULL)
        name = self._free(wanted, guest)
        had = [*self._earlier.get(guest.id, ()), self._names.get(guest.id, name)]
        earlier = [one for one in had if one != name]
        if len(earlier) > MAX_EARLIER:
            raise NameRefused(HAD_MANY)
        self._store.put(COLLECTION, guest.id, {"name": name, "earlier": earlier})
        self._names[guest.id] = name
        self._earlier[guest.id] = earlier
        self._ids[folded(name)] = guest.id
        self._ids[folded(Guest.unnamed(guest.id).name)] = guest.id
        self.note(guest)
        return self._guest(guest.id)

    def reserve(self, names: Iterable[str]) -> None:
        """Keep names for those who had them before this stage; guests get them with a number."""
        self._reserved.update(folded(name) for name in names)

    def _free(self, wanted: str, guest: Guest) -> str:
        name = wanted
        number = 1
        while not self._is_free(folded(name), guest):
            number += 1
            name = f"{wanted[: MAX_NAME - 6]} {number}"
        return name

    def _is_free(self, name: str, guest: Guest) -> bool:
        holder = self._ids.get(name)
        if holder is None:
            return name not in self._reserved
        return holder == guest.id

    def _guest(self, guest_id: str) -> Guest:
        name = self._names.get(guest_id)
        if name is None:
            return Guest.unnamed(guest_id)
        return Guest(guest_id, name, is_named=True)

    def _signature(self, guest_id: str) -> str:
        return hmac.digest(self._key, guest_id.encode(), hashlib.sha256).hex()


def checked(wanted: str) -> str:
    """A name as it is shown: without what nobody sees, and with single spaces.

    Raises:
        NameRefused: Nobody can have it.
    """
    composed = unicodedata.normalize("NFC", " ".join(UNSEEN.sub("", wanted).split()))
    # Controls, directions, joiners, halves of characters: a name with them looks like another.
    name = "".join(char for char in composed if not unicodedata.category(char).startswith("C"))
    name = MARKS.sub(r"\1", " ".join(name.split()))
    if not any(char.isalnum() or unicodedata.category(char).startswith("S") for char in name):
        raise NameRefused(NO_NAME)
    if len(name) > MAX_NAME:
        raise NameRefused(TOO_LONG)
    if "@" in folded(name):
        raise NameRefused(NO_SIGN)
    if MADE_NAME.fullmatch(folded(name)):
        raise NameRefused(MADE)
    return name


def new_key() -> str:
    """A key for a new stage, as the store keeps it."""
    return secrets.token_hex(32)


def forget(store: Store) -> None:
    """Forget all guests."""
    store.delete_all(COLLECTION)
    store.delete_all(REHEARSALS)


def wanted_name(document: Mapping[str, object]) -> str:
    """The name in what a guest has sent.

    Raises:
        NameRefused: There is no usable name.
    """
    name = document.get("name")
    if not isinstance(name, str):
        raise NameRefused(NO_NAME)
    if len(name) > MAX_SENT:  # a name of some letters may have many that nobody sees
        raise NameRefused(TOO_LONG)
    return name
