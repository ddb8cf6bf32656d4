"""A small reader of Bicep: what of the language `template/main.bicep` uses, as the JSON it means.

No compiler of Bicep is at hand. The rules are those of its documentation: symbolic names, a
property of a resource that only Azure knows is a `reference`, and what a resource names goes into
its `dependsOn`. https://learn.microsoft.com/azure/azure-resource-manager/bicep/file
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
TOKEN = re.compile(
    r"(?P<space>[ \t]+|//[^\n]*)|(?P<line>\n)|(?P<number>\d+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>[@=:{}\[\]().,-])"
)
KEYWORDS = ("true", "false")


@dataclass(frozen=True)
class Text:
    """A string: texts, and between them expressions."""

    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Name:
    """A parameter, a variable, or a resource."""

    name: str


@dataclass(frozen=True)
class Member:
    """A property of something."""

    of: Any
    name: str


@dataclass(frozen=True)
class Item:
    """An element of an array."""

    of: Any
    index: Any


@dataclass(frozen=True)
class Called:
    """A function, or a function of a resource."""

    name: str
    arguments: tuple[Any, ...]
    of: Any = None


@dataclass(frozen=True)
class Minus:
    """A difference of two numbers."""

    left: Any
    right: Any


@dataclass(frozen=True)
class Resource:
    """A resource, with the parts of its body."""

    type: str
    version: str
    body: Mapping[str, Any]


@dataclass
class File:
    """What a file declares, in its order."""

    parameters: dict[str, tuple[str, Any, dict[str, Any]]] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, tuple[str, Any, dict[str, Any]]] = field(default_factory=dict)


class Reader:
    """Reads a file, from its first character to its last."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def file(self) -> File:
        """The declarations."""
        found = File()
        decorators: dict[str, Any] = {}
        while self._peek(skip_lines=True):
            if self._takes("@"):
                called = self._primary()
                decorators[called.name] = called.arguments[0] if called.arguments else True
                continue
            word = self._name()
            if word == "targetScope":
                self._needs("=")
                self.expression()
            elif word == "param":
                name, kind = self._name(), self._name()
                default = self.expression() if self._takes("=") else None
                found.parameters[name] = (kind, default, decorators)
            elif word == "var":
                name = self._name()
                self._needs("=")
                found.variables[name] = self.expression()
            elif word == "resource":
                name = self._name()
                kind, _, version = self._plain().partition("@")
                self._needs("=")
                found.resources[name] = Resource(kind, version, self.expression())
            elif word == "output":
                name, kind = self._name(), self._name()
                self._needs("=")
                found.outputs[name] = (kind, self.expression(), decorators)
            else:
                raise self._error(f"no declaration begins with {word}")
            decorators = {}
        return found

    def expression(self) -> Any:
        """A value."""
        left = self._primary()
        while self._takes("-"):
            left = Minus(left, self._primary())
        return left

    def _primary(self) -> Any:
        found = self._first()
        while True:
            if self._takes("."):
                name = self._name()
                called = self._arguments() if self._takes("(") else None
                found = Member(found, name) if called is None else Called(name, called, found)
            elif self._takes("["):
                found = Item(found, self.expression())
                self._needs("]")
            else:
                return found

    def _first(self) -> Any:
        kind = self._peek()
        if kind == "'":
            return self._string()
        if kind == "number":
            return int(self._token())
        if kind == "{":
            return self._object()
        if kind == "[":
            return self._array()
        name = self._name()
        if name in KEYWORDS:
            return name == "true"
        return Called(name, self._arguments()) if self._takes("(") else Name(name)

    def _arguments(self) -> tuple[Any, ...]:
        found: list[Any] = []
        while not self._takes(")"):
            found.append(self.expression())
            self._takes(",")
        return tuple(found)

    def _object(self) -> dict[str, Any]:
        self._needs("{")
        found: dict[str, Any] = {}
        while not self._takes("}", skip_lines=True):
            name = self._name()
            self._needs(":")
            assert name not in found, name
            found[name] = self.expression()
        return found

    def _array(self) -> list[Any]:
        self._needs("[")
        found: list[Any] = []
        while not self._takes("]", skip_lines=True):
            found.append(self.expression())
        return found

    def _string(self) -> Text:
        parts: list[Any] = []
        said = ""
        self._at += 1
        while self._text[self._at] != "'":
            if self._text.startswith("${", self._at):
                self._at += 2
                parts += [said, self.expression()]
                said = ""
                self._needs("}")
            else:
                self._at += self._text[self._at] == "\\"
                said += self._text[self._at]
                self._at += 1
        self._at += 1
        return Text((*parts, said))

    def _plain(self) -> str:
        self._peek()
        (said,) = self._string().parts
        return str(said)

    def _name(self) -> str:
        if self._peek(skip_lines=True) != "name":
            raise self._error("a name is missing")
        return self._token()

    def _needs(self, sign: str) -> None:
        if not self._takes(sign):
            raise self._error(f"{sign} is missing")

    def _takes(self, sign: str, *, skip_lines: bool = False) -> bool:
        if self._peek(skip_lines=skip_lines) != sign:
            return False
        self._at += 1
        return True

    def _token(self) -> str:
        found = TOKEN.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        return found[0]

    def _peek(self, *, skip_lines: bool = False) -> str:
        """The kind of the next token, a sign itself; empty at the end."""
        while self._at < len(self._text):
            if self._text[self._at] == "'":
                return "'"
            found = TOKEN.match(self._text, self._at)
            if found is None:
                raise self._error("this is not read here")
            kind = found.lastgroup or ""
            if kind != "space" and not (kind == "line" and skip_lines):
                return found[0] if kind == "sign" else kind
            self._at = found.end()
        return ""

    def _error(self, said: str) -> ValueError:
        line = self._text.count("\n", 0, self._at) + 1
        return ValueError(f"line {line}: {said}")


class Meaning:
    """What a file means, as a template."""

    def __init__(self, file: File) -> None:
        self._file = file

    def template(self) -> dict[str, Any]:
        """The whole document."""
        return {
            "$schema": SCHEMA,
            "languageVersion": "2.0",
            "contentVersion": "1.0.0.0",
            "parameters": {name: self._parameter(*one) for name, one in self._parameters()},
            "resources": {name: self._resource(name) for name in self._file.resources},
            "outputs": {name: self._output(*one) for name, one in self._file.outputs.items()},
        }

    def _parameters(self) -> Iterator[tuple[str, tuple[str, Any, dict[str, Any]]]]:
        yield from self._file.parameters.items()

    def _parameter(self, kind: str, default: Any, said: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"type": f"secure{kind}" if "secure" in said else kind}
        if default is not None:
            found["defaultValue"] = self.value(default)
        if "allowed" in said:
            found["allowedValues"] = self.value(said["allowed"])
        return {**found, **self._described(said)}

    def _output(self, kind: str, value: Any, said: dict[str, Any]) -> dict[str, Any]:
        return {"type": kind, **self._described(said), "value": self.value(value)}

    def _described(self, said: dict[str, Any]) -> dict[str, Any]:
        if "description" not in said:
            return {}
        return {"metadata": {"description": self.value(said["description"])}}

    def _resource(self, symbol: str) -> dict[str, Any]:
        one = self._file.resources[symbol]
        body = {name: value for name, value in one.body.items() if name not in ("parent", "name")}
        also = [name.name for name in body.pop("dependsOn", [])]
        found: dict[str, Any] = {"type": one.type, "apiVersion": one.version}
        found["name"] = self._full_name(symbol)
        found |= {name: self.value(value) for name, value in body.items()}
        needed = {*also, *self._needed([body, one.body.get("parent"), one.body["name"]])}
        if needed:
            found["dependsOn"] = sorted(needed)
        return found

    def _full_name(self, symbol: str) -> str:
        parts = self._name_parts(symbol)
        if len(parts) == 1:
            return f"[{parts[0]}]"
        holes = "/".join(f"{{{index}}}" for index in range(len(parts)))
        return f"[format('{holes}', {', '.join(parts)})]"

    def _name_parts(self, symbol: str) -> list[str]:
        body = self._file.resources[symbol].body
        parent = body.get("parent")
        before = self._name_parts(parent.name) if parent else []
        return [*before, self.expression(body["name"])]

    def _needed(self, value: Any) -> set[str]:
        """The resources that something names."""
        if isinstance(value, Name):
            if value.name in self._file.resources:
                return {value.name}
            return self._needed(self._file.variables.get(value.name))
        if isinstance(value, dict):
            return self._needed([*value.values()])
        if isinstance(value, list | tuple):
            return {name for one in value for name in self._needed(one)}
        if isinstance(value, Text | Member | Item | Called | Minus):
            return self._needed([*vars(value).values()])
        return set()

    def value(self, value: Any) -> Any:
        """A value of the template."""
        if isinstance(value, dict):
            return {name: self.value(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, bool | int):
            return value
        if isinstance(value, Name) and value.name in self._file.variables:
            return self.value(self._file.variables[value.name])
        if isinstance(value, Text) and len(value.parts) == 1:
            text = str(value.parts[0])
            # A text that begins with a bracket is an expression, unless it has two.
            return f"[{text}" if text.startswith("[") else text
        return f"[{self.expression(value)}]"

    def expression(self, value: Any) -> str:
        """A value within an expression."""
        if isinstance(value, Text):
            return self._joined(value)
        if isinstance(value, Minus):
            return f"sub({self.expression(value.left)}, {self.expression(value.right)})"
        if isinstance(value, Item):
            return f"{self.expression(value.of)}[{self.expression(value.index)}]"
        if isinstance(value, Called):
            return self._called(value)
        if isinstance(value, Member):
            return self._member(value)
        if isinstance(value, Name):
            if value.name in self._file.parameters:
                return f"parameters('{value.name}')"
            return self.expression(self._file.variables[value.name])
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _joined(self, text: Text) -> str:
        if len(text.parts) == 1:
            return "'" + str(text.parts[0]).replace("'", "''") + "'"
        said = ""
        values: list[str] = []
        for index, part in enumerate(text.parts):
            if index % 2:
                said += f"{{{len(values)}}}"
                values.append(self.expression(part))
            else:
                said += part.replace("'", "''")
        return f"format('{said}', {', '.join(values)})"

    def _called(self, one: Called) -> str:
        arguments = [self.expression(argument) for argument in one.arguments]
        if one.of is not None:
            resource = self._file.resources[one.of.name]
            arguments = [f"'{one.of.name}'", f"'{resource.version}'", *arguments]
        return f"{one.name}({', '.join(arguments)})"

    def _member(self, one: Member) -> str:
        symbol = one.of.name if isinstance(one.of, Name) else ""
        if symbol not in self._file.resources:
            return f"{self.expression(one.of)}.{one.name}"
        if one.name == "properties":
            return f"reference('{symbol}')"
        parts = self._name_parts(symbol)
        if one.name == "name":
            return parts[-1]
        assert one.name == "id", one
        return f"resourceId('{self._file.resources[symbol].type}', {', '.join(parts)})"


def compiled(text: str) -> dict[str, Any]:
    """The template that a file means."""
    return Meaning(Reader(text).file()).template()
