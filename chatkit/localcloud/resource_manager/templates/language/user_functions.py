"""The scope in which the output of a function is evaluated that the template defines."""

from __future__ import annotations

from chatkit.localcloud.resource_manager.templates.language.core.errors import (
    no_such_parameter,
    not_expected_here,
)
from chatkit.localcloud.resource_manager.templates.language.core.scope import (
    Place,
    Resources,
    Scope,
    UserFunction,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json, fold


class FunctionScope:
    """It sees its own parameters and other functions, and nothing else of the template."""

    def __init__(self, outer: Scope, function: UserFunction, arguments: list[Json]) -> None:
        self.outer = outer
        names = [fold(name) for name in function.parameters]
        self.arguments = dict(zip(names, arguments, strict=True))

    @property
    def place(self) -> Place:
        return Place.FUNCTION

    @property
    def resources(self) -> Resources:
        return self.outer.resources

    def parameter(self, name: str) -> Json:
        if fold(name) not in self.arguments:
            raise no_such_parameter(name)
        return self.arguments[fold(name)]

    def variable(self, name: str) -> Json:
        raise not_expected_here("variables")

    def user_function(self, namespace: str, name: str) -> UserFunction | None:
        return self.outer.user_function(namespace, name)

    def copy_index(self, loop_name: str | None) -> int | None:
        return None
