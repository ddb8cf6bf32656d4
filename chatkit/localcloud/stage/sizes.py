"""Changes SignalR Service's size back at the end of a stage that had it changed.

Strategy: each change is kept before it is made, as a step from one size to another. The way back
goes from the size that an instance has now, along the steps that lead to it, the newest first. A
size that no step leads to is somebody's own, and stays. A change that was never made leads to
nothing, so that it does no harm to be killed in between.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.stage.order import Order, OrderRefused, Scaled

log = logging.getLogger("chatkit.local.stage")
Resize = Callable[[str, str, int], Awaitable[None]]
"""Gives an instance another tier and number of units."""
COLLECTION = "stage"
KEY = "sizes"


async def no_resizing(_instance: str, _sku: str, _units: int) -> None:
    """Nothing has a size."""


@dataclass(frozen=True)
class Step:
    """A change of an instance's size.

    Attributes:
        instance: Its name.
        scaled: From which size to which.
    """

    instance: str
    scaled: Scaled

    @classmethod
    def read(cls, document: object) -> Step:
        """Read what was sent, or kept.

        Raises:
            OrderRefused: The document is malformed.
        """
        try:
            known = dict(document)  # type: ignore[call-overload]
            return cls(str(known["instance"]), Scaled(**known["scaled"]))
        except (TypeError, ValueError, KeyError):
            raise OrderRefused("A step names an instance and two sizes.") from None


class Sizes:
    """The changes that were made for stages, and the way back.

    Args:
        store: Keeps them.
        instance: Finds an instance by its name.
        resize: Changes its size.
    """

    def __init__(
        self, store: Store, instance: Callable[[str], Instance | None], resize: Resize
    ) -> None:
        self._store = store
        self._instance = instance
        self._resize = resize

    def note(self, step: Step) -> None:
        """A change is about to be made; one that is the newest already is noted once."""
        known = self._steps()
        if known[-1:] != [step]:
            self._keep([*known, step])

    def note_order(self, order: Order) -> None:
        """The change that an order tells of, when it was not noted before."""
        if order.scaled is not None:
            self.note(Step(order.instance, order.scaled))

    def drop(self) -> None:
        """The newest change was taken back."""
        self._keep(self._steps()[:-1])

    async def take_back(self) -> None:
        """Give every instance the size that it had, unless somebody has changed it since."""
        steps = self._steps()
        for name in dict.fromkeys(step.instance for step in steps):
            instance = self._instance(name)
            if instance is None:
                continue
            own = before([step.scaled for step in steps if step.instance == name], instance)
            if own is None:
                continue
            try:
                await self._resize(name, own.from_sku, own.from_units)
            except Exception:  # the stage ends all the same
                log.exception("the tier of %s did not go back", name)
        if steps:
            self._keep([])

    def _steps(self) -> list[Step]:
        kept = self._store.get(COLLECTION, KEY) or {}
        return [Step.read(document) for document in kept.get("steps", ())]

    def _keep(self, steps: list[Step]) -> None:
        with self._store.transaction(from_reserve=True):
            self._store.put(COLLECTION, KEY, {"steps": [asdict(step) for step in steps]})


def before(steps: list[Scaled], instance: Instance) -> Scaled | None:
    """The step that led away from an instance's own size; None when it has that."""
    size = (instance.spec.sku.lower(), max(1, instance.spec.capacity))
    first = None
    for step in reversed(steps):
        if size == (step.sku.lower(), step.units):
            size = (step.from_sku.lower(), step.from_units)
            first = step
    return first
