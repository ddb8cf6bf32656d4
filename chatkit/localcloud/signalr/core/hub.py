"""One hub: its connections, users and groups. Plain Python, no HTTP.

Membership of a user in a group is remembered apart from the user's connections, so that it holds
before the first connection and after the last.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Collection, Iterable

from chatkit.core.time import clock
from chatkit.localcloud.signalr.core.connection import Connection

YEAR_S = 365 * 24 * 3600
# The service keeps this many memberships without a time to live per user.
MAX_GROUPS_WITHOUT_TTL = 100
# Ends of memberships that are kept before it is looked which of them still count.
FEW_ENDS = 1000


End = tuple[float, str, str]
"""When the membership of a user in a group ends."""


class Hub:
    """Connections, users and groups. Names of users and groups are opaque, case-sensitive texts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.connections: dict[str, Connection] = {}
        #: counts changes of `connections`
        self.version = 0
        self._all: list[Connection] | None = None
        self._users: dict[str, dict[str, Connection]] = {}
        self._groups: dict[str, dict[str, Connection]] = {}
        self._memberships: dict[str, OrderedDict[str, _Membership]] = {}
        #: ends of memberships with a time to live, the soonest first
        self._ends: list[End] = []
        self._most_ends = FEW_ENDS

    def add(self, connection: Connection) -> None:
        """Take in a connection that has finished its handshake, with the groups its user is in."""
        self.connections[connection.id] = connection
        self._changed()
        if connection.user_id:
            self._users.setdefault(connection.user_id, {})[connection.id] = connection
            for group in self.groups_of_user(connection.user_id):
                self.join(connection, group)

    def remove(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        if self.connections.pop(connection.id, None) is None:
            return
        self._changed()
        for group in [*connection.groups]:
            self.leave(connection, group)
        user = self._users.get(connection.user_id, {})
        user.pop(connection.id, None)
        if not user:
            self._users.pop(connection.user_id, None)

    def all_connections(self) -> list[Connection]:
        """All connections, in a list that stays as it is."""
        if self._all is None:
            self._all = [*self.connections.values()]
        return self._all

    def _changed(self) -> None:
        self.version += 1
        self._all = None

    def of_user(self, user_id: str) -> Collection[Connection]:
        """The user's open connections."""
        return self._users.get(user_id, {}).values()

    def of_group(self, group: str) -> Collection[Connection]:
        """The group's open connections; memberships past their time are dropped first."""
        self._expire()
        return self._groups.get(group, {}).values()

    def join(self, connection: Connection, group: str) -> None:
        """Add one connection to a group."""
        connection.groups.add(group)
        self._groups.setdefault(group, {})[connection.id] = connection

    def leave(self, connection: Connection, group: str) -> None:
        """Remove one connection from a group."""
        connection.groups.discard(group)
        members = self._groups.get(group, {})
        members.pop(connection.id, None)
        if not members:
            self._groups.pop(group, None)

    def add_user(self, user_id: str, group: str, *, ttl_s: float | None = None) -> None:
        """Add a user to a group.

        Open connections now, later ones until the time to live has passed.

        Args:
            user_id: The user.
            group: The group.
            ttl_s: Seconds; 0 means only the connections open now, None a year (the newest 100 such
                groups of a user are kept).
        """
        for connection in [*self.of_user(user_id)]:
            self.join(connection, group)
        if ttl_s == 0:
            return
        memberships = self._memberships.setdefault(user_id, OrderedDict())
        memberships.pop(group, None)
        if ttl_s is None:
            memberships[group] = _Membership(clock.steady() + YEAR_S, kept_by_age=True)
        else:
            until = clock.steady() + ttl_s
            memberships[group] = _Membership(until, kept_by_age=False)
            self._add_end((until, user_id, group))
            return
        ageing = [name for name, membership in memberships.items() if membership.kept_by_age]
        for name in ageing[: max(0, len(ageing) - MAX_GROUPS_WITHOUT_TTL)]:
            del memberships[name]

    def remove_user(self, user_id: str, group: str) -> None:
        """Remove a user and their connections from a group."""
        memberships = self._memberships.get(user_id, OrderedDict())
        memberships.pop(group, None)
        if not memberships:
            self._memberships.pop(user_id, None)
        for connection in [*self.of_user(user_id)]:
            self.leave(connection, group)

    def remove_user_from_all(self, user_id: str) -> None:
        """Remove a user and their connections from every group."""
        self._memberships.pop(user_id, None)
        for connection in [*self.of_user(user_id)]:
            for group in [*connection.groups]:
                self.leave(connection, group)

    def groups_of_user(self, user_id: str) -> list[str]:
        """Groups the user is remembered in."""
        now = clock.steady()
        return [
            group
            for group, membership in self._memberships.get(user_id, OrderedDict()).items()
            if membership.until > now
        ]

    def is_user_in(self, user_id: str, group: str) -> bool:
        """Say whether the user is in the group, connected or not."""
        self._expire()
        return group in self.groups_of_user(user_id) or any(
            group in connection.groups for connection in self.of_user(user_id)
        )

    def is_idle(self) -> bool:
        """Say whether nobody is connected, and nobody remembered in a group."""
        self._expire()
        return not self.connections and not self._memberships

    def _add_end(self, end: End) -> None:
        heapq.heappush(self._ends, end)
        if len(self._ends) > self._most_ends:
            # A membership that is renewed again and again leaves an end each time.
            self._ends = [one for one in set(self._ends) if self._counts(one)]
            heapq.heapify(self._ends)
            self._most_ends = max(FEW_ENDS, 2 * len(self._ends))

    def _counts(self, end: End) -> bool:
        until, user_id, group = end
        membership = self._memberships.get(user_id, OrderedDict()).get(group)
        return membership is not None and membership.until == until

    def _expire(self) -> None:
        """End the memberships whose time has passed.

        One renewed since has another end of its own.
        """
        now = clock.steady()
        while self._ends and self._ends[0][0] <= now:
            end = heapq.heappop(self._ends)
            if self._counts(end):
                _, user_id, group = end
                self.remove_user(user_id, group)


class _Membership:
    __slots__ = ("kept_by_age", "until")

    def __init__(self, until: float, *, kept_by_age: bool) -> None:
        self.until = until
        self.kept_by_age = kept_by_age


def without(connections: Iterable[Connection], excluded: Collection[str]) -> list[Connection]:
    """A list of the connections whose ids are not excluded."""
    if not excluded:
        return [*connections]
    others = frozenset(excluded)
    return [connection for connection in connections if connection.id not in others]
