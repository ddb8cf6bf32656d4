"""`/.auth/login`: to the identity provider and back, or with a token of the provider."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import quote

from aiohttp import web

from chatkit.core import strict_json
from chatkit.core.text.constant_time import is_same_secret
from chatkit.localcloud.easy_auth.errors import SignInFailed
from chatkit.localcloud.easy_auth.sessions import TokenDocument
from chatkit.localcloud.easy_auth.settings import Provider
from chatkit.localcloud.easy_auth.site import AuthSite

NONCE_COOKIE = "Nonce"
MAX_PENDING = 8  # sign-ins of one browser under way at one site
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


@dataclass(frozen=True)
class PendingSignIn:
    """One sign-in under way; travels sealed in the OAuth state.

    A cookie of its own binds it to the browser: two tabs may begin in the same instant, and with
    one cookie for both the second would replace what the first is bound by.
    """

    provider: str
    redirect: str
    mode: str
    nonce: str
    verifier: str
    binding: str


class SignIn:
    """The sign-in endpoints of one site."""

    def __init__(self, site: AuthSite) -> None:
        self._site = site

    async def begin(self, request: web.Request, alias: str) -> web.Response:
        """Send the browser to the provider."""
        site = self._site
        provider = site.provider(alias)
        target = site.redirect_target(request, "login")
        if not site.is_at_home(request):
            # Cookies belong to one host name: begin again under the one of the callback.
            return _redirect(site.origin + request.path_qs)
        pending = PendingSignIn(
            provider=provider.alias,
            redirect=target,
            mode=_mode(request),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(32),
            binding=secrets.token_urlsafe(32),
        )
        location = await site.relying_party.authorization_url(
            provider,
            redirect_uri=site.callback_uri(provider),
            state=site.sessions.seal(json.dumps(asdict(pending)).encode()),
            nonce=pending.nonce,
            verifier=pending.verifier,
            extra=_passed_on(request.query),
        )
        response = _redirect(location)
        life_s = int(site.settings.nonce_life.total_seconds())
        site.set_cookie(response, self._cookie(pending), pending.binding, max_age_s=life_s)
        self._forget_oldest(request, response)
        return response

    async def finish(self, request: web.Request, alias: str) -> web.Response:
        """Redeem the code that the provider sent, for the browser that began this sign-in."""
        site = self._site
        provider = site.provider(alias)
        answered = request.query if request.method == "GET" else await _small(request).post()
        pending = self._opened(request, str(answered.get("state", "")), provider)
        if pending is None:
            raise SignInFailed(
                "It was not started in this browser, it has ended before, or it took too long."
                " Start again."
            )
        code = answered.get("code")
        if not code:
            why = answered.get("error_description") or answered.get("error")
            raise SignInFailed(str(why or "The provider sent no code."))
        tokens = await site.relying_party.redeem(
            provider,
            site.proof(provider),
            code=str(code),
            redirect_uri=site.callback_uri(provider),
            verifier=pending.verifier,
        )
        claims = await site.relying_party.verify(
            provider, str(tokens.get("id_token", "")), nonce=pending.nonce
        )
        session = site.start_session(provider, claims, tokens)
        if pending.mode == "token":
            target = _with_fragment(pending.redirect, site.token_document(session))
            response = _redirect(target)
        else:
            response = _redirect(pending.redirect)
            site.set_session(response, session)
        response.del_cookie(self._cookie(pending), path="/")
        return response

    async def with_token(self, request: web.Request, alias: str) -> web.Response:
        """Client-directed sign-in: a provider token in, a session token out."""
        site = self._site
        provider = site.provider(alias)
        token = _token_of(await _small(request).read())
        if token is None:
            return web.Response(
                status=400,
                text="The body must be a JSON object with an access_token or an id_token.",
            )
        audiences = provider.audiences
        claims = await site.relying_party.verify(provider, token, audiences=audiences)
        return web.json_response(site.token_document(site.start_session(provider, claims, {})))

    def _opened(self, request: web.Request, state: str, provider: Provider) -> PendingSignIn | None:
        """The sign-in that a state stands for, when this browser began it and it is new."""
        sessions = self._site.sessions
        life_s = self._site.settings.nonce_life.total_seconds()
        sealed = sessions.unseal(state, life_s=life_s)
        if sealed is None:
            return None
        pending = PendingSignIn(**json.loads(sealed))
        if pending.provider != provider.alias:
            return None
        if not is_same_secret(pending.binding, request.cookies.get(self._cookie(pending), "")):
            return None
        if not sessions.use_nonce(pending.nonce, life_s=life_s):
            return None
        return pending

    def _cookie(self, pending: PendingSignIn) -> str:
        """Name of the cookie that binds one sign-in: of this site and this sign-in alone."""
        digest = hashlib.sha256(pending.binding.encode()).hexdigest()
        return f"{self._site.of_this_site(NONCE_COOKIE)}-{digest[:8]}"

    def _forget_oldest(self, request: web.Request, response: web.Response) -> None:
        """Keep the cookies of sign-ins that nobody ended from filling up the browser's requests.

        A browser sends the cookies that it has had longest first (RFC 6265 §5.4).
        """
        prefix = self._site.of_this_site(NONCE_COOKIE) + "-"
        known = [name for name in request.cookies if name.startswith(prefix)]
        for name in known[: 1 - MAX_PENDING]:
            response.del_cookie(name, path="/")


def _small(request: web.Request) -> web.Request:
    """A request whose body is read only when it is small: 413, whatever else the app takes."""
    return request.clone(client_max_size=BODY_LIMIT_BYTES)


def _mode(request: web.Request) -> str:
    if request.query.get("session_mode", "").lower() == "token":
        return "token"
    return "cookie"


def _passed_on(query: Mapping[str, str]) -> dict[str, str]:
    ours = OWN_PARAMETERS | PROTOCOL_PARAMETERS
    return {name: value for name, value in query.items() if name not in ours}


def _token_of(body: bytes) -> str | None:
    try:
        document = strict_json.loads(body)
    except ValueError:
        return None
    if not isinstance(document, dict):
        return None
    token = document.get("id_token") or document.get("access_token")
    if not isinstance(token, str):
        return None
    return token


def _with_fragment(url: str, document: TokenDocument) -> str:
    text = quote(json.dumps(document, separators=(",", ":")), safe="")
    return f"{url.partition('#')[0]}#token={text}"


def _redirect(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location})
