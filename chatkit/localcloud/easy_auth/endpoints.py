"""`/.auth/...`: which endpoint a request is for, and how its errors are answered."""

from __future__ import annotations

import logging

from aiohttp import web

from chatkit.localcloud.core.browser.browser_view import BrowserView
from chatkit.localcloud.easy_auth import pages
from chatkit.localcloud.easy_auth.account import Account
from chatkit.localcloud.easy_auth.errors import EasyAuthError, ProviderUnreachable
from chatkit.localcloud.easy_auth.sign_in import SignIn
from chatkit.localcloud.easy_auth.site import AuthSite

log = logging.getLogger("chatkit.local.easy_auth")


class Endpoints:
    """Everything below the prefix of one site."""

    def __init__(self, site: AuthSite) -> None:
        self._site = site
        self._sign_in = SignIn(site)
        self._account = Account(site)

    def serves(self, path: str) -> bool:
        """Say whether a path is one of ours."""
        lowered = path.lower()
        prefix = self._site.settings.prefix
        return lowered == prefix or lowered.startswith(prefix + "/")

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request below the prefix."""
        try:
            response = await self._route(request)
        except EasyAuthError as error:
            if isinstance(error, ProviderUnreachable):
                log.warning("%s: %s", self._site.origin, error)
            response = error.response()
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=error.text)
        if response.content_type == "text/plain" and response.text and pages.wants_page(request):
            self._make_page(request, response)
        _translate(response, self._site.view(request))
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def _make_page(self, request: web.Request, response: web.Response) -> None:
        """Show a sentence as a page that leads on: to the app, or to a new sign-in."""
        site = self._site
        title = "Signed in"
        way_on = pages.Link("/", "Return to the app")
        match request.path.lower().removeprefix(site.settings.prefix).split("/"):
            case ["", "logout", *_]:
                title = "Signed out"
            case ["", "login", alias, *_] if site.settings.provider(alias) is not None:
                way_on = pages.Link(f"{site.settings.prefix}/login/{alias}", "Sign in again")
        if response.status >= 400:
            title = "That did not work"
        shown = pages.Link(site.view(request).shown(way_on.address), way_on.text)
        response.text = pages.page(title, response.text or "", shown)
        response.content_type = "text/html"
        response.headers.update(pages.HEADERS)

    async def _route(self, request: web.Request) -> web.Response:
        below = request.path.lower().removeprefix(self._site.settings.prefix)
        method = "GET" if request.method == "HEAD" else request.method
        match (method, *below.strip("/").split("/")):
            case ("GET", "login", "done" | "complete"):
                return web.Response(text="You have successfully signed in.")
            case ("GET", "logout", "done"):
                return web.Response(text="You have been signed out.")
            case ("GET", "logout", "complete"):
                target = self._site.redirect_target(request, "logout")
                return web.Response(status=302, headers={"Location": target})
            case ("GET", "login", alias):
                return await self._sign_in.begin(request, alias)
            case ("POST", "login", alias):
                return await self._sign_in.with_token(request, alias)
            case ("GET" | "POST", "login", alias, "callback"):
                return await self._sign_in.finish(request, alias)
            case ("GET" | "POST", "me"):
                return self._account.me(request)
            case ("GET" | "POST", "refresh"):
                return await self._account.refresh(request)
            case ("GET" | "POST", "logout") if request.method != "HEAD":
                return await self._account.logout(request)
        return web.Response(status=404)


def _translate(response: web.Response, view: BrowserView) -> None:
    """Let an answer lead where its browser can follow, and its cookies come back to this site."""
    location = response.headers.get("Location")
    if location:
        response.headers["Location"] = view.shown(location)
    for cookie in response.cookies.values():
        cookie["path"] = view.cookie_path
