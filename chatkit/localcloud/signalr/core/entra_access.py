"""Who may call without an access key: tokens of Entra ID, and the data roles of their principals.

Follows Microsoft's page "Authorize access with Microsoft Entra ID for Azure SignalR Service" and
the data actions of its built-in roles.
"""

from __future__ import annotations

from typing import Protocol

from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.entra.tokens import Claims, Tokens
from chatkit.localcloud.signalr.core.errors import Forbidden, Unauthorized
from chatkit.localcloud.signalr.core.spec import InstanceSpec

AUDIENCE = "https://signalr.azure.com"
PREFIX = "Microsoft.SignalRService/SignalR/"
# Words for the challenge; those of the rejection may quote what the caller has sent.
SENTENCES = {
    "expired": "The token is expired",
    "not_yet_valid": "The token is not valid yet",
    "issuer": "The issuer is invalid",
    "audience": "The audience is invalid",
    "signature": "The signature key was not found",
}


class CallerCheck(Protocol):
    """What an instance asks about a caller without an access key."""

    def check(self, spec: InstanceSpec, token: str, action: str) -> Claims:
        """Check a token, and that its principal may do an action."""


class EntraAccess:
    """Tokens of Entra ID at the data plane, for all instances.

    Args:
        tokens: Checks them, and knows the roles of their principals.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def check(self, spec: InstanceSpec, token: str, action: str) -> Claims:
        """Check a token, and that its principal has a role for an action.

        Args:
            spec: The instance.
            token: Compact JWT.
            action: A data action without its prefix, for example "hub/send/action".

        Raises:
            Unauthorized: The token does not count.
            Forbidden: No role of the principal allows it.
        """
        if spec.disable_aad_auth:
            raise Unauthorized("Microsoft Entra authentication is disabled on this resource")
        try:
            claims = self._tokens.verify(token, [AUDIENCE])
        except TokenRejected as rejected:
            raise Unauthorized(SENTENCES.get(rejected.code, "The token is malformed")) from None
        if not self._tokens.roles.allows(claims.oid, spec.scope, PREFIX + action, is_data=True):
            raise Forbidden(f"No role of the caller allows {PREFIX}{action}")
        return claims
