"""What lets a call through to its operation."""

from __future__ import annotations

from chatkit.localcloud.core.bearer import bearer_token
from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.entra.tokens import Claims, Tokens
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.http import Call
from chatkit.localcloud.resource_manager.core.registry import Registry
from chatkit.localcloud.resource_manager.core.routing import Route
from chatkit.localcloud.resource_manager.gateway.authorization import Authorization
from chatkit.localcloud.resource_manager.gateway.throttle import Throttle

AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
REJECTIONS = {
    "missing": "AuthenticationFailed",
    "expired": "ExpiredAuthenticationToken",
    "audience": "InvalidAuthenticationTokenAudience",
    "issuer": "InvalidAuthenticationTokenTenant",
}


class Admission:
    """What a call must pass before its operation: token, api-version, throttle, faults, role.

    Attributes:
        throttle: Token buckets of the callers.
    """

    def __init__(
        self,
        context: Context,
        registry: Registry,
        tokens: Tokens,
        authorization: Authorization,
    ) -> None:
        self._context = context
        self._registry = registry
        self._tokens = tokens
        self._authorization = authorization
        self._sign_in = f"{context.endpoints.authority}/{context.directory.tenant_id}"
        self._audiences = (*AUDIENCES, context.endpoints.resource_manager)
        self.throttle = Throttle()

    def check_token(self, header: str) -> Claims:
        """The claims of the token in an Authorization header.

        Raises:
            ArmError: 401 with a challenge that says where to sign in.
        """
        try:
            return self._tokens.verify(bearer_token(header), self._audiences)
        except TokenRejected as rejected:
            code = REJECTIONS.get(rejected.code, "InvalidAuthenticationToken")
            message = rejected.message
            error = "invalid_token"
            if rejected.code == "missing":
                message = "Authentication failed. The 'Authorization' header is missing."
                error = "invalid_request"
            challenge = (
                f'Bearer authorization_uri="{self._sign_in}", error="{error}",'
                f' error_description="{_quotable(message)}"'
            )
            headers = {"WWW-Authenticate": challenge}
            raise errors.ArmError(401, code, message, headers=headers) from None

    def check_role(self, call: Call, route: Route) -> None:
        """Refuse a call that the caller has no role for; see `Authorization.check`."""
        self._authorization.check(call, route)

    async def admit(self, call: Call, route: Route) -> dict[str, str]:
        """Let a call through to its operation; returns headers that belong to every answer.

        Raises:
            ArmError: It is refused.
        """
        if route.type:
            self._registry.check_version(route.type, call.api_version)
        self._context.check_subscription(call)
        left = self.throttle.take(call.claims.oid if call.claims else "", call.method)
        await self._context.faults.meet(call, self._registry.name_taken)
        self.check_role(call, route)
        return left


def _quotable(text: str) -> str:
    """A sentence without what an error_description cannot have (RFC 6750 §3)."""
    return "".join(
        letter if " " <= letter <= "~" and letter not in '"\\' else "?" for letter in text
    )
