"""Finds the regular expressions of a package, and the texts that each of them is slowest at.

Strategy: a regular expression is slow where it repeats something. From its parse tree come, for
every repetition, a text that leads there and what it repeats. Both are written again and again:
`lead + part + part + ...` is slow where two repetitions can share the same characters, and
`lead + part + lead + part + ...` where a match is tried from many beginnings. At the end stands
what fits nowhere, so that everything is tried.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import pkgutil
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tests import growth

with warnings.catch_warnings():
    # Python 3.11 has moved `sre_parse` there, and it has no public name.
    warnings.simplefilter("ignore", DeprecationWarning)
    parser: Any = importlib.import_module("re._parser")

FINDS_ALL: Final = {"sub", "subn", "split", "findall", "finditer"}
METHODS: Final = {"match", "fullmatch", "search", *FINDS_ALL}
# What fits nowhere, and what fits only where everything but a line's end does.
ENDS: Final = ("\0", "\n\0")
ALPHABET: Final = "a0 -_./=\n"
# A repetition that ends sooner cannot make much work.
MANY: Final = 16
# A wider bound is as good as none.
WIDEST: Final = 1000
STEPS: Final = (12, 16, 20, 24, 28, 32)
SHORT: Final = 256
LONG: Final = SHORT * growth.FACTOR
# Above this something is worth a closer look: a plain scan takes a tenth of it.
SUSPECT_S_PER_CHARACTER: Final = 2.5e-7
EXPLODED_S: Final = 0.05

Tree = Any
Code = tuple[Any, Any]
Made = Mapping[tuple[str, str], list[str | bytes]]


@dataclass(frozen=True)
class Expression:
    """One regular expression and what is done with it.

    Attributes:
        where: Module and name or line.
        methods: Names of the methods that are called on it.
    """

    where: str
    pattern: re.Pattern[Any]
    methods: frozenset[str] = frozenset({"sub"})


@dataclass(frozen=True)
class Pump:
    """A text that can be made longer without end."""

    lead: str
    part: str
    end: str

    def text(self, length: int) -> str:
        """About that many characters."""
        times = max(1, (length - len(self.lead)) // max(1, len(self.part)))
        return self.lead + self.part * times + self.end

    def times(self, count: int) -> str:
        """So many parts."""
        return self.lead + self.part * count + self.end


# Slow texts ---------------------------------------------------------------------------------------


def slow_texts(pattern: re.Pattern[Any]) -> list[Pump]:
    """What to try an expression with."""
    tree = _parsed(pattern)
    alphabet = "".join(dict.fromkeys([*_literals(tree), *ALPHABET]))[:24]
    ends = ENDS if _takes_anything(tree) else ENDS[:1]
    found: dict[Pump, None] = {}
    for lead, body in _repetitions(tree, ""):
        for part in dict.fromkeys(_variants(body, alphabet)):
            for end in ends if part else ():
                found[Pump(lead, part, end)] = None
                if lead:
                    found[Pump("", lead + part, end)] = None
    return [*found]


def widest_bound(pattern: re.Pattern[Any]) -> int:
    """The most that a bounded repetition takes: growth is to be seen beyond it."""
    return max([0, *_bounds(_parsed(pattern))])


def _bounds(tree: Tree) -> Iterator[int]:
    for code, value in tree:
        if _is_repetition(code) and value[1] != parser.MAXREPEAT:
            yield min(int(value[1]), WIDEST)
        for below in _below(code, value):
            yield from _bounds(below)


def _parsed(pattern: re.Pattern[Any]) -> Tree:
    source = pattern.pattern
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    return parser.parse(text, pattern.flags & ~re.DEBUG)


def _repetitions(tree: Tree, lead: str) -> Iterator[tuple[str, Tree]]:
    """The repetitions below a tree, each with a text that leads to it."""
    for code, value in tree:
        for below in _below(code, value):
            yield from _repetitions(below, lead)
        if _is_repetition(code) and value[1] >= MANY:
            yield lead, value[2]
        lead += _one(code, value, Choice())


def _takes_anything(tree: Tree) -> bool:
    """Whether something in it fits almost every character."""
    return any(
        str(code) in ("ANY", "NOT_LITERAL")
        or (str(code) == "IN" and str(value[0][0]) == "NEGATE")
        or any(map(_takes_anything, _below(code, value)))
        for code, value in tree
    )


def _is_repetition(code: object) -> bool:
    return str(code) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def _below(code: object, value: Any) -> Iterable[Tree]:
    match str(code):
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [value[2]]
        case "SUBPATTERN":
            return [value[3]]
        case "ATOMIC_GROUP":
            return [value]
        case "ASSERT" | "ASSERT_NOT":
            return [value[1]]
        case "BRANCH":
            return list(value[1])
    return []


@dataclass(frozen=True)
class Choice:
    """Which of several fitting texts: that with a character, or that of a branch."""

    character: str = ""
    branch: int = 0


def _variants(body: Tree, alphabet: str) -> Iterator[str]:
    for branch in range(4):
        yield _fitting(body, Choice(branch=branch))
    for character in alphabet:
        yield _fitting(body, Choice(character))


def _fitting(tree: Tree, choice: Choice) -> str:
    """A text that fits a tree."""
    return "".join(_one(code, value, choice) for code, value in tree)


def _one(code: object, value: Any, choice: Choice) -> str:
    match str(code):
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return _character(lambda one: bool(ord(one) != value), choice)
        case "ANY":
            return _character(lambda one: one != "\n", choice)
        case "IN":
            return _character(lambda one: _is_in(one, value), choice)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _fitting(value[2], choice) * int(min(value[0], 64))
        case "SUBPATTERN":
            return _fitting(value[3], choice)
        case "ATOMIC_GROUP":
            return _fitting(value, choice)
        case "BRANCH":
            return _fitting(value[1][choice.branch % len(value[1])], choice)
    return ""


def _character(fits: Callable[[str], bool], choice: Choice) -> str:
    wanted = choice.character
    if wanted and fits(wanted):
        return wanted
    candidates = [*ALPHABET, *map(chr, range(33, 127)), "é", "\x01", "\ud800"]
    return next((one for one in candidates if fits(one)), "")


def _is_in(character: str, members: list[Code]) -> bool:
    negated = any(str(code) == "NEGATE" for code, _ in members)
    return negated != any(_is_member(character, code, value) for code, value in members)


def _is_member(character: str, code: object, value: Any) -> bool:
    match str(code):
        case "LITERAL":
            return bool(ord(character) == value)
        case "RANGE":
            return bool(value[0] <= ord(character) <= value[1])
        case "CATEGORY":
            return CATEGORIES[str(value)](character)
    return False


CATEGORIES: Final[Mapping[str, Callable[[str], bool]]] = {
    "CATEGORY_DIGIT": str.isdecimal,
    "CATEGORY_NOT_DIGIT": lambda one: not one.isdecimal(),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda one: not one.isspace(),
    "CATEGORY_WORD": lambda one: one.isalnum() or one == "_",
    "CATEGORY_NOT_WORD": lambda one: not (one.isalnum() or one == "_"),
}


def _literals(tree: Tree) -> Iterator[str]:
    for code, value in tree:
        if str(code) == "LITERAL":
            yield chr(value)
        elif str(code) == "IN":
            yield from (chr(one) for kind, one in value if str(kind) == "LITERAL")
            yield from (chr(one[0]) for kind, one in value if str(kind) == "RANGE")
        for below in _below(code, value):
            yield from _literals(below)


# Time ---------------------------------------------------------------------------------------------


def complaint(expression: Expression) -> str:
    """With which text an expression takes more time than the text's length; empty if with none."""
    bound = widest_bound(expression.pattern)
    for pump in slow_texts(expression.pattern):
        for method in sorted({"sub" if one in FINDS_ALL else one for one in expression.methods}):
            problem = _problem(_work(expression.pattern, method), pump, bound)
            if problem:
                return f"{expression.where}: {method} {problem} at {pump}"
    return ""


def _work(pattern: re.Pattern[Any], method: str) -> Callable[[str], object]:
    is_bytes = isinstance(pattern.pattern, bytes)

    def work(text: str) -> object:
        given = text.encode("latin-1", "replace") if is_bytes else text
        if method == "sub":
            return pattern.sub(b"" if is_bytes else "", given)
        return getattr(pattern, method)(given)

    return work


def _problem(work: Callable[[str], object], pump: Pump, bound: int) -> str:
    lengths = (SHORT, SHORT * 2, SHORT * 4)
    texts = [*(pump.times(count) for count in STEPS), *map(pump.text, lengths)]
    if any(growth.once_s(work, text) > EXPLODED_S for text in texts):
        return "explodes"
    if growth.once_s(work, pump.text(LONG)) < LONG * SUSPECT_S_PER_CHARACTER:
        return ""
    ratio = growth.growth(pump.text, work, size=max(SHORT, 3 * bound))
    return "" if ratio < growth.LIMIT else f"grows {ratio:.0f}-fold"


# Expressions --------------------------------------------------------------------------------------


@dataclass
class Found:
    """The expressions of a package.

    Attributes:
        expressions: Compiled ones, and those in a call of `re`.
        unknown: Calls whose pattern is made at run time and has no example.
    """

    expressions: list[Expression] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def modules_of(package: ModuleType) -> list[ModuleType]:
    """A package and everything below it; importing a module starts nothing."""
    found = [package]
    below = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    names = [info.name for info in below if not info.name.endswith("__main__")]
    return [*found, *map(importlib.import_module, names)]


def find(modules: list[ModuleType], made: Made) -> Found:
    """Find all expressions.

    Args:
        modules: Where.
        made: For a pattern that is made at run time, by module and source text: examples of it.
    """
    trees = {module: ast.parse(_source(module)) for module in modules}
    uses = _uses(trees.values())
    found = Found()
    seen: set[int] = set()
    for module, tree in trees.items():
        kept = [*_compiled(module, seen)]
        for name, pattern in kept:
            methods = uses.get(name.rpartition(".")[2], {"sub"})
            where = f"{module.__name__}.{name}"
            found.expressions.append(Expression(where, pattern, frozenset(methods)))
        _find_calls(module, tree, made, found)
    return found


def _source(module: ModuleType) -> str:
    assert module.__file__ is not None
    return Path(module.__file__).read_text(encoding="utf-8")


def _uses(trees: Iterable[ast.Module]) -> dict[str, set[str]]:
    """Which methods are called on what bears a name."""
    uses: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in METHODS:
                name = _last_name(node.value)
                if name:
                    uses.setdefault(name, set()).add(node.attr)
    return uses


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return ""


def _compiled(module: ModuleType, seen: set[int]) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns that a module keeps, each once."""
    package = module.__name__.partition(".")[0]
    for name, value in vars(module).items():
        is_own = getattr(value, "__module__", module.__name__) == module.__name__
        if is_own or isinstance(value, re.Pattern):
            yield from _inside(name, value, package, seen)


def _inside(
    name: str, value: object, package: str, seen: set[int]
) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if id(value) in seen or isinstance(value, ModuleType):
        return
    seen.add(id(value))
    if isinstance(value, re.Pattern):
        yield name, value
        return
    for part, below in _members(value, package):
        yield from _inside(f"{name}.{part}" if part else name, below, package, seen)


def _members(value: object, package: str) -> Iterable[tuple[str, object]]:
    if isinstance(value, Mapping):
        return [("", below) for below in [*value.values()]]
    if isinstance(value, list | tuple | set | frozenset):
        return [("", below) for below in value]
    home = value.__module__ if isinstance(value, type) else type(value).__module__
    if home.partition(".")[0] != package:
        return []
    names = [*getattr(value, "__dict__", {}), *getattr(value, "__slots__", ())]
    return [(one, vars(value).get(one)) for one in names if hasattr(value, "__dict__")]


def _find_calls(
    module: ModuleType,
    tree: ast.Module,
    made: Made,
    found: Found,
) -> None:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        function = node.func
        if _last_name(function.value) != "re" or function.attr not in {"compile", *METHODS}:
            continue
        where = f"{module.__name__}:{node.lineno}"
        source = ast.unparse(node.args[0])
        patterns = made.get((module.__name__, source)) or _evaluated(module, node.args[0])
        if patterns is None:
            found.unknown.append(f"{where}: {source}")
            continue
        methods = frozenset({"sub" if function.attr == "compile" else function.attr})
        known = {one.pattern for one in found.expressions}
        for pattern in patterns:
            compiled = re.compile(pattern, _flags(module, node))
            if compiled not in known:  # else its uses are known by its name
                found.expressions.append(Expression(where, compiled, methods))


def _evaluated(module: ModuleType, node: ast.expr) -> list[Any] | None:
    """What an expression of constants is; None when it is not one."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    if not names <= {*vars(module), *vars(builtins)}:
        return None
    code = compile(ast.Expression(node), module.__name__, "eval")
    return [eval(code, dict(vars(module)))]


def _flags(module: ModuleType, node: ast.Call) -> int:
    """The flags of a call: its last argument that names `re`."""
    given = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
    for one in reversed(given):
        if ast.unparse(one).startswith("re.") and not isinstance(one, ast.Call):
            evaluated = _evaluated(module, one)
            return int(evaluated[0]) if evaluated else 0
    return 0
