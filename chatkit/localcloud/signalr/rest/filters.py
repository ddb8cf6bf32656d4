"""The filter of `:execute`: which connections a list of commands is for.

Follows Microsoft's page "OData filter syntax" of the service's REST API: comparisons, `in`, the
text functions, and/or/not. Names: userId, connectionId, groups.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatkit.localcloud.core import odata
from chatkit.localcloud.signalr.core.connection import Connection
from chatkit.localcloud.signalr.core.errors import BadRequest

Value = Any
Term = Callable[[Connection], Value]
NAMES: dict[str, Term] = {
    "userid": lambda connection: connection.user_id or None,
    "connectionid": lambda connection: connection.id,
    "groups": lambda connection: sorted(connection.groups),
}
# By name: how many arguments, and what is done with them. A value that is absent counts as the
# empty text.
FUNCTIONS: dict[str, tuple[int, Callable[..., Value]]] = {
    "startswith": (2, lambda text, part: _text(text).startswith(_text(part))),
    "endswith": (2, lambda text, part: _text(text).endswith(_text(part))),
    "contains": (2, lambda text, part: _text(part) in _text(text)),
    "length": (1, lambda text: len(_text(text))),
    "tolower": (1, lambda text: _text(text).lower()),
    "toupper": (1, lambda text: _text(text).upper()),
}
COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: _ordered(left, right) and left > right,
    "ge": lambda left, right: _ordered(left, right) and left >= right,
    "lt": lambda left, right: _ordered(left, right) and left < right,
    "le": lambda left, right: _ordered(left, right) and left <= right,
    "in": lambda left, right: left in right if isinstance(right, list) else left == right,
}


def compile_filter(text: str) -> Callable[[Connection], bool]:
    """Read a filter, once for all connections.

    Raises:
        BadRequest: It is not one.
    """
    try:
        term = _term(odata.parse(text))
    except odata.FilterError as error:
        raise BadRequest(f"The filter cannot be read: {text[:200]}") from error
    return lambda connection: bool(term(connection))


def _term(node: odata.Node) -> Term:
    match node:
        case odata.Literal(value):
            return lambda connection: value
        case odata.Name(name) if name.lower() in NAMES:
            return NAMES[name.lower()]
        case odata.Items(items):
            members = [_term(item) for item in items]
            return lambda connection: [member(connection) for member in members]
        case odata.Comparison(operator, left, right):
            return _comparison(COMPARISONS[operator], _term(left), _term(right))
        case odata.Not(operand):
            negated = _term(operand)
            return lambda connection: not negated(connection)
        case odata.And(operands):
            terms = [_term(operand) for operand in operands]
            return lambda connection: all(term(connection) for term in terms)
        case odata.Or(operands):
            terms = [_term(operand) for operand in operands]
            return lambda connection: any(term(connection) for term in terms)
        case odata.Call(function, arguments) if function in FUNCTIONS:
            return _call(node, arguments)
    raise odata.FilterError("not supported", node.position)


def _comparison(compare: Callable[[Value, Value], bool], left: Term, right: Term) -> Term:
    return lambda connection: compare(left(connection), right(connection))


def _call(node: odata.Call, arguments: tuple[odata.Node, ...]) -> Term:
    expected, function = FUNCTIONS[node.function]
    if len(arguments) != expected:
        raise odata.FilterError(f"{node.function} takes {expected}", node.position)
    values = [_term(argument) for argument in arguments]
    return lambda connection: function(*(value(connection) for value in values))


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _ordered(left: Value, right: Value) -> bool:
    return type(left) is type(right) and left is not None
