"""Environment variables as lines of a shell or of a .env file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum

from chatkit.core.system import shells

PLAIN = re.compile(r"[\w./:?=,+@%&~-]*")


class Shell(StrEnum):
    """What reads the lines."""

    BASH = "bash"
    FISH = "fish"
    POWERSHELL = "powershell"
    DOTENV = "dotenv"


def default_shell() -> Shell:
    """The shell that people have here; bash stands for all that know `export`."""
    return Shell.POWERSHELL if shells.is_powershell() else Shell.BASH


def shell_lines(
    shell: Shell, variables: Mapping[str, str], removed: Collection[str] = ()
) -> Iterator[str]:
    """Lines that set variables, and take others away.

    A .env file can take none away: an empty one is a wrong one for the Azure SDKs.
    """
    # With ";" a shell may join the lines, as it does in `eval $(...)` without quotes.
    match shell:
        case Shell.BASH:
            yield from (f"unset {name};" for name in removed)
            yield from (f"export {name}={shlex.quote(value)};" for name, value in variables.items())
        case Shell.FISH:
            yield from (f"set -e {name};" for name in removed)
            yield from (f"set -gx {name} {_fish(value)};" for name, value in variables.items())
        case Shell.POWERSHELL:
            yield from (f"Remove-Item Env:{name}" for name in removed)
            yield from (f"$env:{name} = {_powershell(value)}" for name, value in variables.items())
        case Shell.DOTENV:
            yield from (f"{name}={_dotenv(value)}" for name, value in variables.items())


def _fish(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _powershell(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def _dotenv(value: str) -> str:
    """As docker, Node and python-dotenv read it: quotes only where they are needed."""
    return value if PLAIN.fullmatch(value) else f"'{value}'"
