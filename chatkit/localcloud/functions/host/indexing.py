"""From what the child found to what the host serves: functions, bindings, routes, checks."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chatkit.localcloud.functions.host import (
    blob_bindings,
    expressions,
    no_functions,
    signalr_bindings,
)
from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.host.host_json import HostJson
from chatkit.localcloud.functions.host.routing import Route, Router, parse
from chatkit.localcloud.functions.schedules.retries import PolicyInvalid, RetryPolicy
from chatkit.localcloud.functions.schedules.schedule import NoSchedule
from chatkit.localcloud.functions.schedules.zones import schedule_of
from chatkit.localcloud.functions.storage.connections import ConnectionInvalid, resolve
from chatkit.localcloud.functions.storage.paths import BlobPattern, PathInvalid
from chatkit.localcloud.functions.worker_process.calls import IndexedFunction

# Utility.cs of the Functions host; names of bindings may have `_` since version 4.1038.
FUNCTION_NAME = re.compile(r"(?!host\Z)[a-z][a-z0-9_-]{0,127}", re.ASCII | re.IGNORECASE)
BINDING_NAME = re.compile(r"\$return|(?!.*__)[A-Za-z_][A-Za-z0-9_]{0,127}", re.DOTALL)
LEVELS = ("anonymous", "function", "admin")
TIMER = "timertrigger"
BUILT_IN = {"httptrigger", "http", TIMER}
EXTENSIONS = signalr_bindings.TYPES | blob_bindings.TYPES
Binding = dict[str, Any]


@dataclass(frozen=True)
class Function:
    """One function the host serves.

    Attributes:
        id: The child's id for it.
        name: Function name.
        bindings: With settings put in.
        route: With the prefix; empty for other triggers.
        is_disabled: By an app setting.
        error: Why it cannot be served although the app loaded; empty when it can.
        streams: Whether it takes its HTTP request as a stream.
        retry: Its retry policy; None without one.
    """

    id: str
    name: str
    bindings: tuple[Binding, ...]
    route: str = ""
    is_disabled: bool = False
    error: str = ""
    streams: bool = False
    retry: RetryPolicy | None = None

    @property
    def trigger(self) -> Binding:
        """The trigger binding."""
        return next(binding for binding in self.bindings if _kind(binding).endswith("trigger"))

    @property
    def is_http(self) -> bool:
        """Whether it is an HTTP function."""
        return _kind(self.trigger) == "httptrigger"

    @property
    def is_timer(self) -> bool:
        """Whether a schedule sets it off."""
        return _kind(self.trigger) == TIMER

    @property
    def is_blob_trigger(self) -> bool:
        """Whether a blob sets it off."""
        return _kind(self.trigger) == blob_bindings.TRIGGER

    @property
    def inputs(self) -> list[Binding]:
        """Input bindings that the host resolves itself."""
        return [binding for binding in self.bindings if _is_input(binding)]

    @property
    def outputs(self) -> list[Binding]:
        """Output bindings that the host carries out itself."""
        return [binding for binding in self.bindings if _is_output(binding)]

    @property
    def http_output(self) -> str:
        """The parameter that carries the HTTP answer instead of the return value, else empty."""
        names = [str(binding["name"]) for binding in self.bindings if _kind(binding) == "http"]
        return next((name for name in names if name != "$return"), "")

    @property
    def has_expressions(self) -> bool:
        """Whether a binding needs data of the trigger: `{...}` somewhere in its properties."""
        values = (value for binding in (*self.inputs, *self.outputs) for value in binding.values())
        return any(isinstance(value, str) and "{" in value for value in values)

    @property
    def methods(self) -> list[str]:
        """HTTP methods in the order given; empty for all."""
        return [str(method).upper() for method in self.trigger.get("methods") or []]

    @property
    def auth_level(self) -> str:
        """anonymous, function or admin."""
        level = str(self.trigger.get("authLevel") or "").lower()
        if level in LEVELS:
            return level
        return "function"


@dataclass(frozen=True)
class FunctionIndex:
    """All functions of an app, by name and by route.

    Attributes:
        unlisted: Names of those that "functions" in host.json leaves out.
    """

    functions: tuple[Function, ...] = ()
    router: Router[Function] = field(default_factory=lambda: Router([]))
    unlisted: tuple[str, ...] = ()

    def by_name(self, name: str) -> Function | None:
        """Find a function; names compare case-insensitively."""
        return next(
            (function for function in self.functions if function.name.lower() == name.lower()), None
        )

    def by_signalr_event(self, hub: str, category: str, event: str) -> Function | None:
        """Find the function of a SignalR trigger."""
        wanted = (hub.lower(), category.lower(), event.lower())
        return next(
            (
                function
                for function in self.functions
                if _signalr_key(function) == wanted and not function.error
            ),
            None,
        )


def build(
    functions: Iterable[IndexedFunction], config: HostJson, settings: Mapping[str, str]
) -> FunctionIndex:
    """Check every function and make the index.

    A function that breaks a rule of the host is in error, alone: the others are served, as in
    Azure.
    """
    served: list[Function] = []
    unlisted: list[str] = []
    for found in functions:
        if config.only and found.name.lower() not in config.only:
            unlisted.append(found.name)
            continue
        function = Function(found.id, found.name, found.bindings, streams=found.streams)
        try:
            function = _checked(function, config, settings)
            function = replace(function, retry=_retry_policy(found))
            if found.error:
                raise AppInvalid(found.error)
            _check_conflicts(function, served)
        except AppInvalid as error:
            function = replace(
                function, route=function.route or _plain_route(function, config), error=str(error)
            )
        served.append(function)
    routes = [
        Route(parse(function.route), frozenset(function.methods) or None, function)
        for function in served
        if _is_routed(function) and not function.is_disabled
    ]
    return FunctionIndex(tuple(served), Router(routes), tuple(unlisted))


def _checked(function: Function, config: HostJson, settings: Mapping[str, str]) -> Function:
    name = function.name
    _check_names(function)
    bindings = tuple(_binding(name, binding, config, settings) for binding in function.bindings)
    disabled = str(
        settings.get(
            f"AzureWebJobs.{name}.Disabled", settings.get(f"AzureWebJobs__{name}__Disabled", "")
        )
    )
    function = replace(function, bindings=bindings, is_disabled=disabled.lower() in ("1", "true"))
    if _kind(function.trigger) == signalr_bindings.TRIGGER:
        _check_signalr_trigger(function)
    if function.is_timer:
        _check_timer(function, settings)
    if function.is_blob_trigger and not function.is_disabled:
        _check_blob_trigger(function, settings)
    if not function.is_http:
        return function
    route = str(function.trigger.get("route") or name).strip("/")
    if route.lower().startswith("admin") or route.split("/")[0].lower() == "runtime":
        raise AppInvalid(
            f"The route '{route}' of '{name}' conflicts with one or more built in routes."
        )
    full = f"{config.route_prefix}/{route}".strip("/")
    parse(full)
    return replace(function, route=full)


def _is_routed(function: Function) -> bool:
    """Whether requests lead to a function; the empty route is the root, if it is not broken."""
    return function.is_http and bool(function.route or not function.error)


def _check_names(function: Function) -> None:
    if not FUNCTION_NAME.fullmatch(function.name):
        raise AppInvalid(
            f"'{function.name}' is not a valid function name.",
            hint="It begins with a letter, and has at most 128 of a-z, A-Z, 0-9, '_' and '-'.",
        )
    for binding in function.bindings:
        if not BINDING_NAME.fullmatch(str(binding["name"])):
            raise AppInvalid(
                f"The binding name {binding['name']} is invalid. Please assign a valid name to the"
                " binding.",
                hint="It has letters from a to z, digits and '_', but no '__' and no digit first.",
            )
    names = Counter(str(binding["name"]).lower() for binding in function.bindings)
    twice = next((name for name in names if names[name] > 1), "")
    if twice:
        raise AppInvalid(
            f"Multiple bindings with name '{twice}' discovered. Binding names must be unique."
        )


def _check_timer(function: Function, settings: Mapping[str, str]) -> None:
    try:
        schedule_of(str(function.trigger.get("schedule") or ""), settings)
    except NoSchedule as error:
        raise AppInvalid(str(error)) from None


def _retry_policy(found: IndexedFunction) -> RetryPolicy | None:
    if found.retry is None:
        return None
    try:
        return RetryPolicy.of(found.retry)
    except PolicyInvalid as error:
        raise AppInvalid(f"The retry policy of '{found.name}' {error}.") from None


def _check_blob_trigger(function: Function, settings: Mapping[str, str]) -> None:
    """Check what the Storage extension checks as it indexes; it has no word with the account."""
    try:
        BlobPattern.parse(str(function.trigger.get("path") or ""))
        resolve(settings, str(function.trigger.get("connection") or ""))
    except (PathInvalid, ConnectionInvalid) as error:
        raise AppInvalid(str(error)) from None


def _check_signalr_trigger(function: Function) -> None:
    _, category, event = _signalr_key(function)
    trigger = f"The SignalR trigger of '{function.name}'"
    if category not in ("connections", "messages"):
        raise AppInvalid(
            f"{trigger} has the category '{category}'; there are connections and messages."
        )
    if category == "connections" and event not in ("connected", "disconnected"):
        raise AppInvalid(
            f"{trigger} has the event '{event}' of connections; there are connected and "
            "disconnected."
        )
    try:
        parameter_names(function)
    except ValueError:
        raise AppInvalid(
            f"parameterNames of '{function.name}' is neither a list of names nor JSON text of one."
        ) from None


def _plain_route(function: Function, config: HostJson) -> str:
    """Where a function in error can still say so: its route, when that is not what is wrong."""
    if not function.is_http:
        return ""
    own = str(function.trigger.get("route") or function.name).strip("/")
    route = f"{config.route_prefix}/{own}".strip("/")
    try:
        parse(route)
    except AppInvalid:
        return ""
    return route


def _check_conflicts(function: Function, others: Iterable[Function]) -> None:
    for other in others:
        if _share_a_route(function, other):
            raise AppInvalid(
                f"The route '{function.route}' conflicts with the route of function '{other.name}'."
            )
        key = _signalr_key(function)
        if key and key == _signalr_key(other):
            raise AppInvalid(
                f"The SignalR trigger {'/'.join(key)} is the one of function "
                f"'{other.name}' already."
            )


def _share_a_route(one: Function, other: Function) -> bool:
    """Whether one request could be for either function."""
    if not one.is_http or not other.is_http or one.route.lower() != other.route.lower():
        return False
    if not one.methods or not other.methods:
        return True  # all methods
    return not {*one.methods}.isdisjoint(other.methods)


def _binding(name: str, binding: Binding, config: HostJson, settings: Mapping[str, str]) -> Binding:
    kind = _kind(binding)
    if kind in EXTENSIONS and not config.has_bundle:
        raise AppInvalid(
            f"The binding type(s) '{binding['type']}' of function '{name}' are not registered.",
            hint='host.json has no "extensionBundle": in Azure, too, the function would not '
            'load. Add {"id": '
            '"Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}.',
        )
    if kind not in EXTENSIONS | BUILT_IN:
        raise AppInvalid(no_functions.not_here(str(binding["type"])))
    return {key: _with_settings(value, settings, name) for key, value in binding.items()}


def _with_settings(value: Any, settings: Mapping[str, str], name: str) -> Any:
    if not isinstance(value, str):
        return value
    return expressions.with_settings(value, settings, where=f"Function '{name}'")


def _signalr_key(function: Function) -> tuple[str, ...]:
    trigger = function.trigger
    if _kind(trigger) != signalr_bindings.TRIGGER:
        return ()
    return tuple(str(trigger.get(name) or "").lower() for name in ("hubName", "category", "event"))


def parameter_names(function: Function) -> list[str]:
    """parameterNames of a SignalR trigger, given as a list or as JSON text.

    Raises:
        ValueError: It is neither.
    """
    value = function.trigger.get("parameterNames") or []
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, list):
        raise ValueError(value)
    return [str(name) for name in value]


def _is_input(binding: Binding) -> bool:
    kind = _kind(binding)
    return kind in signalr_bindings.INPUTS or (
        kind == blob_bindings.BINDING and _direction(binding) == "in"
    )


def _is_output(binding: Binding) -> bool:
    kind = _kind(binding)
    return kind == signalr_bindings.OUTPUT or (
        kind == blob_bindings.BINDING and _direction(binding) == "out"
    )


def _direction(binding: Binding) -> str:
    return str(binding.get("direction") or "").lower()


def _kind(binding: Mapping[str, Any]) -> str:
    return str(binding["type"]).lower()
