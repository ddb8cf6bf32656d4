"""`/.auth/...`: sign-in, callback, me, refresh and logout."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from aiohttp import web

from chatkit.localcloud.easy_auth.module import EasyAuth, same, unauthorized
from chatkit.localcloud.easy_auth.principal import Principal
from chatkit.localcloud.easy_auth.redirects import is_allowed
from chatkit.localcloud.easy_auth.relying_party import SignInFailed
from chatkit.localcloud.easy_auth.sessions import COOKIE, Session, SessionRejected
from chatkit.localcloud.easy_auth.settings import Provider

NONCE_COOKIE = "Nonce"
# Query parameters of /.auth/login that are ours; all others go on to the provider.
OWN_PARAMETERS = {"post_login_redirect_uri", "post_login_redirect_url", "session_mode", "completion_origin", "completion_type"}
PROTOCOL_PARAMETERS = {
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "scope",
}


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
    except SignInFailed as error:
        response = web.Response(status=401, text=f"Sign-in failed. {error}")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


async def _route(module: EasyAuth, request: web.Request, parts: list[str]) -> web.StreamResponse:
    match (request.method, *parts):
        case ("GET", "login", "done" | "complete"):
            return web.Response(text="You have successfully signed in.")
        case ("GET", "logout", "done" | "complete"):
            return web.Response(text="You have been signed out.")
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
        case ("GET" | "POST", "logout"):
            return await logout(module, request)
    return web.Response(status=404)


async def login(module: EasyAuth, request: web.Request, alias: str) -> web.Response:
    """Send the browser to the provider."""
    provider = _provider(module, alias)
    query = request.query
    target = (
        query.get("post_login_redirect_uri") or query.get("post_login_redirect_url") or f"{module.settings.prefix}/login/done"
    )
    if not is_allowed(target, own_origin=module.origin, allowed=module.settings.allowed_redirects):
        return web.Response(status=403, text="The redirect address is not among the allowed external redirect URLs of this app.")
    mode = "token" if query.get("session_mode", "").lower() == "token" else "cookie"
    sign_in = SignIn(provider.alias, target, mode, *(secrets.token_urlsafe(32) for _ in range(3)))
    extra = {name: value for name, value in query.items() if name not in OWN_PARAMETERS | PROTOCOL_PARAMETERS}
    location = await module.relying_party.authorization_url(
        provider,
        redirect_uri=_callback_uri(module, provider),
        state=module.sessions.seal(json.dumps(asdict(sign_in)).encode()),
        nonce=sign_in.nonce,
        verifier=sign_in.verifier,
        **extra,
    )
    response = web.Response(status=302, headers={"Location": location})
    _set_cookie(module, response, NONCE_COOKIE, sign_in.binding, max_age=int(module.settings.nonce_life.total_seconds()))
    return response


async def callback(module: EasyAuth, request: web.Request, alias: str) -> web.Response:
    """The provider sent the browser back: check that this browser began it, redeem the code, start a session."""
    provider = _provider(module, alias)
    answered = request.query if request.method == "GET" else await request.post()
    sign_in = _opened(module, request, str(answered.get("state", "")), provider)
    if sign_in is None:
        return web.Response(status=401, text="This sign-in was not started in this browser, or it took too long. Start again.")
    if "code" not in answered:
        raise SignInFailed(str(answered.get("error_description") or answered.get("error") or "The provider sent no code."))
    tokens = await module.relying_party.redeem(
        provider,
        module.secret(provider.secret_setting),
        code=str(answered["code"]),
        redirect_uri=_callback_uri(module, provider),
        verifier=sign_in.verifier,
    )
    claims = await module.relying_party.verify(provider, tokens.get("id_token", ""), nonce=sign_in.nonce)
    session = _start(module, provider, claims, tokens)
    response = web.Response(status=302, headers={"Location": sign_in.redirect})
    if sign_in.mode == "token":
        response.headers["Location"] = _with_fragment(sign_in.redirect, _token_document(module, session))
    else:
        _set_cookie(module, response, COOKIE, module.sessions.cookie(session), max_age=None)
    response.del_cookie(NONCE_COOKIE, path="/")
    return response


async def login_with_token(module: EasyAuth, request: web.Request, alias: str) -> web.Response:
    """Client-directed sign-in: a provider token in, a session token out."""
    provider = _provider(module, alias)
    try:
        body = await request.json()
    except ValueError:
        return web.Response(status=400, text="The body must be a JSON object with an access_token or an id_token.")
    token = (body.get("id_token") or body.get("access_token")) if isinstance(body, dict) else None
    if not isinstance(token, str):
        return web.Response(status=400, text="The body must be a JSON object with an access_token or an id_token.")
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
        "expires_on": datetime.fromtimestamp(session.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z"),
    }
    if module.settings.token_store:
        entry |= {
            name: value
            for name in ("access_token", "id_token", "refresh_token")
            if (
                value := {
                    "access_token": session.access_token,
                    "id_token": session.id_token,
                    "refresh_token": session.refresh_token,
                }[name]
            )
        }
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
            provider, module.secret(provider.secret_setting), refresh_token=session.refresh_token
        )
    except SignInFailed as error:
        return web.Response(status=403, text=str(error))
    renewed = module.sessions.renew(session, life_s=module.settings.session_life.total_seconds(), tokens=_kept(module, granted))
    return web.json_response(_token_document(module, renewed))


async def logout(module: EasyAuth, request: web.Request) -> web.Response:
    """End the session here, then at the provider when a browser asks; the default end is a plain page."""
    target = request.query.get("post_logout_redirect_uri", "") or f"{module.settings.prefix}/logout/done"
    if not is_allowed(target, own_origin=module.origin, allowed=module.settings.allowed_redirects):
        return web.Response(status=403, text="The redirect address is not among the allowed external redirect URLs of this app.")
    if request.headers.get("Sec-Fetch-Site", "none") == "cross-site" and request.headers.get("Sec-Fetch-Mode") == "no-cors":
        return web.Response(status=403, text="Another site's page cannot sign a person out.")
    session = module.session(request, grace_s=module.settings.refresh_grace.total_seconds())
    if session is not None:
        module.sessions.end(session)
    if request.headers.get("X-ZUMO-AUTH"):
        return web.Response(status=200, text="You have been signed out.")
    response = web.Response(status=302, headers={"Location": target})
    response.del_cookie(COOKIE, path="/")
    return response


def _provider(module: EasyAuth, alias: str) -> Provider:
    provider = module.settings.provider(alias)
    if provider is None:
        raise web.HTTPNotFound(text=f"This app has no identity provider called '{alias}'.")
    return provider


def _callback_uri(module: EasyAuth, provider: Provider) -> str:
    return f"{module.origin}{module.settings.prefix}/login/{provider.alias}/callback"


def _opened(module: EasyAuth, request: web.Request, state: str, provider: Provider) -> SignIn | None:
    sealed = module.sessions.unseal(state, life_s=module.settings.nonce_life.total_seconds())
    if sealed is None:
        return None
    sign_in = SignIn(**json.loads(sealed))
    mine = same(sign_in.binding, request.cookies.get(NONCE_COOKIE, "")) and sign_in.provider == provider.alias
    return sign_in if mine else None


def _start(module: EasyAuth, provider: Provider, claims: dict[str, Any], tokens: dict[str, Any]) -> Session:
    principal = Principal.of(provider.alias, claims, name_claim=provider.name_claim)
    return module.sessions.start(principal, life_s=module.settings.session_life.total_seconds(), tokens=_kept(module, tokens))


def _kept(module: EasyAuth, tokens: dict[str, Any]) -> dict[str, str]:
    if not module.settings.token_store:
        return {}
    return {name: str(tokens[name]) for name in ("id_token", "access_token", "refresh_token") if tokens.get(name)}


def _token_document(module: EasyAuth, session: Session) -> dict[str, Any]:
    return {"authenticationToken": module.sessions.token(session, origin=module.origin), "user": {"userId": session.sid}}


def _with_fragment(url: str, document: dict[str, Any]) -> str:
    return f"{url.partition('#')[0]}#token={quote(json.dumps(document, separators=(',', ':')), safe='')}"


def _set_cookie(module: EasyAuth, response: web.Response, name: str, value: str, *, max_age: int | None) -> None:
    response.set_cookie(
        name, value, path="/", httponly=True, samesite="Lax", secure=module.origin.startswith("https:"), max_age=max_age
    )
