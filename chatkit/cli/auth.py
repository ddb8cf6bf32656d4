"""`chatkit auth --for URL`: sign-in in front of any app on this machine, as App Service has it."""

from __future__ import annotations

import re

from chatkit.cli import sign_in_arguments
from chatkit.cli.arguments import Parser, port, run_alone

PROGRAM = "chatkit auth"
ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]+")
ANY = "*"


def main() -> int:
    """Run the verb from the command line.

    Returns:
        The exit code: 0 ended by the person, 1 it failed. Bad usage exits with 2.
    """
    return run_alone(start, words=1)


def start(arguments: list[str]) -> int:
    """Stand in front of the app that the arguments name, until Ctrl+C."""
    parser = _parser()
    wanted = parser.read(arguments)
    sign_in_arguments.check_arguments(parser, wanted)
    from chatkit.core.settings import home
    from chatkit.localcloud.easy_auth.proxy.run import ProxyOptions, run
    from chatkit.localcloud.easy_auth.proxy.target import Target

    origins = _origins(parser, wanted.cors)
    target = Target.parse(wanted.target)
    options = sign_in_arguments.sign_in_options(wanted, home())
    return run(ProxyOptions(target, options, home(), wanted.port, origins))


def _origins(parser: Parser, text: str) -> tuple[str, ...]:
    """The origins between commas; a browser names none with a slash at its end."""
    origins = tuple(one.strip() for one in text.split(",") if one.strip())
    for one in origins:
        if one != ANY and not ORIGIN.fullmatch(one):
            parser.error(f"an origin is scheme, host and port without a slash, and {one!r} is none")
    return origins


def _parser() -> Parser:
    parser = Parser(
        prog=PROGRAM,
        description="Put sign-in in front of an app on this machine, until Ctrl+C: App Service"
        " Authentication with the local Entra behind it. The app reads who is signed in from the"
        " headers X-MS-CLIENT-PRINCIPAL-NAME, -ID and X-MS-CLIENT-PRINCIPAL.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--for",
        dest="target",
        required=True,
        metavar="URL",
        help="Where the app listens, for example http://localhost:3000. It may start later.",
    )
    parser.add_argument(
        "-p", "--port", type=port, help="Default: the one after the app's, or the next free one."
    )
    parser.add_argument(
        "--cors",
        default="",
        help="Origins with commas whose pages call the app from there, with a token; without it the"
        " app answers for itself.",
    )
    sign_in_arguments.add_arguments(parser)
    return parser
