"""The size of SignalR Service goes back when a stage ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.signalr.core.instance import Instance
from chatkit.localcloud.stage.order import Order, OrderRefused, Scaled
from chatkit.localcloud.stage.sizes import Sizes, Step

FREE = ("Free_F1", 1)
ONE, TWO, FIVE, SIX = (("Standard_S1", units) for units in (1, 2, 5, 6))
Size = tuple[str, int]
Steps = list[tuple[Size, Size]]


class Account:
    """One instance, "room", and the changes that are noted of it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now: Size | None = FREE
        self.fails = False
        self.sizes = self.started_anew()

    def started_anew(self) -> Sizes:
        """Those of the local cloud's next process."""
        self.sizes = Sizes(self.store, self._instance, self._resize)
        return self.sizes

    def note(self, steps: Steps) -> None:
        """Changes that are about to be made."""
        for old, new in steps:
            self.sizes.note(Step("room", Scaled(*new, *old)))

    def _instance(self, _: str) -> Instance | None:
        if self.now is None:
            return None
        spec = SimpleNamespace(sku=self.now[0].lower(), capacity=self.now[1])
        return cast(Instance, SimpleNamespace(spec=spec))

    async def _resize(self, name: str, sku: str, units: int) -> None:
        assert name == "room"
        if self.fails:
            raise OSError("disk")
        self.now = (sku, units)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    """One on the free tier."""
    store = Store(tmp_path / "state.db")
    yield Account(store)
    store.close()


@pytest.mark.parametrize(
    ("steps", "now", "goes_back_to"),
    [
        ([(FREE, ONE)], ONE, FREE),
        ([(FREE, ONE)], TWO, TWO),  # somebody wanted more
        ([(FREE, ONE)], FREE, FREE),  # it was killed before it was done
        ([(FREE, ONE)], None, None),
        ([], ONE, ONE),
        ([(FREE, ONE), (ONE, TWO)], TWO, FREE),  # the stage opened anew, for more
        ([(FREE, ONE), (ONE, TWO)], ONE, FREE),  # that was killed before it was done
        ([(FREE, ONE), (FIVE, SIX)], SIX, FIVE),  # somebody wanted five in between
        ([(FREE, ONE), (FIVE, SIX)], FIVE, FIVE),
    ],
)
async def test_it_goes_back_to_what_somebody_had_chosen(
    account: Account, steps: Steps, now: Size | None, goes_back_to: Size | None
) -> None:
    """However often a stage was opened, and whoever was killed; once."""
    account.note(steps)
    account.now = now
    await account.started_anew().take_back()
    assert account.now == goes_back_to
    account.now = ONE  # chosen afterwards
    await account.sizes.take_back()
    assert account.now == ONE


async def test_a_failure_does_not_keep_a_stage_from_ending(account: Account) -> None:
    """The log has it."""
    account.note([(FREE, ONE)])
    account.now = ONE
    account.fails = True
    await account.sizes.take_back()
    assert account.now == ONE


async def test_an_order_that_tells_of_a_change_is_noted_once(account: Account) -> None:
    """It may have been noted before, and comes again when the stage moves."""
    order = Order("127.0.0.1", 0, 60.0, 150, "room", "chat", scaled=Scaled(*ONE, *FREE))
    for _ in range(2):
        account.sizes.note_order(order)
    account.sizes.drop()
    account.now = ONE
    await account.sizes.take_back()
    assert account.now == ONE


@pytest.mark.parametrize("document", [None, 5, [], {}, {"instance": "x", "scaled": {"sku": 1}}])
def test_what_is_no_change_is_refused(document: object) -> None:
    """With a sentence."""
    with pytest.raises(OrderRefused):
        Step.read(document)
