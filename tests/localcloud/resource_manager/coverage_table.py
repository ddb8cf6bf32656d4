"""docs/resource-manager.md: every operation, from its routes, with the tests that call it.

`CHATKIT_WRITE_TABLES=1 python -m pytest FILE` writes it anew: what is known of other files stays.
"""

from __future__ import annotations

from pathlib import Path

from chatkit.localcloud.resource_manager import service
from chatkit.localcloud.resource_manager.core.faults import KINDS
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import Route
from tests.localcloud.resource_manager.specs import models

PATH = Path(__file__).parents[3] / "docs" / "resource-manager.md"
TESTED_BY: dict[str, set[str]] = {}
RAN: set[str] = set()
"""Files whose tests have run, as far as they have called anything."""
HEAD = """# What the local Resource Manager serves

Generated from its routes; "tested by" is what the last run of each file called. Everything
else that Azure has is answered 501 in Azure's error format, and a path of no operation 404.

Requests and answers are compared with Azure's own definitions (`tests/data/azure`) wherever a test
sends them: in these tests, in those of the kit's verbs and of the faults (`tests/steps`), and in a
whole tutorial done by `az`, which goes through a proxy that looks at all of it
(`tests/localcloud/resource_manager/watching.py`). Definitions of this kind do not exist for
Microsoft Graph and for the deployment endpoint (SCM); those follow Microsoft's pages and
recordings. Neither do they for these operations here: {without}.

| operation | method | path | tested by |
|---|---|---|---|
"""


FAULTS = """
## Failures on demand

`chatkit local fault KIND` switches one on, `--clear` off; `--times`, `--seconds` and `--path` say
how often, how long and where. What the kit's verbs do with each, try again or say what to do, is
tested in `test_kit_faults.py`, `test_kit_faults_lasting.py` and `test_kit_faults_app.py`
of `tests/steps`.

| kind | what happens |
|---|---|
"""
DRILLS = """
With `--for` a part of the chat fails for some time, so that people see what the page does: the
drills of [the stage](stage.md#drills).
"""


def faults() -> str:
    """The section about failures, and about drills."""
    rows = "".join(f"| `{name}` | {kind.sentence} |\n" for name, kind in KINDS.items())
    return FAULTS + rows + DRILLS


def providers() -> list[Provider]:
    """Every provider without a running service, Resource Manager's own first."""
    return [object.__new__(kind) for kind in (*service.OWN, *service.providers())]


def routes() -> list[Route]:
    """Every route."""
    return [route for provider in providers() for route in provider.routes()]


def row(route: Route) -> str:
    """The fixed part of an operation's row."""
    return f"| {route.name} | {route.method} | `{route.template}` |"


def render() -> str:
    """The page."""
    without = sorted(
        {route.name for route in routes() if "(" not in route.name} - set(models()["operations"])
    )
    known = _tested_by_others()
    rows = []
    for route in routes():
        names = TESTED_BY.get(route.name, set()) | known.get(route.name, set())
        rows.append(f"{row(route)} {', '.join(sorted(names)) or '-'} |")
    versions = Registry((), providers()).api_versions
    lists = [f"- `{type_}`: {', '.join(found)}" for type_, found in versions.items()]
    accepted = "\n## Accepted api-versions\n\n" + "\n".join(lists) + "\n"
    return HEAD.format(without=", ".join(without)) + "\n".join(rows) + "\n" + faults() + accepted


def _tested_by_others() -> dict[str, set[str]]:
    """What the page says of files that are there and have not run now."""
    there = {path.name for path in PATH.parents[1].glob("tests/**/test_*.py")}
    found: dict[str, set[str]] = {}
    for line in PATH.read_text(encoding="utf-8").splitlines():
        cells = line.strip("|").split("|")
        if len(cells) == 4:
            names = {name.strip() for name in cells[3].split(",")}
            found.setdefault(cells[0].strip(), set()).update(names & (there - RAN))
    return found


def write() -> None:
    """Write the page."""
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(render(), encoding="utf-8")
