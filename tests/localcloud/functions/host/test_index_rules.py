"""Rules of the index: which function requests lead to, and which is in error alone."""

from __future__ import annotations

from typing import Any

import pytest

from chatkit.localcloud.functions.host import indexing
from chatkit.localcloud.functions.host.host_json import HostJson
from chatkit.localcloud.functions.worker_process.calls import IndexedFunction

ANSWER = {"type": "http", "direction": "OUT", "name": "$return"}
BLOB = {
    "type": "blob",
    "direction": "OUT",
    "path": "out/a.txt",
    "connection": "AzureWebJobsStorage",
}


def served(route: str, *outputs: dict[str, Any]) -> indexing.FunctionIndex:
    """The index of an app with one function, whose routes have no prefix."""
    trigger = {"type": "httpTrigger", "direction": "IN", "name": "req", "route": route}
    function = IndexedFunction("1", "page", (trigger, ANSWER, *outputs))
    return indexing.build([function], HostJson(route_prefix=""), {})


@pytest.mark.parametrize("route", ["/", ""])
def test_without_a_prefix_a_function_can_have_the_root(route: str) -> None:
    """An empty text is no route, and leads to the function's name."""
    found = served(route).router.find("GET", "/" if route else "/page")
    assert found is not None and found[0].name == "page"


def test_a_broken_route_is_not_the_root() -> None:
    """The function is in error, and `/` is the home page."""
    index = served("m/{x")
    assert index.functions[0].error and index.router.find("GET", "/") is None


@pytest.mark.parametrize("name", ["$return", "REQ"])
def test_two_bindings_of_one_name_are_that_functions_error(name: str) -> None:
    """As Azure's host has it, which compares names in any case."""
    error = served("page", {**BLOB, "name": name}).functions[0].error
    assert error.startswith(f"Multiple bindings with name '{name.lower()}' discovered.")
