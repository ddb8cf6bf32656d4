"""Which functions are allowed where in a template.

Follows the remarks of the pages "Resource functions", "String functions" (newGuid), "Date
functions" (utcNow) and "User-defined functions" of Microsoft's reference.
"""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.scope import Place

# What a deployment knows only after it has begun.
RUNTIME = frozenset({"reference", "references", "list*"})
# A new value each time: the same template would not give the same twice.
CHANGING = frozenset({"newGuid", "utcNow"})
FORBIDDEN = {
    Place.PARAMETER_DEFAULT: RUNTIME | {"variables", "copyIndex", "resourceInfo"},
    Place.VARIABLE: RUNTIME | CHANGING,
    Place.FUNCTION: RUNTIME | CHANGING | {"variables", "copyIndex", "resourceInfo"},
    Place.RESOURCE: RUNTIME | CHANGING,
    Place.PROPERTIES: CHANGING,
    Place.OUTPUT: CHANGING,
    Place.OUTPUT_CONDITION: RUNTIME | CHANGING,
}


def is_allowed(function: str, place: Place) -> bool:
    """Whether a function, by its name in the reference, may stand at a place."""
    return function not in FORBIDDEN[place]
