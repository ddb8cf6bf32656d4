"""`chatkit report`: what Azure answered, packed for comparing it with what the kit expects."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from chatkit.cloud.trace import record
from chatkit.cloud.trace.report import Report, of
from chatkit.core import settings
from chatkit.core.errors import NotStarted, SetupError
from chatkit.core.files import check_can_be_made, write_private
from chatkit.core.home.check import check_home
from chatkit.core.settings import Names
from chatkit.setup.version import VERSION

NOTHING = "Nothing was sent to the target {} from this home."
BEGINS = b'{\n "chatkit": '
DO = "The tutorial's steps note what they send; docs/azure.md says what is of use."


def report(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write it; without, it is only shown.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="local or azure; default: the one chosen last.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write it without asking.")] = False,
) -> None:
    """Pack what was sent to Azure and how it was answered, without secrets and names.

    It shows what is in it before it writes. See docs/azure.md.
    """
    check_home(settings.home())
    if file is not None:
        check_file(file)
    packed = pack(target)
    if file is None:
        typer.echo(packed.text(), nl=False)
        return
    for line in packed.summary():
        typer.echo(line)
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Write it to {file}?", abort=True)
    write_private(file, packed.text())
    typer.echo(f"Written to {file}.")


def _is_report(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(len(BEGINS)) == BEGINS


def check_file(file: Path) -> None:
    """Let a report replace an earlier report, and nothing else.

    Raises:
        SetupError: Something else is there, a folder or a device included.
        NotWritten: Its folder takes no writes.
    """
    if not os.path.lexists(file):
        check_can_be_made(file)
        return
    if file.is_dir():
        raise SetupError(f"{file} is a folder.", hint="Name a file in it: report.json.")
    if not file.is_file() or not _is_report(file):
        raise SetupError(
            f"{file} is there, and no report of chatkit; it stays as it is.",
            hint="Name a file that is not there yet.",
        )


def pack(target: str | None) -> Report:
    """The report of this home.

    Raises:
        NotStarted: Nothing was sent.
        SetupError: There is no such target.
    """
    known = settings.load(settings.home())
    chosen = settings.checked_target(target or known.target)
    entries = record.read(settings.home(), chosen)
    if not entries:
        raise NotStarted(NOTHING.format(chosen), hint=DO)
    about = {
        "chatkit": VERSION,
        "python": platform.python_version(),
        "system": platform.system(),
        "target": chosen,
    }
    return of(entries, names_of(known.names if known.suffix else None), about)


def names_of(names: Names | None) -> dict[str, str]:
    """What this home and this machine are called, and what stands for it."""
    found: dict[str, str] = {}
    if names is not None:
        found = {
            names.sign_in_identity: "identity",
            names.function_app: "app",
            names.plan: "plan",
            names.storage_account: "account",
            names.signalr: "group or instance",
            names.resource_group.rpartition("-")[2]: "suffix",
        }
    with suppress(OSError, KeyError, ImportError):
        found[getpass.getuser()] = "user of this machine"
    found[platform.node()] = "this machine"
    return found
