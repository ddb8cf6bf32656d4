"""Origins: what a browser refuses, because page and functions have different addresses."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from chatkit.lesson.doctor.problems.problem import Problem
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot

BLOCKED = (
    r"^(?!.*(login\.|/\.auth/|github\.dev|wildcard|redirect is)).*origin"
    r" 'https?://(?!localhost|127\.0\.0\.1)[^']+' has been"
    r" blocked.{0,400}no 'access-control-allow-origin'"
)


def _wildcard(snapshot: Snapshot) -> str:
    host = snapshot.folder.host
    if "*" in str(host.get("CORS", "")).split(",") or (
        host.get("CORS") and host.get("CORSCredentials") is not True
    ):
        return (
            f"local.settings.json has CORS {host['CORS']} and CORSCredentials"
            f" {host.get('CORSCredentials', 'missing')}"
        )
    cors = snapshot.cors()
    if cors and "*" in (cors.allowed_origins or ()):
        return "the function app allows the origin *"
    if cors and cors.allowed_origins and not cors.support_credentials:
        return "the function app allows origins, but no credentials"
    return ""


def _pattern(snapshot: Snapshot) -> str:
    local = str(snapshot.folder.host.get("CORS", "")).split(",")
    origins = [*local, *(known(snapshot.allowed_origins) or ())]
    found = next(
        (origin for origin in origins if "*" in origin.strip() and origin.strip() != "*"), ""
    )
    if found:
        return (
            f"the allowed origin {found.strip()} is compared letter by letter, its * stands for"
            " nothing"
        )
    return ""


def _login_wall(snapshot: Snapshot) -> str:
    rules = snapshot.authentication().get("globalValidation") or {}
    redirects = rules.get("unauthenticatedClientAction") == "RedirectToLoginPage" and rules.get(
        "requireAuthentication"
    )
    if redirects:
        return (
            "authentication redirects every request without sign-in to a login page, those of"
            " scripts too"
        )
    return ""


def _two_schemes(snapshot: Snapshot) -> str:
    called = urlsplit(str(snapshot.deployed_config().get("apiBaseUrl", "")))
    api = urlsplit(snapshot.api)
    mixed = called.netloc == api.netloc and called.scheme != api.scheme
    if mixed:
        return f"the deployed page calls {called.scheme}://, the functions are at {api.scheme}://"
    return ""


def _closed_to_page(snapshot: Snapshot) -> str:
    snapshot.deployed_config()  # before the page is there, nobody has to let it in
    allowed = snapshot.allowed_origins()
    if "*" in allowed or snapshot.page in [origin.rstrip("/") for origin in allowed]:
        return ""
    return (
        f"the deployed functions let {', '.join(allowed) or 'no page'} in, and the deployed page"
        f" is {snapshot.page}"
    )


def _codespace(_: Snapshot) -> str:
    if os.environ.get("CODESPACES") == "true":
        return "this is a codespace"
    return ""


def _closed_to_local_page(snapshot: Snapshot) -> str:
    called = str(snapshot.folder.page_config.get("apiBaseUrl", ""))
    if (
        called != snapshot.local_api
        or not called
        or "*" in str(snapshot.folder.host.get("CORS", ""))
    ):
        return ""
    allowed = snapshot.local_allowed_origin() == snapshot.local_page
    if allowed:
        return ""
    return f"the functions on this machine do not let {snapshot.local_page} in"


def _local_page_calls_cloud(snapshot: Snapshot) -> str:
    allowed = snapshot.allowed_origins()
    page = snapshot.local_page
    calls = page and snapshot.folder.page_config.get("apiBaseUrl") == snapshot.api
    if calls and page not in allowed:
        return f"the page at {page} calls the deployed functions, which do not let it in"
    return ""


PROBLEMS = (
    Problem(
        1,
        "The wildcard * with credentials",
        (
            "CORS is * (or credentials are not allowed), and a SignalR client sends its requests"
            " with credentials."
        ),
        "Name the page's exact origin and allow credentials: workshop.write_local_settings() for"
        " this machine, workshop.allow_page() for the deployed functions.",
        (
            "dotnet/aspnetcore#20568",
            "MicrosoftDocs/azure-docs#50776",
            "Azure/azure-functions-signalrservice-extension#30",
        ),
        (
            r"must not be the wildcard '?\*'? when",
            r"allow-credentials' header in the response is '' which must be 'true'",
            r"credential is not supported if the cors header 'access-control-allow-origin' is '\*'",
        ),
        _wildcard,
    ),
    Problem(
        2,
        "One app for many hosts, and no * that fits",
        (
            "An origin with a * inside is not a pattern for CORS, and the client's default is to"
            " send credentials."
        ),
        "List each host's exact origin, serve page and functions from one origin, or give the"
        " client withCredentials: false as content/live.js does.",
        ("dotnet/aspnetcore#26011",),
        (r"white.?label", r"withcredentials.{0,60}(cannot|can't|can not|always|option)"),
        _pattern,
    ),
    Problem(
        3,
        "CORS is set, and after sign-in is required it is gone",
        (
            "The authentication layer redirects the script's request to a login page of another"
            " origin before the app can answer."
        ),
        (
            "Let anonymous requests pass and let the app answer 401:"
            " workshop.enable_authentication() sets that."
        ),
        ("MicrosoftDocs/azure-docs#105297",),
        (
            (
                r"(login\.microsoftonline\.com|login\.windows\.net|/\.auth/login).{0,700}no"
                r" 'access-control-allow-origin'"
            ),
            r"no 'access-control-allow-origin'.{0,300}(after|since) .{0,30}(log|sign).?(i|o)n",
        ),
        _login_wall,
    ),
    Problem(
        4,
        "Redirect is not allowed for a preflight request",
        (
            "The page calls http:// and the platform redirects to https://; a preflight may not"
            " be redirected."
        ),
        "Write the address of the functions with https into the page's config:"
        " workshop.set_page_url(), then workshop.upload_page().",
        ("Azure/azure-signalr#1398",),
        (r"redirect is not allowed for a preflight request",),
        _two_schemes,
    ),
    Problem(
        5,
        "Network Error, but only after it was deployed",
        "CORS in local.settings.json stays on this machine; the function app has its own.",
        "workshop.allow_page() lets the deployed page in.",
        ("Azure-Samples/signalr-service-quickstart-serverless-chat#2",),
        (
            r"\b(axioserror|error): network error\b",
            r"\bnetwork error\b.{0,80}(deploy|publish)",
            r"^network error\.?$",
            BLOCKED,
        ),
        _closed_to_page,
    ),
    Problem(
        6,
        "A codespace refuses although CORS is right",
        "A forwarded port is private: GitHub redirects the request to its own login.",
        (
            "Make port 7071 public for as long as you try it (Ports, Port Visibility), or call"
            " the functions from the kernel."
        ),
        ("MicrosoftDocs/vscodespaces#157", "Azure-Samples/contoso-creative-writer#96"),
        (r"-7071\.(preview\.)?(app\.github\.dev|githubpreview\.dev)", r"github\.dev/pf-signin"),
        confirm=_codespace,
    ),
    Problem(
        7,
        "The page on this machine may not call the functions",
        (
            "The page's development origin, http://127.0.0.1:5500 for example, is not among the"
            " origins that those functions allow."
        ),
        "workshop.start_page() lets the local page call the local functions; for the deployed ones"
        " use the deployed page, workshop.web_url, or add the origin to the function app's CORS.",
        ("Roguelike-Celebration/azure-mud#379",),
        (
            (
                r"^(?!.*(wildcard|redirect|login\.|/\.auth/)).*origin 'https?://(localhost"
                r"|127\.0\.0\.1)(:\d+)?' has been blocked"
            ),
        ),
        _closed_to_local_page,
        _local_page_calls_cloud,
    ),
)
