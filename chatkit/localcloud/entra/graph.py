"""The part of Microsoft Graph that authentication needs: applications, their secrets, service principals, users."""

from __future__ import annotations

import base64
import logging
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from chatkit.localcloud.core.bearer import bearer_token
from chatkit.localcloud.core.errors import LocalCloudError
from chatkit.localcloud.core.web import Handler, loopback_only
from chatkit.localcloud.entra import odata
from chatkit.localcloud.entra.assertions import certificate_der
from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.entra.models import Directory, Principal, new_secret, password_credential
from chatkit.localcloud.entra.tokens import Claims, Tokens

log = logging.getLogger("chatkit.local.graph")
AUDIENCES = ("https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000")
FILTERS = "name eq 'value', startswith(name,'value'), names/any(x:x eq 'value'), joined by and, or"
BY_APP_ID = re.compile(r"(?i)^/(v1\.0|beta)/applications\(appId='([^']+)'\)(.*)$")
WRITABLE = {
    "displayName",
    "identifierUris",
    "web",
    "spa",
    "publicClient",
    "api",
    "signInAudience",
    "requiredResourceAccess",
    "optionalClaims",
    "isFallbackPublicClient",
    "tags",
    "notes",
    "keyCredentials",
    "appRoles",
    "groupMembershipClaims",
}


class GraphError(LocalCloudError):
    """A refused Graph request."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, status=status, code=code)


class Graph:
    """`https://localhost:PORT/v1.0`."""

    def __init__(self, directory: Directory, tokens: Tokens, *, base_url: str) -> None:
        self._directory = directory
        self._tokens = tokens
        self._base_url = base_url

    def app(self) -> web.Application:
        """The application to serve."""
        app = web.Application(middlewares=[loopback_only, self._errors], client_max_size=1 << 20)
        for version in ("/v1.0", "/beta"):
            one = version + "/applications/{id}"
            app.add_routes(
                [
                    web.get(version + "/applications", self.list_applications),
                    web.post(version + "/applications", self.create_application),
                    web.get(one, self.get_application),
                    web.patch(one, self.update_application),
                    web.delete(one, self.delete_application),
                    web.post(one + "/addPassword", self.add_password),
                    web.post(one + "/removePassword", self.remove_password),
                    web.get(version + "/servicePrincipals", self.list_service_principals),
                    web.post(version + "/servicePrincipals", self.create_service_principal),
                    web.get(version + "/servicePrincipals/{id}", self.get_principal),
                    web.delete(version + "/servicePrincipals/{id}", self.delete_service_principal),
                    web.get(version + "/users", self.list_users),
                    web.get(version + "/users/{id}", self.get_user),
                    web.get(version + "/me", self.me),
                    web.post(version + "/directoryObjects/getByIds", self.get_by_ids),
                ]
            )
        app.router.add_route("*", "/{rest:.*}", self._other)
        return app

    @web.middleware
    async def _errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._check_token(request)
            return await handler(request)
        except GraphError as error:
            return _failed(request, error)
        except web.HTTPException as error:
            return _failed(request, GraphError(error.status, "BadRequest", str(error.reason)))
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return _failed(
                request,
                GraphError(500, "InternalServerError", "The server met an unexpected error."),
            )

    def _check_token(self, request: web.Request) -> Claims:
        token = bearer_token(request.headers.get("Authorization", ""))
        try:
            return self._tokens.verify(token, (*AUDIENCES, self._base_url))
        except TokenRejected as rejected:
            raise GraphError(401, "InvalidAuthenticationToken", rejected.message) from None

    # Applications -----------------------------------------------------------------------------------------------------

    async def list_applications(self, request: web.Request) -> web.Response:
        """Applications, all or by one property."""
        return self._list(
            "applications", [_shown(app) for app in self._directory.applications()], request
        )

    async def create_application(self, request: web.Request) -> web.Response:
        """Register an application."""
        body = await _body(request)
        name = body.get("displayName")
        if not isinstance(name, str) or not name:
            raise GraphError(
                400, "Request_BadRequest", "A value is required for property 'displayName'."
            )
        document = self._directory.create_application(name, {})
        return web.json_response(_shown(self._update(document, body)), status=201)

    async def get_application(self, request: web.Request) -> web.Response:
        """One application."""
        return web.json_response(_shown(self._application(request)))

    async def update_application(self, request: web.Request) -> web.Response:
        """Change an application."""
        self._update(self._application(request), await _body(request))
        return web.Response(status=204)

    async def delete_application(self, request: web.Request) -> web.Response:
        """Remove an application and its service principal."""
        self._directory.delete_application(self._application(request)["appId"])
        return web.Response(status=204)

    async def add_password(self, request: web.Request) -> web.Response:
        """Make a client secret; its text is shown this one time."""
        application = self._application(request)
        given = (await _body(request)).get("passwordCredential") or {}
        secret = new_secret()
        credential = password_credential(str(given.get("displayName") or ""), secret)
        if given.get("endDateTime"):
            credential["endDateTime"] = str(given["endDateTime"])
        application["passwordCredentials"].append(credential)
        self._directory.save_application(application)
        return web.json_response({**_shown_password(credential), "secretText": secret})

    async def remove_password(self, request: web.Request) -> web.Response:
        """Remove a client secret."""
        application, key = self._application(request), (await _body(request)).get("keyId")
        kept = [
            credential
            for credential in application["passwordCredentials"]
            if credential["keyId"] != key
        ]
        if len(kept) == len(application["passwordCredentials"]):
            raise GraphError(400, "Request_BadRequest", "No password credential found with keyId.")
        self._directory.save_application({**application, "passwordCredentials": kept})
        return web.Response(status=204)

    def _application(self, request: web.Request) -> dict[str, Any]:
        wanted = request.match_info["id"].lower()
        alternate = re.match(r"(?i)^\(?appid='([^']+)'\)?$", wanted)
        for application in self._directory.applications():
            if (
                application["appId"] == (alternate[1] if alternate else "")
                or application["id"] == wanted
            ):
                return application
        raise _not_found(wanted)

    def _update(self, document: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        unknown = set(body) - WRITABLE - {"passwordCredentials"}
        if unknown:
            raise GraphError(
                400,
                "Request_BadRequest",
                f"Property '{sorted(unknown)[0]}' is not one the local cloud can set.",
            )
        changes = {name: value for name, value in body.items() if name in WRITABLE}
        for uri in (
            uri
            for kind in ("web", "spa", "publicClient")
            for uri in (changes.get(kind) or {}).get("redirectUris", ())
        ):
            _check_redirect(str(uri))
        if "keyCredentials" in changes:
            changes["keyCredentials"] = [
                _key_credential(entry) for entry in changes["keyCredentials"]
            ]
        merged = {**document, **changes}
        self._directory.save_application(merged)
        return merged

    # Principals and people --------------------------------------------------------------------------------------------

    async def list_service_principals(self, request: web.Request) -> web.Response:
        """Service principals and managed identities."""
        found = [
            _principal(principal)
            for principal in self._directory.principals()
            if principal.kind != "User"
        ]
        return self._list("servicePrincipals", found, request)

    async def create_service_principal(self, request: web.Request) -> web.Response:
        """Give an application its service principal."""
        app_id = str((await _body(request)).get("appId", "")).lower()
        if self._directory.application(app_id) is None:
            raise GraphError(
                400,
                "Request_BadRequest",
                f"The appId '{app_id}' is not that of a known application.",
            )
        if self._directory.service_principal(app_id):
            raise GraphError(
                409,
                "Request_MultipleObjectsWithSameKeyValue",
                "The service principal name is already in use.",
            )
        return web.json_response(
            _principal(self._directory.create_service_principal(app_id)), status=201
        )

    async def get_principal(self, request: web.Request) -> web.Response:
        """One service principal."""
        return web.json_response(_principal(self._principal(request, user=False)))

    async def delete_service_principal(self, request: web.Request) -> web.Response:
        """Remove a service principal."""
        self._directory.delete_identity(self._principal(request, user=False).id)
        return web.Response(status=204)

    async def list_users(self, request: web.Request) -> web.Response:
        """People."""
        found = [
            _user(principal)
            for principal in self._directory.principals()
            if principal.kind == "User"
        ]
        return self._list("users", found, request)

    async def get_user(self, request: web.Request) -> web.Response:
        """One person, by object id or user principal name."""
        return web.json_response(_user(self._principal(request, user=True)))

    async def get_by_ids(self, request: web.Request) -> web.Response:
        """The principals behind some object ids; unknown ones are left out."""
        wanted = [str(one).lower() for one in (await _body(request)).get("ids") or ()]
        found = [
            principal
            for principal in map(self._directory.principal, wanted)
            if principal is not None
        ]
        shown = [_object(principal) for principal in found]
        return web.json_response(
            {"@odata.context": f"{self._base_url}/v1.0/$metadata#directoryObjects", "value": shown}
        )

    async def me(self, request: web.Request) -> web.Response:
        """Whose token it is."""
        principal = self._directory.principal(self._check_token(request).oid)
        if principal is None or principal.kind != "User":
            raise GraphError(
                400, "BadRequest", "/me request is only valid with delegated authentication flow."
            )
        return web.json_response(_user(principal))

    def _principal(self, request: web.Request, *, user: bool) -> Principal:
        wanted = request.match_info["id"].lower()
        for principal in self._directory.principals():
            if (principal.kind == "User") == user and wanted in (
                principal.id,
                principal.upn,
                f"(appid='{principal.app_id}')",
            ):
                return principal
        raise _not_found(wanted)

    # Shapes -----------------------------------------------------------------------------------------------------------

    def _list(self, what: str, values: list[dict[str, Any]], request: web.Request) -> web.Response:
        text = request.query.get("$filter", "")
        try:
            values = [*filter(odata.parse(text), values)] if text else values
        except ValueError:
            raise GraphError(
                400, "Request_UnsupportedQuery", f"Filters here are: {FILTERS}."
            ) from None
        return web.json_response(
            {"@odata.context": f"{self._base_url}/v1.0/$metadata#{what}", "value": values}
        )

    async def _other(self, request: web.Request) -> web.StreamResponse:
        alternate = BY_APP_ID.match(request.path)
        if alternate:
            request.match_info["id"] = f"appId='{alternate[2]}'"
            handlers: dict[tuple[str, str], Callable[[web.Request], Any]] = {
                ("GET", ""): self.get_application,
                ("PATCH", ""): self.update_application,
                ("DELETE", ""): self.delete_application,
                ("POST", "/addPassword"): self.add_password,
                ("POST", "/removePassword"): self.remove_password,
            }
            handler = handlers.get((request.method, alternate[3]))
            if handler:
                answer: web.StreamResponse = await handler(request)
                return answer
        raise GraphError(
            501,
            "NotImplemented",
            f"{request.method} {request.path} is not part of the local cloud. It supports applications with addPassword and"
            " removePassword, servicePrincipals, users and me.",
        )


def _check_redirect(uri: str) -> None:
    if not uri.startswith(("https://", "http://localhost", "http://127.0.0.1")) or "#" in uri:
        raise GraphError(
            400,
            "Request_BadRequest",
            f"The redirect URI '{uri}' is invalid: it must start with https, or with http://localhost, and have no fragment.",
        )


def _key_credential(entry: dict[str, Any]) -> dict[str, Any]:
    try:
        der = certificate_der(str(entry.get("key") or ""))
    except ValueError:
        raise GraphError(
            400, "KeyCredentialsInvalid", "New key credential has no certificate in its key."
        ) from None
    kept = {
        name: entry.get(name)
        for name in ("displayName", "startDateTime", "endDateTime", "usage", "type")
    }
    return {
        "keyId": entry.get("keyId") or str(uuid.uuid4()),
        **kept,
        "key": base64.b64encode(der).decode(),
    }


def _shown(application: dict[str, Any]) -> dict[str, Any]:
    passwords = [_shown_password(credential) for credential in application["passwordCredentials"]]
    return {**application, "passwordCredentials": passwords}


def _shown_password(credential: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in credential.items() if name != "digest"} | {
        "secretText": None
    }


def _principal(principal: Principal) -> dict[str, Any]:
    return {
        "id": principal.id,
        "appId": principal.app_id,
        "displayName": principal.name,
        "servicePrincipalType": "ManagedIdentity"
        if principal.kind == "ManagedIdentity"
        else "Application",
        "accountEnabled": True,
        "servicePrincipalNames": [principal.app_id],
    }


def _object(principal: Principal) -> dict[str, Any]:
    if principal.kind == "User":
        return {"@odata.type": "#microsoft.graph.user", **_user(principal)}
    return {"@odata.type": "#microsoft.graph.servicePrincipal", **_principal(principal)}


def _user(principal: Principal) -> dict[str, Any]:
    return {
        "id": principal.id,
        "displayName": principal.name,
        "userPrincipalName": principal.upn,
        "mail": principal.upn,
        "givenName": principal.name.partition("@")[0].title(),
    }


def _not_found(wanted: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{wanted}' does not exist or one of its queried reference-property objects are not present.",
    )


def _failed(request: web.Request, error: GraphError) -> web.Response:
    inner = {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": str(uuid.uuid4()),
        "client-request-id": request.headers.get("client-request-id", ""),
    }
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    return web.json_response(body, status=error.status, headers=headers)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json() if request.body_exists else {}
    except ValueError:
        raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from None
    if not isinstance(body, dict):
        raise GraphError(400, "BadRequest", "The request payload must be a JSON object.")
    return {
        name: odata.without_annotations(value)
        for name, value in body.items()
        if not odata.is_annotation(name)
    }
