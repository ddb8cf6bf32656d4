"""The stage of a local cloud, over its control endpoint: opening it, its state, ending it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, TypedDict, cast

from chatkit.cloud import local_cloud
from chatkit.core.errors import ServiceError, SetupError

NO_MORE = "no-stage"
"""Name of a file that ends the stage of a local cloud that does not run, at its next start."""


class StageState(TypedDict):
    """What a local cloud tells about its stage.

    Attributes:
        url: Where phones go; None while the stage waits for a network.
        holds: How many the SignalR Service instance takes at the same time.
        notice: What is not as it was, empty when nothing.
        deployed: Whether it shows the deployed chat.
    """

    url: str | None
    stage_url: str | None
    people: int | None
    connected: int | None
    messages_per_s: float | None
    tier: str | None
    holds: int | None
    seconds_left: int
    notice: str
    deployed: bool


def state(where: Path) -> StageState | None:
    """The stage of the local cloud of a folder; None when none is open.

    Raises:
        NotStarted: The local cloud does not run.
    """
    return _state(local_cloud.ask("GET", "/stage", where=where))


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


def end(where: Path) -> bool:
    """End the stage of the local cloud of a folder; one that does not run forgets its stage.

    Returns:
        Whether there was one; False when that is not known.
    """
    if local_cloud.running(where) is not None:
        with suppress(ServiceError):  # one of a version that has no stages
            return bool(local_cloud.ask("DELETE", "/stage", where=where)["was_open"])
        return False
    if where.is_dir():
        (where / NO_MORE).touch(mode=0o600)
    return False


def _state(answer: dict[str, Any]) -> StageState | None:
    return cast(StageState, answer) if answer["open"] else None
