"""Addresses that a cell uses before they exist: which, why there is none, and what makes one.

They are None then. A cell adds a path to it, and Python speaks of NoneType; or it puts it into a
text, and asks "None/api/messages".
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from chatkit.cloud.missing import APP
from chatkit.core import settings
from chatkit.core.errors import NotStarted
from chatkit.core.work.course_choice import is_tutorial
from chatkit.steps.session import START_FUNCTIONS, Session


@dataclass(frozen=True)
class Unknown:
    """An address that the workshop does not know yet.

    Attributes:
        name: The workshop's property.
        why: Why there is none.
        verb: What makes it.
        section: The section of the tutorial that builds on it; empty when the verb is enough.
    """

    name: str
    why: str
    verb: str
    section: str = ""

    @property
    def remedy(self) -> str:
        """What to type."""
        if self.section and is_tutorial():
            number = self.section
            return f'workshop.catch_up("{number}") makes what comes before section {number}.'
        return self.verb


FUNCTIONS = (
    Unknown("local_api_base_url", "the functions do not run on this machine", START_FUNCTIONS),
    Unknown("api_base_url", "there is no function app yet", f"{APP.verb} makes it.", "08"),
)
PAGES = (
    Unknown(
        "local_web_url",
        "the page is not served on this machine",
        "workshop.start_page() serves the page.",
    ),
    Unknown(
        "web_url",
        "there is no website yet",
        "workshop.enable_static_website() makes it.",
        "09",
    ),
)
NAMES = {one.name: one for one in (*FUNCTIONS, *PAGES)}


def meant_by(error: BaseException) -> Unknown | None:
    """The address that a line has taken for a text; None when it is about something else."""
    trace = error.__traceback__
    if trace is None or "NoneType" not in str(error):
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    frame = trace.tb_frame
    line = _parsed(linecache.getline(frame.f_code.co_filename, trace.tb_lineno).strip())
    named = _property(line) or _assigned(line, frame)
    return NAMES.get(named)


def _assigned(line: ast.AST | None, frame: FrameType) -> str:
    """The property that a cell has given to one of the line's variables, which is None."""
    known = {**frame.f_globals, **frame.f_locals}
    names = {node.id for node in _nodes(line) if isinstance(node, ast.Name)}
    unset = {name for name in names if known.get(name, name) is None}
    for cell in reversed(frame.f_globals.get("In", []) if unset else []):
        for node in _nodes(_parsed(str(cell))):
            if isinstance(node, ast.Assign) and unset & _targets(node):
                return _property(node.value)
    return ""


def _targets(node: ast.Assign) -> set[str]:
    return {target.id for target in node.targets if isinstance(target, ast.Name)}


def _property(tree: ast.AST | None) -> str:
    """The first of the workshop's addresses that code asks for, empty without one."""
    for node in _nodes(tree):
        if isinstance(node, ast.Attribute) and node.attr in NAMES:
            return node.attr
    return ""


def _nodes(tree: ast.AST | None) -> Iterator[ast.AST]:
    return iter(()) if tree is None else ast.walk(tree)


def _parsed(code: str) -> ast.AST | None:
    """A line or a cell; None where it is only a part of a statement, or has magics."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError):
        return None


def check(url: str | None) -> None:
    """Look whether an address is one.

    Raises:
        NotStarted: It is None, or begins with it.
    """
    if url is not None and not url.startswith(("None/", "None?")) and url != "None":
        return
    session = Session(settings.home())
    places = (*FUNCTIONS, *PAGES) if url in (None, "None", "None/") else FUNCTIONS
    unknown = [place for place in places if getattr(session, place.name) is None]
    if not unknown:  # it was not known when the text was made
        raise NotStarted("The address begins with None.", hint="Run the cell that makes it again.")
    raise NotStarted(
        "The address begins with None.",
        why="; ".join(f"workshop.{one.name}: {one.why}" for one in unknown),
        hint=" ".join(one.remedy for one in unknown),
    )
