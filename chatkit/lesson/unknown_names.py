"""Names in a cell that are not defined: mistyped verbs, and names that an earlier cell defines."""

from __future__ import annotations

import ast
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import FrameType
from typing import Any

from chatkit.core.errors import NoSuchVerb
from chatkit.core.settings import chat_folder
from chatkit.lesson.card import Card

KIT = "chatkit."
NOTEBOOK = "JPY_SESSION_NAME"
"""The variable in which a Jupyter server tells a kernel its notebook."""
ALIKE = 0.8
NEW = "A kernel that was started anew knows nothing of what cells have made before."


@dataclass(frozen=True)
class Names:
    """What a cell makes and uses.

    Attributes:
        head: Its first line.
    """

    head: str
    made: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()


def verb(error: AttributeError) -> NoSuchVerb | None:
    """The nearest verb of a thing of the kit that a cell has asked for another one.

    None where something else than a cell has asked, or a thing that is not the kit's.
    """
    cell = _cell(error)
    kind = error.obj if isinstance(error.obj, type) else type(error.obj)
    name = error.name or "_"
    if cell is None or name.startswith("_") or not kind.__module__.startswith(KIT):
        return None
    known = [one for one in dir(error.obj) if not one.startswith("_")]
    choices = [f"{one}()" if callable(getattr(kind, one, None)) else one for one in known]
    return NoSuchVerb(_called(error.obj, kind, cell), name, choices)


def variable(error: NameError) -> Card | None:
    """Which cell of the notebook makes a name that this kernel does not know, or the nearest name.

    None where no cell makes anything like it.
    """
    cell = _cell(error)
    if cell is None or not error.name:
        return None
    made: dict[str, Names] = {}
    for source in _cells():
        names = _names(source)
        if error.name in names.made:
            what = f"This kernel does not know '{error.name}' yet."
            lacking = {name for name in names.used if name in made and name not in cell.f_globals}
            return Card("NameError", what, NEW, _remedy(names, is_enough=not lacking))
        made |= dict.fromkeys(names.made, names)
    near = get_close_matches(error.name, made, n=1, cutoff=ALIKE)
    if not near:
        return None
    return Card("NameError", f"There is no '{error.name}'.", remedy=f"{near[0]} is the nearest.")


def _remedy(names: Names, *, is_enough: bool) -> str:
    if is_enough:
        return f"Run the cell that begins with `{names.head}`, then this one again."
    return (
        "In the menu Run choose Run All Above Selected Cell, then run this one again. The cell that"
        f" begins with `{names.head}` makes it, and needs others."
    )


def _cell(error: BaseException) -> FrameType | None:
    """The cell in which an exception was raised; None when that was deeper."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_globals.get("__name__") != "__main__":
        return None
    return trace.tb_frame


def _called(thing: object, kind: type, cell: FrameType) -> str:
    """What a thing is called in a cell."""
    if isinstance(thing, type):
        return thing.__name__
    for name, value in cell.f_globals.items():
        if value is thing and not name.startswith("_"):
            return name
    return kind.__name__.lower()


def _cells() -> list[str]:
    """The code of the notebook that this kernel runs; none where nobody has told which it is."""
    path = Path(os.environ.get(NOTEBOOK, ""))
    for place in (path, chat_folder() / path):
        # Without a front end that tells it, and while the notebook is being saved.
        with suppress(OSError, ValueError, KeyError, TypeError):
            cells: list[dict[str, Any]] = json.loads(place.read_text(encoding="utf-8"))["cells"]
            return ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]
    return []


def _names(source: str) -> Names:
    """The names that a cell makes and uses."""
    lines = source.splitlines()
    head = next((line.strip() for line in lines if line.strip()), "")
    if head.startswith("%%"):
        return Names(head)
    made: set[str] = set()
    used: set[str] = set()
    inner: set[str] = set()
    with suppress(SyntaxError, ValueError):
        code = "\n".join("" if line.startswith(("%", "!")) else line for line in lines)
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Name):
                (made if isinstance(node.ctx, ast.Store) else used).add(node.id)
            elif isinstance(node, ast.alias):
                made.add((node.asname or node.name).partition(".")[0])
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                made.add(node.name)
            elif isinstance(node, ast.comprehension):
                inner |= {one.id for one in ast.walk(node.target) if isinstance(one, ast.Name)}
    return Names(head, frozenset(made - inner), frozenset(used - inner))
