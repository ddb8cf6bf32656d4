"""Find the app in a module and check each function as Microsoft's Python worker 1.3 does."""

from __future__ import annotations

import importlib
import inspect
import json
import operator
import os
import re
import sys
import types
import typing
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.functions as func

from . import converting, extensions, missing_packages, retries

NOT_GENERIC = (typing.Union, types.UnionType, tuple, typing.ClassVar, Callable)
SCRIPT_NAME = re.compile(r"^[a-zA-Z0-9_][a-zA-Z0-9_\-]*\.py$")


@dataclass(frozen=True)
class Parameter:
    """How one Python parameter is bound.

    Attributes:
        binding: Name of its converter.
        pytype: The type it is annotated with.
        is_text: A blob that is wanted as text.
        is_blob: A blob that is written.
        sdk: Makes a type of an SDK for it; None for values.
    """

    binding: str
    pytype: Any
    is_text: bool = False
    is_blob: bool = False
    sdk: Any = None


@dataclass(frozen=True)
class LoadedFunction:
    """One function that passed every check, or says what it needs.

    Attributes:
        id: For the host.
        name: Function name.
        call: The user's function.
        directory: Where it is.
        raw_bindings: JSON of its bindings.
        inputs: Parameters that get a value.
        outputs: Parameters that get an `Out`.
        returns: How its return value is bound; None for not at all.
        wants_context: Whether it has a parameter `context`.
        is_async: Whether it is a coroutine function.
        stream: The parameter that gets the web framework's request; empty for none.
        error: What it needs and the app's environment does not have; it is not called then.
        retry: Its retry policy; None without one.
    """

    id: str
    name: str
    call: Callable[..., Any]
    directory: str
    raw_bindings: tuple[str, ...]
    inputs: dict[str, Parameter]
    outputs: dict[str, Parameter]
    returns: Parameter | None
    wants_context: bool
    is_async: bool
    stream: str = ""
    error: str = ""
    retry: retries.Policy | None = None


class FunctionLoadError(RuntimeError):
    """A function's parameters and bindings do not fit each other."""

    def __init__(self, function_name: str, problem: str) -> None:
        super().__init__(f"cannot load the {function_name} function: {problem}")


def load(folder: str) -> list[LoadedFunction]:
    """Import the app's script and return its functions.

    Raises:
        Exception: Whatever the script raises; ValueError or FunctionLoadError when it breaks a
            rule.
    """
    name = os.environ.get("PYTHON_SCRIPT_FILE_NAME") or "function_app.py"
    if not SCRIPT_NAME.match(name):
        raise ValueError(f"Invalid script file name: {name}. It must match {SCRIPT_NAME.pattern}.")
    if not (Path(folder) / name).exists():
        return []
    return [_checked(function) for function in _app(name, folder).get_functions()]


def _checked(function: Any) -> LoadedFunction:
    """A function that passed the checks; one that the local host cannot run is in error alone."""
    try:
        return _check(function)
    except Exception:
        kinds = {str(binding.type).lower() for binding in function.get_bindings()}
        needs = extensions.missing(function.get_function_name(), _hints_of(function))
        if not needs and kinds <= extensions.HERE:
            raise
        return _uncalled(function, needs)


def _hints_of(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function.get_user_function())
    except Exception:
        return {}


def _uncalled(function: Any, needs: str) -> LoadedFunction:
    name = function.get_function_name()
    return LoadedFunction(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        name=name,
        call=function.get_user_function(),
        directory="",
        raw_bindings=tuple(_raw(binding) for binding in function.get_raw_bindings()),
        inputs={},
        outputs={},
        returns=None,
        wants_context=False,
        is_async=False,
        error=needs,
    )


def _app(script: str, folder: str) -> func.FunctionRegister:
    try:
        module = importlib.import_module(Path(script).stem)
    except ImportError as error:
        error.msg = missing_packages.sentence(error, Path(folder))
        raise
    found: func.FunctionRegister | None = None
    for name in dir(module):
        value = getattr(module, name, None)
        if not isinstance(value, func.FunctionRegister):
            continue
        if found:
            raise ValueError(
                f"More than one {type(found).__name__} or other top level function app "
                "instances are defined."
            )
        found = value
    if not found:
        raise ValueError(f"Could not find top level function app instances in {script}.")
    return found


def _check(function: Any) -> LoadedFunction:
    call = function.get_user_function()
    name = function.get_function_name()
    bindings = function.get_bindings()
    for binding in bindings:
        _check_direction(name, binding)
    parameters = dict(inspect.signature(call).parameters)
    hints = typing.get_type_hints(call)
    bound = {binding.name: binding for binding in bindings if binding.name != "$return"}
    wants_context = _takes_context(name, parameters, bound, hints)
    _check_names(name, set(parameters), set(bound))
    inputs: dict[str, Parameter] = {}
    outputs: dict[str, Parameter] = {}
    stream = ""
    for parameter in parameters:
        binding = bound[parameter]
        if binding.type == "httpTrigger" and extensions.is_stream_request(hints.get(parameter)):
            stream = parameter
            continue
        side = outputs if _is_out(binding) else inputs
        side[parameter] = _check_parameter(name, parameter, binding, hints)
    return LoadedFunction(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        name=name,
        call=call,
        directory=str(Path(inspect.getfile(call)).parent),
        raw_bindings=tuple(
            _marked(_raw(binding), inputs) for binding in function.get_raw_bindings()
        ),
        inputs=inputs,
        outputs=outputs,
        returns=None if stream else _check_return(name, bindings, hints),
        wants_context=wants_context,
        is_async=inspect.iscoroutinefunction(call),
        stream=stream,
        retry=retries.policy(function),
    )


def _check_names(function: str, parameters: set[str], bound: set[str]) -> None:
    """Each parameter has a binding, and each binding a parameter."""
    unbound = parameters - bound
    if unbound:
        raise FunctionLoadError(
            function,
            "the following parameters are declared in Python but not in the function definition "
            f"(function.json or function decorators):  {unbound!r}",
        )
    missing = bound - parameters
    if missing:
        raise FunctionLoadError(
            function,
            "Extra parameters in binding definition — the following parameters are "
            "declared as bindings "
            f"but are not present in Python: {missing!r}",
        )


def _marked(raw: str, inputs: dict[str, Parameter]) -> str:
    """A binding's JSON, with the property that asks the host for a reference to the blob."""
    binding = json.loads(raw)
    parameter = inputs.get(binding.get("name"))
    if parameter is None or parameter.sdk is None:
        return raw
    properties = {**binding.get("properties", {}), "SupportsDeferredBinding": True}
    return json.dumps({**binding, "properties": properties})


def _raw(binding: Any) -> str:
    if isinstance(binding, str):
        return binding
    return json.dumps(binding)


def _is_out(binding: Any) -> bool:
    return int(binding.direction) == 1


def _check_direction(name: str, binding: Any) -> None:
    if int(binding.direction) == 2:
        raise FunctionLoadError(name, '"inout" bindings are not supported')
    if binding.name == "$return" and not _is_out(binding):
        raise FunctionLoadError(name, '"$return" binding must have direction set to "out"')


def _takes_context(
    name: str, parameters: dict[str, Any], bound: dict[str, Any], hints: dict[str, Any]
) -> bool:
    if "context" not in parameters or "context" in bound:
        return False
    del parameters["context"]
    hint = hints.get("context")
    if "context" in hints and (not isinstance(hint, type) or hint.__name__ != "Context"):
        raise FunctionLoadError(
            name,
            'the "context" parameter is expected to be of type azure.functions.Context, '
            f'got "{hint!r}"',
        )
    return True


def _is_type(hint: Any) -> bool:
    return isinstance(hint, type) and not isinstance(hint, types.GenericAlias)


def _is_generic(hint: Any) -> bool:
    """typing's own aliases such as List[str]; not unions, not list[str]."""
    return type(hint).__module__ == "typing" and typing.get_origin(hint) not in (None, *NOT_GENERIC)


def _is_out_hint(hint: Any) -> bool:
    origin = typing.get_origin(hint) or hint
    return isinstance(origin, type) and origin.__name__ == "Out"


def _check_parameter(name: str, parameter: str, binding: Any, hints: dict[str, Any]) -> Parameter:
    hint = hints.get(parameter)
    annotated = parameter in hints
    is_out_hint = _is_out_hint(hint)
    pytype = hint
    if is_out_hint:
        pytype = _inner(name, parameter, hint)
    if annotated and not _is_type(pytype) and not _is_generic(pytype):
        raise FunctionLoadError(
            name, f"binding {parameter} has invalid non-type annotation {hint!r}"
        )
    if annotated:
        _check_annotated_direction(name, parameter, binding, is_out_hint=is_out_hint)
    kind = binding.type
    sdk = None
    if annotated and not is_out_hint:
        sdk = extensions.sdk_converter(kind, pytype)
    if sdk is not None and sdk.check_input_type_annotation(pytype):
        return Parameter(kind, pytype, sdk=sdk)
    if annotated and pytype in (str, bytes) and not converting.has_implicit_output(binding.type):
        kind = "generic"
    if annotated and not _fits(kind, pytype, out=is_out_hint):
        raise _mismatch(name, parameter, binding, pytype)
    return Parameter(
        kind,
        pytype,
        is_text=pytype is str and binding.type in ("blob", "blobTrigger"),
        is_blob=_is_out(binding) and binding.type == "blob",
    )


def _check_annotated_direction(
    name: str, parameter: str, binding: Any, *, is_out_hint: bool
) -> None:
    if _is_out(binding) and not is_out_hint:
        raise FunctionLoadError(
            name,
            f'binding {parameter} is declared to have the "out" direction, but its '
            "annotation in Python is not "
            "a subclass of azure.functions.Out",
        )
    if not _is_out(binding) and is_out_hint:
        raise FunctionLoadError(
            name,
            f'binding {parameter} is declared to have the "in" direction in the binding '
            "decorator, but its annotation "
            "is azure.functions.Out in Python",
        )


def _inner(name: str, parameter: str, hint: Any) -> Any:
    arguments = typing.get_args(hint)
    if len(arguments) != 1:
        raise FunctionLoadError(name, f"binding {parameter} has invalid Out annotation {hint!r}")
    inner = arguments[0]
    if isinstance(inner, tuple):
        return operator.getitem(inner[0], *inner[1:])
    return inner


def _fits(kind: str, pytype: Any, *, out: bool) -> bool:
    found = converting.converter(kind)
    check = found.check_output_type_annotation if out else found.check_input_type_annotation
    return bool(check(pytype))


def _mismatch(name: str, parameter: str, binding: Any, pytype: Any) -> FunctionLoadError:
    return FunctionLoadError(
        name,
        f'binding type "{parameter!r}" and dataType "{binding.type}" in the binding '
        "decorator do not match the "
        f"corresponding function parameter's Python type annotation {pytype.__name__}",
    )


def _check_return(name: str, bindings: list[Any], hints: dict[str, Any]) -> Parameter | None:
    """What the function's return value becomes.

    The `$return` binding's type, else that of the last implicit output.
    """
    explicit = [binding.type for binding in bindings if binding.name == "$return"]
    implicit = [
        binding.type
        for binding in bindings
        if binding.name != "$return" and converting.has_implicit_output(binding.type)
    ]
    if not explicit and not implicit:
        return None
    kind = explicit[-1] if explicit else implicit[-1]
    pytype: Any = hints.get("return")
    if explicit and "return" in hints:
        if _is_out_hint(pytype):
            raise FunctionLoadError(name, "return annotation should not be azure.functions.Out")
        if not _is_type(pytype):
            raise FunctionLoadError(name, f"has invalid non-type return annotation {pytype!r}")
        if not _fits(kind, pytype, out=True):
            raise FunctionLoadError(
                name,
                f'Python return annotation "{pytype.__name__}" does not match binding '
                f'type "{kind}"',
            )
    return Parameter(kind, pytype, is_blob=kind == "blob")


def prepare_path(folder: str) -> None:
    """Put the app's own packages first and the app itself last, as the worker does."""
    packages = Path(folder) / ".python_packages" / "lib" / "site-packages"
    if packages.is_dir():
        sys.path.insert(0, str(packages))
    sys.path.append(folder)
