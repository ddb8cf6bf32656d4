"""Microsoft Graph at its port: whose token it is, and which operations there are.

The part that authentication needs: applications, service principals, people.
"""

from __future__ import annotations

from aiohttp import web

from chatkit.localcloud.core.answering import FULL, FULL_CODE, MISDIRECTED
from chatkit.localcloud.core.bearer import bearer_token
from chatkit.localcloud.core.web import EVERY_PATH, Handler
from chatkit.localcloud.entra.core import graph_documents as documents
from chatkit.localcloud.entra.core.permissions import Caller
from chatkit.localcloud.entra.errors import GraphError, TokenRejected
from chatkit.localcloud.entra.graph_applications import Applications
from chatkit.localcloud.entra.graph_operations import CALLER, Operation, guarded
from chatkit.localcloud.entra.graph_principals import Principals
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.recorded.clock import Clock

AUDIENCES = ("https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000")
VERSIONS = ("/v1.0", "/beta")
NAMED_BY_APP_ID = ("/applications", "/servicePrincipals")
# OData's other way to name an object, for example applications(appId='...').
BY_APP_ID = r"{id:(?i:\(appid='[^'/]+'\))}"


class Graph:
    """`https://localhost:PORT/v1.0`.

    Attributes:
        operations: Every operation, with what its caller needs.
    """

    def __init__(
        self, directory: Directory, tokens: Tokens, *, base_url: str, clock: Clock | None = None
    ) -> None:
        lateness = clock or Clock()
        self._tokens = tokens
        self._base_url = base_url
        context = f"{base_url}/v1.0/$metadata#"
        self.operations: list[Operation] = [
            *Applications(directory, lateness, context=context).operations(),
            *Principals(directory, lateness, context=context).operations(),
        ]

    def app(self) -> web.Application:
        """The application to serve."""
        app = web.Application(middlewares=[self._errors], client_max_size=1 << 20)
        for operation in self.operations:
            answer = guarded(operation)
            for path in _paths(operation.path):
                app.router.add_route(operation.method, path, answer)
        app.router.add_route("*", EVERY_PATH, _not_provided)
        return app

    @web.middleware
    async def _errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            request[CALLER] = self._caller(request)
            return await handler(request)
        except GraphError as error:
            return _failed(request, error)
        except web.HTTPException as error:
            return _failed(request, GraphError(error.status, "BadRequest", str(error.reason)))

    def _caller(self, request: web.Request) -> Caller:
        token = bearer_token(request.headers.get("Authorization", ""))
        try:
            return Caller.of(self._tokens.verify(token, (*AUDIENCES, self._base_url)).raw)
        except TokenRejected as rejected:
            raise GraphError(401, "InvalidAuthenticationToken", rejected.message) from None


def _paths(path: str) -> list[str]:
    """The paths of an operation: in every version, and with both names of its object."""
    found = [version + path for version in VERSIONS]
    for objects in NAMED_BY_APP_ID:
        if path.startswith(f"{objects}/{{id}}"):
            found += [one.replace("/{id}", BY_APP_ID, 1) for one in found]
    return found


def refuse(request: web.Request, status: int, sentence: str) -> web.Response:
    """What Graph answers when it fails, or cannot read a body."""
    codes = {500: "InternalServerError", MISDIRECTED: "MisdirectedRequest", FULL: FULL_CODE}
    code = codes.get(status, "BadRequest")
    return _failed(request, GraphError(status, code, sentence))


async def _not_provided(request: web.Request) -> web.StreamResponse:
    raise GraphError(
        501,
        "NotImplemented",
        f"{request.method} {request.path} is not part of the local cloud. It supports applications"
        " with addPassword, removePassword, owners and federatedIdentityCredentials,"
        " servicePrincipals with appRoleAssignments, users and me.",
    )


def _failed(request: web.Request, error: GraphError) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    request_id = request.headers.get("client-request-id", "")
    body = documents.refusal(error.code, error.message, client_request_id=request_id)
    return web.json_response(body, status=error.status, headers=headers)
