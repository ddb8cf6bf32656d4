"""The resource providers that the subscription is registered for."""

from __future__ import annotations

from typing import Literal

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core import errors

COLLECTION = "registrations"
FREE = {"microsoft.authorization", "microsoft.resources"}
NEVER = 1e12  # Unix time at which an ended registration would come into force
State = Literal["NotRegistered", "Registering", "Registered", "Unregistered"]


class Registrations:
    """Registrations by namespace, kept in the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def state(self, namespace: str) -> State:
        """Where the registration for a namespace is."""
        if namespace.lower() in FREE:
            return "Registered"
        kept = self._store.get(COLLECTION, namespace.lower())
        if kept is None:
            return "NotRegistered"
        if kept["state"] == "Unregistered":
            return "Unregistered"
        if kept["until"] > Clock.now():
            return "Registering"
        return "Registered"

    def register(self, namespace: str) -> None:
        """Begin a registration; it is in force after the recorded time."""
        ends = Clock.now() + self._clock.duration_s("provider.register")
        self._put(namespace, "Registering", ends)

    def unregister(self, namespace: str) -> None:
        """End a registration."""
        self._put(namespace, "Unregistered", NEVER)

    def check(self, namespace: str, *, on_use: bool = False) -> None:
        """Refuse work for a namespace that the subscription is not registered for.

        Args:
            namespace: For example "Microsoft.Storage".
            on_use: True where the first use registers.

        Raises:
            ArmError: 409, which makes the SDKs register and try again.
        """
        state = self.state(namespace)
        if state == "NotRegistered" and on_use:
            self._put(namespace, "Registered", 0.0)
        elif state != "Registered":
            raise errors.not_registered(namespace)

    def _put(self, namespace: str, state: State, until: float) -> None:
        self._store.put(COLLECTION, namespace.lower(), {"state": state, "until": until})
