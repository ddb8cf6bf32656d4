"""Signing in with a browser: the pick-a-user page, device codes, sign-out.

These pages are served over plain http on a port of their own, since a browser would warn about the
private CA. Codes are exchanged for tokens only at the https token endpoint.
"""

from __future__ import annotations

import html
from typing import TypedDict
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from chatkit.core import strict_json
from chatkit.localcloud.core.browser.browser_view import BrowserView
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.core.web import is_from_other_page, parts_of
from chatkit.localcloud.entra import errors
from chatkit.localcloud.entra.codes import DEVICE_LIFETIME_S, Codes, Consent
from chatkit.localcloud.entra.core import pages
from chatkit.localcloud.entra.core.applications import CLIENT_KINDS, Application, redirect_uris
from chatkit.localcloud.entra.models import USERS, Directory
from chatkit.localcloud.entra.scopes import Scopes

MODES = ("query", "fragment", "form_post")
NAME_LENGTH = 64
JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))


class DeviceAnswer(TypedDict):
    """What a device gets that asks for a code (RFC 8628 §3.2)."""

    user_code: str
    device_code: str
    verification_uri: str
    verification_url: str
    expires_in: int
    interval: int
    message: str


class SignIn:
    """The browser's side of the tenant."""

    def __init__(self, directory: Directory, codes: Codes, trace: Trace) -> None:
        self._directory = directory
        self._codes = codes
        self._scopes = Scopes(directory)
        self._trace = trace
        self.origin = ""

    def routes(self) -> list[web.RouteDef]:
        """Pages for the plain-http port."""
        return [
            web.get("/{tenant}/oauth2/v2.0/authorize", self.authorize),
            web.get("/{tenant}/oauth2/authorize", self.authorize),
            web.post("/{tenant}/oauth2/v2.0/authorize", self.signed_in),
            web.post("/{tenant}/oauth2/authorize", self.signed_in),
            web.get("/{tenant}/oauth2/v2.0/logout", self.sign_out),
            web.get("/{tenant}/oauth2/deviceauth", self.device_page),
            web.post("/{tenant}/oauth2/deviceauth", self.device_signed_in),
        ]

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """Ask who the person is."""
        asked = dict(request.query)
        application = self._check(request, asked)
        try:
            self._check_request(application, asked)
        except errors.EntraError as error:
            return self._refuse(request, asked, error)
        return pages.pick_user(
            application["displayName"], asked, hint=asked.get("login_hint", ""), users=USERS
        )

    async def signed_in(self, request: web.Request) -> web.StreamResponse:
        """Somebody picked a name: send the code back to the application."""
        if is_from_other_page(request):
            return _other_page()
        form = await _form(request)
        asked = _request_of(request, form)
        application = self._check(request, asked)
        try:
            self._check_request(application, asked)
        except errors.EntraError as wrong:
            return self._refuse(request, asked, wrong)
        if form.get("cancel"):
            error = errors.EntraError(
                "access_denied", 65004, "The user declined to consent to access the app."
            )
            return self._refuse(request, asked, error)
        name = form.get("user", "").strip()
        if not _is_name(name):
            return _bad_name()
        user = self._directory.user(name)
        consent = Consent(
            user=user.id,
            client_id=asked["client_id"].lower(),
            scope=asked.get("scope", "openid"),
            nonce=asked.get("nonce", ""),
            redirect_uri=asked["redirect_uri"],
            challenge=asked.get("code_challenge", ""),
            method=_challenge_method(asked),
            needs_proof=asked["redirect_uri"] in redirect_uris(application, "web"),
        )
        self._trace.emit("entra", "sign-in", user=user.name, client_id=consent.client_id)
        return self._send(request, asked, {"code": self._codes.new_code(consent)})

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """There is no session here; go on to where the application wants."""
        target = request.query.get("post_logout_redirect_uri", "")
        known = any(
            _same_origin(target, uri)
            for app in self._directory.applications()
            for uri in redirect_uris(app, "web")
        )
        if target and known:
            raise web.HTTPFound(self._view(request).shown(target))
        return pages.message("Signed out", "You have signed out of your account.")

    # Devices -------------------------------------------------------------------------------------

    def start_device(self, form: dict[str, str], tenant: str) -> DeviceAnswer:
        """Answer a device's request for a code."""
        client_id = form.get("client_id", "").lower()
        if self._directory.client(client_id) is None:
            raise errors.client_not_found(client_id, self._directory.tenant_id)
        device_code, device = self._codes.new_device(client_id, form.get("scope", "openid"))
        url = f"{self.origin}/{tenant}/oauth2/deviceauth"
        return {
            "user_code": device.user_code,
            "device_code": device_code,
            "verification_uri": url,
            "verification_url": url,
            "expires_in": DEVICE_LIFETIME_S,
            "interval": 1,
            "message": f"To sign in, use a web browser to open the page {url} and enter the code"
            f" {device.user_code}.",
        }

    async def device_page(self, request: web.Request) -> web.StreamResponse:
        """Ask for the code and the person."""
        self._directory.check_tenant(request.match_info["tenant"])
        return pages.device(request.query.get("otc", ""), users=USERS)

    async def device_signed_in(self, request: web.Request) -> web.StreamResponse:
        """Somebody typed the code."""
        if is_from_other_page(request):
            return _other_page()
        form = await _form(request)
        device = self._codes.device_of(form.get("otc", ""))
        if device is None:
            return pages.message(
                "Enter code", "That code did not work. Check the code and try again.", status=400
            )
        if form.get("cancel"):
            device.is_declined = True
            return pages.message(
                "Declined", "The sign-in on your device was declined. You can close this window."
            )
        name = form.get("user", "").strip() or USERS[0]
        if not _is_name(name):
            return _bad_name()
        device.user = self._directory.user(name).id
        return pages.message(
            "Signed in", "You have signed in on your device. You can close this window."
        )

    # Answers -------------------------------------------------------------------------------------

    def _view(self, request: web.Request) -> BrowserView:
        """The addresses that the browser of a request knows."""
        return BrowserView.of(request, urlsplit(self.origin).port or 443)

    def _check(self, request: web.Request, asked: dict[str, str]) -> Application:
        """The application, with a redirect URI that is its own.

        Without that nothing is ever redirected.
        """
        self._directory.check_tenant(request.match_info["tenant"])
        client_id = asked.get("client_id", "").lower()
        redirect_uri = asked.get("redirect_uri", "")
        application = self._directory.client(client_id)
        if application is None:
            raise errors.client_not_found(client_id, self._directory.tenant_id)
        if not _is_registered(redirect_uri, application):
            raise errors.redirect_mismatch(redirect_uri, client_id)
        return application

    def _check_request(self, application: Application, asked: dict[str, str]) -> None:
        _check_request(asked)
        self._scopes.check_consent(application, asked.get("scope", ""))

    def _refuse(
        self, request: web.Request, asked: dict[str, str], error: errors.EntraError
    ) -> web.StreamResponse:
        refusal = {"error": error.code, "error_description": str(error)}
        return self._send(request, asked, refusal)

    def _send(
        self, request: web.Request, asked: dict[str, str], values: dict[str, str]
    ) -> web.StreamResponse:
        if asked.get("state"):
            values["state"] = asked["state"]
        mode = asked.get("response_mode", "query")
        target = self._view(request).shown(asked["redirect_uri"])
        if mode == "form_post":
            return pages.form_post(target, values)
        if mode == "fragment":
            mark = "#"
        elif urlsplit(target).query:
            mark = "&"
        else:
            mark = "?"
        location = f"{target}{mark}{urlencode(values)}"
        headers = {"Location": location, "Cache-Control": "no-store"}
        return web.Response(status=302, headers=headers)


def _other_page() -> web.Response:
    return pages.message("Sign in", "Another site's page cannot sign a person in.", status=403)


def _is_name(name: str) -> bool:
    # Names in Persian have joiners, and so do emoji; what stands beside them is to be seen.
    seen = name.translate(JOINERS).strip()
    return 0 < len(seen) <= len(name) <= NAME_LENGTH and seen.isprintable()


def _bad_name() -> web.Response:
    return pages.message(
        "Sign in", "Please go back and give a name of 1 to 64 visible characters.", status=400
    )


def _check_request(asked: dict[str, str]) -> None:
    kind = asked.get("response_type", "")
    if kind != "code":
        raise errors.EntraError(
            "unsupported_response_type",
            70005,
            f"The response_type '{html.escape(kind)}' is not supported.",
        )
    if asked.get("response_mode", "query") not in MODES:
        raise errors.EntraError(
            "invalid_request", 90014, "The response_mode must be query, fragment or form_post."
        )
    if asked.get("code_challenge") and _challenge_method(asked) not in ("S256", "plain"):
        raise errors.EntraError(
            "invalid_request", 501491, "Invalid size or method of Code_Challenge parameter."
        )
    if asked.get("prompt") == "none":
        raise errors.INTERACTION_REQUIRED


def _challenge_method(asked: dict[str, str]) -> str:
    """How the challenge was made.

    The verifier itself when the request does not say (RFC 7636 §4.3).
    """
    return asked.get("code_challenge_method") or "plain"


def _is_registered(redirect_uri: str, application: Application) -> bool:
    if any(redirect_uri in redirect_uris(application, kind) for kind in CLIENT_KINDS):
        return True
    url = parts_of(redirect_uri)
    if url is None or url.hostname not in ("localhost", "127.0.0.1"):
        return False
    # RFC 8252 §7.3: a native client listens on any free loopback port.
    path = "" if url.path == "/" else url.path
    without_port = f"{url.scheme}://{url.hostname}{path}"
    return without_port in redirect_uris(application, "publicClient")


def _same_origin(url: str, other: str) -> bool:
    one = parts_of(url)
    two = parts_of(other)
    if one is None or two is None:
        return False
    return (one.scheme, one.netloc) == (two.scheme, two.netloc) and one.scheme in ("http", "https")


def _request_of(request: web.Request, form: dict[str, str]) -> dict[str, str]:
    """The application's request, which the page carried along."""
    try:
        carried = strict_json.loads((form.get("request") or "{}").encode())
    except ValueError:
        carried = None
    if not isinstance(carried, dict) or not all(
        isinstance(value, str) for value in carried.values()
    ):
        raise errors.EntraError(
            "invalid_request", 900144, "The request of the sign-in page is malformed."
        )
    return {**dict(request.query), **carried}


async def _form(request: web.Request) -> dict[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
