"""Origins: what a browser refuses, because page and functions have different addresses."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot


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


PROBES: dict[str, Probe] = {
    "wildcard-with-credentials": _wildcard,
    "many-hosts": _pattern,
    "login-instead-of-cors": _login_wall,
    "redirected-preflight": _two_schemes,
    "cors-not-deployed": _closed_to_page,
    "local-page-not-allowed": _closed_to_local_page,
}
CONFIRM: dict[str, Probe] = {
    "private-port": _codespace,
    "local-page-not-allowed": _local_page_calls_cloud,
}
