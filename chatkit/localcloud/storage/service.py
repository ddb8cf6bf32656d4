"""The storage service: accounts, their ports, and what the other services ask of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from urllib.parse import unquote, urlsplit

from aiohttp import web

from chatkit.core.time.propagation import BLOB_HOST, HOST_NAME
from chatkit.localcloud.core.platform import Platform
from chatkit.localcloud.core.runners import HttpServer, once_known
from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.entra.tokens import Claims, Tokens
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.storage import routes, website
from chatkit.localcloud.storage.auth import bearer, sas, shared_key
from chatkit.localcloud.storage.auth.access import BLOBS, Gate, RoleCheck
from chatkit.localcloud.storage.formats import account_hosts
from chatkit.localcloud.storage.inspection import traced
from chatkit.localcloud.storage.operations.dispatch import Operations
from chatkit.localcloud.storage.state import cors, names, packages
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.models import Account, Container
from chatkit.localcloud.storage.state.packages import ReceivedPackage
from chatkit.localcloud.storage.state.redaction import redact
from chatkit.localcloud.storage.state.repository import Repository
from chatkit.localcloud.storage.state.spec import (
    AccountSpec,
    ContainerSettings,
    CorsRule,
    StaticWebsite,
)

BLOB_PORT = "blob"
DEV_PORT = "dev-storage"
DEV_PREFERRED = 10000
DEV_ACCOUNT = "devstoreaccount1"
# Published by Microsoft for every storage emulator; it opens nothing but those.
DEV_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
READ_BUFFER = 512 * 1024
MAX_HEAD_BYTES = 8190  # aiohttp's own default.


class StorageService:
    """Blob storage: one https port for all accounts, http for the development account and websites.

    Args:
        platform: What all services stand on.
        tokens: Checks bearer tokens.
        role_check: Says whether the principal of a token may do an action at a scope.
        drills: Failures that callers meet; none by default.
        clock: Which host names are known late; none by default.
    """

    def __init__(
        self,
        platform: Platform,
        tokens: Tokens,
        *,
        role_check: RoleCheck,
        drills: Drills | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._platform = platform
        self._clock = clock or Clock()
        self._drills = drills or Drills()
        self._repository = Repository(platform.store, platform.folder / "blobs")
        self._role_check = role_check
        gate = Gate(
            [
                shared_key.authenticate,
                sas.authenticator(tokens),
                bearer.authenticator(tokens),
                bearer.refuse_unknown,
            ],
            role_check=role_check,
            challenge=partial(bearer.challenge, tokens),
        )
        self._operations = Operations(gate, self._repository)

    async def start(self) -> None:
        """Open the blob port and the development account's."""
        self._repository.apply(
            AccountSpec(DEV_ACCOUNT, DEV_KEY, DEV_KEY, allow_blob_public_access=True)
        )
        listeners = self._platform.listeners
        await listeners.open(
            BLOB_PORT,
            self._server(self._account),
            port=listeners.reserve(BLOB_PORT),
            tls=self._platform.certificates.server,
        )
        await listeners.open(DEV_PORT, self._server(self._dev_account), port=self._dev_port())

    async def stop(self) -> None:
        """Close every port."""
        accounts = [_site(name) for name in self._repository.accounts]
        for owner in (BLOB_PORT, DEV_PORT, *accounts):
            await self._platform.listeners.close(owner)

    def _server(self, accounts: routes.Accounts) -> HttpServer:
        app = routes.application(
            self._operations, self._repository.contents, accounts, self._drills, self._is_reachable
        )
        app.middlewares.append(traced(self._platform.trace, "storage"))
        return HttpServer(
            app,
            refuse=routes.refuse,
            serves=account_hosts.answers_to_accounts,
            max_head_bytes=MAX_HEAD_BYTES,
            read_buffer_bytes=READ_BUFFER,
        )

    def _is_reachable(self, name: str) -> bool:
        """Whether the host name of an account is known already."""
        return not self._clock.is_late(HOST_NAME, BLOB_HOST.format(name))

    def _account(self, name: str) -> Account | None:
        # The development account's key is published: it opens nothing but its own port.
        if name == DEV_ACCOUNT:
            return None
        return self._repository.accounts.get(name)

    def _dev_account(self, name: str) -> Account | None:
        if name != DEV_ACCOUNT:
            return None
        return self._repository.accounts.get(name)

    # Accounts

    async def apply(self, spec: AccountSpec) -> None:
        """Create an account with its website port, or change one."""
        name = spec.name.lower()
        known = name in self._repository.accounts
        self._repository.apply(replace(spec, name=name))
        if not known:
            app = website.application(self._website(name))
            app.middlewares.append(traced(self._platform.trace, f"website/{name}"))
            server = HttpServer(
                app,
                refuse=website.refuse,
                peek=partial(once_known, partial(self._is_reachable, name)),
                max_head_bytes=MAX_HEAD_BYTES,
            )
            port = self._platform.listeners.reserve(_site(name))
            await self._platform.listeners.open(_site(name), server, port=port, ipv4_only=True)
        self._platform.trace.emit(f"storage/{name}", "applied", known=known)

    def forget(self, name: str) -> None:
        """Delete all that is stored about an account, in the caller's transaction if there is one.

        `remove` deletes its files and closes its port.
        """
        name = name.lower()
        self._repository.forget_account(name)
        self._platform.listeners.release(_site(name))

    async def remove(self, name: str) -> None:
        """Delete an account with its data and close its website."""
        name = name.lower()
        self.forget(name)
        await self._platform.listeners.close(_site(name))
        await self._repository.remove_account(name)
        self._platform.trace.emit(f"storage/{name}", "removed")

    def blob_endpoint(self, name: str) -> str:
        """Address of an account's blob service, without a slash at the end."""
        return f"https://localhost:{self._platform.listeners.reserve(BLOB_PORT)}/{name.lower()}"

    def suffix(self) -> str:
        """What stands behind `ACCOUNT.blob.` in the address of an account by host name."""
        return account_hosts.suffix(self._platform.listeners.reserve(BLOB_PORT))

    def dev_endpoint(self) -> str:
        """Address of the development account, without a slash at the end."""
        return f"http://127.0.0.1:{self._dev_port()}/{DEV_ACCOUNT}"

    def _dev_port(self) -> int:
        return self._platform.listeners.reserve(DEV_PORT, preferred=DEV_PREFERRED)

    def web_endpoint(self, name: str) -> str:
        """Address of an account's website, with a slash at the end."""
        return f"http://127.0.0.1:{self._platform.listeners.reserve(_site(name.lower()))}/"

    async def answer_website(self, name: str, request: web.Request) -> web.StreamResponse:
        """Let an account's website answer a request that came another way than by its port."""
        return await self._website(name.lower()).serve(request)

    def _website(self, name: str) -> website.Website:
        return website.Website(
            lambda: self._repository.accounts.get(name),
            self._repository.contents,
            self._drills,
            rooms.account(name),
        )

    def damage(self) -> list[str]:
        """Blobs whose content is damaged, as they were found at the start."""
        return self._repository.damaged

    # What Resource Manager and the functions host ask

    def get_website(self, name: str) -> StaticWebsite:
        """The account's static website setting."""
        return self._known(name).website

    def set_website(self, name: str, setting: StaticWebsite) -> None:
        """Change the account's static website setting; switching it on creates `$web`."""
        self._repository.set_website(self._known(name), setting)

    def get_cors(self, name: str) -> list[CorsRule]:
        """The account's cross-origin rules."""
        return [*self._known(name).cors]

    def set_cors(self, name: str, rules: list[CorsRule]) -> None:
        """Replace the account's cross-origin rules.

        Raises:
            StorageError: A rule is one that the service does not take; none has changed.
        """
        account = self._known(name)
        account.cors = cors.check_rules(rules)
        self._repository.save_account(account)

    def create_container(self, account: str, container: str) -> None:
        """Create a private container; nothing happens when it is there."""
        names.check_container(container)
        found = self._known(account)
        if container not in found.containers:
            self._repository.save_container(found, Container(container))

    def get_container(self, account: str, container: str) -> ContainerSettings | None:
        """A container's own properties; None when there is none."""
        found = self._known(account).containers.get(container)
        if found is None:
            return None
        return ContainerSettings(
            found.public, dict(found.metadata), found.etag, found.modified, found.lease.state
        )

    def set_container(
        self, account: str, container: str, *, public: str | None, metadata: dict[str, str] | None
    ) -> None:
        """Change a container's public access or metadata; None leaves what there is.

        Raises:
            StorageError: There is no such container, or the account forbids public access.
        """
        owner = self._known(account)
        if public and not owner.spec.allow_blob_public_access:
            raise StorageError("PublicAccessNotPermitted")
        found = owner.container(container)
        if public is not None:
            found.public = public
        if metadata is not None:
            found.metadata = metadata
        found.touch()
        self._repository.save_container(owner, found)

    def list_containers(self, account: str) -> list[str]:
        """Names of the account's containers, in order."""
        return sorted(self._known(account).containers)

    def delete_container(self, account: str, container: str) -> None:
        """Delete a container with its blobs; nothing happens when there is none."""
        found = self._known(account)
        if container in found.containers:
            self._repository.delete_container(found, found.containers[container])

    def redact(self, container: str, keep: Callable[[bytes], bool]) -> int:
        """Take lines out of the append blobs of every account's container; returns how many.

        Args:
            container: Its name.
            keep: Whether a line stays.

        Raises:
            NotWritten: The disk takes no writes.
        """
        removed = 0
        for account in [*self._repository.accounts.values()]:
            found = account.containers.get(container)
            if found is not None:
                removed += redact(self._repository, account, found, keep)
        return removed

    async def receive_package(
        self, container_url: str, content: bytes, *, identity: str | None
    ) -> ReceivedPackage:
        """Take a function app's package; it is not seen before its version is released.

        Args:
            container_url: As the site's deployment setting has it:
                `https://localhost:P/account/container`.
            content: A zip file.
            identity: Object id of the caller who saves it; None where a key does.

        Raises:
            StorageError: The account or container is not there, or does not let that one write.
        """
        parts = [unquote(part) for part in urlsplit(container_url).path.split("/") if part]
        if len(parts) != 2:
            raise StorageError("InvalidUri")
        account = self._known(parts[0])
        if identity is not None:
            self._check_identity(account, parts[1], identity)
        elif not account.spec.allow_shared_key:
            raise StorageError("KeyBasedAuthenticationNotPermitted")
        return await packages.receive(self._repository, account, parts[1], content)

    def _check_identity(self, account: Account, container: str, identity: str) -> None:
        """Look whether an identity may write blobs of a container."""
        scope = f"{account.spec.scope}/blobServices/default/containers/{container}"
        claims = Claims(identity, appid="", tid="", name="", raw={})
        if not self._role_check(claims, scope, f"{BLOBS}write"):
            raise StorageError("AuthorizationPermissionMismatch")

    def _known(self, name: str) -> Account:
        found = self._repository.accounts.get(name.lower())
        if found is None:
            raise StorageError("ResourceNotFound", f"There is no storage account called '{name}'.")
        return found


def _site(name: str) -> str:
    return f"website/{name}"
