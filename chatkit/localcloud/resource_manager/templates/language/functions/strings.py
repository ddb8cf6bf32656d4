"""String functions: the page "String functions" of Microsoft's reference.

Those that arrays have, too, are with the arrays; what has to do with encodings stands by itself.
"""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.limits import fits
from chatkit.localcloud.resource_manager.templates.language.core.values import (
    Json,
    fold,
    one_to_one,
    text_of,
)
from chatkit.localcloud.resource_manager.templates.language.dotnet.composite import (
    NotAFormat,
    composed,
)
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import (
    array,
    integer,
    integer_or,
    invalid,
    of_wrong_kind,
    text,
)

# Ours: a template has no use for a longer one, and this machine's memory has an end.
LONGEST_PADDED = 1_000_000


def _format(call: Invocation) -> Json:
    template = text(call, 0)
    try:
        return composed(template, call.values()[1:])
    except NotAFormat as error:
        raise TemplateError(
            f"Unable to evaluate language function '{call.name}': the format is invalid:"
            f" '{error}'. Please see https://aka.ms/arm-function-format for usage details."
        ) from None


def _starts_with(call: Invocation) -> Json:
    return fold(text(call, 0)).startswith(fold(text(call, 1)))


def _ends_with(call: Invocation) -> Json:
    return fold(text(call, 0)).endswith(fold(text(call, 1)))


def _join(call: Invocation) -> Json:
    items = [text_of(item) for item in array(call, 0)]
    delimiter = text(call, 1)
    fits(sum(len(one) + len(delimiter) for one in items))
    return delimiter.join(items)


def _pad_left(call: Invocation) -> Json:
    value = call.value(0)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise of_wrong_kind(call, 0, "a string or an integer", value)
    width = integer(call, 1)
    filling = text(call, 2) if len(call) == 3 else " "
    if len(filling) != 1:
        raise invalid(call, "expects its third parameter to be a single character.")
    if width > LONGEST_PADDED:
        raise invalid(call, f"expects a total length of at most {LONGEST_PADDED}.")
    return text_of(value).rjust(width, filling)


def _replace(call: Invocation) -> Json:
    old = text(call, 1)
    if not old:
        raise invalid(call, "expects its second parameter not to be empty.")
    whole = text(call, 0)
    new = text(call, 2)
    fits(whole.count(old) * len(new) + len(whole))
    return whole.replace(old, new)


def _split(call: Invocation) -> Json:
    whole = text(call, 0)
    delimiters = call.value(1)
    if isinstance(delimiters, str):
        delimiters = [delimiters]
    if not isinstance(delimiters, list):
        raise of_wrong_kind(call, 1, "a string or an array of strings", delimiters)
    wanted = [one for one in delimiters if isinstance(one, str) and one]
    return [*_pieces(whole, wanted)]


def _pieces(whole: str, delimiters: list[str]) -> list[str]:
    """Between the delimiters; where two begin at the same place, the one that is listed first."""
    following = dict.fromkeys(delimiters, -1)
    found: list[str] = []
    at = 0
    while True:
        for delimiter, position in following.items():
            if position < at:
                following[delimiter] = _found_at(whole, delimiter, at)
        nearest = min(following, key=lambda one: following[one], default="")
        if not nearest or following[nearest] == len(whole):
            return [*found, whole[at:]]
        found.append(whole[at : following[nearest]])
        at = following[nearest] + len(nearest)


def _found_at(whole: str, part: str, start: int) -> int:
    """Where it stands next; the end when it does not."""
    found = whole.find(part, start)
    return len(whole) if found < 0 else found


def _substring(call: Invocation) -> Json:
    whole = text(call, 0)
    start = integer(call, 1)
    length = integer_or(call, 2, default=len(whole) - start)
    if start < 0 or length < 0 or start + length > len(whole):
        raise TemplateError(
            f"The template language function '{call.name}' parameters are out of range. The index"
            " and length parameters must refer to a location within the string. The index"
            f" parameter: '{start}', the length parameter: '{length}', the length of the string"
            f" parameter: '{len(whole)}'. Please see https://aka.ms/arm-functions#substring for"
            " usage details."
        )
    return whole[start : start + length]


def _to_lower(call: Invocation) -> Json:
    return "".join(one_to_one(one, one.lower()) for one in text(call, 0))


def _to_upper(call: Invocation) -> Json:
    return "".join(one_to_one(one, one.upper()) for one in text(call, 0))


def _like(call: Invocation) -> Json:
    """Without case; `*` stands for anything."""
    whole = fold(text(call, 0))
    first, *others = fold(text(call, 1)).split("*")
    if not others:
        return whole == first
    last = others.pop()
    if not whole.startswith(first):
        return False
    at = len(first)
    for part in others:
        # The first place where a part fits leaves the most to the parts behind it.
        found = whole.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(whole) - len(last) >= at and whole.endswith(last)


def _fail(call: Invocation) -> Json:
    raise TemplateError(text(call, 0))


FUNCTIONS = (
    Function("endsWith", 2, 2, _ends_with),
    Function("fail", 1, 1, _fail),
    Function("format", 1, None, _format),
    Function("join", 2, 2, _join),
    Function("like", 2, 2, _like),
    Function("padLeft", 2, 3, _pad_left),
    Function("replace", 3, 3, _replace),
    Function("split", 2, 2, _split),
    Function("startsWith", 2, 2, _starts_with),
    Function("string", 1, 1, lambda call: text_of(call.value(0))),
    Function("substring", 2, 3, _substring),
    Function("toLower", 1, 1, _to_lower),
    Function("toUpper", 1, 1, _to_upper),
    Function("trim", 1, 1, lambda call: text(call, 0).strip()),
)
