"""App Service Authentication of one app on this machine.

Its registration and its sessions lie in the home beside the local cloud's files: the next start has
the same client id, and who was signed in still is. They go when the local cloud is emptied.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import ExitStack
from pathlib import Path

from chatkit.core.errors import SetupError
from chatkit.core.file_lock import FileLock
from chatkit.core.files import writing
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.easy_auth.local.options import CALLBACK, SECRET_SETTING, SignInOptions
from chatkit.localcloud.easy_auth.local.registration import Registration, register
from chatkit.localcloud.easy_auth.module import EasyAuth
from chatkit.localcloud.easy_auth.relying_party import RelyingParty
from chatkit.localcloud.easy_auth.sessions import Sessions
from chatkit.localcloud.easy_auth.settings import AuthSettings
from chatkit.localcloud.easy_auth.site import AuthSite

SITE = "local"
REGISTRATION = ("registration", SITE)
WHEN_DOWN = (
    "`chatkit local up` starts the local cloud, which it is a part of. If that runs, at another"
    " port by now, start this sign-in again."
)


class LocalSignIn:
    """What stands in front of one app while it runs. `open` makes one."""

    def __init__(
        self,
        options: SignInOptions,
        origin: str,
        store: Store,
        registration: Registration,
        trust: ssl.SSLContext,
    ) -> None:
        self._options = options
        self._origin = origin
        self._registration = registration
        self._sessions = Sessions(store, SITE)
        self._relying_party = RelyingParty(trust, when_down=WHEN_DOWN)
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
            kept = store.get(*REGISTRATION)
            registration = await register(
                options.entra,
                trust,
                name=name,
                callback=origin + CALLBACK,
                known=Registration(**kept) if kept else None,
            )
            document = {"client_id": registration.client_id, "secret": registration.secret}
            if document != kept:
                store.put(*REGISTRATION, document)
            made = cls(options, origin, store, registration, trust)
            made._sessions.sweep(grace_s=AuthSettings().refresh_grace.total_seconds())
            made._on_close = opened.pop_all()
            return made

    @property
    def client_id(self) -> str:
        """The app's id at Entra."""
        return self._registration.client_id

    def module(self, allowed_redirects: tuple[str, ...] = ()) -> EasyAuth:
        """The module as it stands before a site in Azure.

        Args:
            allowed_redirects: Addresses at which a sign-in may end, besides those of the options.
        """
        properties = self._options.settings(self.client_id, allowed_redirects)
        secrets = {SECRET_SETTING: self._registration.secret}
        return EasyAuth(
            AuthSite(
                AuthSettings.parse(properties),
                secrets,
                self._sessions,
                self._relying_party,
                self._origin,
            )
        )

    async def close(self) -> None:
        """Close the connections to Entra, and the store."""
        try:
            await self._relying_party.close()
        finally:
            self._on_close.close()


def _lock(folder: Path, opened: ExitStack, name: str) -> None:
    lock = opened.enter_context(FileLock(folder / "lock"))
    if not lock.try_acquire():
        raise SetupError(
            f"Another process stands in front of {name} already.",
            hint="End it first; `chatkit stop` ends everything of this home.",
        )


def _trust(ca_file: Path) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    trust.load_verify_locations(ca_file)
    return trust
