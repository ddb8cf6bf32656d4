"""The tenant: applications, service principals, managed identities and the three people of the tutorial."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.entra import errors

DOMAIN = "chatkit.onmicrosoft.example"
USERS = ("alice", "bob", "carol")
APPLICATIONS = "entra-applications"
PRINCIPALS = "entra-principals"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"  # the public client id of az, which signs people in by device code
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
        return self.name if "@" in self.name or self.kind != "User" else f"{self.name}@{DOMAIN}"


class Directory:
    """What the tenant knows, kept in the store. Made with one service principal and three users on first use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        seed = store.get("entra", "tenant")
        if seed is None:
            seed = self._seed()
        self.tenant_id = str(seed["tenant_id"])
        self.client_id = str(seed["client_id"])
        self.client_secret = str(seed["client_secret"])
        self.users = tuple(self.user(name) for name in USERS)

    def _seed(self) -> dict[str, Any]:
        secret = new_secret()
        client_id = str(uuid.uuid4())
        seed = {"tenant_id": str(uuid.uuid4()), "client_id": client_id, "client_secret": secret}
        with self._store.transaction():
            self._put_application(
                client_id,
                "chatkit",
                {"passwordCredentials": [password_credential("setup", secret)]},
            )
            self.create_service_principal(client_id)
            public = {
                "isFallbackPublicClient": True,
                "publicClient": {"redirectUris": ["http://localhost"]},
            }
            self._put_application(AZURE_CLI, "Azure CLI", public)
            self._store.put("entra", "tenant", seed)
        return seed

    # Applications -----------------------------------------------------------------------------------------------------

    def applications(self) -> list[dict[str, Any]]:
        """Every application document, secrets as hashes."""
        return [document for _, document in self._store.items(APPLICATIONS)]

    def application(self, app_id: str) -> dict[str, Any] | None:
        """The application with this application (client) id."""
        return self._store.get(APPLICATIONS, app_id.lower())

    def create_application(self, name: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Register an application, as Graph's POST /applications does."""
        return self._put_application(str(uuid.uuid4()), name, properties)

    def save_application(self, document: dict[str, Any]) -> None:
        """Keep a changed application document."""
        self._store.put(APPLICATIONS, document["appId"], document)

    def delete_application(self, app_id: str) -> bool:
        """Remove an application and its service principal."""
        with self._store.transaction():
            for principal in self.principals():
                if principal.app_id == app_id and principal.kind == "ServicePrincipal":
                    self._store.delete(PRINCIPALS, principal.id)
            return self._store.delete(APPLICATIONS, app_id)

    def _put_application(
        self, app_id: str, name: str, properties: dict[str, Any]
    ) -> dict[str, Any]:
        document = {
            "id": str(uuid.uuid4()),
            "appId": app_id,
            "displayName": name,
            "createdDateTime": _iso(datetime.now(UTC)),
            "signInAudience": "AzureADMyOrg",
            "identifierUris": [],
            "passwordCredentials": [],
            "keyCredentials": [],
            "web": {"redirectUris": [], "implicitGrantSettings": {}},
            "spa": {"redirectUris": []},
            "publicClient": {"redirectUris": []},
            **properties,
        }
        self._store.put(APPLICATIONS, app_id, document)
        return document

    def check_secret(self, app_id: str, secret: str) -> dict[str, Any]:
        """Return the application when the secret is one of its valid ones.

        Raises:
            EntraError: Unknown application, wrong or expired secret.
        """
        application = self.application(app_id)
        if application is None:
            raise errors.client_not_found(app_id, self.tenant_id)
        digest = _digest(secret)
        for credential in application["passwordCredentials"]:
            if hmac.compare_digest(credential["digest"], digest):
                if credential["endDateTime"] < _iso(datetime.now(UTC)):
                    raise errors.expired_secret(app_id)
                return application
        raise errors.wrong_secret(app_id)

    # Principals -------------------------------------------------------------------------------------------------------

    def principals(self) -> list[Principal]:
        """Everybody a role can be assigned to."""
        return [Principal(**document) for _, document in self._store.items(PRINCIPALS)]

    def principal(self, object_id: str) -> Principal | None:
        """The principal with this object id."""
        document = self._store.get(PRINCIPALS, object_id.lower())
        return None if document is None else Principal(**document)

    def service_principal(self, app_id: str) -> Principal | None:
        """The service principal of an application in this tenant."""
        return next((p for p in self.principals() if p.app_id == app_id and p.kind != "User"), None)

    def create_service_principal(self, app_id: str) -> Principal:
        """Give an application its service principal; an existing one is returned."""
        application = self.application(app_id)
        if application is None:
            raise errors.client_not_found(app_id, "this tenant")
        return self.service_principal(app_id) or self._put_principal(
            "ServicePrincipal", application["displayName"], app_id
        )

    def create_identity(self, name: str, kind: str = "SystemAssigned") -> str:
        """Make a managed identity for an Azure resource.

        Args:
            name: Name of the resource.
            kind: "SystemAssigned" or "UserAssigned".

        Returns:
            Its principal (object) id.
        """
        return self._put_principal("ManagedIdentity", name, str(uuid.uuid4())).id

    def identity_of(self, header: str) -> Principal | None:
        """The managed identity whose app sent this secret."""
        return next(
            (p for p in self.principals() if p.header and hmac.compare_digest(p.header, header)),
            None,
        )

    def delete_identity(self, principal_id: str) -> None:
        """Remove a managed identity; nothing happens when it is gone already."""
        self._store.delete(PRINCIPALS, principal_id.lower())

    def user(self, name: str) -> Principal:
        """The user with this name, made on first use: the sign-in page takes any name."""
        name = name.strip().lower()
        while name.endswith(f"@{DOMAIN}"):  # one person has one sign-in name
            name = name.removesuffix(f"@{DOMAIN}").strip()
        tenant = str((self._store.get("entra", "tenant") or {}).get("tenant_id", ""))
        object_id = str(uuid.uuid5(uuid.UUID(tenant), name))
        return self.principal(object_id) or self._put_principal("User", name, "", object_id)

    def _put_principal(self, kind: str, name: str, app_id: str, object_id: str = "") -> Principal:
        header = secrets.token_hex(16).upper() if kind == "ManagedIdentity" else ""
        principal = Principal(object_id or str(uuid.uuid4()), kind, name, app_id, header)
        self._store.put(PRINCIPALS, principal.id, dict(vars(principal)))
        return principal

    # Names ------------------------------------------------------------------------------------------------------------

    def check_tenant(self, tenant: str) -> str:
        """Return the tenant id behind a path segment: the id itself, the domain, or one of the shared names.

        Raises:
            EntraError: Not this tenant.
        """
        if tenant.lower() in (self.tenant_id, DOMAIN, "common", "organizations"):
            return self.tenant_id
        raise errors.tenant_not_found(tenant)

    def knows_resource(self, resource: str) -> bool:
        """Say whether tokens for this audience can be asked for."""
        bare = resource.rstrip("/").lower()
        if (
            bare in MICROSOFT_RESOURCES
            or bare.startswith("https://localhost:")
            or bare.endswith(".core.windows.net")
        ):
            return True
        return any(
            bare
            in (
                app["appId"],
                f"api://{app['appId']}",
                *(uri.rstrip("/").lower() for uri in app["identifierUris"]),
            )
            for app in self.applications()
        )


def new_secret() -> str:
    """A client secret: 40 letters and digits, which no command line takes for an option, as it does what begins with "-"."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(40))


def password_credential(name: str, secret: str, *, lifetime_days: int = 180) -> dict[str, Any]:
    """The kept form of a client secret: its hash, its first characters as Graph shows them, its dates."""
    now = datetime.now(UTC)
    return {
        "keyId": str(uuid.uuid4()),
        "displayName": name,
        "hint": secret[:3],
        "digest": _digest(secret),
        "startDateTime": _iso(now),
        "endDateTime": _iso(now + timedelta(days=lifetime_days)),
    }


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
