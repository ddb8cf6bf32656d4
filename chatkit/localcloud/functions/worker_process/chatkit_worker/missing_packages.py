"""The sentence for an app that imports a package which its Python does not have."""

from __future__ import annotations

import codecs
import re
import sys
from pathlib import Path

from . import brought

DURABLE = "azure.durable_functions"
# Packages whose names are not those of their modules.
DISTRIBUTIONS = {DURABLE: "azure-functions-durable"}


def sentence(error: ImportError, folder: Path) -> str:
    """What an app is told: the worker's words, and what helps here.

    On Azure such an app does not load either, with the same exception.

    Args:
        error: What the app's import raised.
        folder: The app.
    """
    said = (
        f"{str(error).rstrip('.')}. Cannot find module. Please check the requirements.txt file for"
        " the missing module."
    )
    name = error.name if isinstance(error, ModuleNotFoundError) else ""
    if not name:
        return said
    return said + _hidden(name) + _not_installed(name, folder) + _of_durable(name)


def _hidden(name: str) -> str:
    """What else helps when this machine has the package, and the app does not bring it."""
    if not brought.is_hidden(name):
        return ""
    return (
        f" This machine has {name}, but a deployed app finds only the packages that its"
        " requirements.txt names, and what those need."
    )


def _of_durable(name: str) -> str:
    if name != DURABLE:
        return ""
    return (
        f" It is in the package {DISTRIBUTIONS[DURABLE]}, without which the app does not load on"
        " Azure either. With it the app's other functions run on this machine; Durable Functions"
        " are not in the local host."
    )


def _not_installed(name: str, folder: Path) -> str:
    """What else helps when requirements.txt names the package: this Python does not have it."""
    package = DISTRIBUTIONS.get(name) or _package_name(name)
    try:
        content = (folder / "requirements.txt").read_bytes()
    except OSError:
        return ""
    encoding = "utf-8-sig"
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16"
    lines = content.decode(encoding, "replace").splitlines()
    # `azure.storage.blob` is in `azure-storage-blob`, and missing as `azure.storage`.
    named = {_package_name(line) for line in lines}
    is_part = "." in name and any(line.startswith(f"{package}-") for line in named)
    if package not in named and not is_part:
        return ""
    return (
        f" It is named there, but the Python that runs the app does not have it: {sys.executable}."
        " Install it there, or run the app in an environment that has it."
    )


def _package_name(line: str) -> str:
    """The name at the beginning of a requirement, in the form that compares (PEP 503)."""
    name = re.match(r"\s*([A-Za-z0-9._-]*)", line)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[1]).lower()
