"""What sign-in leaves behind for a while: authorization codes, device codes, refresh tokens.

Codes live a few minutes and stay in memory; refresh tokens are kept as hashes and outlive a
restart.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TypedDict

from chatkit.core.time import clock
from chatkit.core.time.expiring import Expiring
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.entra import errors

CODE_LIFETIME_S = 600
DEVICE_LIFETIME_S = 900
REFRESH_LIFETIME_S = 90 * 24 * 3600
# A client that comes late with a code or a token is told so, not that there never was one.
KEPT_S = 24 * 3600
SWEEP_PERIOD_S = 3600
# Of each of thousands of sign-ins, which anybody may begin.
MAX_CHARACTERS = 8192
LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
REFRESH = "entra-refresh"


@dataclass
class Consent:
    """Who signed in for which client, and what the client asked for.

    Attributes:
        user: Object id.
        client_id: The application.
        scope: As asked for.
        nonce: For the id token.
        redirect_uri: Where the code was sent.
        challenge: PKCE challenge, empty without PKCE.
        method: "S256" or "plain".
        needs_proof: The client is confidential: it has to prove itself when it exchanges the code,
            and when it renews the tokens (RFC 6749 §4.1.3, §6).
        expires: Unix time.
        is_redeemed: True once exchanged.
    """

    user: str
    client_id: str
    scope: str
    nonce: str = ""
    redirect_uri: str = ""
    challenge: str = ""
    method: str = ""
    needs_proof: bool = False
    expires: float = 0.0
    is_redeemed: bool = False


@dataclass
class DeviceRequest:
    """A device that waits for somebody to type its code.

    Attributes:
        client_id: The application.
        scope: As asked for.
        user_code: What the person types.
        expires: Unix time.
        user: Object id once somebody signed in.
        is_declined: True when they refused.
    """

    client_id: str
    scope: str
    user_code: str
    expires: float
    user: str = ""
    is_declined: bool = False


class RefreshToken(TypedDict):
    """What the store keeps of a refresh token, under the token's hash."""

    client_id: str
    user: str
    scope: str
    expires: float
    needs_proof: bool


class Codes:
    """Codes in memory, refresh tokens in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._consents: Expiring[Consent] = Expiring()
        self._devices: Expiring[DeviceRequest] = Expiring()
        self._next_sweep = 0.0

    def new_code(self, consent: Consent) -> str:
        """Make an authorization code.

        Raises:
            EntraError: The application asks for more than is kept.
        """
        _check_length(consent.scope, consent.nonce, consent.redirect_uri, consent.challenge)
        code = f"1.{secrets.token_urlsafe(48)}"
        consent.expires = clock.steady() + CODE_LIFETIME_S
        self._consents.put(code, consent, life_s=KEPT_S)
        return code

    def redeem(self, code: str) -> Consent:
        """Exchange an authorization code, once.

        Raises:
            EntraError: Unknown, expired or used code.
        """
        consent = self._consents.get(code)
        if consent is None:
            raise errors.invalid_grant(*errors.CODE_UNKNOWN)
        if consent.is_redeemed:
            raise errors.invalid_grant(*errors.CODE_REDEEMED)
        if consent.expires <= clock.steady():
            raise errors.invalid_grant(*errors.CODE_EXPIRED)
        consent.is_redeemed = True
        return consent

    def take_back(self, consent: Consent) -> None:
        """Let a code be exchanged once more: its tokens could not be kept."""
        consent.is_redeemed = False

    def new_device(self, client_id: str, scope: str) -> tuple[str, DeviceRequest]:
        """Start a device sign-in; returns the device's own code and the request.

        Raises:
            EntraError: The application asks for more than is kept.
        """
        _check_length(scope)
        user_code = "".join(secrets.choice(LETTERS) for _ in range(9))
        device_code = secrets.token_urlsafe(48)
        device = DeviceRequest(client_id, scope, user_code, clock.steady() + DEVICE_LIFETIME_S)
        self._devices.put(device_code, device, life_s=KEPT_S)
        return device_code, device

    def device(self, device_code: str) -> DeviceRequest | None:
        """The device with this code."""
        return self._devices.get(device_code)

    def device_of(self, user_code: str) -> DeviceRequest | None:
        """The waiting device whose user code somebody typed."""
        typed = user_code.strip().upper().replace("-", "")
        now = clock.steady()
        for device in self._devices.values():
            if device.user_code == typed and device.expires > now and not device.user:
                return device
        return None

    def end_device(self, device_code: str) -> None:
        """Forget a device that has its tokens."""
        self._devices.drop(device_code)

    def new_refresh_token(self, consent: Consent) -> str:
        """Make a refresh token for what somebody consented to; forget what is long over."""
        self._sweep()
        token = f"1.{secrets.token_urlsafe(64)}"
        expires = clock.steady() + REFRESH_LIFETIME_S
        kept: RefreshToken = {
            "client_id": consent.client_id,
            "user": consent.user,
            "scope": consent.scope,
            "needs_proof": consent.needs_proof,
            "expires": expires,
        }
        self._store.put(REFRESH, _digest(token), dict(kept))
        return token

    def _sweep(self) -> None:
        """Forget refresh tokens that nobody would be told about any more, once an hour."""
        now = clock.steady()
        if now < self._next_sweep:
            return
        self._next_sweep = now + SWEEP_PERIOD_S
        for key, kept in [*self._store.items(REFRESH)]:
            if kept["expires"] + KEPT_S < now:
                self._store.delete(REFRESH, key)

    def refresh(self, token: str, client_id: str) -> Consent:
        """Look up a refresh token. As in Entra it stays valid after use.

        Args:
            token: The refresh token.
            client_id: The application that sent it.

        Raises:
            EntraError: Unknown, expired, or another client's token.
        """
        kept = self._store.get(REFRESH, _digest(token))
        if kept is None or kept["client_id"] != client_id:
            raise errors.invalid_grant(*errors.REFRESH_UNKNOWN)
        if kept["expires"] <= clock.steady():
            raise errors.invalid_grant(*errors.REFRESH_EXPIRED)
        return Consent(
            kept["user"],
            kept["client_id"],
            kept["scope"],
            needs_proof=kept["needs_proof"],
        )


def _check_length(*texts: str) -> None:
    if sum(map(len, texts)) > MAX_CHARACTERS:
        raise errors.EntraError("invalid_request", 90015, "The query string is too long.")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
