"""The part of Microsoft Graph that authentication needs.

Applications, service principals, users.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from chatkit.localcloud.core.bearer import bearer_token
from chatkit.localcloud.core.web import Handler, loopback_only
from chatkit.localcloud.entra import graph_documents as documents
from chatkit.localcloud.entra.applications import (
    Application,
    changed,
    new_secret,
    password_credential,
)
from chatkit.localcloud.entra.errors import GraphError, TokenRejected
from chatkit.localcloud.entra.graph_documents import Shown
from chatkit.localcloud.entra.graph_requests import (
    Body,
    application_changes,
    read_body,
    read_filter,
    section,
    texts,
)
from chatkit.localcloud.entra.models import Directory, Principal
from chatkit.localcloud.entra.tokens import Claims, Tokens

log = logging.getLogger("chatkit.local.graph")
AUDIENCES = ("https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000")
BY_APP_ID = re.compile(r"(?i)^/(v1\.0|beta)/applications\(appId='([^']+)'\)(.*)$")


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

    # Applications --------------------------------------------------------------------------------

    async def list_applications(self, request: web.Request) -> web.Response:
        """Applications, all or by one property."""
        found = [documents.application(one) for one in self._directory.applications()]
        return self._list("applications", found, request)

    async def create_application(self, request: web.Request) -> web.Response:
        """Register an application."""
        body = await read_body(request)
        name = body.get("displayName")
        if not isinstance(name, str) or not name:
            raise GraphError(
                400, "Request_BadRequest", "A value is required for property 'displayName'."
            )
        made = self._update(self._directory.create_application(name), body)
        return web.json_response(documents.application(made), status=201)

    async def get_application(self, request: web.Request) -> web.Response:
        """One application."""
        return web.json_response(documents.application(self._application(request)))

    async def update_application(self, request: web.Request) -> web.Response:
        """Change an application."""
        self._update(self._application(request), await read_body(request))
        return web.Response(status=204)

    async def delete_application(self, request: web.Request) -> web.Response:
        """Remove an application and its service principal."""
        self._directory.delete_application(self._application(request)["appId"])
        return web.Response(status=204)

    async def add_password(self, request: web.Request) -> web.Response:
        """Make a client secret; its text is shown this one time."""
        application = self._application(request)
        given = section(await read_body(request), "passwordCredential")
        secret = new_secret()
        credential = password_credential(str(given.get("displayName") or ""), secret)
        if given.get("endDateTime"):
            credential["endDateTime"] = str(given["endDateTime"])
        application["passwordCredentials"].append(credential)
        self._directory.save_application(application)
        return web.json_response({**documents.password(credential), "secretText": secret})

    async def remove_password(self, request: web.Request) -> web.Response:
        """Remove a client secret."""
        application = self._application(request)
        key = (await read_body(request)).get("keyId")
        known = application["passwordCredentials"]
        kept = [credential for credential in known if credential["keyId"] != key]
        if len(kept) == len(known):
            raise GraphError(400, "Request_BadRequest", "No password credential found with keyId.")
        application["passwordCredentials"] = kept
        self._directory.save_application(application)
        return web.Response(status=204)

    def _application(self, request: web.Request) -> Application:
        wanted = request.match_info["id"].lower()
        alternate = re.match(r"(?i)^\(?appid='([^']+)'\)?$", wanted)
        app_id = alternate[1] if alternate else ""
        for application in self._directory.applications():
            if wanted == application["id"] or app_id == application["appId"]:
                return application
        raise _not_found(wanted)

    def _update(self, application: Application, body: Body) -> Application:
        merged = changed(application, application_changes(body))
        self._directory.save_application(merged)
        return merged

    # Principals and people -----------------------------------------------------------------------

    async def list_service_principals(self, request: web.Request) -> web.Response:
        """Service principals and managed identities."""
        found = [
            documents.service_principal(principal)
            for principal in self._directory.principals()
            if principal.kind != "User"
        ]
        return self._list("servicePrincipals", found, request)

    async def create_service_principal(self, request: web.Request) -> web.Response:
        """Give an application its service principal."""
        app_id = str((await read_body(request)).get("appId", "")).lower()
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
        made = self._directory.create_service_principal(app_id)
        return web.json_response(documents.service_principal(made), status=201)

    async def get_principal(self, request: web.Request) -> web.Response:
        """One service principal."""
        principal = self._principal(request, user=False)
        return web.json_response(documents.service_principal(principal))

    async def delete_service_principal(self, request: web.Request) -> web.Response:
        """Remove a service principal."""
        self._directory.delete_identity(self._principal(request, user=False).id)
        return web.Response(status=204)

    async def list_users(self, request: web.Request) -> web.Response:
        """People."""
        found = [
            documents.user(principal)
            for principal in self._directory.principals()
            if principal.kind == "User"
        ]
        return self._list("users", found, request)

    async def get_user(self, request: web.Request) -> web.Response:
        """One person, by object id or user principal name."""
        return web.json_response(documents.user(self._principal(request, user=True)))

    async def get_by_ids(self, request: web.Request) -> web.Response:
        """The principals behind some object ids; unknown ones are left out."""
        wanted = texts(await read_body(request), "ids")
        found = [self._directory.principal(object_id) for object_id in wanted]
        shown = [documents.directory_object(one) for one in found if one is not None]
        return web.json_response(
            {"@odata.context": self._context("directoryObjects"), "value": shown}
        )

    async def me(self, request: web.Request) -> web.Response:
        """Whose token it is."""
        principal = self._directory.principal(self._check_token(request).oid)
        if principal is None or principal.kind != "User":
            raise GraphError(
                400, "BadRequest", "/me request is only valid with delegated authentication flow."
            )
        return web.json_response(documents.user(principal))

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

    # Shapes --------------------------------------------------------------------------------------

    def _list(self, what: str, values: Sequence[Shown], request: web.Request) -> web.Response:
        text = request.query.get("$filter", "")
        if text:
            keeps = read_filter(text)
            values = [value for value in values if keeps(value)]
        return web.json_response({"@odata.context": self._context(what), "value": values})

    def _context(self, what: str) -> str:
        return f"{self._base_url}/v1.0/$metadata#{what}"

    async def _other(self, request: web.Request) -> web.StreamResponse:
        alternate = BY_APP_ID.match(request.path)
        if alternate:
            request.match_info["id"] = f"appId='{alternate[2]}'"
            handlers: dict[tuple[str, str], Callable[[web.Request], Awaitable[web.Response]]] = {
                ("GET", ""): self.get_application,
                ("PATCH", ""): self.update_application,
                ("DELETE", ""): self.delete_application,
                ("POST", "/addPassword"): self.add_password,
                ("POST", "/removePassword"): self.remove_password,
            }
            handler = handlers.get((request.method, alternate[3]))
            if handler:
                return await handler(request)
        raise GraphError(
            501,
            "NotImplemented",
            f"{request.method} {request.path} is not part of the local cloud. It supports"
            " applications with addPassword and removePassword, servicePrincipals, users and me.",
        )


def _not_found(wanted: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{wanted}' does not exist or one of its queried reference-property objects are"
        " not present.",
    )


def _failed(request: web.Request, error: GraphError) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    request_id = request.headers.get("client-request-id", "")
    body = documents.refusal(error, client_request_id=request_id)
    return web.json_response(body, status=error.status, headers=headers)
