"""The tenant: applications, service principals, managed identities and people."""

from __future__ import annotations

import hmac
import secrets
import uuid
from dataclasses import dataclass, field

from chatkit.localcloud.core.store import Document, Store
from chatkit.localcloud.entra import errors
from chatkit.localcloud.entra.applications import (
    Application,
    ApplicationChanges,
    changed,
    digest,
    is_expired,
    new_application,
    new_secret,
    password_credential,
    stored,
)

DOMAIN = "chatkit.onmicrosoft.example"
USERS = ("alice", "bob", "carol")
APPLICATIONS = "entra-applications"
PRINCIPALS = "entra-principals"
# the public client id of az, which signs people in by device code
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
MICROSOFT_RESOURCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://storage.azure.com",
    "https://appservice.azure.com",
    "https://graph.microsoft.com",
    "https://signalr.azure.com",
)


@dataclass(frozen=True)
class Principal:
    """Who a token is about.

    Attributes:
        id: Object id.
        kind: "User", "ServicePrincipal" or "ManagedIdentity".
        name: Display name.
        app_id: Application id; empty for users.
        header: Secret with which an app asks the managed identity endpoint; empty for others.
    """

    id: str
    kind: str
    name: str
    app_id: str = ""
    header: str = field(default="", repr=False)

    @property
    def upn(self) -> str:
        """User principal name of a user."""
        if self.kind != "User" or "@" in self.name:
            return self.name
        return f"{self.name}@{DOMAIN}"


class Directory:
    """What the tenant knows, kept in the store.

    Made with one service principal and three users on first use.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        seed = store.get("entra", "tenant")
        if seed is None:
            seed = self._seed()
        self.tenant_id = str(seed["tenant_id"])
        self.client_id = str(seed["client_id"])
        self.client_secret = str(seed["client_secret"])
        self.users = tuple(self.user(name) for name in USERS)

    def _seed(self) -> Document:
        secret = new_secret()
        client_id = str(uuid.uuid4())
        seed = {"tenant_id": str(uuid.uuid4()), "client_id": client_id, "client_secret": secret}
        own = new_application(client_id, "chatkit")
        own["passwordCredentials"].append(password_credential("setup", secret))
        public: ApplicationChanges = {
            "isFallbackPublicClient": True,
            "publicClient": {"redirectUris": ["http://localhost"]},
        }
        with self._store.transaction():
            self.save_application(own)
            self.create_service_principal(client_id)
            self.save_application(changed(new_application(AZURE_CLI, "Azure CLI"), public))
            self._store.put("entra", "tenant", seed)
        return seed

    # Applications --------------------------------------------------------------------------------

    def applications(self) -> list[Application]:
        """Every application document, secrets as hashes."""
        return [stored(document) for _, document in self._store.items(APPLICATIONS)]

    def application(self, app_id: str) -> Application | None:
        """The application with this application (client) id."""
        document = self._store.get(APPLICATIONS, app_id.lower())
        if document is None:
            return None
        return stored(document)

    def save_application(self, application: Application) -> None:
        """Keep a new or changed application."""
        self._store.put(APPLICATIONS, application["appId"], dict(application))

    def delete_application(self, app_id: str) -> bool:
        """Remove an application and its service principal."""
        with self._store.transaction():
            for principal in self.principals():
                if principal.app_id == app_id and principal.kind == "ServicePrincipal":
                    self._store.delete(PRINCIPALS, principal.id)
            return self._store.delete(APPLICATIONS, app_id)

    def create_application(self, name: str) -> Application:
        """Register an application that allows nothing yet."""
        application = new_application(str(uuid.uuid4()), name)
        self.save_application(application)
        return application

    def check_secret(self, application: Application, secret: str) -> None:
        """Check that a secret is one of an application's valid ones.

        Raises:
            EntraError: A wrong or an expired secret.
        """
        given = digest(secret)
        for credential in application["passwordCredentials"]:
            if hmac.compare_digest(credential["digest"], given):
                if is_expired(credential):
                    raise errors.expired_secret(application["appId"])
                return
        raise errors.wrong_secret(application["appId"])

    # Principals ----------------------------------------------------------------------------------

    def principals(self) -> list[Principal]:
        """Everybody a role can be assigned to."""
        return [Principal(**document) for _, document in self._store.items(PRINCIPALS)]

    def principal(self, object_id: str) -> Principal | None:
        """The principal with this object id."""
        document = self._store.get(PRINCIPALS, object_id.lower())
        if document is None:
            return None
        return Principal(**document)

    def service_principal(self, app_id: str) -> Principal | None:
        """The service principal of an application in this tenant."""
        for principal in self.principals():
            if principal.app_id == app_id and principal.kind != "User":
                return principal
        return None

    def create_service_principal(self, app_id: str) -> Principal:
        """Give an application its service principal; an existing one is returned."""
        application = self.application(app_id)
        if application is None:
            raise errors.client_not_found(app_id, "this tenant")
        known = self.service_principal(app_id)
        if known is not None:
            return known
        return self._put_principal("ServicePrincipal", application["displayName"], app_id)

    def create_identity(self, name: str) -> str:
        """Make the managed identity of an Azure resource of that name; returns its object id."""
        return self._put_principal("ManagedIdentity", name, str(uuid.uuid4())).id

    def identity_of(self, header: str) -> Principal | None:
        """The managed identity whose app sent this secret."""
        for principal in self.principals():
            if principal.header and hmac.compare_digest(principal.header, header):
                return principal
        return None

    def delete_identity(self, principal_id: str) -> None:
        """Remove a managed identity; nothing happens when it is gone already."""
        self._store.delete(PRINCIPALS, principal_id.lower())

    def user(self, name: str) -> Principal:
        """The user with this name, made on first use: the sign-in page takes any name."""
        name = name.strip().lower()
        # "alice" and "alice@DOMAIN" are one person.
        while name.endswith(f"@{DOMAIN}"):
            name = name.removesuffix(f"@{DOMAIN}").strip()
        tenant = str((self._store.get("entra", "tenant") or {}).get("tenant_id", ""))
        object_id = str(uuid.uuid5(uuid.UUID(tenant), name))
        known = self.principal(object_id)
        if known is not None:
            return known
        return self._put_principal("User", name, "", object_id)

    def _put_principal(self, kind: str, name: str, app_id: str, object_id: str = "") -> Principal:
        header = secrets.token_hex(16).upper() if kind == "ManagedIdentity" else ""
        principal = Principal(object_id or str(uuid.uuid4()), kind, name, app_id, header)
        self._store.put(PRINCIPALS, principal.id, dict(vars(principal)))
        return principal

    # Names ---------------------------------------------------------------------------------------

    def check_tenant(self, tenant: str) -> str:
        """Return the tenant id behind a path segment.

        The id itself, the domain, or one of the shared names.

        Raises:
            EntraError: Not this tenant.
        """
        if tenant.lower() in (self.tenant_id, DOMAIN, "common", "organizations"):
            return self.tenant_id
        raise errors.tenant_not_found(tenant)

    def knows_resource(self, resource: str) -> bool:
        """Say whether tokens for this audience can be asked for."""
        bare = resource.rstrip("/").lower()
        if bare in MICROSOFT_RESOURCES or bare.endswith(".core.windows.net"):
            return True
        # The local cloud's own services, by the address at which they answer.
        if bare.startswith("https://localhost:"):
            return True
        return any(bare in _audiences(application) for application in self.applications())


def _audiences(application: Application) -> set[str]:
    """What tokens for an application are asked for by."""
    own = {application["appId"], f"api://{application['appId']}"}
    return own | {uri.rstrip("/").lower() for uri in application["identifierUris"]}
