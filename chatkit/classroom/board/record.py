"""What the instructor's home knows of the board: `class/board.json`, for its owner alone."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

from chatkit.classroom.codes import address_of
from chatkit.classroom.roster import FOLDER
from chatkit.core.errors import HomeDamaged
from chatkit.core.files import write_private
from chatkit.core.running.presence import BOARD
from chatkit.core.running.reachable import Reachable, those_running

FILE = "board.json"


class SectionShown(TypedDict):
    """A column of the board: the notebook, and the minutes that it says it takes."""

    number: str
    title: str
    minutes: int


@dataclass(frozen=True)
class BoardRecord:
    """A board that was opened.

    Attributes:
        class_id: Of the roster that it was opened for.
        title: What the class is called.
        api: Address of its functions.
        hub: Address of its SignalR Service instance.
        ends: When the class ends, seconds since 1970.
        host: The address in the room; empty where people go to Azure.
        port: The port there.
        board_token: Opens everything that the app has.
        screen_token: Opens what a whole room may see.
        names: Name by person's id; they are told to the instructor's page alone.
        sections: The columns.
        published: Which package the app runs.
    """

    class_id: str
    title: str
    api: str
    hub: str
    ends: float
    host: str
    port: int
    sections: list[SectionShown]
    names: dict[str, str] = field(repr=False)
    board_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    screen_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    published: str = ""

    @property
    def address(self) -> str:
        """What people type behind the `@` of their code, as it was opened."""
        if self.host:
            return address_of(self.host, self.port)
        return f"{urlsplit(self.api).hostname}:443"


def path(home: Path) -> Path:
    """Where it is."""
    return home / FOLDER / FILE


def read(home: Path) -> BoardRecord | None:
    """The board of a home; None when none was opened.

    Raises:
        HomeDamaged: The file is not what the kit wrote.
    """
    where = path(home)
    try:
        return BoardRecord(**json.loads(where.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        hint = f"Delete {where}, then `chatkit class board up`: results are not in it."
        raise HomeDamaged(where, "it is not as the kit writes it", hint=hint) from error


def reachable(home: Path) -> Reachable | None:
    """Where the board's process answers; None when it does not run."""
    return next((found for _, found in those_running(home, BOARD)), None)


def address_now(home: Path, known: BoardRecord) -> str:
    """HOST:PORT of a board as people reach it; empty while it has lost its network."""
    found = reachable(home)
    return known.address if found is None else found.room


def write(home: Path, record: BoardRecord) -> None:
    """Keep it.

    Raises:
        NotWritten: The disk is full, or takes no writes.
    """
    write_private(path(home), json.dumps(asdict(record), indent=1, ensure_ascii=False))
