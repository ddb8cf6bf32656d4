"""The pages to hand out: one a person, with the join code as text and as a QR code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape

from chatkit.classroom.codes import address_of, read_address
from chatkit.classroom.names_file import same_name
from chatkit.classroom.roster import Person, Roster
from chatkit.core.codes import qr
from chatkit.core.errors import NoSuchChoice, SetupError
from chatkit.core.text.controls import visible

MARK = "<!-- chatkit class hand-out -->"
"""The second line of the file: cleaning up deletes no file without it."""
TEXT_MARK = "chatkit class hand-out"
STYLE = """
body{font:12pt/1.45 system-ui,sans-serif;color:#111;background:#fff;margin:2rem}
section{max-width:40rem;break-after:page}
section:last-child{break-after:auto}
h1{font-size:1.6rem;margin:0}
code{font:600 1.1rem ui-monospace,monospace;background:#f2f2f2;padding:.1rem .3rem}
.code{font-size:1.7rem;letter-spacing:.06em}
img{width:14rem;height:14rem}
th{text-align:left;padding-right:1.5rem;font-weight:600}
td,th{vertical-align:top}
.small{font-size:.9rem;color:#333}
@media print{body{margin:0}}
"""
ADDRESS = "On another machine than the board's: CODE@HOST:PORT, as your instructor says."
PRIVACY = (
    "Joining is up to you. What is sent then, and only then: section, passed or not, seconds, and"
    " the kind of an error. Nothing of your code and nothing of your chat. The kit shows it before"
    " it is sent, and leaving takes it along."
)


def command(person: Person, board: str) -> str:
    """What a person types to join.

    Args:
        person: With the code.
        board: HOST:PORT of the board; empty for one on the same machine.
    """
    address = f"@{board}" if board else ""
    return f"chatkit class join {person.code}{address}"


def begin(roster: Roster, person: Person) -> str:
    """What a person types to build in the own group on Azure; empty where there is none."""
    if roster.target == "local":
        return ""
    shared = f" --shared {roster.id}" if roster.is_shared else ""
    return f"chatkit class use {person.suffix} {person.region}{shared}"


def checked_board(text: str) -> str:
    """Return HOST:PORT for what somebody typed as the board's address; empty stays empty.

    Raises:
        NoJoinCode: It is no address.
    """
    return address_of(*read_address(text)) if text.strip() else ""


def wanted(roster: Roster, text: str) -> Person:
    """The person whom somebody means by number, name or mail.

    Raises:
        NoSuchChoice: Nobody.
        SetupError: Several have the name.
    """
    plain = same_name(" ".join(text.split()))
    numbered = [one for one in roster.people if str(one.number) == plain]
    called = [one for one in roster.people if plain in _spellings(roster, one)]
    found = numbered or called
    if len(found) > 1:
        each = "; ".join(f"{one.number}, {visible(roster.label(one))}" for one in found)
        hint = "Say which one by number or mail."
        raise SetupError(f"{len(found)} people are called {visible(text)}: {each}.", hint=hint)
    if not found:
        raise NoSuchChoice("person", visible(text), [str(one.number) for one in roster.people])
    return found[0]


def _spellings(roster: Roster, person: Person) -> set[str]:
    """What a person may be called; a mail that is missing is none."""
    names = (person.name, person.mail, roster.label(person))
    return {same_name(name) for name in names if name}


def rows(roster: Roster, person: Person) -> list[tuple[str, str]]:
    """What a person has, besides the code."""
    names = person.names
    found = [("your suffix", person.suffix), ("your region", person.region)]
    if roster.target == "azure":
        found.append(("your resource group", names.resource_group))
    if roster.is_shared:
        found.append(("your hub", f"{person.hub}, on the instance of the class"))
    else:
        found.append(("your hub", person.hub))
    found.append(("you sign in as", person.sign_in_name))
    found.append(("until", moment(roster.ends_at)))
    return found


def page(roster: Roster, person: Person, board: str, *, in_colour: bool) -> str:
    """A person's page as text."""
    typed = command(person, board)
    first = begin(roster, person)
    facts = rows(roster, person)
    width = max(len(name) for name, _ in facts)
    lines = [
        visible(f"{person.number}. {roster.label(person)}"),
        visible(roster.title),
        "",
        f"Your join code: {person.code}",
        f"In a terminal:  {typed}",
        *([] if board else [f"                {ADDRESS}"]),
        *([f"Before:         {first}"] if first else []),
        "",
        *(visible(f"{name:{width}}  {value}") for name, value in facts),
        "",
        PRIVACY,
        "",
        qr.text(typed, in_colour=in_colour),
    ]
    return "\n".join(lines)


def text(roster: Roster, people: Iterable[Person], board: str) -> str:
    """The pages as a text file; a form feed begins each on a sheet of its own."""
    pages = (page(roster, person, board, in_colour=False) for person in people)
    return f"{TEXT_MARK}\n\n" + "\n\f\n".join(pages) + "\n"


def html(roster: Roster, people: Iterable[Person], board: str) -> str:
    """The pages as one file to print. It loads nothing from anywhere."""
    sections = "".join(_sections(roster, people, board))
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        f'<!doctype html>\n{MARK}\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{escape(visible(roster.title))}</title><style>{STYLE}</style></head>"
        f"<body>{sections}</body></html>\n"
    )


def is_handout(content: str) -> bool:
    """Whether a file's beginning is that of a hand-out."""
    return content.startswith(TEXT_MARK) or MARK in content[:200]


def moment(value: datetime) -> str:
    """A time as people read it: that of this machine."""
    return value.astimezone().strftime("%Y-%m-%d %H:%M %Z")


def _sections(roster: Roster, people: Iterable[Person], board: str) -> Iterator[str]:
    for person in people:
        typed = command(person, board)
        facts = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(visible(value))}</td></tr>"
            for name, value in rows(roster, person)
        )
        where = "" if board else f"<p>{escape(ADDRESS)}</p>"
        first = escape(begin(roster, person))
        before = f"<p>Before anything else:<br><code>{first}</code></p>" if first else ""
        yield (
            f"<section><h1>{escape(visible(roster.label(person)))}</h1>"
            f"<p>{person.number}. {escape(visible(roster.title))}</p>"
            f'<p>Your join code:<br><code class="code">{escape(person.code)}</code></p>'
            f"<p>In a terminal, or in a cell behind <code>!</code>:<br>"
            f"<code>{escape(typed)}</code></p>{where}{before}"
            f'<img alt="QR code of the command above" src="{qr.data_url(typed)}">'
            f'<table>{facts}</table><p class="small">{escape(PRIVACY)}</p></section>'
        )
