"""`chatkit func start FOLDER`: run a function app on this machine, as `func start` does.

People wait for this verb again and again, so it is read with the standard library: what the other
verbs import would be half of its start.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.cli import sign_in_arguments
from chatkit.cli.arguments import Parser, port, run_alone

if TYPE_CHECKING:
    import argparse

    from chatkit.localcloud.easy_auth.local.options import SignInOptions
    from chatkit.localcloud.functions.local.startup import LocalOptions

PROGRAM = "chatkit func start"
PAGE_PORT = 5500


def main() -> int:
    """Run the verb from the command line.

    Returns:
        The exit code: 0 ended by the person, 1 it failed. Bad usage exits with 2.
    """
    return run_alone(start, words=2)


def start(arguments: list[str]) -> int:
    """Run the app that the arguments name, until Ctrl+C."""
    parser = _parser()
    wanted = parser.read(arguments)
    sign_in_arguments.check_arguments(parser, wanted)
    if sign_in_arguments.is_asked(wanted) and not wanted.auth:
        parser.error("these options of sign-in need --auth")
    if wanted.page is not None and not wanted.page.is_dir():
        parser.error(f"there is no folder {wanted.page}")
    with _page(wanted):  # first: whose page it was has just left the port
        if _is_over(wanted):
            return 0
        from chatkit.localcloud.functions.local.local_run import run

        return run(wanted.folder, _options(wanted))


def _is_over(wanted: argparse.Namespace) -> bool:
    """Let the local cloud of the workshop carry the run, if it can; returns whether it is over."""
    from chatkit.cloud import local_cloud
    from chatkit.core.running.presence import started_for

    home = started_for()
    if home is None or wanted.port is None or local_cloud.running(home / "local") is None:
        return False
    from chatkit.cloud.carried_run import CarriedRun

    folders = [wanted.folder.resolve()]
    if wanted.auth:
        folders.append(sign_in_arguments.folder_of(home))
    order = _order(wanted, folders)
    is_over = CarriedRun(home, order, comes_back=wanted.auth).run(folders)
    if not all(folder.is_dir() for folder in folders[1:]):
        from chatkit.localcloud.easy_auth.local.options import EMPTIED

        print(EMPTIED)
    return is_over


def _order(wanted: argparse.Namespace, folders: Sequence[Path]) -> dict[str, object]:
    """What is run, as the local cloud reads it."""
    from chatkit.core.running.installation import installation
    from chatkit.core.running.reachable import new_token

    sign_in = {
        "folder": str(folders[-1]),
        "action": sign_in_arguments.action_of(wanted),
        "excluded_paths": wanted.allow_anonymous,
        "allowed_redirects": wanted.allowed_external_redirect_urls,
    }
    return {
        "kit": installation(),
        "folder": str(folders[0]),
        "port": wanted.port,
        "address": wanted.address,
        "cors": wanted.cors,
        "cors_credentials": wanted.cors_credentials,
        "sign_in": sign_in if wanted.auth else None,
        "development_storage": _development_storage(),
        "shell": dict(os.environ),
        "token": new_token(),
    }


def _options(wanted: argparse.Namespace) -> LocalOptions:
    from chatkit.core.running.presence import started_for
    from chatkit.localcloud.functions.local.startup import WORKSHOP_IDLE_AFTER_S, LocalOptions

    return LocalOptions(
        wanted.port,
        wanted.address,
        wanted.cors,
        wanted.cors_credentials,
        sign_in=_sign_in(wanted),
        development_storage=_development_storage(),
        drills=_drills(),
        # What a workshop starts waits for hours; a person's own run keeps what its memory holds.
        idle_after_s=WORKSHOP_IDLE_AFTER_S if started_for() else None,
    )


def _page(wanted: argparse.Namespace) -> AbstractContextManager[None]:
    """Serve the page that the arguments name, if they name one."""
    if wanted.page is None:
        return nullcontext()
    from chatkit.steps.page_server import serving_beside

    return serving_beside(wanted.page, wanted.page_port)


def _sign_in(wanted: argparse.Namespace) -> SignInOptions | None:
    """How people sign in; None for an app that anybody reaches."""
    if not wanted.auth:
        return None
    from chatkit.core.running.presence import started_for
    from chatkit.core.settings import home

    return sign_in_arguments.sign_in_options(wanted, started_for() or home())


def _development_storage() -> str:
    """Where this home's development account lies when something else has port 10000.

    Empty when it lies there, or does not run.
    """
    from chatkit.cloud import local_cloud
    from chatkit.core.running.presence import started_for
    from chatkit.core.settings import home

    known = local_cloud.running((started_for() or home()) / "local")
    if known is None or known["dev_storage"].endswith(":10000/devstoreaccount1"):
        return ""
    from chatkit.steps import local_settings  # only here: it takes long

    return local_settings.storage_for(known["dev_storage"])


def _drills() -> Path:
    """Where the local cloud of this home keeps drills."""
    from chatkit.core.running.presence import started_for
    from chatkit.core.settings import home
    from chatkit.localcloud.drills.kept import FILE

    return (started_for() or home()) / "local" / FILE


def _parser() -> Parser:
    parser = Parser(
        prog=PROGRAM,
        description="Run the function app of a folder until Ctrl+C.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(),
        help="The folder with host.json. Default: this one.",
    )
    parser.add_argument("-p", "--port", type=port, help="Default: Host.LocalHttpPort, else 7071.")
    parser.add_argument(
        "--address", default="localhost", help="Loopback address to listen on. Default: localhost."
    )
    parser.add_argument("--cors", help="Allowed origins with commas, instead of Host.CORS.")
    credentials = "Let those origins send credentials, instead of Host.CORSCredentials."
    parser.add_argument("--cors-credentials", action="store_true", default=None, help=credentials)
    parser.add_argument(
        "--auth",
        action="store_true",
        help="Put sign-in in front, as App Service Authentication on Azure; the local Entra is"
        " behind it.",
    )
    page = "Serve a page, too, which calls the functions: the folder with its index.html."
    parser.add_argument("--page", type=Path, metavar="FOLDER", help=page)
    at = f"The port of that page. Default: {PAGE_PORT}."
    parser.add_argument("--page-port", type=port, default=PAGE_PORT, metavar="PORT", help=at)
    sign_in_arguments.add_arguments(parser)
    return parser
