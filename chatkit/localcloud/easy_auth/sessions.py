"""Sessions of signed-in people, kept on the server, so that signing out ends them.

A token or a cookie names one: the token is the JWT that clients send in X-ZUMO-AUTH, the cookie
holds the session id encrypted. Both have the shape of App Service's own; each site has its keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TypedDict

import jwt
from cryptography.fernet import Fernet, InvalidToken

from chatkit.core.time import clock
from chatkit.core.time.expiring import Expiring
from chatkit.localcloud.core.store import Document, Store
from chatkit.localcloud.easy_auth.errors import SessionRejected
from chatkit.localcloud.easy_auth.principal import Principal

COOKIE = "AppServiceAuthSession"


class SessionTokens(TypedDict, total=False):
    """What a session keeps of the provider's tokens, and when the access token ends (ISO 8601)."""

    id_token: str
    access_token: str
    refresh_token: str
    expires_on: str


class TokenUser(TypedDict):
    """Whose token it is."""

    userId: str


class TokenDocument(TypedDict):
    """A session token as clients get it."""

    authenticationToken: str
    user: TokenUser


@dataclass(frozen=True)
class Session:
    """One signed-in session.

    Attributes:
        sid: Random id of this session, 32 hex digits.
        principal: Who it is.
        expires_at: Unix seconds.
        id_token: The provider's, kept only with the token store on.
        access_token: The same.
        refresh_token: The same.
        expires_on: When the provider's access token ends, ISO 8601; empty when unknown.
    """

    sid: str
    principal: Principal
    expires_at: float
    id_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_on: str = ""

    @classmethod
    def of(cls, document: Document) -> Session:
        """Read a session that the store kept."""
        known = dict(document)
        principal = dict(known.pop("principal"))
        claims = tuple((kind, value) for kind, value in principal.pop("claims"))
        return cls(principal=Principal(claims=claims, **principal), **known)


class Sessions:
    """The sessions and keys of one site."""

    def __init__(self, store: Store, site: str) -> None:
        self._store = store
        self._collection = f"easy-auth/{site}"
        keys = store.get("easy-auth-keys", site)
        if keys is None:
            keys = {"signing": secrets.token_hex(32), "encryption": secrets.token_hex(32)}
            store.put("easy-auth-keys", site, keys)
        self._signing = bytes.fromhex(keys["signing"])
        self._box = _box(keys["encryption"], "session")
        self._sealed = _box(keys["encryption"], "sign-in")
        self._spent: Expiring[bool] = Expiring()

    def start(self, principal: Principal, *, life_s: float, tokens: SessionTokens) -> Session:
        """Make a session."""
        session = Session(secrets.token_hex(16), principal, clock.wall() + life_s, **tokens)
        self.keep(session)
        return session

    def keep(self, session: Session) -> None:
        """Store a session, new or renewed."""
        self._store.put(self._collection, session.sid, asdict(session))

    def renew(self, session: Session, *, life_s: float, tokens: SessionTokens) -> Session:
        """Give a session a new end and new provider tokens."""
        renewed = replace(session, expires_at=clock.wall() + life_s, **tokens)
        self.keep(renewed)
        return renewed

    def end(self, session: Session) -> None:
        """Forget a session: its cookie and token are worthless from now on."""
        self._store.delete(self._collection, session.sid)

    def end_all(self) -> None:
        """Forget every session of the site and its keys (the site was deleted)."""
        for sid, _ in [*self._store.items(self._collection)]:
            self._store.delete(self._collection, sid)
        self._store.delete("easy-auth-keys", self._collection.removeprefix("easy-auth/"))

    def sweep(self, *, grace_s: float) -> None:
        """Forget sessions that nobody can renew any more."""
        for sid, document in [*self._store.items(self._collection)]:
            if document["expires_at"] + grace_s < clock.wall():
                self._store.delete(self._collection, sid)

    def find(self, sid: str, *, grace_s: float = 0) -> Session | None:
        """The session if it is there and not past its end (plus a grace)."""
        document = self._store.get(self._collection, sid)
        if document is None or document["expires_at"] + grace_s < clock.wall():
            return None
        return Session.of(document)

    def user_id(self, principal: Principal) -> str:
        """The person's id in this app, from which nobody learns the provider's.

        It is the same at every sign-in: apps keep it with their data.
        """
        who = f"{principal.provider}\n{principal.user_id}".encode()
        return f"sid:{hmac.new(self._signing, who, hashlib.sha256).hexdigest()[:32]}"

    def token(self, session: Session, *, origin: str) -> str:
        """The JWT a client sends in X-ZUMO-AUTH."""
        now = int(clock.wall())
        claims = {
            "iss": origin + "/",
            "aud": origin + "/",
            "sub": self.user_id(session.principal),
            "stable_sid": self.user_id(session.principal),
            "jti": session.sid,
            "idp": session.principal.provider,
            "ver": "3",
            "nbf": now,
            "iat": now,
            "exp": int(session.expires_at),
        }
        return jwt.encode(claims, self._signing, algorithm="HS256")

    def token_document(self, session: Session, *, origin: str) -> TokenDocument:
        """What a client gets that keeps its session as a token."""
        return {
            "authenticationToken": self.token(session, origin=origin),
            "user": {"userId": self.user_id(session.principal)},
        }

    def of_token(self, token: str, *, origin: str, grace_s: float = 0) -> Session:
        """The session a token names.

        Raises:
            SessionRejected: Wrong signature, other app, expired, or signed out.
        """
        if not token.isascii():
            raise SessionRejected("the token is malformed")
        try:
            claims = jwt.decode(
                token,
                self._signing,
                algorithms=["HS256"],
                audience=origin + "/",
                issuer=origin + "/",
                leeway=grace_s,
                options={"require": ["exp", "aud", "iss", "sub", "jti"]},
            )
        except jwt.PyJWTError as error:
            raise SessionRejected(str(error)) from error
        session = self.find(claims["jti"], grace_s=grace_s)
        if session is None:
            raise SessionRejected("the session has ended")
        return session

    def cookie(self, session: Session) -> str:
        """The value of the session cookie."""
        return self._box.encrypt(session.sid.encode()).decode()

    def of_cookie(self, value: str, *, grace_s: float = 0) -> Session | None:
        """The session a cookie names, None when it names none."""
        sid = self._sid(value)
        if not sid:
            return None
        return self.find(sid, grace_s=grace_s)

    def is_own_cookie(self, value: str) -> bool:
        """Whether this site has made a cookie, for a session that lasts or that has ended."""
        return bool(self._sid(value))

    def _sid(self, value: str) -> str:
        """The session id in a cookie, empty when it is none of this site's."""
        try:
            return self._box.decrypt(value.encode()).decode()
        except (InvalidToken, UnicodeError):
            return ""

    def seal(self, value: bytes) -> str:
        """Encrypt a small value that the browser carries to us and back."""
        return self._sealed.encrypt_at_time(value, int(clock.steady())).decode()

    def unseal(self, value: str, *, life_s: float) -> bytes | None:
        """Open a sealed value; None when it is not ours or older than its life."""
        try:
            return self._sealed.decrypt_at_time(
                value.encode(), ttl=int(life_s), current_time=int(clock.steady())
            )
        except (InvalidToken, UnicodeError):
            return None

    def use_nonce(self, nonce: str, *, life_s: float) -> bool:
        """Say whether a sign-in comes back for the first time."""
        if self._spent.get(nonce):
            return False
        # A state that is older than its life is refused anyway: its nonce can be forgotten.
        self._spent.put(nonce, True, life_s=life_s + 1)
        return True


def _box(key: str, purpose: str) -> Fernet:
    """A box for one purpose: a session cookie never opens as a sign-in, nor the reverse."""
    digest = hashlib.sha256(bytes.fromhex(key) + purpose.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def timestamp(moment: datetime) -> str:
    """A moment as App Service writes it: seven digits of a second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
