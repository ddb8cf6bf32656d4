"""The stage's verbs of a workshop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chatkit.stage import stage
from chatkit.steps import resources

if TYPE_CHECKING:
    from chatkit.core.results import Result
    from chatkit.stage.rehearsal.shown import Rehearsed
    from chatkit.stage.shown import StageShown
    from chatkit.steps.session import Session


class StageVerbs:
    """Verbs about the chat on the phones of a room."""

    session: Session

    def stage(
        self, *, host: str = "", hours: float = 4.0, people: int = 0, where: str = ""
    ) -> StageShown:
        """Open the chat to the phones of a room, under one address of the local network.

        Args:
            host: An address of this machine; by default the only one on a local network.
            hours: After how long it ends by itself.
            people: How many you expect. On the local cloud the tier of SignalR Service follows, and
                goes back at the end.
            where: "local" or "deployed"; by default the deployed chat, if there is one.
        """
        for_s = hours * stage.HOUR_S if isinstance(hours, int | float) else math.nan
        return stage.up(self.session, stage.Wanted(host, 0, for_s, people, where))

    def rehearse_stage(self, *, people: int = 150, messages: int = 600) -> Rehearsed:
        """Play a room at the stage that is open: joins, messages, phones that sleep.

        Nothing of it stays. On Azure it costs what so many messages cost there.

        Args:
            people: How many phones.
            messages: How many messages they write together.
        """
        from chatkit.stage.rehearsal import rehearsal

        wanted = rehearsal.Wanted(people, messages)
        return rehearsal.rehearse(self.session, wanted, lambda _: None)

    def end_stage(self, *, forget: bool = False) -> Result:
        """End the stage: its address answers no more, and its guests are nobody any more.

        Args:
            forget: Delete all that guests wrote, and their names.
        """
        return stage.down(self.session, forget=forget)

    def scale(self, tier: str = "", *, units: int | None = None) -> Result:
        """Change the tier of the SignalR Service instance; without one say which it has.

        Args:
            tier: "free" takes 20 connections at the same time, "standard" 1,000 for each unit.
            units: How many units, for "standard".

        Raises:
            SetupError: There is no such tier, or it cannot have so many units.
        """
        return resources.scale(self.session, tier=tier, units=units)
