"""Accounts with what is in them: kept in memory, and stored before anything is acknowledged."""

from __future__ import annotations

import base64
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict, cast

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
        """Delete all that is stored about an account.

        Requests under way find nothing in it any more.
        """
        with self._store.transaction(from_reserve=True):
            self._store.delete(ACCOUNTS, name)
            self._forget_rows(name)
        account = self.accounts.pop(name, None)
        if account is not None:
            containers = dict(account.containers)
            account.containers.clear()
            self._store.on_undo(lambda: self._bring_back(account, containers))

    def _bring_back(self, account: Account, containers: dict[str, Container]) -> None:
        self.accounts[account.name] = account
        account.containers.update(containers)

    def _forget_rows(self, name: str) -> None:
        with self._store.transaction(from_reserve=True):
            for collection in (CONTAINERS, BLOBS, STAGED):
                for key, _ in self._store.items(collection, f"{name}/"):
                    self._store.delete(collection, key)

    async def remove_account(self, name: str) -> None:
        """Delete an account with all its data."""
        self.forget_account(name)
        await self.contents.drop_account(name)

    # Containers

    def save_container(self, account: Account, container: Container) -> None:
        """Store a container's own properties; adds it when it is new."""
        try:
            self._store.put(CONTAINERS, f"{account.name}/{container.name}", container.document())
        except BaseException:
            self._take_back_container(account, container)
            raise
        account.containers[container.name] = container
        self._store.on_undo(lambda: self._take_back_container(account, container))

    def _take_back_container(self, account: Account, container: Container) -> None:
        kept = self._store.get(CONTAINERS, f"{account.name}/{container.name}")
        if kept is None:
            account.containers.pop(container.name, None)
        else:
            container.become(Container.load(cast(ContainerDocument, kept)))

    def delete_container(self, account: Account, container: Container) -> None:
        """Delete a container with its blobs."""
        prefix = f"{account.name}/{container.name}/"
        with self._store.transaction(from_reserve=True):
            self._store.delete(CONTAINERS, prefix[:-1])
            for collection in (BLOBS, STAGED):
                for key, _ in self._store.items(collection, prefix):
                    self._store.delete(collection, key)
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
        before = [*container.staged.get(blob.name, {}).values()]
        if blob.name in container.blobs:
            before += container.blobs[blob.name].pieces
        key = _blob_key(account, container, blob)
        with self._store.transaction():
            self._store.put(BLOBS, key, blob.document())
            self._forget_staged(account, container, blob.name)
        container.staged.pop(blob.name, None)
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
