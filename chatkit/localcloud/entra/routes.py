"""The authority's URLs: discovery, keys, token endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from aiohttp import web

from chatkit.localcloud.core.bearer import (
    basic_credentials,
    bearer_token,
    parse_authorization,
)
from chatkit.localcloud.core.trace import Trace
from chatkit.localcloud.core.web import Handler
from chatkit.localcloud.entra import errors
from chatkit.localcloud.entra.codes import Codes
from chatkit.localcloud.entra.core import pages
from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.entra.grants import Grants
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.scopes import GRAPH
from chatkit.localcloud.entra.sign_in import SignIn
from chatkit.localcloud.entra.tokens import Tokens

HIDDEN = {
    "client_secret",
    "client_assertion",
    "code",
    "refresh_token",
    "device_code",
    "code_verifier",
}


class Routes:
    """The HTTP side of the tenant."""

    def __init__(self, directory: Directory, tokens: Tokens, codes: Codes, trace: Trace) -> None:
        self._directory = directory
        self._tokens = tokens
        self._trace = trace
        self._grants = Grants(directory, tokens, codes)
        self._sign_in = SignIn(directory, codes, trace)
        self._authority = ""

    def pages(self, origin: str, others: Iterable[web.RouteDef]) -> web.Application:
        """The application for the plain-http port: what browsers open, and others."""
        self._sign_in.origin = origin
        app = web.Application(middlewares=[self._page_errors], client_max_size=1 << 20)
        app.add_routes([*self._sign_in.routes(), *others])
        return app

    def app(self, authority: str) -> web.Application:
        """The application to serve at this authority URL."""
        self._authority = authority
        app = web.Application(middlewares=[self._errors], client_max_size=1 << 20)
        for prefix in ("/{tenant}", "/{tenant}/v2.0"):
            app.router.add_get(f"{prefix}/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/common/discovery/instance", self._instance)
        app.router.add_get("/{tenant}/discovery/v2.0/keys", self._keys)
        app.router.add_get("/{tenant}/discovery/keys", self._keys)
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._token)
        app.router.add_post("/{tenant}/oauth2/token", self._token)
        app.router.add_post("/{tenant}/oauth2/v2.0/devicecode", self._device_code)
        app.router.add_post("/{tenant}/oauth2/devicecode", self._device_code)
        app.router.add_get("/oidc/userinfo", self._user_info)
        app.add_routes(self._sign_in.routes())
        return app

    @web.middleware
    async def _page_errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except errors.EntraError as error:
            return pages.message(
                "Sorry, but we're having trouble signing you in.", str(error), status=error.status
            )

    @web.middleware
    async def _errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except errors.EntraError as error:
            self._trace.emit(
                "entra", "refused", path=request.path, number=error.number, error=error.code
            )
            body = error.body(
                authority=self._authority,
                correlation_id=request.headers.get("client-request-id", ""),
            )
            return web.json_response(body, status=error.status, headers=NO_STORE)
        except web.HTTPException as error:
            refusal = errors.EntraError(
                "invalid_request", 90023, f"{request.method} {request.path}: {error.reason}."
            )
            return web.json_response(refusal.body(authority=self._authority), status=error.status)

    def refuse(self, _: web.Request, status: int, sentence: str) -> web.Response:
        """What the authority answers when it fails, or cannot read a body."""
        code, number = ("server_error", 90020) if status >= 500 else ("invalid_request", 90023)
        refusal = errors.EntraError(code, number, sentence)
        return web.json_response(refusal.body(authority=self._authority), status=status)

    async def _discovery(self, request: web.Request) -> web.Response:
        tenant = self._check_tenant(request)
        return web.json_response(
            discovery(self._authority, tenant, self._tokens.issuer, pages_at=self._sign_in.origin)
        )

    async def _instance(self, _request: web.Request) -> web.Response:
        host = self._authority.removeprefix("https://")
        tenant = f"{self._authority}/{self._directory.tenant_id}"
        return web.json_response(
            {
                "tenant_discovery_endpoint": f"{tenant}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [
                    {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
                ],
            }
        )

    async def _keys(self, request: web.Request) -> web.Response:
        self._check_tenant(request)
        return web.json_response(self._tokens.jwks())

    async def _token(self, request: web.Request) -> web.Response:
        self._check_tenant(request)
        form = {
            name: value for name, value in (await request.post()).items() if isinstance(value, str)
        }
        _read_basic(request, form)
        answer = self._grants.answer(form)
        shown = {name: value for name, value in form.items() if name not in HIDDEN}
        self._trace.emit(
            "entra",
            "token",
            **{key: shown.get(key, "") for key in ("grant_type", "client_id", "scope")},
        )
        return web.json_response(answer, headers=NO_STORE)

    async def _device_code(self, request: web.Request) -> web.Response:
        tenant = self._check_tenant(request)
        form = {
            name: value for name, value in (await request.post()).items() if isinstance(value, str)
        }
        return web.json_response(self._sign_in.start_device(form, tenant), headers=NO_STORE)

    async def _user_info(self, request: web.Request) -> web.Response:
        token = bearer_token(request.headers.get("Authorization", ""))
        try:
            claims = self._tokens.verify(token, (GRAPH,)).raw
        except TokenRejected as rejected:
            refusal = {"error": {"code": "InvalidAuthenticationToken", "message": rejected.message}}
            return web.json_response(refusal, status=401, headers={"WWW-Authenticate": "Bearer"})
        return web.json_response(
            {name: claims[name] for name in ("sub", "name", "email", "oid") if name in claims}
        )

    def _check_tenant(self, request: web.Request) -> str:
        return self._directory.check_tenant(request.match_info["tenant"])


NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}


def _read_basic(request: web.Request, form: dict[str, str]) -> None:
    """Take client id and secret from a Basic header (client_secret_basic)."""
    authorization = parse_authorization(request.headers.get("Authorization", ""))
    if authorization.scheme != "basic":
        return
    found = basic_credentials(authorization.credentials)
    if found is None:
        raise errors.EntraError(
            "invalid_client", 900144, "The Authorization header is malformed.", status=401
        )
    client_id, secret = found
    form.setdefault("client_id", unquote(client_id))
    form.setdefault("client_secret", unquote(secret))


def discovery(authority: str, tenant: str, issuer: str, *, pages_at: str) -> dict[str, object]:
    """The OpenID Connect discovery document of one tenant; what browsers open is at `pages_at`."""
    base = f"{authority}/{tenant}"
    pages_base = f"{pages_at or authority}/{tenant}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{authority}/oidc/userinfo",
        "authorization_endpoint": f"{pages_base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{pages_base}/oauth2/v2.0/logout",
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "nonce",
            "preferred_username",
            "name",
            "tid",
            "ver",
            "oid",
        ],
        "tenant_region_scope": "EU",
        "cloud_instance_name": authority.removeprefix("https://"),
    }
