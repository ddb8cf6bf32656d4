"""The end of a class on this machine: codes do not count any more, names and codes are deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from chatkit.classroom import handout
from chatkit.classroom import roster as rosters
from chatkit.classroom.roster import Roster
from chatkit.core.system.moving import remove

HANDOUT = "handout.html"
BOARD = "board.json"


@dataclass(frozen=True)
class Forgotten:
    """A file that had names or codes in it.

    Attributes:
        path: Where it was.
        why: Why it stays; empty when it is deleted.
    """

    path: Path
    why: str = ""


def end(home: Path, known: Roster) -> Roster:
    """Let the class be over from now on, whatever happens to its resources afterwards."""
    now = datetime.now(UTC)
    if known.has_ended(now):
        return known
    ended = replace(known, ends_at=now)
    rosters.write(home, ended)
    return ended


def forget(home: Path, known: Roster | None) -> list[Forgotten]:
    """Delete hand-outs, what the board has kept, and, as the last thing, the roster.

    After a kill in the middle the roster still knows which hand-outs there were. What a participant
    keeps of a class in the same folder stays: only `chatkit class leave` tells the board.
    """
    folder = home / rosters.FOLDER
    handouts = {folder / HANDOUT, *(Path(one) for one in (known.handouts if known else ()))}
    done = [_forget_handout(path) for path in sorted(handouts) if path.exists()]
    if (folder / BOARD).exists():
        done.append(_delete(folder / BOARD))
    if not any(one.why for one in done) and rosters.path(home).exists():
        done.append(_delete(rosters.path(home)))
    return done


def _forget_handout(path: Path) -> Forgotten:
    """Delete a hand-out; what somebody has put in its place stays."""
    try:
        with path.open("rb") as file:
            beginning = file.read(300).decode(errors="replace")
        if not handout.is_handout(beginning):
            return Forgotten(path, "it is no hand-out any more, and stays; look at it yourself")
    except OSError as error:
        return Forgotten(path, f"it cannot be read ({error.strerror})")
    return _delete(path)


def _delete(path: Path) -> Forgotten:
    try:
        remove(path)
    except OSError as error:
        return Forgotten(path, f"it cannot be deleted ({error.strerror})")
    return Forgotten(path)
