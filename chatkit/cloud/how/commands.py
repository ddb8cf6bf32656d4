"""A command of the Azure CLI as a person types it into a POSIX shell: bash, zsh, Azure Cloud Shell.

What an earlier answer holds is in a variable of the shell: a placeholder in a word becomes `$app`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from chatkit.cloud.how.masking import PLACEHOLDER
from chatkit.cloud.how.requests import Request

WIDTH = 96
INDENT = "    "
READS_BETTER = re.compile(r"[^\"$`\\!]*'[^\"$`\\!]*")
PLAIN = re.compile(r"[\w@%+=:,./{}-]+")


@dataclass(frozen=True)
class Command:
    """One line for a shell.

    Attributes:
        words: After `az`, or whole when `program` is empty.
        keeps: Name of the variable that takes what the command prints, empty for none.
        before: What stands in the variable before that: a scheme.
        into: The file that takes what the command prints, empty for none.
    """

    words: tuple[str, ...]
    keeps: str = ""
    before: str = ""
    program: str = "az"
    into: str = ""

    def text(self, variables: dict[str, str]) -> str:
        """The line, broken before an option where it is too long.

        Args:
            variables: Names of the shell's variables, by placeholder.
        """
        start = [self.program] if self.program else []
        words = [*start, *(quoted(word, variables) for word in self.words)]
        if self.into:
            return f"{_broken(words)} > {self.into}"
        if not self.keeps:
            return _broken(words)
        inner = _broken(words, opening=f"{self.keeps}={self.before}$(")
        return f"{self.keeps}={self.before}$({inner})"


def az(*words: str, keeps: str = "", before: str = "") -> Command:
    """A command of the Azure CLI."""
    return Command(words, keeps, before)


def named(request: Request) -> tuple[str, ...]:
    """Options with the resource of a request whose method takes its group and its name first."""
    group, name, *_ = request.arguments
    return ("--name", name, "--resource-group", group)


def quoted(word: str, variables: dict[str, str]) -> str:
    """A word as the shell takes it; a placeholder whose value a variable has is the variable."""
    if not any(one in variables for one in PLACEHOLDER.findall(word)):
        return _alone(word)
    if word in variables:
        return f'"{_variable(variables[word])}"'
    parts = [part for part in PLACEHOLDER.split(word) if part]
    if '"' in word:
        return "".join(_between_single_quotes(part, variables) for part in parts)
    inner = "".join(_between_double_quotes(part, variables) for part in parts)
    return f'"{inner}"'


def _between_double_quotes(part: str, variables: dict[str, str]) -> str:
    if part in variables:
        return _braced(variables[part])
    return _escaped(part)


def _between_single_quotes(part: str, variables: dict[str, str]) -> str:
    """JSON stays readable between single quotes, which end where the variable stands."""
    if part in variables:
        return f'"{_variable(variables[part])}"'
    return shlex.quote(part)


def _alone(word: str) -> str:
    """A word without any variable."""
    if PLAIN.fullmatch(word):
        return word
    return f'"{word}"' if READS_BETTER.fullmatch(word) else shlex.quote(word)


def _variable(name: str) -> str:
    return f"${name}" if name.isidentifier() else _braced(name)


def _braced(name: str) -> str:
    return f"${{{name}}}"


def _escaped(text: str) -> str:
    """A text between double quotes."""
    return re.sub(r'([\\"$`])', r"\\\1", text)


def _broken(words: list[str], *, opening: str = "") -> str:
    """Join words; a line that gets too long ends before an option.

    Many values of one option take lines of their own; a word stays whole, for it may be quoted.
    """
    first, *others = _groups(words)
    lines = [" ".join(first)]
    room = WIDTH - len(opening)
    for group in others:
        whole = " ".join(group)
        for part in [whole] if len(whole) <= WIDTH else group:
            if len(lines[-1]) + 1 + len(part) <= room:
                lines[-1] += f" {part}"
                continue
            lines[-1] += " \\"
            lines.append(INDENT + part)
            room = WIDTH
    return "\n".join(lines)


def _groups(words: list[str]) -> list[list[str]]:
    """The words of the command, then each option with its values."""
    groups: list[list[str]] = [[]]
    for word in words:
        if word.startswith("-"):
            groups.append([])
        groups[-1].append(word)
    return groups
