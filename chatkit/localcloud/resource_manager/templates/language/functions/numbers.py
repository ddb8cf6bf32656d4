"""Numeric functions: the page "Numeric functions" of Microsoft's reference.

Integers have 64 bits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.invocation import (
    Function,
    Invocation,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json
from chatkit.localcloud.resource_manager.templates.language.functions.arguments import (
    integer,
    integer_or,
    invalid,
    of_wrong_kind,
)

SMALLEST = -(2**63)
LARGEST = 2**63 - 1
WHOLE = re.compile(r"\s*[+-]?[0-9]{1,19}\s*")
DECIMAL = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\s*")


def _arithmetic(operation: Callable[[int, int], int]) -> Callable[[Invocation], Json]:
    def answer(call: Invocation) -> Json:
        first = integer(call, 0)
        second = integer(call, 1)
        found = operation(first, second)
        if not SMALLEST <= found <= LARGEST:
            raise TemplateError(
                f"The template language function '{call.name}' overflowed with the operants"
                f" '{first}' and '{second}'."
                " Please see https://aka.ms/arm-functions for usage details."
            )
        return found

    return answer


def _quotient(dividend: int, divisor: int) -> int:
    """Towards zero, as in C#; Python's goes down."""
    found = abs(dividend) // abs(divisor)
    return found if (dividend < 0) == (divisor < 0) else -found


def _remainder(dividend: int, divisor: int) -> int:
    """With the sign of the dividend, as in C#."""
    return dividend - divisor * _quotient(dividend, divisor)


def _division(operation: Callable[[int, int], int]) -> Callable[[Invocation], Json]:
    plain = _arithmetic(operation)

    def answer(call: Invocation) -> Json:
        try:
            return plain(call)
        except ZeroDivisionError:
            raise invalid(call, "cannot divide by zero.") from None

    return answer


def _int(call: Invocation) -> Json:
    value = call.value(0)
    if isinstance(value, float) and SMALLEST <= value < LARGEST:
        return round(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise of_wrong_kind(call, 0, "a string or an integer", value)
    if WHOLE.fullmatch(value) and SMALLEST <= int(value) <= LARGEST:
        return int(value)
    raise TemplateError(
        f"The template language function '{call.name}' cannot convert provided value '{value}' to"
        " integer value. Please see https://aka.ms/arm-function-int for usage details."
    )


def _float(call: Invocation) -> Json:
    value = call.value(0)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise of_wrong_kind(call, 0, "a string or an integer", value)
    if DECIMAL.fullmatch(value) and not math.isinf(float(value)):
        return float(value)
    raise TemplateError(
        f"The template language function '{call.name}' cannot convert provided value '{value}' to"
        " float value. Please see https://aka.ms/arm-functions#float for usage details."
    )


def _extreme(choose: Callable[[list[int]], int]) -> Callable[[Invocation], Json]:
    def answer(call: Invocation) -> Json:
        values = call.values()
        first = values[0]
        if len(values) == 1 and isinstance(first, list):
            values = first
        numbers = [one for one in values if isinstance(one, int) and not isinstance(one, bool)]
        if not numbers or len(numbers) != len(values):
            raise invalid(call, "expects integers, or one array of integers, and at least one.")
        return choose(numbers)

    return answer


def _range(call: Invocation) -> Json:
    start = integer(call, 0)
    count = integer(call, 1)
    if not 0 <= count <= 10_000:
        raise invalid(
            call, f"expects its count to be between 0 and 10000. The provided value is '{count}'."
        )
    if start + count > 2**31 - 1:
        raise invalid(call, "expects the sum of start index and count to be at most 2147483647.")
    return list(range(start, start + count))


def _copy_index(call: Invocation) -> Json:
    """`copyIndex()`, `copyIndex(offset)`, `copyIndex(loop)`, `copyIndex(loop, offset)`."""
    loop_name: str | None = None
    offset_at = 0
    if len(call):
        first = call.value(0)
        if isinstance(first, str):
            loop_name = first
            offset_at = 1
    offset = integer_or(call, offset_at, default=0)
    if len(call) > offset_at + 1:
        raise of_wrong_kind(call, 0, "of type 'String' when there are two", first)
    turn = call.scope.copy_index(loop_name)
    if turn is None:
        raise _outside_of_a_loop(call)
    return turn + offset


def _outside_of_a_loop(call: Invocation) -> TemplateError:
    return TemplateError(
        f"The template function '{call.name}' is not expected at this location. The function can"
        " only be used in a resource with copy specified."
        " Please see https://aka.ms/arm-copy for usage details."
    )


FUNCTIONS = (
    Function("add", 2, 2, _arithmetic(lambda first, second: first + second)),
    Function("copyIndex", 0, 2, _copy_index),
    Function("div", 2, 2, _division(_quotient)),
    Function("float", 1, 1, _float),
    Function("int", 1, 1, _int),
    Function("max", 1, None, _extreme(max)),
    Function("min", 1, None, _extreme(min)),
    Function("mod", 2, 2, _division(_remainder)),
    Function("mul", 2, 2, _arithmetic(lambda first, second: first * second)),
    Function("range", 2, 2, _range),
    Function("sub", 2, 2, _arithmetic(lambda first, second: first - second)),
)
