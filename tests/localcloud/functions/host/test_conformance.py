"""One table, three engines.

This kit's worker here and under Python 3.13, and Microsoft's azure-functions-runtime under 3.13.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.localcloud.functions.host import conformance_run, conformance_table, python313
from tests.localcloud.functions.host.conformance_cases import CALL, LOAD
from tests.localcloud.functions.host.conformance_run import DIFFERENCES, RECORDED, Engine, Outcomes
from tests.tools import Tools

recorded: Outcomes = json.loads(RECORDED.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def python_313(tools: Tools) -> str:
    """An interpreter with the runtime; without one the test is skipped, or fails under CI=true."""
    try:
        return python313.with_runtime()
    except python313.NotAvailable as error:
        tools.lack(f"the comparison with Microsoft's worker needs Python 3.13: {error}")


def differences(found: Outcomes) -> dict[str, tuple[object, object]]:
    """Cases whose outcome is not the recorded one."""
    return {
        name: (recorded.get(name), found.get(name))
        for name in {*recorded, *found}
        if recorded.get(name) != found.get(name)
    }


def test_every_case_has_a_recorded_outcome() -> None:
    """At least 60, each name once."""
    names = [f"load: {case.name}" for case in LOAD] + [f"call: {case.name}" for case in CALL]
    assert sorted(names) == sorted(recorded) and len(names) >= 60


async def test_this_kits_worker_does_what_microsofts_does(tmp_path: Path) -> None:
    """Under the Python of this environment: nothing differs but what is listed with its reason."""
    found = await conformance_run.run(Engine(), tmp_path)
    assert differences(found).keys() == DIFFERENCES.keys()


async def test_so_does_it_under_python_3_13(tmp_path: Path, python_313: str) -> None:
    """Where the SDK is a newer one."""
    found = await conformance_run.run(Engine(python_313), tmp_path)
    assert differences(found).keys() == DIFFERENCES.keys()


async def test_the_recorded_outcomes_are_microsofts(tmp_path: Path, python_313: str) -> None:
    """The runtime itself, run now."""
    found = await conformance_run.run(Engine(python_313, is_runtime=True), tmp_path)
    assert differences(found) == {}


def test_the_table_in_the_docs_is_current() -> None:
    """`python -m tests.localcloud.functions.host.conformance_table` writes it."""
    page = conformance_table.PAGE.read_text(encoding="utf-8")
    assert conformance_table.table() in page
