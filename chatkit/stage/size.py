"""Whether SignalR Service takes everybody who is expected, and making room for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.cloud import local_stage
from chatkit.core.results import Progress
from chatkit.steps.session import Session

if TYPE_CHECKING:
    from chatkit.cloud.provision.tiers import Size
    from chatkit.cloud.stack import Stack

TITLE = "Making room for the audience"


@dataclass(frozen=True)
class Room:
    """The size of an instance, and the one that people need.

    Attributes:
        now: What it has; None for a tier that the kit does not make, which is left alone.
        needed: What they need.
        people: How many they are.
    """

    now: Size | None
    needed: Size
    people: int

    @property
    def is_short(self) -> bool:
        """Whether it is too small."""
        return self.now is not None and self.now.holds < self.people

    def sentence(self, target: str) -> str:
        """That it is too small, and what larger one there is."""
        assert self.now is not None
        return (
            f"{self.now.holds:,} connections at the same time ({self.now}): too few for"
            f" {self.people:,} people. The {self.needed}, has room for {self.needed.holds:,};"
            f" it costs {self.needed.cost(target)}"
        )


@dataclass(frozen=True)
class Scaled:
    """A change of an instance's size that is taken back when the stage ends.

    Attributes:
        before: What it had.
        now: What it has.
    """

    before: Size
    now: Size

    def document(self) -> dict[str, object]:
        """As the local cloud keeps it."""
        return {
            "sku": self.now.tier.sku,
            "units": self.now.units,
            "from_sku": self.before.tier.sku,
            "from_units": self.before.units,
        }

    def sentence(self, people: int) -> str:
        """What was done, and that it costs nothing."""
        return (
            f"changed from {self.before} to {self.now}, for {people:,} people; that costs nothing"
            " on the local cloud, and goes back when the stage ends"
        )


def look(session: Session, people: int) -> Room:
    """See whether there is room for so many people.

    Raises:
        SetupError: No instance takes so many.
        azure.core.exceptions.ResourceNotFoundError: There is no instance.
    """
    with session.on_cloud():
        return _look(session.stack(Progress(TITLE)), people)


def make_room(session: Session, people: int) -> Scaled | None:
    """Give the instance the size that people need; None when it has it.

    Raises:
        SetupError: No instance takes so many.
    """
    from chatkit.cloud.provision import signalr

    stack = session.stack(Progress(TITLE))
    room = _look(stack, people)
    if not room.is_short or room.now is None:
        return None
    scaled = Scaled(room.now, room.needed)
    # Kept before it is done: whoever is killed in between, the stage's end takes it back.
    local_stage.note_size(_where(session), stack.names.signalr, scaled.document())
    signalr.scale(stack, room.needed)
    return scaled


def take_back(session: Session, scaled: Scaled) -> None:
    """Give the instance the size that it had."""
    from chatkit.cloud.provision import signalr

    signalr.scale(session.stack(Progress(TITLE)), scaled.before)
    local_stage.drop_size(_where(session))


def _where(session: Session) -> Path:
    return session.home / "local"


def _look(stack: Stack, people: int) -> Room:
    from chatkit.cloud.provision import signalr, tiers

    return Room(signalr.size_of(stack), tiers.holding(people), people)
