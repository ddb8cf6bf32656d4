"""OpenID Connect relying party: what App Service does between `/.auth/login/<provider>` and its callback.

Follows OpenID Connect Core 1.0 §3.1 (authorization code flow) with PKCE (RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from collections.abc import Mapping
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt

from chatkit.localcloud.easy_auth.settings import Provider

Claims = dict[str, Any]
ALGORITHMS = ["RS256"]
TIMEOUT = aiohttp.ClientTimeout(total=10)
KEYS_AGE_S = 5.0  # unknown key ids make us ask for the keys again, but not more often


class SignInFailed(Exception):
    """The provider refused, or what it sent does not verify. The message is fit for the person to read."""


class ProviderUnreachable(SignInFailed):
    """The provider could not be asked at all."""


class RelyingParty:
    """Talks to identity providers over HTTPS; keeps their configuration and keys."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._trust = trust
        self._http: aiohttp.ClientSession | None = None
        self._configuration: dict[str, dict[str, Any]] = {}
        self._keys: dict[str, tuple[float, jwt.PyJWKSet]] = {}

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
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
            .decode()
            .rstrip("=")
        )
        query = {
            "scope": " ".join(provider.scopes),
            **dict(provider.parameters),
            **extra,
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = (await self._discover(provider))["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def redeem(
        self, provider: Provider, secret: str, *, code: str, redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        """Exchange a code for tokens.

        Raises:
            SignInFailed: The provider refused.
        """
        return await self._grant(
            provider,
            secret,
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=verifier,
        )

    async def refresh(
        self, provider: Provider, secret: str, *, refresh_token: str
    ) -> dict[str, Any]:
        """Exchange a refresh token for new tokens.

        Raises:
            SignInFailed: The provider refused.
        """
        return await self._grant(
            provider,
            secret,
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
            key = await self._key(
                configuration["jwks_uri"], str(jwt.get_unverified_header(token).get("kid", ""))
            )
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
        """Where to sign out at the provider, empty when it offers none."""
        endpoint = (await self._discover(provider)).get("end_session_endpoint", "")
        return (
            f"{endpoint}?{urlencode({'post_logout_redirect_uri': return_to})}" if endpoint else ""
        )

    async def _grant(self, provider: Provider, secret: str, **form: str) -> dict[str, Any]:
        endpoint = (await self._discover(provider))["token_endpoint"]
        status, document = await self._ask(
            "POST", endpoint, {**form, "client_id": provider.client_id, "client_secret": secret}
        )
        if status != 200:
            raise SignInFailed(
                str(
                    document.get("error_description") or document.get("error") or f"status {status}"
                )
            )
        return document

    async def _discover(self, provider: Provider) -> dict[str, Any]:
        if provider.discovery_url not in self._configuration:
            status, document = await self._ask("GET", provider.discovery_url)
            needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
            if status != 200 or not all(isinstance(document.get(name), str) for name in needed):
                raise SignInFailed(
                    f"The identity provider has no configuration at {provider.discovery_url}."
                )
            self._configuration[provider.discovery_url] = document
        return self._configuration[provider.discovery_url]

    async def _key(self, jwks_uri: str, key_id: str) -> jwt.PyJWK:
        asked, keys = self._keys.get(jwks_uri, (-KEYS_AGE_S, None))
        if keys is None or (
            key_id not in {key.key_id for key in keys.keys} and monotonic() - asked > KEYS_AGE_S
        ):
            keys = jwt.PyJWKSet.from_dict((await self._ask("GET", jwks_uri))[1])
            self._keys[jwks_uri] = monotonic(), keys
        return keys[key_id]

    async def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        try:
            async with self._session().request(
                method, url, data=form, allow_redirects=False
            ) as answer:
                return answer.status, await _json(answer)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise ProviderUnreachable(
                f"The identity provider does not answer ({type(error).__name__})."
            ) from error

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None or self._http.closed:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._trust), timeout=TIMEOUT
            )
        return self._http


async def _json(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    try:
        document = json.loads(await answer.text())
    except ValueError as error:
        raise SignInFailed("The identity provider's answer is not JSON.") from error
    return dict(document) if isinstance(document, Mapping) else {}
