"""Operations as data: method, path template, handler, resource type.

Paths match whatever their case, as in Azure.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from chatkit.localcloud.resource_manager.core.http import Answer, Call

Handler = Callable[[Call], Awaitable[Answer]]
SUB = "/subscriptions/{subscription}"
GROUP = SUB + "/resourceGroups/{group}"


@dataclass(frozen=True)
class Route:
    """One operation.

    Attributes:
        method: HTTP method.
        template: Path with {placeholders}; {*rest} at the end takes any number of segments.
        handler: What answers.
        type: Resource type whose api-versions count, as "Microsoft.Web/sites"; empty for none.
        name: The operation's name in Azure's own documentation.
        is_open: True when no token is needed.
        action: What the caller's role must allow, where it is not the type with the verb; it may
            hold placeholders of the template.
        needs_role: False for the end of a group, whose roles end with it: who began the deletion
            alone knows the address, and nothing but its state is told.
    """

    method: str
    template: str
    handler: Handler
    type: str = ""
    name: str = ""
    is_open: bool = False
    action: str = ""
    needs_role: bool = True


@dataclass
class _Node:
    fixed: dict[str, _Node] = field(default_factory=dict)
    placeholder: _Node | None = None
    name: str = ""
    rest: dict[str, Route] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """A path that was found: its route, or the methods it has instead."""

    route: Route | None
    params: dict[str, str]
    allowed: tuple[str, ...] = ()


class Router:
    """A tree of path segments. A fixed segment wins over a placeholder."""

    def __init__(self, routes: list[Route]) -> None:
        self.routes: list[Route] = []
        self._root = _Node()
        self.add(routes)

    def add(self, routes: list[Route]) -> None:
        """Take more operations: those of providers that send requests to others."""
        for route in routes:
            self._add(route)
            self.routes.append(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in _segments(route.template):
            if segment == "{*rest}":
                node.rest[route.method] = route
                return
            if segment.startswith("{"):
                node.placeholder = node.placeholder or _Node(name=segment[1:-1])
                assert node.placeholder.name == segment[1:-1], (
                    f"two names for one placeholder: {route.template}"
                )
                node = node.placeholder
            else:
                node = node.fixed.setdefault(segment.lower(), _Node())
        assert route.method not in node.routes, f"two routes for {route.method} {route.template}"
        node.routes[route.method] = route

    def match(self, method: str, path: str) -> Match | None:
        """Find the operation for a path, or None when no operation has such a path."""
        return self._walk(self._root, _segments(path), {}, method)

    def _walk(
        self, node: _Node, segments: list[str], params: dict[str, str], method: str
    ) -> Match | None:
        if not segments:
            if not node.routes:
                return None
            return Match(node.routes.get(method), params, tuple(node.routes))
        head = segments[0]
        tail = segments[1:]
        found: Match | None = None
        fixed = node.fixed.get(head.lower())
        if fixed:
            found = self._walk(fixed, tail, params, method)
        if found is None and node.placeholder:
            found = self._walk(
                node.placeholder, tail, {**params, node.placeholder.name: head}, method
            )
        if found is None and node.rest:
            found = Match(
                node.rest.get(method), {**params, "rest": "/".join(segments)}, tuple(node.rest)
            )
        return found


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
