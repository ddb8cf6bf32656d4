"""OpenID Connect relying party: between `/.auth/login/<provider>` and its callback.

Follows OpenID Connect Core 1.0 §3.1 (authorization code flow) with PKCE (RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TypedDict, cast
from urllib.parse import urlencode

import aiohttp
import jwt

from chatkit.localcloud.easy_auth.errors import ProviderUnreachable, SignInFailed
from chatkit.localcloud.easy_auth.principal import Claims
from chatkit.localcloud.easy_auth.settings import Provider

Proof = Mapping[str, str]
"""Form fields with which the app proves itself to the provider: a secret, or an assertion."""

ALGORITHMS = ["RS256"]
TIMEOUT = aiohttp.ClientTimeout(total=10)
KEYS_AGE_S = 5.0  # unknown key ids make us ask for the keys again, but not more often


class Configuration(TypedDict):
    """What we need of a provider's discovery document (OpenID Connect Discovery 1.0 §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str


class ProviderTokens(TypedDict, total=False):
    """A provider's answer at its token endpoint, as it came: nothing of it is verified."""

    id_token: object
    access_token: object
    refresh_token: object
    expires_in: object


@dataclass(frozen=True)
class KnownKeys:
    """A provider's signing keys, and when (monotonic) we asked for them."""

    keys: jwt.PyJWKSet
    asked_at: float

    def is_outdated(self, key_id: str) -> bool:
        """Whether an unknown key is reason enough to ask again."""
        if any(key.key_id == key_id for key in self.keys.keys):
            return False
        return monotonic() - self.asked_at > KEYS_AGE_S


class RelyingParty:
    """Talks to identity providers over HTTPS; keeps their configuration and keys.

    Args:
        trust: Tells the certificate authorities of the providers, when the first one is asked.
        when_down: What a person does about a provider that does not answer.
    """

    def __init__(self, trust: Callable[[], ssl.SSLContext], *, when_down: str = "") -> None:
        self._trust = trust
        self._when_down = when_down
        self._http: aiohttp.ClientSession | None = None
        self._configurations: dict[str, Configuration] = {}
        self._keys: dict[str, KnownKeys] = {}

    async def close(self) -> None:
        """Close the connections to providers."""
        if self._http is not None:
            await self._http.close()

    async def authorization_url(
        self,
        provider: Provider,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        verifier: str,
        extra: Mapping[str, str],
    ) -> str:
        """Where the browser goes to sign in.

        Args:
            provider: Whom to ask.
            redirect_uri: Our callback.
            state: Comes back unchanged.
            nonce: Must stand in the id token.
            verifier: PKCE verifier; only its hash leaves this process now.
            extra: Passed on, for example prompt or login_hint; `scope` replaces the usual scopes.

        Raises:
            SignInFailed: The provider cannot be asked.
        """
        query = {
            "scope": " ".join(provider.scopes),
            **dict(provider.parameters),
            **extra,
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        endpoint = (await self._discover_anew(provider))["authorization_endpoint"]
        mark = "&" if "?" in endpoint else "?"
        return f"{endpoint}{mark}{urlencode(query)}"

    async def redeem(
        self, provider: Provider, proof: Proof, *, code: str, redirect_uri: str, verifier: str
    ) -> ProviderTokens:
        """Exchange a code for tokens.

        Raises:
            SignInFailed: The provider refused.
        """
        return await self._grant(
            provider,
            proof,
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=verifier,
        )

    async def refresh(
        self, provider: Provider, proof: Proof, *, refresh_token: str
    ) -> ProviderTokens:
        """Exchange a refresh token for new tokens.

        Raises:
            SignInFailed: The provider refused.
        """
        return await self._grant(
            provider,
            proof,
            grant_type="refresh_token",
            refresh_token=refresh_token,
            scope=" ".join(provider.scopes),
        )

    async def verify(
        self, provider: Provider, token: str, *, nonce: str = "", audiences: tuple[str, ...] = ()
    ) -> Claims:
        """Verify a token of the provider and return its claims.

        Raises:
            SignInFailed: Wrong signature, issuer, audience or nonce, or expired.
        """
        configuration = await self._discover(provider)
        try:
            key_id = str(jwt.get_unverified_header(token).get("kid", ""))
            key = await self._key(configuration["jwks_uri"], key_id)
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=[provider.client_id, *audiences],
                issuer=configuration["issuer"],
                options={"require": ["exp", "aud", "iss", "sub"]},
            )
        except (jwt.PyJWTError, KeyError, UnicodeError) as error:
            raise SignInFailed(
                f"The token of the identity provider is not valid: {error}."
            ) from error
        if nonce and claims.get("nonce") != nonce:
            raise SignInFailed(
                "The token of the identity provider answers another sign-in (nonce)."
            )
        return claims

    async def end_session_url(self, provider: Provider, *, return_to: str) -> str:
        """Where to sign out at the provider, empty when it offers none.

        Raises:
            SignInFailed: The provider cannot be asked.
        """
        endpoint = (await self._discover_anew(provider))["end_session_endpoint"]
        if not endpoint:
            return ""
        return f"{endpoint}?{urlencode({'post_logout_redirect_uri': return_to})}"

    async def _grant(self, provider: Provider, proof: Proof, **form: str) -> ProviderTokens:
        endpoint = (await self._discover(provider))["token_endpoint"]
        client = {"client_id": provider.client_id, **proof}
        status, document = await self._ask("POST", endpoint, {**form, **client})
        if status != 200:
            why = document.get("error_description") or document.get("error")
            raise SignInFailed(str(why or f"status {status}"))
        return cast(ProviderTokens, document)

    async def _discover(self, provider: Provider) -> Configuration:
        known = self._configurations.get(provider.discovery_url)
        return known or await self._discover_anew(provider)

    async def _discover_anew(self, provider: Provider) -> Configuration:
        """Ask, also for what is known: a browser sees no sentence at a provider that is down."""
        url = provider.discovery_url
        status, document = await self._ask("GET", url)
        found = _configuration(document)
        if status != 200 or found is None:
            raise SignInFailed(f"The identity provider has no configuration at {url}.")
        self._configurations[url] = found
        return found

    async def _key(self, jwks_uri: str, key_id: str) -> jwt.PyJWK:
        known = self._keys.get(jwks_uri)
        if known is None or known.is_outdated(key_id):
            _, document = await self._ask("GET", jwks_uri)
            known = KnownKeys(jwt.PyJWKSet.from_dict(document), monotonic())
            self._keys[jwks_uri] = known
        return known.keys[key_id]

    async def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, object]]:
        try:
            async with self._session().request(
                method, url, data=form, allow_redirects=False
            ) as answer:
                return answer.status, await _json(answer)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            what = f"The identity provider does not answer ({type(error).__name__})."
            raise ProviderUnreachable(f"{what} {self._when_down}".rstrip()) from error

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None or self._http.closed:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._trust()), timeout=TIMEOUT
            )
        return self._http


async def _json(answer: aiohttp.ClientResponse) -> dict[str, object]:
    try:
        document = json.loads(await answer.text())
    except ValueError as error:
        raise SignInFailed("The identity provider's answer is not JSON.") from error
    if not isinstance(document, dict):
        return {}
    return document


def _configuration(document: Mapping[str, object]) -> Configuration | None:
    """The part of a discovery document that we need; None when something is missing."""
    issuer = document.get("issuer")
    authorization = document.get("authorization_endpoint")
    token = document.get("token_endpoint")
    keys = document.get("jwks_uri")
    if not (
        isinstance(issuer, str)
        and isinstance(authorization, str)
        and isinstance(token, str)
        and isinstance(keys, str)
    ):
        return None
    return {
        "issuer": issuer,
        "authorization_endpoint": authorization,
        "token_endpoint": token,
        "jwks_uri": keys,
        "end_session_endpoint": str(document.get("end_session_endpoint") or ""),
    }


def _challenge(verifier: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636 §4.2, S256)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
