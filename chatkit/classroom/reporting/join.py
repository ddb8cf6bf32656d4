"""Joining a class, leaving it, and raising a hand."""

from __future__ import annotations

import time
from pathlib import Path

from chatkit.classroom import codes
from chatkit.classroom.reporting import reports, sending
from chatkit.classroom.reporting.board_api import BoardApi, url_of
from chatkit.classroom.reporting.records import ClassRecords, Membership
from chatkit.core.errors import NotStarted, RemoteProtocolError, ServiceError, SetupError
from chatkit.core.results import Result

MOST_CHARACTERS = 200
HAND_S = 3.0
SENT = (
    ("a result", "section, passed or not, seconds in the section, and when"),
    ("of an error", "its type, such as CheckFailed, and the title of a cause that the kit knows"),
    ("a raised hand", f"the text that you write, at most {MOST_CHARACTERS} characters"),
    ("never", "code, chat, the text of an error, your name"),
    ("for example", '{"section": "05", "passed": false, "seconds": 94, "error": "CheckFailed"}'),
)
"""What a class hears of a participant."""
NO_ADDRESS = "You typed no address behind the code, so the board of this machine was asked"
DELETED_WITH_IT = "what it has of you is deleted with the class"
ENDED = {
    401: "The board there does not know your code: the class has ended, or it is another one's",
    403: "The class has ended",
}
"""What a refusal says of a class."""
NOT_LEFT = (
    "The class has ended, or its board cannot be reached from here: nothing is reported now, and"
    " you are still in the class"
)
WITHOUT_BOARD = (
    "To leave without the board: workshop.leave_class(without_board=True), or `chatkit class leave"
    " --without-board`. What waits here is forgotten, nothing more is reported, and"
    f" {DELETED_WITH_IT}."
)
HOW = 'Join one with workshop.join_class("CODE@HOST:PORT"), or `chatkit class join`.'


def join(home: Path, text: str) -> Result:
    """Join a class: negotiate with its board, and remember it. Nothing else is sent yet.

    Args:
        home: The home.
        text: The join code with the board's address, `CODE@HOST:PORT`. Who is in the class may
            leave the code out: `@HOST:PORT` is where its board is now.

    Raises:
        SetupError: It is no code, or no board is there.
        NotStarted: The code was left out, and no class was joined.
        ServiceError: The board does not know the code, or the class has ended.
    """
    records = ClassRecords(home)
    text = codes.unwrapped(text)
    if text.startswith("@"):
        text = f"{_joined(records).code}{text}"
    invitation = codes.read_invitation(text)
    url = url_of(invitation.host, invitation.port)
    try:
        found = BoardApi(url, invitation.code).ask("POST", "negotiate")
    except (NotStarted, ServiceError) as error:
        if "@" not in text:
            error.explain(error.message, why=NO_ADDRESS, hint=codes.ADDRESS_HINT)
        raise
    try:
        person = str(found["person"])
        # By a clock that is wrong, the class would be over.
        ends = max(float(found["ends"]), time.time() + float(found["left"]))
        is_hub = "accessToken" in found and "url" in found
    except (KeyError, ValueError, TypeError):
        is_hub = False
    if not is_hub or not person:
        raise RemoteProtocolError(f"What answers at {url} is no board of a class.")
    before = _before(records, invitation.code)
    records.join(Membership(url, invitation.code, person, ends, since=time.time()))
    rows = (
        *SENT,
        ("the class ends", _moment(ends)),
        ("to leave", "workshop.leave_class(), or `chatkit class leave`"),
        *([("before", before)] if before else []),
    )
    return Result(_told(f"You are in the class, as {person}."), rows)


def leave(home: Path, *, without_board: bool = False) -> Result:
    """Leave the class: what it has of you is deleted there, then here.

    Args:
        home: The home.
        without_board: Leave here when the board does not answer, too.

    Raises:
        NotStarted: The board does not answer, and the class is not over yet.
        ServiceError: It answers, and does not do it.
    """
    records = ClassRecords(home)
    membership = _joined(records)
    is_over = time.time() >= membership.ends
    left = "You have left the class, and it has nothing of you any more."
    # What is on its way would arrive after the board has deleted the rest.
    with records.nobody_sends():
        try:
            BoardApi(membership.url, membership.code).ask("DELETE", "results")
        except (NotStarted, ServiceError) as error:
            if isinstance(error, ServiceError) and error.status in ENDED:
                left = f"You have left. {ENDED[error.status]}: {DELETED_WITH_IT}."
            elif is_over or without_board:
                state = "The class is over, and its board" if is_over else "The board"
                left = f"You have left. {state} does not answer: {DELETED_WITH_IT}."
            else:
                error.explain(error.message, why=NOT_LEFT, hint=WITHOUT_BOARD)
                raise
        records.forget()
    return Result(left)


def ask(home: Path, text: str | None) -> Result:
    """Raise a hand with a text; None lowers it.

    Raises:
        SetupError: No class was joined, or the text is no short line.
    """
    membership = _joined(ClassRecords(home))
    if text is not None and not isinstance(text, str):
        raise SetupError("A hand has a text.", hint='workshop.ask("Why two keys?") raises it.')
    said = (text or "").strip()
    if len(said) > MOST_CHARACTERS or not said.isprintable():
        raise SetupError(f"A hand has one line of at most {MOST_CHARACTERS} characters.")
    if text is not None and not said:
        raise SetupError("Say what you ask.", hint="workshop.ask(None) lowers your hand.")
    print(f"To the instructor, from {membership.person}: {said or '(hand down)'}")
    if not reports.hand(home, said):
        raise NotStarted("You are in no class.", hint=HOW)
    has_arrived = sending.has_arrived(home, HAND_S)
    reports.tell_lowered(home)
    if not has_arrived:
        return Result(
            "It waits here until the board takes it, which does not answer now; or the class is"
            " over. Has the board another address now? `chatkit class join @HOST:PORT` says which."
        )
    if not said:
        return Result("Your hand is down.")
    return Result("Your hand is up. workshop.ask(None) lowers it.")


def waiting(home: Path) -> int:
    """How many events wait for the board."""
    return len(ClassRecords(home).waiting(10_000))


def settle(home: Path) -> bool:
    """Send now what waits; says whether everything has arrived."""
    return sending.flush(home)


def _joined(records: ClassRecords) -> Membership:
    membership = records.membership()
    if membership is None:
        raise NotStarted("You are in no class.", hint=HOW)
    return membership


def _before(records: ClassRecords, code: str) -> str:
    """What is said of another code that one was in a class with; empty for none."""
    former = records.membership()
    if former is None or former.code == code:
        return ""
    return f"you were {former.person} at {former.url}; what you reported there stays there"


def _moment(ends: float) -> str:
    """When a class ends: on another day with its date."""
    at = time.localtime(ends)
    is_today = at[:3] == time.localtime()[:3]
    return time.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M", at)


def _told(first: str) -> str:
    """What is sent from now on, said before any of it is."""
    lines = [first, "From now on it hears of your checks and exercises:"]
    width = max(len(name) for name, _ in SENT)
    return "\n".join([*lines, *(f"  {name:{width}}  {value}" for name, value in SENT)])
