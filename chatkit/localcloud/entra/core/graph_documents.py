"""What Microsoft Graph answers: applications, principals and people as JSON."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from chatkit.localcloud.entra.core.applications import Application, PasswordCredential
from chatkit.localcloud.entra.core.permissions import GRAPH_APP, PERMISSIONS
from chatkit.localcloud.entra.core.principals import DOMAIN, AppRoleAssignment, Principal

Shown = Mapping[str, object]
# Graph shows these at addresses of their own.
NAVIGATION = ("owners", "federatedIdentityCredentials")

# What Graph shows of every application (recordings of az), given or not. az reads
# requiredResourceAccess before it adds to it.
SECTIONS: Shown = {
    "deletedDateTime": None,
    "publisherDomain": DOMAIN,
    "tags": [],
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [],
    "info": {
        "logoUrl": None,
        "marketingUrl": None,
        "privacyStatementUrl": None,
        "supportUrl": None,
        "termsOfServiceUrl": None,
    },
    "optionalClaims": None,
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "requiredResourceAccess": [],
    "verifiedPublisher": {
        "displayName": None,
        "verifiedPublisherId": None,
        "addedDateTime": None,
    },
}


def application(document: Application) -> Shown:
    """An application; of its secrets what is shown after the first time."""
    shown = {name: value for name, value in document.items() if name not in NAVIGATION}
    secrets = [password(credential) for credential in document["passwordCredentials"]]
    return {**SECTIONS, **shown, "passwordCredentials": secrets}


def password(credential: PasswordCredential) -> Shown:
    """A client secret without its hash and its text."""
    shown = {name: value for name, value in credential.items() if name != "digest"}
    return {**shown, "secretText": None}


def service_principal(principal: Principal) -> Shown:
    """A service principal or a managed identity; Graph's own shows what it can be asked for."""
    is_identity = principal.kind == "ManagedIdentity"
    offered: Shown = {}
    if principal.app_id == GRAPH_APP:
        offered = {"appRoles": _app_roles(), "oauth2PermissionScopes": _scopes()}
    return {
        "id": principal.id,
        "appId": principal.app_id,
        "displayName": principal.name,
        "servicePrincipalType": "ManagedIdentity" if is_identity else "Application",
        "accountEnabled": True,
        "servicePrincipalNames": [principal.app_id],
        **offered,
    }


def _app_roles() -> list[Shown]:
    return [
        {"id": one.role_id, "value": one.name, "allowedMemberTypes": ["Application"]}
        for one in PERMISSIONS.values()
        if one.role_id
    ]


def _scopes() -> list[Shown]:
    return [
        {"id": one.scope_id, "value": one.name, "type": "Admin" if one.needs_admin else "User"}
        for one in PERMISSIONS.values()
        if one.scope_id
    ]


def app_role(assignment: AppRoleAssignment, principal: Principal, resource: Principal) -> Shown:
    """An application permission that a service principal has."""
    return {
        **assignment,
        "deletedDateTime": None,
        "principalDisplayName": principal.name,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource.name,
        "resourceId": resource.id,
    }


def user(principal: Principal) -> Shown:
    """A person."""
    return {
        "id": principal.id,
        "displayName": principal.name,
        "userPrincipalName": principal.upn,
        "mail": principal.upn,
        "givenName": principal.name.partition("@")[0].title(),
    }


def directory_object(principal: Principal) -> Shown:
    """Either, with the annotation that tells which."""
    if principal.kind == "User":
        return {"@odata.type": "#microsoft.graph.user", **user(principal)}
    return {"@odata.type": "#microsoft.graph.servicePrincipal", **service_principal(principal)}


def refusal(code: str, message: str, *, client_request_id: str) -> Shown:
    """The body of an error."""
    inner = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": str(uuid.uuid4()),
        "client-request-id": client_request_id,
    }
    return {"error": {"code": code, "message": message, "innerError": inner}}
