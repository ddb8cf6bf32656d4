"""Which resources an expression needs the state of, without asking a cloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from chatkit.localcloud.resource_manager.templates.language.core.errors import (
    TemplateError,
    not_nested_that_deep,
)
from chatkit.localcloud.resource_manager.templates.language.core.expressions import Call, calls_in
from chatkit.localcloud.resource_manager.templates.language.core.scope import (
    Level,
    Place,
    Resources,
    Scope,
    UserFunction,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.language.evaluating import evaluate_expression
from chatkit.localcloud.resource_manager.templates.language.parser import is_expression, parse


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

    A resource that depends on the state of another one is left out, and so is one that a lambda
    computes. Every branch of an `if` counts.

    Raises:
        TemplateError: An expression cannot be parsed.
    """
    static = _StaticScope(scope)
    found: dict[Dependency, None] = {}
    try:
        for text in expressions_in(document):
            for call in calls_in(parse(text)):
                dependency = _dependency(call, static)
                if dependency is not None:
                    found[dependency] = None
    except RecursionError:
        raise not_nested_that_deep() from None
    return tuple(found)


def expressions_in(document: Json) -> Iterator[str]:
    """The expressions in a document, those that are names of properties among them."""
    waiting = [document]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting += reversed(found)
        elif isinstance(found, dict):
            waiting += reversed([*found, *found.values()])
        elif isinstance(found, str) and is_expression(found):
            yield found


def _dependency(call: Call, scope: Scope) -> Dependency | None:
    name = call.name.lower()
    is_runtime = name in ("reference", "references") or name.startswith("list")
    if call.namespace is not None or not is_runtime or not call.arguments:
        return None
    resource = _known(call, 0, scope)
    if not isinstance(resource, str):
        return None
    version = None
    if name != "references":
        version = _known(call, 1, scope)
    return Dependency(call.name, resource, version if isinstance(version, str) else None)


def _known(call: Call, index: int, scope: Scope) -> Json:
    """An argument's value; None when it is not known beforehand, or not there."""
    if index >= len(call.arguments):
        return None
    try:
        return evaluate_expression(call.arguments[index], scope)
    except (TemplateError, _NotKnownYet):
        return None


class _NotKnownYet(Exception):
    """The state of a resource was asked for."""


class _StaticScope:
    """A scope whose cloud has no states yet."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.resources: Resources = _StaticResources(scope.resources)

    @property
    def place(self) -> Place:
        return self.scope.place

    def parameter(self, name: str) -> Json:
        return self.scope.parameter(name)

    def variable(self, name: str) -> Json:
        return self.scope.variable(name)

    def user_function(self, namespace: str, name: str) -> UserFunction | None:
        return self.scope.user_function(namespace, name)

    def copy_index(self, loop_name: str | None) -> int | None:
        return self.scope.copy_index(loop_name)


class _StaticResources:
    """What is known before a deployment begins."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    @property
    def level(self) -> Level:
        return self.resources.level

    def reference(self, name_or_id: str, api_version: str | None, full: bool) -> NoReturn:
        raise _NotKnownYet

    def references(self, symbolic_name: str, full: bool) -> NoReturn:
        raise _NotKnownYet

    def list_call(
        self, function_name: str, resource: str, api_version: str | None, body: Json
    ) -> NoReturn:
        raise _NotKnownYet

    def resource_info(self, symbolic_name: str) -> Json:
        return self.resources.resource_info(symbolic_name)

    def resource_group(self) -> JsonObject:
        return self.resources.resource_group()

    def subscription(self) -> JsonObject:
        return self.resources.subscription()

    def management_group(self) -> JsonObject:
        return self.resources.management_group()

    def tenant(self) -> JsonObject:
        return self.resources.tenant()

    def deployment(self) -> JsonObject:
        return self.resources.deployment()

    def deployer(self) -> JsonObject:
        return self.resources.deployer()

    def environment(self) -> JsonObject:
        return self.resources.environment()

    def provider(self, namespace: str, resource_type: str | None) -> Json:
        return self.resources.provider(namespace, resource_type)

    def zones(self, namespace: str, resource_type: str, location: str) -> list[str]:
        return self.resources.zones(namespace, resource_type, location)

    def new_guid(self) -> str:
        return self.resources.new_guid()

    def utc_now(self) -> datetime:
        return self.resources.utc_now()
