"""Identity: App Service Authentication, who somebody is, and whom a private message reaches."""

from __future__ import annotations

import ast

from chatkit.lesson.checks.core.service import USER_CLAIMS
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.answers import claims_given
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot
from chatkit.steps.local_settings import PORT

PRINCIPAL = "{headers.x-ms-client-principal"
TURN_ON = "workshop.enable_authentication() sets it."


def _missing_header(snapshot: Snapshot) -> str:
    for function in snapshot.emitted().functions:
        if any(PRINCIPAL in str(dict(one)).lower() for one in function.bindings):
            return (
                f"{function.file}: the binding of {function.name} reads the header of who is"
                " signed in"
            )
    return ""


def _function_json(snapshot: Snapshot) -> str:
    found = sorted(path.parent.name for path in snapshot.folder.functions.glob("*/function.json"))
    if found and snapshot.folder.sources:
        return f"{found[0]}/function.json is there, and the functions are in Python files"
    return ""


def _nobodys_token(snapshot: Snapshot) -> str:
    file = _to_a_connection(snapshot)
    if file:
        return f"{file} sends to a connection id as if it were a user id"
    alice, answer = snapshot.negotiate_as_alice()
    token = claims_given(answer)
    user = next((str(token[claim]) for claim in USER_CLAIMS if token.get(claim)), "")
    if not token or user in (alice.id, alice.name):
        return ""
    whose = f"for {user}" if user else "without a user"
    return f"signed in as {alice.name}, negotiate gives a token {whose}"


def _to_a_connection(snapshot: Snapshot) -> str:
    for file, node in snapshot.folder.nodes(ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if (
                isinstance(key, ast.Constant)
                and key.value == "userId"
                and "connection" in ast.unparse(value).lower()
            ):
                return file
    return ""


def _no_way_back(snapshot: Snapshot) -> str:
    if not snapshot.page or not snapshot.authentication():
        return ""
    urls = (snapshot.authentication().get("login") or {}).get("allowedExternalRedirectUrls") or []
    if snapshot.page in [str(url).rstrip("/") for url in urls]:
        return ""
    return (
        f"authentication sends people back to {', '.join(map(str, urls)) or 'no page'}, not to"
        f" {snapshot.page}"
    )


def _cookie_mode(snapshot: Snapshot) -> str:
    offered = snapshot.folder.page_config.get("signIn")
    text = snapshot.folder.page_text
    if offered and _no_token(text):
        return "the page signs in without session_mode=token, so it needs a cookie of another site"
    return ""


def _no_token(text: str) -> bool:
    return bool(text) and "session_mode" not in text


def _closed_to_all(snapshot: Snapshot) -> str:
    rules = snapshot.authentication().get("globalValidation") or {}
    closed = rules.get("requireAuthentication") and str(
        rules.get("unauthenticatedClientAction")
    ) in ("Return401", "Return403")
    if closed:
        return "authentication refuses every request without sign-in, the portal's too"
    return ""


def _sign_in_here(snapshot: Snapshot) -> str:
    config = snapshot.folder.page_config
    called = str(config.get("apiBaseUrl", "")).rstrip("/")
    here = (
        called
        and called != snapshot.api
        and called in (snapshot.local_api, f"http://localhost:{PORT}")
    )
    if here and config.get("signIn") and not snapshot.local_sign_in:
        return "my-chat/content/config.json offers sign-in with the functions of this machine"
    return ""


def _authentication_is_on(snapshot: Snapshot) -> str:
    if known(snapshot.authentication):
        return "authentication is on"
    return ""


PROBES: dict[str, Probe] = {
    "no-principal-header": _missing_header,
    "wrong-function-json": _function_json,
    "private-reaches-nobody": _nobodys_token,
    "lands-on-done": _no_way_back,
    "cookie-of-another-site": _cookie_mode,
    "portal-test": _closed_to_all,
    "no-auth-here": _sign_in_here,
}
CONFIRM: dict[str, Probe] = {
    "forged-request": _no_way_back,
    "portal-test": _authentication_is_on,
}
