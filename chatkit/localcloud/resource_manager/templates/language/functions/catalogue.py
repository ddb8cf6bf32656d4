"""Every function of the language, and finding one by its name."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.invocation import Function
from chatkit.localcloud.resource_manager.templates.language.functions import (
    arrays,
    cidr,
    comparison,
    dates,
    encodings,
    hashing,
    lambdas,
    logical,
    numbers,
    objects,
    resource_ids,
    resources,
    strings,
)

FUNCTIONS: tuple[Function, ...] = (
    *arrays.FUNCTIONS,
    *cidr.FUNCTIONS,
    *comparison.FUNCTIONS,
    *dates.FUNCTIONS,
    *encodings.FUNCTIONS,
    *hashing.FUNCTIONS,
    *lambdas.FUNCTIONS,
    *logical.FUNCTIONS,
    *numbers.FUNCTIONS,
    *objects.FUNCTIONS,
    *resource_ids.FUNCTIONS,
    *resources.FUNCTIONS,
    *strings.FUNCTIONS,
)
BY_NAME = {function.name.lower(): function for function in FUNCTIONS}
LIST = BY_NAME["list*"]


def function_named(name: str) -> Function | None:
    """The function of that name, in any case; `list...` is one function with many names."""
    lower = name.lower()
    if lower.startswith("list"):
        return LIST
    return BY_NAME.get(lower)
