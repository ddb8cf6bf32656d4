"""Microsoft's extension packages of the Python worker: types of the storage SDK, HTTP streams.

An app that uses one imports `azurefunctions.extensions...`. Where the package is there, its own
converters and its web framework work as in Microsoft's worker. Where it is not, placeholders take
its place, so that a function that needs it is in error alone and the others are served.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

ROOT = "azurefunctions"
BASE = "azurefunctions.extensions.base"
HTTP = "http"
# Binding types of the functions that the local host runs; of any other the host says what it is.
HERE = {
    "httptrigger",
    "http",
    "timertrigger",
    "blobtrigger",
    "blob",
    "signalr",
    "signalrtrigger",
    "signalrconnectioninfo",
    "signalrnegotiation",
    "signalrendpoints",
}


class Placeholder:
    """A class of a package that is not installed; an annotation with it tells which one."""

    package = ""


class PlaceholderModule(ModuleType):
    """A module of a package that is not installed: every name in it is a placeholder."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Placeholder,), {"package": _package(self.__name__)})


class PlaceholderFinder(MetaPathFinder, Loader):
    """Finds extension packages that nothing else finds; the last one that Python asks."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Stand in for everything below `azurefunctions`."""
        if fullname == ROOT or fullname.startswith(f"{ROOT}.extensions"):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make a module of placeholders."""
        return PlaceholderModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing runs in it."""


def install_placeholders() -> None:
    """Let imports of extension packages that are missing succeed."""
    sys.meta_path.append(PlaceholderFinder())


def _package(module: str) -> str:
    """`azurefunctions.extensions.http.fastapi` is in `azurefunctions-extensions-http-fastapi`."""
    return module.replace(".", "-")


def base() -> Any:
    """The package that all extensions stand on; None when the app uses none of them."""
    module = sys.modules.get(BASE)
    if module is None or isinstance(module, PlaceholderModule):
        return None
    return module


def is_stream_request(pytype: Any) -> bool:
    """Whether a parameter is the web framework's own request."""
    found = base()
    return found is not None and bool(found.RequestTrackerMeta.check_type(pytype))


def sdk_converter(binding: str, pytype: Any) -> Any:
    """What makes a type of an SDK for a parameter; None when it is annotated with another type."""
    found = base()
    if found is None:
        return None
    registry = found.get_binding_registry()
    if not registry.check_supported_type(pytype):
        return None
    return registry.get(binding)


def missing(name: str, hints: dict[str, Any]) -> str:
    """What a function needs that the app's environment does not have; empty for nothing."""
    for hint in hints.values():
        if isinstance(hint, type) and issubclass(hint, Placeholder):
            return (
                f"'{name}' takes '{hint.__name__}' of the package {hint.package}, which the app's "
                "Python does not have. The local host runs such functions once it is installed."
            )
    for hint in hints.values():
        module = str(getattr(hint, "__module__", ""))
        if module.startswith("azure.storage.blob"):
            return (
                f"'{name}' takes '{hint.__name__}' of the storage SDK. The local host makes it, as "
                "Azure does, for the annotation of the package "
                "azurefunctions-extensions-bindings-blob: `import "
                f"azurefunctions.extensions.bindings.blob as blob`, then `blob.{hint.__name__}`."
            )
        if module.startswith(("fastapi.", "starlette.")):
            return (
                f"'{name}' takes or returns '{hint.__name__}' of FastAPI. The local host runs such "
                "functions, as Azure does, with the types of the package "
                "azurefunctions-extensions-http-fastapi: import them from "
                "`azurefunctions.extensions.http.fastapi`."
            )
    return ""


def web_app(handle: Any) -> Any:
    """The web framework's application, with one handler for every request.

    Args:
        handle: Called with the framework's request.
    """
    found = base()
    module = importlib.import_module(found.ModuleTrackerMeta.get_module())
    handle.__annotations__ = {"request": found.RequestTrackerMeta.get_request_type()}
    application = module.WebApp()
    application.route(handle)
    return application.get_app()


def sync_route_params(request: Any, params: dict[str, str]) -> None:
    """Give a request the values of the host's route."""
    base().RequestTrackerMeta.get_synchronizer().sync_route_params(request, params)
