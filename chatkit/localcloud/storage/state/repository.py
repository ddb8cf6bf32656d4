"""Accounts with what is in them: kept in memory, and stored before anything is acknowledged."""

from __future__ import annotations

import base64
import secrets
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict, cast

from chatkit.core.errors import NotWritten
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.storage.state.contents import Contents
from chatkit.localcloud.storage.state.models import (
    WEB,
    Account,
    Blob,
    BlobDocument,
    Container,
    ContainerDocument,
    Piece,
)
from chatkit.localcloud.storage.state.spec import AccountSpec, CorsRule, StaticWebsite

ACCOUNTS = "storage"
CONTAINERS = "storage-containers"
BLOBS = "storage-blobs"
STAGED = "storage-staged"
REMOVED = "storage-removed"
"""What is deleted, and may still have rows: `account` or `account/container`."""
ROWS_AT_ONCE = 100
"""So many a transaction writes back on a full disk, where it has the reserve only."""


class WebsiteDocument(TypedDict):
    """An account's website setting as it is stored."""

    enabled: bool
    index_document: str
    default_index_document_path: str
    error_document_404_path: str


class AccountDocument(TypedDict):
    """An account's own settings as they are stored."""

    website: WebsiteDocument
    service: dict[str, str]
    cors: list[CorsRule]
    secret: str


class StagedDocument(TypedDict):
    """A block that is put and not committed, as it is stored."""

    blob: str
    id: str
    file: str
    size: int


class Repository:
    """All accounts of the local cloud. What a method has changed is stored when it returns.

    Attributes:
        damaged: Blobs of stored accounts whose files are gone or too short.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self.contents = Contents(folder)
        self.accounts: dict[str, Account] = {}
        self.damaged: list[str] = []
        for name, _ in [*store.items(REMOVED)]:
            self._finish_removal(name)
            if "/" not in name:
                self.contents.drop_folder(name)

    # Accounts

    def apply(self, spec: AccountSpec) -> Account:
        """Create an account, bring back a stored one, or change keys and rules of a known one."""
        account = self.accounts.get(spec.name)
        if account is None:
            account = self._load(spec)
            self.accounts[spec.name] = account
        account.spec = spec
        return account

    def _load(self, spec: AccountSpec) -> Account:
        found = self._store.get(ACCOUNTS, spec.name)
        if found is None:
            return self._create(spec)
        account = _account(spec, cast(AccountDocument, found))
        self._load_containers(account)
        return account

    def _create(self, spec: AccountSpec) -> Account:
        # A deleted account of this name leaves nothing to the new one.
        self._forget_rows(spec.name)
        self._store.delete(REMOVED, spec.name)
        self.contents.drop(spec.name, self.contents.orphans(spec.name, ()))
        account = Account(spec, secret=base64.b64encode(secrets.token_bytes(32)).decode())
        self.save_account(account)
        return account

    def _load_containers(self, account: Account) -> None:
        prefix = f"{account.name}/"
        files: set[str] = set()
        sizes = self.contents.sizes(account.name)
        for _, document in self._store.items(CONTAINERS, prefix):
            container = Container.load(cast(ContainerDocument, document))
            account.containers[container.name] = container
            start = f"{prefix}{container.name}/"
            for _, blob_document in self._store.items(BLOBS, start):
                blob = Blob.load(cast(BlobDocument, blob_document))
                container.blobs[blob.name] = blob
                files.update(piece.file for piece in blob.pieces)
                if any(sizes.get(piece.file, -1) < piece.size for piece in blob.pieces):
                    self.damaged.append(f"{start}{blob.name}")
            container.names = sorted(container.blobs)
            for _, staged_document in self._store.items(STAGED, start):
                staged = cast(StagedDocument, staged_document)
                piece = Piece(staged["file"], staged["size"], staged["id"])
                container.staged.setdefault(staged["blob"], {})[piece.block_id] = piece
                files.add(piece.file)
        self.contents.drop(account.name, self.contents.orphans(account.name, files))

    def save_account(self, account: Account) -> None:
        """Store an account's own settings."""
        document = AccountDocument(
            website=cast(WebsiteDocument, asdict(account.website)),
            service=account.service,
            cors=account.cors,
            secret=account.secret,
        )
        try:
            self._store.put(ACCOUNTS, account.name, document)
        except BaseException:
            self._take_back_account(account)
            raise
        self._store.on_undo(lambda: self._take_back_account(account))

    def _take_back_account(self, account: Account) -> None:
        kept = self._store.get(ACCOUNTS, account.name)
        if kept is not None:
            account.become(_account(account.spec, cast(AccountDocument, kept)))

    def forget_account(self, name: str) -> None:
        """Delete an account, in the caller's transaction if there is one.

        Requests under way find nothing in it any more. `remove_account` deletes the rest.
        """
        with self._store.transaction(from_reserve=True):
            self._store.delete(ACCOUNTS, name)
            self._store.put(REMOVED, name, {})
        account = self.accounts.pop(name, None)
        if account is not None:
            containers = dict(account.containers)
            account.containers.clear()
            self._store.on_undo(lambda: self._bring_back(account, containers))

    def _bring_back(self, account: Account, containers: dict[str, Container]) -> None:
        self.accounts[account.name] = account
        account.containers.update(containers)

    def _finish_removal(self, name: str) -> None:
        """Delete the rows of what is deleted already. Where that fails, the next start does it."""
        with suppress(NotWritten):
            self._forget_rows(name)
            self._store.delete(REMOVED, name)

    def _forget_rows(self, name: str) -> None:
        """Delete the rows below an account or a container, in steps.

        A log of all of them at once may be larger than the reserve.
        """
        for collection in (CONTAINERS, BLOBS, STAGED):
            keys = [key for key, _ in self._store.items(collection, f"{name}/")]
            for start in range(0, len(keys), ROWS_AT_ONCE):
                with self._store.transaction(from_reserve=True):
                    for key in keys[start : start + ROWS_AT_ONCE]:
                        self._store.delete(collection, key)

    async def remove_account(self, name: str) -> None:
        """Delete an account with all its data."""
        self.forget_account(name)
        self._finish_removal(name)
        await self.contents.drop_account(name)

    # Containers

    def save_container(self, account: Account, container: Container) -> None:
        """Store a container's own properties; adds it when it is new."""
        if container.name not in account.containers:
            self._forget_removed(f"{account.name}/{container.name}")
        try:
            self._store.put(CONTAINERS, f"{account.name}/{container.name}", container.document())
        except BaseException:
            self._take_back_container(account, container)
            raise
        account.containers[container.name] = container
        self._store.on_undo(lambda: self._take_back_container(account, container))

    def _forget_removed(self, name: str) -> None:
        """Delete what a deleted container of the same name may have left."""
        if self._store.get(REMOVED, name) is not None:
            self._forget_rows(name)
            self._store.delete(REMOVED, name)

    def _take_back_container(self, account: Account, container: Container) -> None:
        kept = self._store.get(CONTAINERS, f"{account.name}/{container.name}")
        if kept is None:
            account.containers.pop(container.name, None)
        else:
            container.become(Container.load(cast(ContainerDocument, kept)))

    def delete_container(self, account: Account, container: Container) -> None:
        """Delete a container with its blobs."""
        name = f"{account.name}/{container.name}"
        with self._store.transaction(from_reserve=True):
            self._store.delete(CONTAINERS, name)
            self._store.put(REMOVED, name, {})
        self._finish_removal(name)
        del account.containers[container.name]
        for blob in container.blobs.values():
            self.contents.drop(account.name, blob.pieces)
        for staged in container.staged.values():
            self.contents.drop(account.name, staged.values())

    def set_website(self, account: Account, website: StaticWebsite) -> None:
        """Change the website setting; switching it on creates `$web`."""
        with self._store.transaction():
            account.website = website
            self.save_account(account)
            if website.enabled and WEB not in account.containers:
                self.save_container(account, Container(WEB))

    # Blobs

    def save_blob(self, account: Account, container: Container, blob: Blob) -> None:
        """Store a changed blob; when that fails, the blob is as it was before."""
        key = _blob_key(account, container, blob)
        try:
            self._store.put(BLOBS, key, blob.document())
        except BaseException:
            kept = self._store.get(BLOBS, key)
            if kept is not None:
                blob.become(Blob.load(cast(BlobDocument, kept)))
            raise

    def put_blob(self, account: Account, container: Container, blob: Blob) -> None:
        """Add a blob, or replace one of its name.

        Files of the old one and of staged blocks go, unless the new blob uses them.
        """
        self.write_blob(account, container, blob)
        self.show_blob(account, container, blob)

    def write_blob(self, account: Account, container: Container, blob: Blob) -> None:
        """Store a blob that `show_blob` will add: the first half of `put_blob`."""
        with self._store.transaction():
            self._store.put(BLOBS, _blob_key(account, container, blob), blob.document())
            self._forget_staged(account, container, blob.name)

    def show_blob(self, account: Account, container: Container, blob: Blob) -> None:
        """Add a blob that is stored: the second half of `put_blob`."""
        before = [*container.staged.pop(blob.name, {}).values()]
        if blob.name in container.blobs:
            before += container.blobs[blob.name].pieces
        container.add(blob)
        used = {piece.file for piece in blob.pieces}
        self.contents.drop(account.name, [piece for piece in before if piece.file not in used])

    def delete_blob(self, account: Account, container: Container, blob: Blob) -> None:
        """Delete a blob and what is staged under its name."""
        staged = container.staged.get(blob.name, {})
        with self._store.transaction(from_reserve=True):
            self._store.delete(BLOBS, _blob_key(account, container, blob))
            self._forget_staged(account, container, blob.name)
        container.staged.pop(blob.name, None)
        container.discard(blob.name)
        self.contents.drop(account.name, [*blob.pieces, *staged.values()])

    def stage(self, account: Account, container: Container, blob_name: str, piece: Piece) -> None:
        """Keep a block until it is committed; it replaces one of the same id."""
        key = _staged_key(account, container, blob_name, piece.block_id)
        document = StagedDocument(
            blob=blob_name, id=piece.block_id, file=piece.file, size=piece.size
        )
        self._store.put(STAGED, key, document)
        staged = container.staged.setdefault(blob_name, {})
        replaced = staged.get(piece.block_id)
        staged[piece.block_id] = piece
        if replaced is not None:
            self.contents.drop(account.name, [replaced])

    def _forget_staged(self, account: Account, container: Container, blob_name: str) -> None:
        for block_id in container.staged.get(blob_name, {}):
            self._store.delete(STAGED, _staged_key(account, container, blob_name, block_id))


def _account(spec: AccountSpec, document: AccountDocument) -> Account:
    """An account without its containers."""
    return Account(
        spec,
        website=StaticWebsite(**document["website"]),
        service=document["service"],
        cors=document["cors"],
        secret=document["secret"],
    )


def _blob_key(account: Account, container: Container, blob: Blob) -> str:
    return f"{account.name}/{container.name}/{blob.name}"


def _staged_key(account: Account, container: Container, blob_name: str, block_id: str) -> str:
    return f"{account.name}/{container.name}/{blob_name}\n{block_id}"
