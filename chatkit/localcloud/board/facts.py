"""What the board's process is told: `class/board.json` of the home, written by `class board up`.

The file has the names of the class, so only its owner can read it. They are read anew for each
look at them, and go to the instructor's page alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

FILE = "class/board.json"


@dataclass(frozen=True)
class Facts:
    """What there is to know.

    Attributes:
        title: What the class is called.
        api: Address of the board's functions.
        hub: Address of its SignalR Service instance.
        ends: When the class ends, seconds since 1970.
        host: The address of the room; empty where the functions are on Azure.
        port: The port there.
        board_token: Opens everything.
        screen_token: Opens what a whole room may see.
        names: Name by person.
        sections: Number, title and stated minutes of each section.
    """

    title: str
    api: str
    hub: str
    ends: float
    host: str
    port: int
    board_token: str = field(repr=False)
    screen_token: str = field(repr=False)
    names: dict[str, str] = field(repr=False)
    sections: list[dict[str, str | int]]


def read(home: Path) -> Facts:
    """Read them.

    Raises:
        OSError: There is no such file.
        ValueError: It is not as the kit writes it.
    """
    found = json.loads((home / FILE).read_text(encoding="utf-8"))
    try:
        return Facts(
            title=str(found["title"]),
            api=str(found["api"]),
            hub=str(found["hub"]),
            ends=float(found["ends"]),
            host=str(found["host"]),
            port=int(found["port"]),
            board_token=str(found["board_token"]),
            screen_token=str(found["screen_token"]),
            names={str(person): str(name) for person, name in found["names"].items()},
            sections=list(found["sections"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("board.json is not as the kit writes it") from error
