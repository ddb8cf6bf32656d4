"""What stands around a template's expressions: parameters, variables, functions, loops."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.templates.language.core import errors as language
from chatkit.localcloud.resource_manager.templates.language.core.errors import TemplateError
from chatkit.localcloud.resource_manager.templates.language.core.scope import (
    Place,
    Resources,
    UserFunction,
)
from chatkit.localcloud.resource_manager.templates.language.names import check_names
from chatkit.localcloud.resource_manager.templates.planning import loops
from chatkit.localcloud.resource_manager.templates.reading import types
from chatkit.localcloud.resource_manager.templates.reading.located import Path
from chatkit.localcloud.resource_manager.templates.reading.parameters import Given
from chatkit.localcloud.resource_manager.templates.reading.template import Template


class Misplaced(TemplateError):
    """What is wrong with a parameter's default or a variable.

    Attributes:
        section: Where it stands in the template.
    """

    def __init__(self, what: str, section: Path, error: TemplateError) -> None:
        super().__init__(
            f"The template {what} is not valid: {error.message}",
            code=error.code,
            position=error.position,
        )
        self.section = section


@dataclass
class _Values:
    """What has been evaluated: it is the same wherever in the template it is asked for."""

    parameters: JsonObject = field(default_factory=dict)
    variables: JsonObject = field(default_factory=dict)
    running: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class TemplateScope:
    """The `Scope` of a template's expressions."""

    template: Template
    given: Given
    resources: Resources
    functions: dict[tuple[str, str], UserFunction]
    place: Place = Place.RESOURCE
    turns: tuple[tuple[str, int], ...] = ()
    _values: _Values = field(default_factory=_Values)

    @classmethod
    def of(cls, template: Template, given: Given, resources: Resources) -> TemplateScope:
        """The scope at the top of a template."""
        return cls(template, given, resources, template.functions())

    def at(self, place: Place) -> TemplateScope:
        """The same around another place."""
        return replace(self, place=place)

    def turn(self, loop: str, index: int) -> TemplateScope:
        """The same in a turn of a loop."""
        return replace(self, turns=(*self.turns, (loop.lower(), index)))

    def asking(self, resources: Resources) -> TemplateScope:
        """The same with another cloud to ask."""
        return replace(self, resources=resources)

    def parameter(self, name: str) -> Json:
        """The value of a parameter, or its default."""
        key = name.lower()
        if key in self._values.parameters:
            return self._values.parameters[key]
        for declared, body in self.template.section("parameters").items():
            if declared.lower() == key:
                with self._once(f"parameter '{declared}'", ("parameters", declared)):
                    value = self._parameter(declared, body)
                self._values.parameters[key] = value
                return value
        raise language.no_such_parameter(name)

    def _parameter(self, name: str, body: JsonObject) -> Json:
        if self.given.has(name):
            return self.given.values[name.lower()]
        scope = replace(self, place=Place.PARAMETER_DEFAULT, turns=())
        value = loops.evaluated(body.get("defaultValue"), scope)
        if "defaultValue" in body:
            types.check(self.template, name, body, value)
        return value

    def variable(self, name: str) -> Json:
        """The value of a variable."""
        key = name.lower()
        if key in self._values.variables:
            return self._values.variables[key]
        section = self.template.section("variables")
        scope = replace(self, place=Place.VARIABLE, turns=())
        for declared, body in section.items():
            if declared.lower() == key and declared != "copy":
                with self._once(f"variable '{declared}'", ("variables", declared)):
                    value = loops.evaluated(body, scope)
                self._values.variables[key] = value
                return value
        for loop in loops.loops_in(section):
            if str(loop.get("name", "")).lower() == key:
                with self._once(f"variable '{loop['name']}'", ("variables", "copy")):
                    value = loops.elements(loop, scope)
                self._values.variables[key] = value
                return value
        raise language.no_such_variable(name)

    def _once(self, what: str, section: Path) -> _Once:
        return _Once(self._values.running, what, section)

    def user_function(self, namespace: str, name: str) -> UserFunction | None:
        """A function that the template defines."""
        return self.functions.get((namespace.lower(), name.lower()))

    def copy_index(self, loop_name: str | None) -> int | None:
        """The turn of a loop."""
        for name, index in reversed(self.turns):
            if loop_name is None or loop_name.lower() == name:
                return index
        return None

    def all_parameters(self) -> JsonObject:
        """The values of all parameters, by name in small letters."""
        return {name.lower(): self.parameter(name) for name in self.template.section("parameters")}

    def check_variables(self) -> None:
        """Evaluate every variable that can be evaluated before anything is deployed."""
        section = self.template.section("variables")
        for name in section:
            if name != "copy":
                self.variable(name)
        for loop in loops.loops_in(section):
            self.variable(str(loop.get("name", "")))

    def check_outputs(self) -> None:
        """Refuse outputs with names that are not there; their values are not known yet."""
        for name, body in self.template.section("outputs").items():
            with self._once(f"output '{name}'", ("outputs", name)):
                check_names(body, replace(self, place=Place.OUTPUT, turns=()))

    def check_asserts(self) -> None:
        """Refuse a template of which a condition that it asserts does not hold."""
        for name, body in self.template.section("asserts").items():
            with self._once(f"assert '{name}'", ("asserts", name)):
                value = loops.evaluated(body, replace(self, place=Place.VARIABLE, turns=()))
                if value is not True:
                    raise TemplateError(f"It does not hold: its value is '{value}'.")


class _Once:
    """Refuses a value that stands on itself, and says which value an error is about."""

    def __init__(self, running: set[str], what: str, section: Path) -> None:
        self._running = running
        self._what = what
        self._section = section

    def __enter__(self) -> None:
        if self._what in self._running:
            raise TemplateError(
                f"The template {self._what} cannot be evaluated: it depends on itself."
                " Circular dependency detected"
            )
        self._running.add(self._what)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._running.discard(self._what)
        if isinstance(error, TemplateError) and not isinstance(error, Misplaced):
            raise Misplaced(self._what, self._section, error) from error
