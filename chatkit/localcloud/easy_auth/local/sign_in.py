"""App Service Authentication of one app on this machine.

Its registration and its sessions lie in the home beside the local cloud's files: the next start has
the same client id, and people stay signed in. They go when the local cloud is emptied.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import web

from chatkit.core.errors import ServiceError, SetupError
from chatkit.core.file_lock import FileLock
from chatkit.core.files import writing
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.core.web import Handler
from chatkit.localcloud.easy_auth.local.options import (
    CALLBACK,
    SECRET_SETTING,
    Entra,
    SignInOptions,
)
from chatkit.localcloud.easy_auth.local.registration import Registration, register
from chatkit.localcloud.easy_auth.module import EasyAuth
from chatkit.localcloud.easy_auth.relying_party import RelyingParty
from chatkit.localcloud.easy_auth.sessions import Sessions
from chatkit.localcloud.easy_auth.settings import AuthSettings
from chatkit.localcloud.easy_auth.site import AuthSite

SITE = "local"
REGISTRATION = ("registration", SITE)
WHEN_DOWN = "`chatkit local up` starts the local cloud, which it is a part of."


@dataclass(frozen=True)
class _App:
    """The app as people and browsers know it.

    Attributes:
        name: What the sign-in page calls it.
        origin: Scheme, host and port under which browsers reach it.
    """

    name: str
    origin: str


class LocalSignIn:
    """What stands in front of one app while it runs. `open` makes one."""

    def __init__(
        self,
        options: SignInOptions,
        app: _App,
        store: Store,
        registration: Registration,
        trust: ssl.SSLContext,
    ) -> None:
        self._options = options
        self._app = app
        self._store = store
        self._registration = registration
        self._trust = trust
        self._sessions = Sessions(store, SITE)
        self._relying_party = RelyingParty(lambda: trust, when_down=WHEN_DOWN)
        self._following = asyncio.Lock()
        self._on_close = ExitStack()

    @classmethod
    async def open(cls, key: str, *, name: str, origin: str, options: SignInOptions) -> LocalSignIn:
        """Register the app, or find what was registered before.

        Args:
            key: Names the app's folder.
            name: What the sign-in page calls the app.
            origin: Scheme, host and port under which browsers reach the app.
            options: How people sign in.

        Raises:
            SetupError: Another process signs people in to this app.
            NotStarted: The local cloud does not answer.
        """
        folder = options.folder / key
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with ExitStack() as opened:
            _lock(folder, opened, name)
            store = Store(folder / "state.db")
            opened.callback(store.close)
            trust = await asyncio.to_thread(_trust, options.entra.ca_file)
            app = _App(name, origin)
            registration = await _registered(options.entra, trust, app, store)
            made = cls(options, app, store, registration, trust)
            made._sessions.sweep(grace_s=AuthSettings().refresh_grace.total_seconds())
            made._on_close = opened.pop_all()
            return made

    @property
    def client_id(self) -> str:
        """The app's id at Entra."""
        return self._registration.client_id

    def module(self, allowed_redirects: tuple[str, ...] = ()) -> LocalModule:
        """The module as it stands before a site in Azure.

        Args:
            allowed_redirects: Addresses at which a sign-in may end, besides those of the options.
        """
        return LocalModule(self, allowed_redirects)

    def module_now(self, allowed_redirects: tuple[str, ...]) -> EasyAuth:
        """The same with the local Entra where it was at last."""
        properties = self._options.settings(self.client_id, allowed_redirects)
        secrets = {SECRET_SETTING: self._registration.secret}
        return EasyAuth(
            AuthSite(
                AuthSettings.parse(properties),
                secrets,
                self._sessions,
                self._relying_party,
                self._app.origin,
            )
        )

    async def follow(self) -> Entra:
        """Go on with the local Entra where it is now, when another program has taken its port.

        People stay signed in: the sessions are this app's own. While the new place cannot be
        used, the old one stays, and the module says what does not answer.
        """
        if self._moved_to() is not None:
            async with self._following:
                entra = self._moved_to()
                if entra is not None:
                    with suppress(SetupError, ServiceError):
                        await self._go_on_with(entra)
        return self._options.entra

    def _moved_to(self) -> Entra | None:
        """The local Entra, when it is at another place than before."""
        found = self._options.find_entra()
        return None if found == self._options.entra else found

    async def _go_on_with(self, entra: Entra) -> None:
        self._registration = await _registered(entra, self._trust, self._app, self._store)
        self._options = replace(self._options, entra=entra)

    async def close(self) -> None:
        """Close the connections to Entra, and the store."""
        try:
            await self._relying_party.close()
        finally:
            self._on_close.close()


class LocalModule:
    """The authentication module of a local app: its settings follow the local Entra."""

    def __init__(self, sign_in: LocalSignIn, allowed_redirects: tuple[str, ...]) -> None:
        self._sign_in = sign_in
        self._allowed_redirects = allowed_redirects
        self._entra: Entra | None = None
        self._module = sign_in.module_now(allowed_redirects)

    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the request, or let it through with the platform's headers beside it."""
        entra = await self._sign_in.follow()
        if entra != self._entra:
            self._module = self._sign_in.module_now(self._allowed_redirects)
            self._entra = entra
        return await self._module.handle(request, handler)


async def _registered(entra: Entra, trust: ssl.SSLContext, app: _App, store: Store) -> Registration:
    """Register the app, or find what was registered before, and keep it."""
    kept = store.get(*REGISTRATION)
    registration = await register(
        entra,
        trust,
        name=app.name,
        callback=app.origin + CALLBACK,
        known=Registration(**kept) if kept else None,
    )
    document = {"client_id": registration.client_id, "secret": registration.secret}
    if document != kept:
        store.put(*REGISTRATION, document)
    return registration


def _lock(folder: Path, opened: ExitStack, name: str) -> None:
    lock = opened.enter_context(FileLock(folder / "lock"))
    if not lock.try_acquire():
        raise SetupError(
            f"Another process stands in front of {name} already.",
            hint="End it first; `chatkit stop` ends everything of this home.",
        )


def _trust(ca_file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_file))
