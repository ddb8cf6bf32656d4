"""Options of the verbs that put sign-in in front of an app: `auth` and `func start --auth`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from chatkit.core.errors import NotStarted
from chatkit.core.files import writing

if TYPE_CHECKING:  # `func start` imports them with --auth only
    from chatkit.localcloud.easy_auth.local.options import Entra, SignInOptions

FOLDER = "sign-in"
# What App Service calls it:
# https://learn.microsoft.com/azure/app-service/overview-authentication-authorization
ACTIONS = {"redirect": "RedirectToLoginPage", "401": "Return401", "403": "Return403"}
REQUIRE = (
    "Ask everybody to sign in first: pages are redirected (the default of this option), or"
    " everything is answered 401 or 403. Without it who is not signed in reaches the app without"
    " a name, as in an App Service whose settings say nothing about it."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--require", nargs="?", choices=[*ACTIONS], const="redirect", help=REQUIRE)
    parser.add_argument(
        "--allow-anonymous",
        nargs="+",
        action="extend",
        default=[],
        metavar="PATH",
        help="Paths that need no sign-in, with what is below them; everything else does then.",
    )
    parser.add_argument(
        "--allowed-external-redirect-urls",
        nargs="+",
        action="extend",
        default=[],
        metavar="URL",
        help="Other addresses at which a sign-in may end: a page that calls the app from there.",
    )


def check_arguments(parser: argparse.ArgumentParser, wanted: argparse.Namespace) -> None:
    """Refuse what could not work."""
    for path in wanted.allow_anonymous:
        if not path.startswith("/"):
            parser.error(f"a path begins with a slash, and {path!r} does not")
    for url in wanted.allowed_external_redirect_urls:
        if "://" not in url:
            parser.error(f"a redirect URL has a scheme, and {url!r} has none")


def is_asked(wanted: argparse.Namespace) -> bool:
    """Whether an option makes sense only with sign-in in front."""
    return bool(wanted.require or wanted.allow_anonymous or wanted.allowed_external_redirect_urls)


class Told:
    """Where the local cloud of a folder says that its Entra is, read again when it says it anew."""

    def __init__(self, where: Path) -> None:
        self._where = where
        self._written = 0
        self._entra: Entra | None = None

    def entra(self) -> Entra | None:
        """The local Entra; None while the local cloud does not run."""
        from chatkit.cloud import local_cloud
        from chatkit.localcloud.easy_auth.local.options import Entra

        try:
            written = (self._where / local_cloud.FILE).stat().st_mtime_ns
            if written != self._written:
                self._entra = Entra.of(local_cloud.read(self._where))
                self._written = written
        except (OSError, NotStarted, KeyError):
            return None
        return self._entra


def folder_of(home: Path) -> Path:
    """Where sessions are kept. It goes when the local cloud is emptied: what runs with sign-in ends
    then.

    Raises:
        NotWritten: The disk takes no writes.
    """
    folder = home / "local" / FOLDER
    with writing(folder):
        folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def action_of(wanted: argparse.Namespace) -> str:
    """What happens to requests without sign-in; empty where the arguments say nothing."""
    if not wanted.require and not wanted.allow_anonymous:
        return ""
    return ACTIONS[wanted.require or "redirect"]


def sign_in_options(wanted: argparse.Namespace, home: Path) -> SignInOptions:
    """How people sign in; the local cloud of the home is started when it does not run.

    Raises:
        NotStarted: The local cloud cannot start.
        HomeUnusable: A file of the home is damaged; the sentence says what to do.
    """
    from chatkit.core.home.check import check_home
    from chatkit.localcloud.easy_auth.local.options import ANONYMOUS, Entra, SignInOptions
    from chatkit.steps import moved_ports

    check_home(home)
    entra = Entra.of(moved_ports.start_cloud(home, print))
    return SignInOptions(
        entra,
        Told(home / "local").entra,
        folder_of(home),
        action_of(wanted) or ANONYMOUS,
        tuple(wanted.allow_anonymous),
        tuple(wanted.allowed_external_redirect_urls),
    )
