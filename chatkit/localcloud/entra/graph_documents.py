"""What Microsoft Graph answers: applications, principals and people as JSON."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from chatkit.localcloud.entra.applications import Application, PasswordCredential
from chatkit.localcloud.entra.errors import GraphError
from chatkit.localcloud.entra.models import Principal

Shown = Mapping[str, object]


def application(document: Application) -> Shown:
    """An application; of its secrets what is shown after the first time."""
    shown = [password(credential) for credential in document["passwordCredentials"]]
    return {**document, "passwordCredentials": shown}


def password(credential: PasswordCredential) -> Shown:
    """A client secret without its hash and its text."""
    shown = {name: value for name, value in credential.items() if name != "digest"}
    return {**shown, "secretText": None}


def service_principal(principal: Principal) -> Shown:
    """A service principal or a managed identity."""
    is_identity = principal.kind == "ManagedIdentity"
    return {
        "id": principal.id,
        "appId": principal.app_id,
        "displayName": principal.name,
        "servicePrincipalType": "ManagedIdentity" if is_identity else "Application",
        "accountEnabled": True,
        "servicePrincipalNames": [principal.app_id],
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


def refusal(error: GraphError, *, client_request_id: str) -> Shown:
    """The body of an error."""
    inner = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": str(uuid.uuid4()),
        "client-request-id": client_request_id,
    }
    return {"error": {"code": error.code, "message": error.message, "innerError": inner}}
