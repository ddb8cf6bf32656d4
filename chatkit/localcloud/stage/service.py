"""The stage of a local cloud: opens it, follows the network, and ends it in time.

Strategy: what is open is a document in the store, so that a local cloud that starts anew opens it
again. A watch looks every two seconds whether its time is over and whether its address is still
this machine's. When the address has gone, the stage opens at the one that took its place; until
there is one, it waits. Phones that come to the new address are new guests: a browser keeps a
cookie for one address.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from chatkit.core import ports
from chatkit.core.errors import PortInUse
from chatkit.core.listeners import Listener, listen_on
from chatkit.core.running import following
from chatkit.core.running.own_addresses import OwnAddress, own_addresses
from chatkit.core.running.reachable import new_token
from chatkit.core.system.moving import discard
from chatkit.core.time import clock
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.drills.rooms import Room
from chatkit.localcloud.functions.service import FunctionsService
from chatkit.localcloud.signalr.core.errors import SignalRError
from chatkit.localcloud.signalr.service import SignalRService
from chatkit.localcloud.stage import guests, keeping
from chatkit.localcloud.stage.admission.joins import Joins
from chatkit.localcloud.stage.admission.lobby import Lobby
from chatkit.localcloud.stage.chat import Chat, DeployedChat, LocalChat
from chatkit.localcloud.stage.edge import Stage, server
from chatkit.localcloud.stage.entrance import Entrance
from chatkit.localcloud.stage.guests import Guests
from chatkit.localcloud.stage.moderation import endings
from chatkit.localcloud.stage.moderation.moderator import Moderator
from chatkit.localcloud.stage.order import Kept, Order, OrderRefused
from chatkit.localcloud.stage.pace import Pace
from chatkit.localcloud.stage.place import Place, bound
from chatkit.localcloud.stage.sizes import Resize, Sizes, no_resizing
from chatkit.localcloud.storage.service import StorageService
from chatkit.wire.hub_messages import Invocation

log = logging.getLogger("chatkit.local.stage")
LOOK_S = 2.0
MOST_MISSES = 2
NO_MORE = "no-stage"
"""Name of a file that ends the stage, from somebody who found no process to tell."""
FORGET = "forget"
"""What is in it when guests' messages shall go, too."""
SCREEN_PORT = "screen"
SCREEN = "/stage"
RULES_TARGET = "stageRules"
# Of the status, what is for the presenter alone.
PRIVATE = ("stage_url", "deployed", "limits")


class StageService:
    """The one stage that a local cloud may have.

    Args:
        platform: Store and trace.
        signalr: Has the hub.
        functions: Has a deployed app.
        storage: Has a deployed page.
        resize: Changes the tier and units of a SignalR Service instance.
        addresses: Tells the addresses of this machine.
    """

    def __init__(
        self,
        platform: Platform,
        signalr: SignalRService,
        functions: FunctionsService,
        storage: StorageService,
        *,
        resize: Resize = no_resizing,
        addresses: Callable[[], list[OwnAddress]] = own_addresses,
    ) -> None:
        self._platform = platform
        self._signalr = signalr
        self._functions = functions
        self._storage = storage
        self.sizes = Sizes(platform.store, signalr.instance, resize)
        self._addresses = addresses
        self._changing = asyncio.Lock()
        self._kept: Kept | None = None
        self._stage: Stage | None = None
        self._listener: Listener | None = None
        self._notice = ""
        self._watch: asyncio.Task[None] | None = None
        self._misses = 0
        self.screen_port = platform.listeners.reserve(SCREEN_PORT)
        self.screen_origin = f"http://127.0.0.1:{self.screen_port}"

    async def start(self) -> None:
        """Open the stage that was open when the local cloud ended, unless its time is over."""
        document = keeping.found(self._platform)
        path = self._platform.folder / NO_MORE
        wish = _wish(path)
        if document is None:
            await self.sizes.take_back()  # somebody was killed between that and opening a stage
            self._forget_when_wished(wish)
            discard([path])
            return
        async with self._changing:
            self._kept = Kept.read(document)
            if wish is not None:
                await self._forget("it was ended while the local cloud did not run")
                self._forget_when_wished(wish)
                discard([path])
                return
            if clock.steady() >= self._kept.until:
                await self._forget("its time was over")
                return
            await self._open_or_wait(self._kept)
            self._begin_to_watch()

    def _forget_when_wished(self, wish: str | None) -> None:
        if wish == FORGET:
            endings.forget(self._platform, self._storage)

    async def stop(self) -> None:
        """Close it; the next start of the local cloud opens it again."""
        await self._stop_watching()
        async with self._changing:
            await self._close()

    @property
    def stage(self) -> Stage | None:
        """The stage that is open; None when none is, or while it waits for a network."""
        return self._stage

    @property
    def is_kept(self) -> bool:
        """Whether there is one, also while it waits for a network."""
        return self._kept is not None

    @property
    def token(self) -> str:
        """What opens the powers of the stage that there is; empty when there is none."""
        return self._kept.token_at(self.screen_port) if self._kept is not None else ""

    def state(self) -> dict[str, Any]:
        """What everybody may know."""
        return {name: value for name, value in self.status().items() if name not in PRIVATE}

    def room(self) -> Room | None:
        """The chat that the stage shows, for a drill that concerns it; None while none is open."""
        return self._kept.order.room if self._kept is not None else None

    def status(self) -> dict[str, Any]:
        """What is open, and how many are there."""
        if self._kept is None:
            return {"open": False}
        order = self._kept.order
        known: dict[str, Any] = {
            "open": True,
            "url": None,
            "stage_url": f"{self.screen_origin}{SCREEN}#{self.token}",
            "people": None,
            "connected": None,
            "messages_per_s": None,
            "tier": None,
            "units": None,
            "holds": None,
            "waiting": 0,
            "seconds_left": max(0, round(self._seconds_left())),
            "notice": self._notice,
            "deployed": order.is_deployed,
        }
        stage = self._stage
        if stage is not None:
            known |= {
                "url": f"{stage.place.origin}/",
                "people": len(stage.guests),
                "messages_per_s": stage.pace.per_second,
                "limits": stage.limits(),
                "waiting": stage.entrance.lobby.waiting,
            }
        instance = self._signalr.instance(order.instance)
        if instance is not None:
            known |= {
                "connected": len(instance.connections.hub(order.hub).connections),
                "tier": instance.spec.sku.partition("_")[0].lower(),
                "units": max(1, instance.spec.capacity),
                "holds": instance.quotas.max_connections,
            }
        return known

    # Opening and ending

    async def open(self, order: Order) -> None:
        """Open a stage, or the one that is open anew: then its guests stay who they are.

        Raises:
            OrderRefused: The address is not this machine's, or there is no such instance.
            PortInUse: Another program has the port.
        """
        if self._signalr.instance(order.instance) is None:
            raise OrderRefused(f"There is no SignalR Service instance {order.instance}.")
        await self._stop_watching()
        async with self._changing:
            before = self._kept
            await self._close()
            key = before.key if before is not None else guests.new_key()
            interface = following.interface_of(order.host, self._addresses())
            kept = Kept(order, clock.steady() + order.for_s, interface, key, new_token())
            try:
                await self._open(kept, self._port_at(order.host, before))
            except (OrderRefused, PortInUse):
                if before is not None:  # the stage that there was goes on
                    await self._open_or_wait(before)
                    self._begin_to_watch()
                raise
            self._begin_to_watch()

    async def end(self, *, forget: bool = False) -> int:
        """End the stage: its guests are nobody any more, and what is hidden is deleted.

        Args:
            forget: Delete all that guests have written, at this stage and before.

        Returns:
            How many messages of guests were deleted.
        """
        await self._stop_watching()
        async with self._changing:
            await self._close()
            await self._forget("it was ended")
            if not forget:
                return 0
            return endings.forget(self._platform, self._storage)

    @staticmethod
    def _port_at(host: str, before: Kept | None) -> int:
        """The port that the stage had at an address: phones are there, and have its code."""
        return before.order.port if before is not None and before.order.host == host else 0

    async def _open(self, kept: Kept, port_before: int = 0) -> None:
        order = kept.order
        sockets = bound(order, port_before)
        place = Place(order.host, ports.port_of(sockets))
        kept = replace(kept, order=replace(order, port=place.port))
        instance = partial(self._signalr.instance, order.instance)
        known = Guests(self._platform.store, bytes.fromhex(kept.key))
        stage = Stage(
            place,
            self._chat(order),
            known,
            Joins(order.people),
            Pace(),
            order.hub,
            instance,
            self._seconds_left,
            Moderator(
                self._platform.store, known, expected=order.people, hub=order.hub, tell=self._tell
            ),
            self.state,
            Entrance(known, Lobby(instance, order.hub)),
        )
        self.sizes.note_order(order)
        # First what a start of the local cloud needs to go on with what is acknowledged now.
        keeping.keep(self._platform, kept, place)
        self._kept = kept
        self._listener = await listen_on(sockets, server(stage), is_for_everybody=True)
        self._stage = stage
        stage.moderator.recent.follow(stage.instance())
        self._notice = ""
        self._platform.trace.emit("stage", "opened", url=place.origin)
        log.info("the stage is open at %s", place.origin)

    async def _open_or_wait(self, kept: Kept) -> None:
        try:
            await self._open(kept)
        except (OrderRefused, PortInUse) as error:
            self._kept = kept
            self._say(f"The stage is not open now: {error}")

    async def _close(self) -> None:
        if self._listener is not None:
            await self._listener.close()
        if self._stage is not None:
            self._stage.moderator.recent.leave()
            self._stage.disconnect()
            await self._stage.chat.close()
        self._listener = None
        self._stage = None

    async def _forget(self, why: str) -> None:
        await self.sizes.take_back()
        if self._kept is None:
            return
        log.info("the stage is closed: %s", why)
        known = Guests(self._platform.store, bytes.fromhex(self._kept.key))
        # Before the stage is forgotten: a start after a kill in between goes on with it.
        endings.end(self._platform.store, self._storage, known.all_names())
        self._kept = None
        self._notice = ""
        keeping.forget(self._platform)

    def _chat(self, order: Order) -> Chat:
        if order.is_deployed:
            return DeployedChat(self._functions, order.site, self._storage, order.account)
        return LocalChat(order.page_url, order.api_url)

    def _tell(self, rules: Mapping[str, Any]) -> None:
        """Tell every phone what is hidden now. One that is not there asks when it comes back."""
        stage = self._stage
        instance = stage.instance() if stage is not None else None
        if stage is None or instance is None:
            return
        try:
            instance.broadcast(
                instance.connections.hub(stage.hub), Invocation(RULES_TARGET, (dict(rules),))
            )
        except SignalRError as error:  # a quota, or a fault that somebody has set
            log.warning("phones were not told what is hidden: %s", error)

    def _seconds_left(self) -> float:
        if self._kept is None:
            return 0.0
        return max(0.0, self._kept.until - clock.steady())

    # Time and network

    def _begin_to_watch(self) -> None:
        self._watch = asyncio.create_task(self._look_again_and_again())

    async def _stop_watching(self) -> None:
        if self._watch is None:
            return
        self._watch.cancel()
        with suppress(asyncio.CancelledError):
            await self._watch
        self._watch = None

    async def _look_again_and_again(self) -> None:
        while self._kept is not None:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except Exception:  # the watch is what ends the stage: it goes on
                log.exception("looking after the stage failed")

    async def look(self) -> None:
        """End the stage when its time is over, and follow its address."""
        async with self._changing:
            kept = self._kept
            if kept is None:
                return
            if not self._seconds_left():
                await self._close()
                await self._forget("its time was over")
                return
            if self._is_hub_gone():
                await self._close()
                await self._forget("its SignalR Service instance was deleted")
                return
            if self._stage is not None:
                self._stage.moderator.recent.follow(self._stage.instance())
            found = await asyncio.to_thread(self._addresses)
            host = following.host_now(kept.order.host, kept.interface, found)
            if host is None:
                await self._close()
                self._say(f"{kept.order.host} is not this machine's address any more.")
            elif self._stage is None or host != self._stage.place.host:
                await self._close()
                await self._open_or_wait(replace(kept, order=replace(kept.order, host=host)))
                self._say_move(kept.order.host)

    def _is_hub_gone(self) -> bool:
        """Whether the instance was not there twice: it is away for a moment when it changes."""
        is_there = self._kept and self._signalr.instance(self._kept.order.instance) is not None
        self._misses = 0 if is_there else self._misses + 1
        return self._misses >= MOST_MISSES

    def _say_move(self, before: str) -> None:
        if self._stage is not None and self._stage.place.host != before:
            now = self._stage.place.origin
            self._say(f"The network has changed: the stage was at {before}, and is at {now}/ now.")

    def _say(self, sentence: str) -> None:
        if sentence != self._notice:
            log.warning("%s", sentence)
        self._notice = sentence


def _wish(path: Path) -> str | None:
    """What somebody wished while the local cloud did not run; None for nothing."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
