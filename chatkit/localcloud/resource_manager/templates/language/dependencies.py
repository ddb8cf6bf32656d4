"""Which resources an expression needs the state of, without asking a cloud."""

from __future__ import annotations

from dataclasses import dataclass

from chatkit.localcloud.resource_manager.templates.language.core.scope import Scope
from chatkit.localcloud.resource_manager.templates.language.core.values import Json


@dataclass(frozen=True)
class Dependency:
    """A call whose result is the state of a resource.

    Attributes:
        function: As the template has it: `reference`, `references`, `listKeys`, ...
        resource: The value of its first argument: a name, a resource id or a symbolic name.
        api_version: The value of its second argument, when it has one that is known.
    """

    function: str
    resource: str
    api_version: str | None


def dependencies(document: Json, scope: Scope) -> tuple[Dependency, ...]:
    """The calls of `reference` and `list...` in a document whose resource is known beforehand.

    A resource that depends on the state of another one is left out. Every branch of an `if` counts.
    """
    raise NotImplementedError(document, scope)
