"""`/.auth/...`: sign-in, callback, me, refresh and logout."""

from __future__ import annotations

import json
import logging
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from aiohttp import web

from chatkit.localcloud.easy_auth.module import DENIED, EasyAuth, ForgedRequest, same, unauthorized
from chatkit.localcloud.easy_auth.principal import Principal
from chatkit.localcloud.easy_auth.redirects import is_allowed
from chatkit.localcloud.easy_auth.relying_party import ProviderUnreachable, SignInFailed
from chatkit.localcloud.easy_auth.sessions import COOKIE, Session, SessionRejected
from chatkit.localcloud.easy_auth.settings import Provider

log = logging.getLogger("chatkit.local.easy_auth")
NONCE_COOKIE = "Nonce"
BODY_LIMIT_BYTES = 65_536
# Query parameters of /.auth/login that are ours; all others go on to the provider.
OWN_PARAMETERS = {
    "post_login_redirect_uri",
    "post_login_redirect_url",
    "session_mode",
    "completion_origin",
    "completion_type",
}
PROTOCOL_PARAMETERS = {
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "request",
    "request_uri",
}
CONFIRM = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign out?</title><main><h1>Sign out?</h1>
<p>Another web site asked to sign you out.</p><form method="post"><button>Sign out</button></form></main></html>"""


@dataclass(frozen=True)
class SignIn:
    """One sign-in under way; travels sealed in the OAuth state and is bound to the browser by a cookie."""

    provider: str
    redirect: str
    mode: str
    nonce: str
    verifier: str
    binding: str


async def answer(module: EasyAuth, request: web.Request) -> web.StreamResponse:
    """Route a request below the prefix."""
    parts = request.path.lower().removeprefix(module.settings.prefix).strip("/").split("/")
    try:
        response = await _route(module, request, parts)
    except SessionRejected as error:
        response = unauthorized(str(error))
    except ForgedRequest:
        response = web.Response(status=403, text=DENIED)
    except ProviderUnreachable as error:
        log.warning("%s: %s", module.origin, error)
        response = web.Response(status=500, text=f"Sign-in failed. {error}")
    except SignInFailed as error:
        response = web.Response(status=401, text=f"Sign-in failed. {error}")
    except web.HTTPException as error:
        response = web.Response(status=error.status, text=error.text)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


async def _route(module: EasyAuth, request: web.Request, parts: list[str]) -> web.StreamResponse:
    match ("GET" if request.method == "HEAD" else request.method, *parts):
        case ("GET", "login", "done" | "complete"):
            return web.Response(text="You have successfully signed in.")
        case ("GET", "logout", "done"):
            return web.Response(text="You have been signed out.")
        case ("GET", "logout", "complete"):
            return web.Response(
                status=302, headers={"Location": _target(module, request, "logout")}
            )
        case ("GET", "login", alias):
            return await login(module, request, alias)
        case ("POST", "login", alias):
            return await login_with_token(module, request, alias)
        case ("GET" | "POST", "login", alias, "callback"):
            return await callback(module, request, alias)
        case ("GET" | "POST", "me"):
            return me(module, request)
        case ("GET" | "POST", "refresh"):
            return await refresh(module, request)
        case ("GET" | "POST", "logout") if request.method != "HEAD":
            return await logout(module, request)
    return web.Response(status=404)


async def login(module: EasyAuth, request: web.Request, alias: str) -> web.Response:
    """Send the browser to the provider."""
    provider = _provider(module, alias)
    query = request.query
    target = _target(module, request, "login")
    if request.headers.get("Host", "").lower() != module.origin.partition("://")[2]:
        return web.Response(
            status=302, headers={"Location": module.origin + request.path_qs}
        )  # cookies belong to one name
    mode = "token" if query.get("session_mode", "").lower() == "token" else "cookie"
    # Sign-ins of several tabs at the same time share the browser's one cookie.
    binding = request.cookies.get(NONCE_COOKIE, "")
    binding = binding if len(binding) == 43 and binding.isascii() else secrets.token_urlsafe(32)
    sign_in = SignIn(
        provider.alias, target, mode, secrets.token_urlsafe(32), secrets.token_urlsafe(32), binding
    )
    extra = {
        name: value
        for name, value in query.items()
        if name not in OWN_PARAMETERS | PROTOCOL_PARAMETERS
    }
    location = await module.relying_party.authorization_url(
        provider,
        redirect_uri=_callback_uri(module, provider),
        state=module.sessions.seal(json.dumps(asdict(sign_in)).encode()),
        nonce=sign_in.nonce,
        verifier=sign_in.verifier,
        extra=extra,
    )
    response = web.Response(status=302, headers={"Location": location})
    _set_cookie(
        module,
        response,
        NONCE_COOKIE,
        sign_in.binding,
        max_age=int(module.settings.nonce_life.total_seconds()),
    )
    return response


async def callback(module: EasyAuth, request: web.Request, alias: str) -> web.Response:
    """The provider sent the browser back: check that this browser began it, redeem the code, start a session."""
    provider = _provider(module, alias)
    answered = request.query if request.method == "GET" else await request.post()
    sign_in = _opened(module, request, str(answered.get("state", "")), provider)
    if sign_in is None:
        return web.Response(
            status=401,
            text="This sign-in was not started in this browser, or it took too long. Start again.",
        )
    if not answered.get("code"):
        raise SignInFailed(
            str(
                answered.get("error_description")
                or answered.get("error")
                or "The provider sent no code."
            )
        )
    tokens = await module.relying_party.redeem(
        provider,
        _secret(module, provider),
        code=str(answered["code"]),
        redirect_uri=_callback_uri(module, provider),
        verifier=sign_in.verifier,
    )
    claims = await module.relying_party.verify(
        provider, str(tokens.get("id_token", "")), nonce=sign_in.nonce
    )
    session = _start(module, provider, claims, tokens)
    response = web.Response(status=302, headers={"Location": sign_in.redirect})
    if sign_in.mode == "token":
        response.headers["Location"] = _with_fragment(
            sign_in.redirect, _token_document(module, session)
        )
    else:
        _set_cookie(module, response, COOKIE, module.sessions.cookie(session), max_age=None)
    return response


async def login_with_token(module: EasyAuth, request: web.Request, alias: str) -> web.Response:
    """Client-directed sign-in: a provider token in, a session token out."""
    provider = _provider(module, alias)
    if (request.content_length or 0) > BODY_LIMIT_BYTES:
        return web.Response(status=413)
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        return web.Response(
            status=400, text="The body must be a JSON object with an access_token or an id_token."
        )
    token = (body.get("id_token") or body.get("access_token")) if isinstance(body, dict) else None
    if not isinstance(token, str):
        return web.Response(
            status=400, text="The body must be a JSON object with an access_token or an id_token."
        )
    claims = await module.relying_party.verify(provider, token, audiences=provider.audiences)
    return web.json_response(_token_document(module, _start(module, provider, claims, {})))


def me(module: EasyAuth, request: web.Request) -> web.Response:
    """Who is signed in, with claims and the provider's tokens: only for the person themself."""
    session = module.session(request)
    if session is None:
        return web.Response(status=401)
    entry: dict[str, Any] = {
        "provider_name": session.principal.provider,
        "user_id": session.principal.name,
        "user_claims": [{"typ": kind, "val": value} for kind, value in session.principal.claims],
        "expires_on": session.expires_on or _iso(datetime.fromtimestamp(session.expires_at, UTC)),
    }
    if module.settings.token_store:
        tokens = {
            "access_token": session.access_token,
            "id_token": session.id_token,
            "refresh_token": session.refresh_token,
        }
        entry |= {name: value for name, value in tokens.items() if value}
    return web.json_response([entry])


async def refresh(module: EasyAuth, request: web.Request) -> web.Response:
    """Renew the session with the provider's refresh token: 401 without a session, 403 without such a token."""
    session = module.session(request, grace_s=module.settings.refresh_grace.total_seconds())
    if session is None:
        return web.Response(status=401)
    provider = module.settings.provider(session.principal.provider)
    if provider is None or not session.refresh_token:
        return web.Response(status=403, text="The session has no refresh token.")
    try:
        granted = await module.relying_party.refresh(
            provider, _secret(module, provider), refresh_token=session.refresh_token
        )
    except ProviderUnreachable:
        raise
    except SignInFailed as error:
        return web.Response(status=403, text=str(error))
    renewed = module.sessions.renew(
        session, life_s=module.settings.session_life.total_seconds(), tokens=_kept(module, granted)
    )
    return web.json_response(_token_document(module, renewed))


async def logout(module: EasyAuth, request: web.Request) -> web.Response:
    """End the session here, then at the provider when a browser asks; the default end is a plain page."""
    target = _target(module, request, "logout")
    try:
        session = module.session(request, grace_s=module.settings.refresh_grace.total_seconds())
    except SessionRejected:
        session = None
    if (
        session is not None
        and not request.headers.get("X-ZUMO-AUTH")
        and not module.is_trusted_source(request)
    ):
        return web.Response(status=403, text=CONFIRM, content_type="text/html")
    if session is not None:
        module.sessions.end(session)
    if request.headers.get("X-ZUMO-AUTH"):
        return web.Response(status=200, text="You have been signed out.")
    response = web.Response(
        status=302, headers={"Location": await _by_the_provider(module, session, target)}
    )
    response.del_cookie(COOKIE, path="/")
    return response


def _provider(module: EasyAuth, alias: str) -> Provider:
    provider = module.settings.provider(alias)
    if provider is None:
        raise web.HTTPNotFound(text=f"This app has no identity provider called '{alias}'.")
    return provider


def _target(module: EasyAuth, request: web.Request, what: str) -> str:
    """Where the browser wants to go afterwards, checked; `what` is login or logout."""
    names = (f"post_{what}_redirect_uri", f"post_{what}_redirect_url")
    target = (
        next(filter(None, map(request.query.get, names)), None)
        or f"{module.settings.prefix}/{what}/done"
    )
    if not is_allowed(target, own_origin=module.origin, allowed=module.settings.allowed_redirects):
        raise web.HTTPForbidden(
            text="The redirect address is not among the allowed external redirect URLs of this app."
        )
    return target


async def _by_the_provider(module: EasyAuth, session: Session | None, target: str) -> str:
    """The way to the target that also ends the session at the provider, where it offers that."""
    provider = module.settings.provider(session.principal.provider) if session else None
    if provider is None:
        return target
    back = f"{module.origin}{module.settings.prefix}/logout/complete?post_logout_redirect_uri={quote(target, safe='')}"
    try:
        return await module.relying_party.end_session_url(provider, return_to=back) or target
    except SignInFailed:
        return target


def _secret(module: EasyAuth, provider: Provider) -> str:
    secret = module.secret(provider.secret_setting)
    if not secret:
        raise SignInFailed(
            f"The app setting {provider.secret_setting or '(none named)'} with the client secret is missing."
        )
    return secret


def _callback_uri(module: EasyAuth, provider: Provider) -> str:
    return f"{module.origin}{module.settings.prefix}/login/{provider.alias}/callback"


def _opened(
    module: EasyAuth, request: web.Request, state: str, provider: Provider
) -> SignIn | None:
    sealed = module.sessions.unseal(state, life_s=module.settings.nonce_life.total_seconds())
    if sealed is None:
        return None
    sign_in = SignIn(**json.loads(sealed))
    mine = (
        same(sign_in.binding, request.cookies.get(NONCE_COOKIE, ""))
        and sign_in.provider == provider.alias
    )
    life_s = module.settings.nonce_life.total_seconds()
    return sign_in if mine and module.sessions.spend(sign_in.nonce, life_s=life_s) else None


def _start(
    module: EasyAuth, provider: Provider, claims: dict[str, Any], tokens: dict[str, Any]
) -> Session:
    principal = Principal.of(provider.alias, claims, name_claim=provider.name_claim)
    return module.sessions.start(
        principal, life_s=module.settings.session_life.total_seconds(), tokens=_kept(module, tokens)
    )


def _kept(module: EasyAuth, tokens: dict[str, Any]) -> dict[str, str]:
    if not module.settings.token_store:
        return {}
    kept = {
        name: str(tokens[name])
        for name in ("id_token", "access_token", "refresh_token")
        if tokens.get(name)
    }
    life_s = tokens.get("expires_in")
    if isinstance(life_s, int | float):
        kept["expires_on"] = _iso(datetime.now(UTC) + timedelta(seconds=life_s))
    return kept


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def _token_document(module: EasyAuth, session: Session) -> dict[str, Any]:
    user = {"userId": module.sessions.user_id(session.principal)}
    return {
        "authenticationToken": module.sessions.token(session, origin=module.origin),
        "user": user,
    }


def _with_fragment(url: str, document: dict[str, Any]) -> str:
    return f"{url.partition('#')[0]}#token={quote(json.dumps(document, separators=(',', ':')), safe='')}"


def _set_cookie(
    module: EasyAuth, response: web.Response, name: str, value: str, *, max_age: int | None
) -> None:
    response.set_cookie(
        name,
        value,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=module.origin.startswith("https:"),
        max_age=max_age,
    )
