"""`$filter` as Resource Manager takes it: properties that equal a text, joined by `and`."""

from __future__ import annotations

from collections.abc import Collection

from chatkit.localcloud.core import odata
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.http import Call

Wanted = dict[str, str]


def wanted(call: Call, names: Collection[str]) -> Wanted:
    """What a list is asked for: the texts that properties must equal, by property.

    Args:
        call: Its $filter counts.
        names: The properties and functions of one text (`assignedTo('id')`) that the list
            supports. A function without an argument, such as `atScope()`, wants nothing.

    Raises:
        ArmError: The filter cannot be read, or it has something else in it.
    """
    text = call.query.get("$filter", "").strip()
    if not text:
        return {}
    known = {name.lower(): name for name in names}
    try:
        tree = odata.parse(text)
        conditions = tree.operands if isinstance(tree, odata.And) else (tree,)
        found: Wanted = {}
        for condition in conditions:
            name, value = _equality(condition)
            if name.lower() not in known:
                raise odata.FilterError(f"'{name}' is not supported", condition.position)
            if value is not None:
                found[known[name.lower()]] = value
    except odata.FilterError as error:
        raise errors.ArmError(
            400,
            "InvalidFilterInQueryString",
            f"Invalid $filter '{text}' specified in the query string: {error}.",
        ) from None
    return found


def has_tag(tags: dict[str, str] | None, asked: Wanted) -> bool:
    """Say whether a document has the tag that a filter asks for; names compare in any case."""
    if "tagName" not in asked:
        return True
    kept = {name.lower(): value for name, value in (tags or {}).items()}
    name = asked["tagName"].lower()
    return name in kept and asked.get("tagValue", kept[name]) == kept[name]


def _equality(condition: odata.Node) -> tuple[str, str | None]:
    """The property or function, and its text; None for a function without an argument."""
    if isinstance(condition, odata.Call) and not condition.arguments:
        return condition.function, None
    if isinstance(condition, odata.Call):
        (argument, *more) = condition.arguments
        if not more and isinstance(argument, odata.Literal) and isinstance(argument.value, str):
            return condition.function, argument.value
    if isinstance(condition, odata.Comparison) and condition.operator == "eq":
        left = condition.left
        right = condition.right
        if isinstance(left, odata.Name) and isinstance(right, odata.Literal):
            return left.name, str(right.value)
    raise odata.FilterError(
        "only 'name eq text', joined by 'and', is supported", condition.position
    )
