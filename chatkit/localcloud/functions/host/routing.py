"""Route templates as ASP.NET Core understands them.

Parameters, constraints, optional and default parts, catch-all. Pure Python, no HTTP. The HTTP
method is part of a route: a known path with another method is no match, so it is a 404.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.host.route_constraints import Check, constraint

T = TypeVar("T")
ESCAPED_SLASH = re.compile(r"%2[fF]")


@dataclass(frozen=True)
class Parameter:
    """One `{...}` of a template."""

    name: str
    checks: tuple[Check, ...] = ()
    is_catch_all: bool = False
    is_optional: bool = False
    default: str | None = None


Part = str | Parameter


@dataclass(frozen=True)
class Template:
    """One parsed route."""

    text: str
    segments: tuple[tuple[Part, ...], ...]

    @property
    def precedence(self) -> tuple[int, ...]:
        """Sorts: literals before constrained before free before catch-all, by segment."""
        return tuple(_rank(segment) for segment in self.segments)

    def match(self, path: str) -> dict[str, str] | None:
        """Return the route values of a raw (percent-encoded) path, or None."""
        pieces: list[str] = []
        if path.strip("/"):
            pieces = [_decode(piece) for piece in path.strip("/").split("/")]
        values: dict[str, str] = {}
        for index, segment in enumerate(self.segments):
            first = segment[0]
            if isinstance(first, Parameter) and first.is_catch_all:
                if _take(first, "/".join(pieces[index:]), values):
                    return values
                return None
            if index >= len(pieces):
                if not _match_nothing(segment, values):
                    return None
            elif not _match_segment(segment, pieces[index], values):
                return None
        if len(pieces) > len(self.segments):
            return None
        return values


def parse(text: str) -> Template:
    """Parse a template.

    Raises:
        AppInvalid: It is malformed or names an unknown constraint.
    """
    clean = text.strip("/")
    segments: tuple[tuple[Part, ...], ...] = ()
    if clean:
        segments = tuple(_parse_segment(piece, text) for piece in _split(clean))
    names = [
        part.name.lower() for segment in segments for part in segment if isinstance(part, Parameter)
    ]
    if len(names) != len(set(names)):
        raise AppInvalid(f"The route '{text}' uses a parameter name twice.")
    for segment in segments[:-1]:
        if any(isinstance(part, Parameter) and part.is_catch_all for part in segment):
            raise AppInvalid(
                f"The route '{text}' has a catch-all parameter that is not its last segment."
            )
    return Template(text, segments)


@dataclass(frozen=True)
class Route(Generic[T]):
    """A template, the methods it takes (None for all) and what it leads to."""

    template: Template
    methods: frozenset[str] | None
    target: T


class Router(Generic[T]):
    """Finds the most specific route of a request."""

    def __init__(self, routes: Iterable[Route[T]]) -> None:
        self._routes = sorted(routes, key=lambda route: route.template.precedence)

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """Return what the request leads to and its route values, or None."""
        for route in self._routes:
            if route.methods is not None and method.upper() not in route.methods:
                continue
            values = route.template.match(path)
            if values is not None:
                return route.target, values
        return None


def _rank(segment: tuple[Part, ...]) -> int:
    if len(segment) > 1:
        return 2
    part = segment[0]
    if isinstance(part, str):
        return 1
    rank = 5 if part.is_catch_all else 3
    if not part.checks:
        rank += 1
    return rank


def _decode(piece: str) -> str:
    """Percent-decode a path segment; an encoded slash stays as it is, as in Kestrel."""
    return "%2F".join(unquote(part) for part in ESCAPED_SLASH.split(piece))


def _take(parameter: Parameter, value: str, values: dict[str, str]) -> bool:
    """Store a parameter's value; an unused optional one gets none."""
    if not value:
        if parameter.default is not None:
            values[parameter.name] = parameter.default
            return True
        return parameter.is_optional or parameter.is_catch_all
    values[parameter.name] = value
    return all(check(value) for check in parameter.checks)


def _match_nothing(segment: tuple[Part, ...], values: dict[str, str]) -> bool:
    """Whether a segment may be missing: it is one parameter that is optional or has a default."""
    [first, *more] = segment
    return not more and isinstance(first, Parameter) and _take(first, "", values)


def _match_segment(segment: tuple[Part, ...], piece: str, values: dict[str, str]) -> bool:
    if len(segment) == 1 and isinstance(segment[0], Parameter):
        return bool(piece) and _take(segment[0], piece, values)
    found = _parts_of(segment, piece)
    if found is None:
        return False
    return all(_take(parameter, value, values) for parameter, value in found)


def _parts_of(segment: tuple[Part, ...], piece: str) -> list[tuple[Parameter, str]] | None:
    """What each parameter of a mixed segment stands for, from the right as ASP.NET Core does it.

    The last parameter is as short as possible and none is empty; a regular expression would try
    every division of a long piece.
    """
    found: list[tuple[Parameter, str]] = []
    folded = "".join(map(_folded, piece))
    end = len(piece)
    waiting: Parameter | None = None
    for index in reversed(range(len(segment))):
        part = segment[index]
        if isinstance(part, Parameter):
            if waiting is not None:
                end -= 1
                found.append((waiting, piece[end : end + 1]))
            waiting = part
            continue
        text = "".join(map(_folded, part))
        limit = end if waiting is None else end - 1  # no parameter is empty
        start = max(0, limit - len(text))
        if index == 0:
            start = 0
        elif waiting is not None:
            start = folded.rfind(text, 0, max(0, limit))
        if start < 0 or not folded.startswith(text, start, max(0, limit)):
            return None
        if waiting is not None:
            found.append((waiting, piece[start + len(text) : end]))
            waiting = None
        elif start + len(text) != end:
            return None
        end = start
    if waiting is not None:
        found.append((waiting, piece[:end]))
    return found[::-1] if all(value for _, value in found) else None


def _folded(character: str) -> str:
    """A character in small letters, where that is one: places in the text stay the same."""
    lower = character.lower()
    return lower if len(lower) == 1 else character


def _split(text: str) -> list[str]:
    """Cut at slashes outside braces."""
    pieces: list[str] = []
    start = 0
    depth = 0
    for index, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "/" and depth == 0:
            pieces.append(text[start:index])
            start = index + 1
    return [*pieces, text[start:]]


def _parse_segment(piece: str, route: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    literal = ""
    index = 0
    while index < len(piece):
        pair = piece[index : index + 2]
        if pair in ("{{", "}}"):
            literal += pair[0]
            index += 2
        elif piece[index] == "{":
            end = _closing(piece, index, route)
            parts += [literal, _parse_parameter(piece[index + 1 : end], route)]
            literal = ""
            index = end + 1
        elif piece[index] == "}":
            raise AppInvalid(f"The route '{route}' has a closing brace without an opening one.")
        else:
            literal += piece[index]
            index += 1
    parts.append(literal)
    parts = [part for part in parts if part]
    if not parts:
        raise AppInvalid(f"The route '{route}' has an empty segment.")
    if len(parts) > 1 and any(isinstance(part, Parameter) and part.is_catch_all for part in parts):
        raise AppInvalid(
            f"The route '{route}' mixes a catch-all parameter with text in one segment."
        )
    return tuple(parts)


def _closing(piece: str, start: int, route: str) -> int:
    """Index of the brace that closes a parameter; doubled braces belong to a regex inside."""
    index = start + 1
    while index < len(piece):
        if piece[index : index + 2] in ("{{", "}}") and piece[index + 1 : index + 2]:
            index += 2
        elif piece[index] == "}":
            return index
        else:
            index += 1
    raise AppInvalid(f"The route '{route}' has a parameter without a closing brace.")


def _parse_parameter(text: str, route: str) -> Parameter:
    stars = len(text) - len(text.lstrip("*"))
    found = re.fullmatch(r"(?s)([^:=?*{}/]+)(.*)", text[stars:])
    if not found:
        raise AppInvalid(f"The route '{route}' has a parameter without a valid name.")
    name, rest = found.groups()
    checks: list[Check] = []
    index = 0
    while rest.startswith(":", index):
        end = _constraint_end(rest, index + 1)
        expression = rest[index + 1 : end]
        checks.append(constraint(expression.replace("{{", "{").replace("}}", "}"), route))
        index = end
    rest = rest[index:]
    default: str | None = None
    if rest.startswith("="):
        default = rest[1:]
    elif rest not in ("", "?"):
        raise AppInvalid(
            f"The route '{route}' has something it should not after parameter '{name}'."
        )
    return Parameter(name, tuple(checks), stars > 0, rest == "?", default)


def _constraint_end(text: str, start: int) -> int:
    """Where a constraint ends. Inside the brackets of its arguments : = ? have no meaning."""
    depth = 0
    for index in range(start, len(text)):
        character = text[index]
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and character in ":=?":
            return index
    return len(text)
