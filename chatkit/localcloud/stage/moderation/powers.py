"""The presenter's powers: what each does to the rules of a room, and what takes it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from chatkit.core.time import clock
from chatkit.localcloud.stage.moderation import words
from chatkit.localcloud.stage.moderation.rules import Rules

MAX_HIDDEN = 5_000
MAX_MUTED = 1_000
MAX_ID = 200
MAX_SLOW_S = 3600
NO_POWER = "There is no power of this name."
NO_ID = "The id of a message is missing."
NOBODY = "Say who: the id of a guest, or a name."
NO_GUEST = "There is no guest with this id."
NO_MOMENT = "A moment is a date and time with its zone, as 2026-11-29T10:00:00Z."
SLOW_RANGE = f"Slow mode takes a number of seconds from 0 to {MAX_SLOW_S}."
TOO_MUCH = "So much is hidden one by one that it is better to clear the room."

Power = Mapping[str, Any]


class PowerRefused(ValueError):
    """A power that cannot be used so; the text says why."""


class People(Protocol):
    """Who is in the room."""

    def names_of(self, guest_id: str) -> tuple[str, ...]:
        """The names that a guest has and had; none for an id that is no guest's."""

    def id_of(self, name: str) -> str | None:
        """The guest who has or had a name."""


@dataclass(frozen=True)
class Change:
    """What a power has done.

    Attributes:
        rules: As they are now; the version is the caller's.
        said: What the presenter is told.
        label: The power in words, for the button that takes it back.
        back: The power that takes it back; None when nothing has changed.
    """

    rules: Rules
    said: str
    label: str = ""
    back: Power | None = None


def change(rules: Rules, power: Power, people: People) -> Change:
    """Use a power.

    Raises:
        PowerRefused: There is none of this name, or not with these values.
    """
    use = POWERS.get(str(power.get("do")))
    if use is None:
        raise PowerRefused(NO_POWER)
    return use(rules, power, people)


def _pause(rules: Rules, _power: Power, _people: People) -> Change:
    if rules.is_paused:
        return Change(rules, "The chat is paused already.")
    said = "The chat is paused: guests read, and cannot write."
    return Change(replace(rules, is_paused=True), said, "Pause", {"do": "resume"})


def _resume(rules: Rules, _power: Power, _people: People) -> Change:
    if not rules.is_paused:
        return Change(rules, "The chat is not paused.")
    said = "The chat goes on."
    return Change(replace(rules, is_paused=False), said, "Go on", {"do": "pause"})


def _hide(rules: Rules, power: Power, _people: People) -> Change:
    message = _message_id(power)
    if message in rules.hidden:
        return Change(rules, "This message is hidden already.")
    if len(rules.hidden) >= MAX_HIDDEN:
        raise PowerRefused(TOO_MUCH)
    hidden = replace(rules, hidden=rules.hidden | {message})
    said = "The message is hidden, on every phone and in the history."
    return Change(hidden, said, "Hide a message", {"do": "show", "id": message})


def _show(rules: Rules, power: Power, _people: People) -> Change:
    message = _message_id(power)
    if message not in rules.hidden:
        return Change(rules, "This message is not hidden.")
    shown = replace(rules, hidden=rules.hidden - {message})
    back = {"do": "hide", "id": message}
    return Change(shown, "The message is shown again.", "Show a message", back)


def _mute(rules: Rules, power: Power, people: People) -> Change:
    guest, name = _person(power, people)
    if guest in rules.muted or (not guest and name in rules.muted_names):
        return Change(rules, f"{name} is muted already.")
    if len(rules.muted) + len(rules.muted_names) >= MAX_MUTED:
        raise PowerRefused(f"No more than {MAX_MUTED} people can be muted.")
    said = f"{name} is muted: nobody sees what {name} has written, private messages neither."
    if guest:
        muted = replace(rules, muted={**rules.muted, guest: people.names_of(guest)})
        return Change(muted, said, f"Mute {name}", {"do": "unmute", "guest": guest})
    muted = replace(rules, muted_names=rules.muted_names | {name})
    return Change(muted, said, f"Mute {name}", {"do": "unmute", "name": name})


def _unmute(rules: Rules, power: Power, people: People) -> Change:
    guest, name = _person(power, people)
    said = f"{name} may write again, and is seen."
    if guest in rules.muted:
        left = {key: names for key, names in rules.muted.items() if key != guest}
        back = {"do": "mute", "guest": guest}
        return Change(replace(rules, muted=left), said, f"Unmute {name}", back)
    if name in rules.muted_names:
        changed = replace(rules, muted_names=rules.muted_names - {name})
        return Change(changed, said, f"Unmute {name}", {"do": "mute", "name": name})
    return Change(rules, f"{name} is not muted.")


def _slow(rules: Rules, power: Power, _people: People) -> Change:
    seconds = power.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise PowerRefused(SLOW_RANGE)
    if not 0 <= seconds <= MAX_SLOW_S:
        raise PowerRefused(SLOW_RANGE)
    said = f"Slow mode: one message every {seconds:g} seconds for each guest."
    if not seconds:
        said = "Slow mode is off."
    if seconds == rules.slow_s:
        return Change(rules, said)
    back = {"do": "slow", "seconds": rules.slow_s}
    return Change(replace(rules, slow_s=seconds), said, "Slow mode", back)


def _clear(rules: Rules, power: Power, _people: People) -> Change:
    """Without a moment: now. An empty one hides nothing any more."""
    before = power.get("before")
    if before is None:
        before = datetime.fromtimestamp(clock.wall(), UTC).isoformat(timespec="milliseconds")
    before = _checked_moment(before)
    said = "The room is cleared: nobody sees what was said until now."
    if not before:
        said = "What was cleared is shown again."
    return Change(
        replace(rules, before=before), said, "Clear", {"do": "clear", "before": rules.before}
    )


def _words(rules: Rules, power: Power, _people: People) -> Change:
    try:
        kept = words.checked(power.get("words"))
    except ValueError as error:
        raise PowerRefused(str(error)) from None
    said = f"The list has {len(kept)} words: a message with one is refused to its writer."
    if kept == rules.words:
        return Change(rules, said)
    back = {"do": "words", "words": [*rules.words]}
    return Change(replace(rules, words=kept), said, "Change the word list", back)


POWERS: Mapping[str, Callable[[Rules, Power, People], Change]] = {
    "pause": _pause,
    "resume": _resume,
    "hide": _hide,
    "show": _show,
    "mute": _mute,
    "unmute": _unmute,
    "slow": _slow,
    "clear": _clear,
    "words": _words,
}


def _message_id(power: Power) -> str:
    message = power.get("id")
    if not isinstance(message, str) or not 0 < len(message) <= MAX_ID:
        raise PowerRefused(NO_ID)
    return message


def _person(power: Power, people: People) -> tuple[str, str]:
    """The id of a guest, empty for somebody who is none, and the name.

    Raises:
        PowerRefused: Nobody was named, or there is no such guest.
    """
    guest = power.get("guest")
    name = power.get("name")
    if isinstance(guest, str) and guest:
        names = people.names_of(guest)
        if not names:
            raise PowerRefused(NO_GUEST)
        return guest, names[0]
    if not isinstance(name, str) or not 0 < len(name) <= MAX_ID:
        raise PowerRefused(NOBODY)
    return people.id_of(name) or "", name


def _checked_moment(moment: object) -> str:
    if moment == "":
        return ""
    try:
        read = datetime.fromisoformat(str(moment))
    except ValueError:
        raise PowerRefused(NO_MOMENT) from None
    if read.tzinfo is None:
        raise PowerRefused(NO_MOMENT)
    text = read.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
