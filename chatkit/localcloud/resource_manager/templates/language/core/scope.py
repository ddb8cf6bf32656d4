"""What is around an expression: its place in the template, parameters, variables, the cloud.

`Scope` and `Resources` are what an engine that deploys templates gives to the language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from chatkit.localcloud.resource_manager.templates.language.core.errors import (
    no_such_parameter,
    not_expected_here,
)
from chatkit.localcloud.resource_manager.templates.language.core.values import (
    Json,
    JsonObject,
    fold,
)


class Place(Enum):
    """Where in a template an expression stands; it decides which functions are allowed there.

    RESOURCE is what must be known before anything is deployed; PROPERTIES is the rest of a
    resource, which is evaluated when its turn comes: `properties`, `tags`, `identity`, `sku`, ...
    """

    PARAMETER_DEFAULT = "the default value of a parameter"
    VARIABLE = "a variable"
    FUNCTION = "the output of a user-defined function"
    RESOURCE = "the name, type, apiVersion, scope, condition, copy or dependsOn of a resource"
    PROPERTIES = "the body of a resource"
    OUTPUT = "an output"
    OUTPUT_CONDITION = "the condition or the copy of an output"


# What a deployment knows only after it has begun.
RUNTIME = frozenset({"reference", "references", "list*"})
# A new value each time: the same template would not give the same twice.
CHANGING = frozenset({"newGuid", "utcNow"})
# By the remarks of the pages "Resource functions", "String functions" (newGuid), "Date functions"
# (utcNow) and "User-defined functions" of Microsoft's reference.
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


class Level(Enum):
    """At which scope a template is deployed."""

    RESOURCE_GROUP = "resourceGroup"
    SUBSCRIPTION = "subscription"
    MANAGEMENT_GROUP = "managementGroup"
    TENANT = "tenant"


@dataclass(frozen=True)
class UserFunction:
    """A function that the template defines.

    Attributes:
        parameters: Their names, in order.
        output: The value of its output, not evaluated yet.
    """

    parameters: tuple[str, ...]
    output: Json


class Resources(Protocol):
    """What the functions need that ask about the cloud. What it raises is passed on."""

    @property
    def level(self) -> Level:
        """The scope of the deployment; `resourceId` gives ids of that level."""

    def reference(self, name_or_id: str, api_version: str | None, full: bool) -> Json:
        """The state of a resource: its properties, or all of it.

        Args:
            name_or_id: As the template has it: a name, a resource id, or a symbolic name.
            api_version: As the template has it.
            full: `'Full'` was asked for.
        """

    def references(self, symbolic_name: str, full: bool) -> Json:
        """The states of all resources of a loop, by its symbolic name: an array."""

    def resource_info(self, symbolic_name: str) -> Json:
        """Id, name, type and apiVersion of a resource, by its symbolic name."""

    def list_call(
        self, function_name: str, resource: str, api_version: str | None, body: Json
    ) -> Json:
        """What a `list...` action answers.

        Args:
            function_name: As the template has it, `listKeys`.
            resource: A name, a resource id, or a symbolic name.
            api_version: As the template has it.
            body: The third argument; None when there is none.
        """

    def resource_group(self) -> JsonObject:
        """`id`, `name`, `type`, `location`, `managedBy`, `tags`, `properties`."""

    def subscription(self) -> JsonObject:
        """`id`, `subscriptionId`, `tenantId`, `displayName`."""

    def management_group(self) -> JsonObject:
        """`id`, `name`, `type`, `properties`."""

    def tenant(self) -> JsonObject:
        """`tenantId`, `displayName`, `countryCode`, ..."""

    def deployment(self) -> JsonObject:
        """`name`, `location`, and `properties` with template, parameters, mode."""

    def deployer(self) -> JsonObject:
        """`objectId`, `tenantId`, `userPrincipalName` of the caller who deploys."""

    def environment(self) -> JsonObject:
        """The cloud's endpoints, as `az cloud show` has them."""

    def provider(self, namespace: str, resource_type: str | None) -> Json:
        """`resourceType`, `locations`, `apiVersions`; of a whole namespace with `resourceTypes`."""

    def zones(self, namespace: str, resource_type: str, location: str) -> list[str]:
        """The zones of a type in a region, in order; empty when it has none."""

    def new_guid(self) -> str:
        """A random one; the language asks for it in defaults of parameters only."""

    def utc_now(self) -> datetime:
        """The time of the deployment in UTC; likewise."""


class Scope(Protocol):
    """What is around an expression. Implementations compare names without case."""

    @property
    def place(self) -> Place:
        """Where the expression stands."""

    @property
    def resources(self) -> Resources:
        """The cloud."""

    def parameter(self, name: str) -> Json:
        """The value of a parameter.

        Raises:
            TemplateError: `no_such_parameter`.
        """

    def variable(self, name: str) -> Json:
        """The value of a variable, evaluated by the scope when it is first asked for.

        Raises:
            TemplateError: `no_such_variable`, or it stands on itself.
        """

    def user_function(self, namespace: str, name: str) -> UserFunction | None:
        """A function that the template defines; None when it does not."""

    def copy_index(self, loop_name: str | None) -> int | None:
        """The turn of the loop of that name, or of the innermost; None outside of one."""


class FunctionScope:
    """The scope of the output of a function that the template defines.

    It has the function's own parameters and other functions, and nothing else of the template.
    """

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
