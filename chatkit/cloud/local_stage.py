"""The stage of a local cloud, over its control endpoint: opening it, its state, ending it."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, TypedDict, cast

from chatkit.cloud import local_cloud
from chatkit.core.errors import ServiceError, SetupError
from chatkit.core.files import write_private

OPEN = "stage-open.json"
"""Name of the file that tells of a stage which is open."""
NO_MORE = "no-stage"
"""Name of a file that ends the stage of a local cloud that does not run, at its next start."""
SIZE = "/stage/size"
NOT_FOUND = 404
FORGET = "forget"
"""What is in it when guests' messages shall go, too."""


class Ended(TypedDict):
    """What has ended.

    Attributes:
        was_open: Whether there was a stage; False when that is not known.
        forgotten: How many messages of guests are deleted; None when the next start deletes them.
    """

    was_open: bool
    forgotten: int | None


class LeftOpen(TypedDict):
    """A stage of a local cloud that does not run.

    Attributes:
        url: Where it was.
        until: Unix time of its end.
    """

    url: str
    until: float


class StageState(TypedDict):
    """What a local cloud tells about its stage.

    Attributes:
        url: Where phones go; None while the stage waits for a network.
        stage_url: The presenter's screen, with the token that opens the powers.
        holds: How many the SignalR Service instance takes at the same time.
        waiting: How many guests wait for a place.
        notice: What is not as it was, empty when nothing.
        deployed: Whether it shows the deployed chat.
    """

    url: str | None
    stage_url: str | None
    people: int | None
    connected: int | None
    messages_per_s: float | None
    tier: str | None
    units: int | None
    holds: int | None
    waiting: int
    seconds_left: int
    notice: str
    deployed: bool


def state(where: Path) -> StageState | None:
    """The stage of the local cloud of a folder; None when none is open.

    Raises:
        NotStarted: The local cloud does not run.
    """
    return _state(local_cloud.ask("GET", "/stage", where=where))


def left_open(where: Path) -> LeftOpen | None:
    """The stage that comes back when the local cloud of a folder starts; None when none does."""
    try:
        kept = json.loads((where / OPEN).read_text(encoding="utf-8"))
        found = LeftOpen(url=str(kept["url"]), until=float(kept["until"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    is_over = found["until"] <= time.time() or (where / NO_MORE).exists()
    return None if is_over else found


def open_stage(where: Path, order: dict[str, Any]) -> StageState:
    """Open it.

    Raises:
        NotStarted: The local cloud does not run.
        SetupError: It cannot be opened; the sentence says why.
    """
    try:
        opened = _state(local_cloud.ask("PUT", "/stage", order, where=where))
    except ServiceError as refused:
        raise SetupError(str(refused.message)) from None
    assert opened is not None
    return opened


def note_size(where: Path, instance: str, scaled: dict[str, object]) -> None:
    """Let the local cloud know which size an instance gets for a stage, before it gets it.

    Raises:
        SetupError: It cannot keep that now.
    """
    try:
        local_cloud.ask("PUT", SIZE, {"instance": instance, "scaled": scaled}, where=where)
    except ServiceError as refused:
        if refused.status != NOT_FOUND:  # one of a version before reads it in the order
            raise SetupError(str(refused.message)) from None


def drop_size(where: Path) -> None:
    """The newest change was taken back."""
    with suppress(ServiceError):
        local_cloud.ask("DELETE", SIZE, where=where)


def end(where: Path, *, forget: bool = False) -> Ended:
    """End the stage of the local cloud of a folder.

    One that does not run ends its stage when it starts again.

    Args:
        where: The folder.
        forget: Also delete what guests have written, and their names.

    Raises:
        SetupError: What guests have written cannot be deleted now.
    """
    if local_cloud.running(where) is not None:
        return _end_in(where, forget=forget)
    if not where.is_dir():
        return Ended(was_open=False, forgotten=0)
    write_private(where / NO_MORE, FORGET if forget else "")
    return Ended(was_open=False, forgotten=None if forget else 0)


def _end_in(where: Path, *, forget: bool) -> Ended:
    """End the stage of a local cloud that runs."""
    path = "/stage?forget=1" if forget else "/stage"
    try:
        answer = local_cloud.ask("DELETE", path, where=where)
    except ServiceError as refused:
        if forget and refused.status != NOT_FOUND:
            raise SetupError(str(refused.message)) from None
        return Ended(was_open=False, forgotten=0)  # one of a version that has no stages
    if forget and "forgotten" not in answer:  # one of a version that does not forget: the next does
        write_private(where / NO_MORE, FORGET)
    return Ended(was_open=bool(answer["was_open"]), forgotten=answer.get("forgotten"))


def _state(answer: dict[str, Any]) -> StageState | None:
    return cast(StageState, answer) if answer["open"] else None
