"""Who may come in at the board: a document in its storage, with fingerprints and without names."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from azure.core.exceptions import ResourceExistsError

from chatkit.classroom.board.record import BoardRecord
from chatkit.classroom.codes import fingerprint
from chatkit.classroom.roster import Roster
from chatkit.cloud.provision import storage
from chatkit.cloud.stack import Stack

CONTAINER = "class"
PEOPLE = "people.json"


def person_id(number: int) -> str:
    """Under which id the board knows the person of a roster."""
    return f"p{number:02}"


def document(roster: Roster, record: BoardRecord) -> dict[str, Any]:
    """What the app is told of a class."""
    callers = {
        known: {"kind": "person", "id": person_id(number)}
        for known, number in roster.fingerprints().items()
    }
    for kind, token in (("board", record.board_token), ("screen", record.screen_token)):
        callers[fingerprint(token, roster.id)] = {"kind": kind, "id": kind}
    return {"class": roster.id, "ends": record.ends, "callers": callers}


def upload(stack: Stack, roster: Roster, record: BoardRecord) -> None:
    """Tell the app who may come in from now on."""
    content = json.dumps(document(roster, record)).encode()
    container = storage.blobs(stack).get_container_client(CONTAINER)
    with suppress(ResourceExistsError):
        stack.calls.call(container.create_container)
    stack.calls.call(container.upload_blob, PEOPLE, content, overwrite=True)
