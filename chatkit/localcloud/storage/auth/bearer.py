"""Bearer tokens of Entra ID.

Follows Microsoft's page "Authorize with Microsoft Entra ID" for the storage services.
"""

from __future__ import annotations

from chatkit.localcloud.core.bearer import parse_authorization
from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.entra.tokens import Tokens
from chatkit.localcloud.storage.auth.access import Access, Authenticator
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.request import Request

AUDIENCE = "https://storage.azure.com"


def challenge(tokens: Tokens) -> str:
    """WWW-Authenticate: where a token comes from and for what."""
    authority = tokens.issuer.removesuffix("/v2.0")
    return f"Bearer authorization_uri={authority}/oauth2/authorize resource_id={AUDIENCE}"


def authenticator(tokens: Tokens) -> Authenticator:
    """Recognise principals by tokens for Azure Storage or for the account's own address."""

    def authenticate(request: Request) -> Access | None:
        scheme, token = parse_authorization(request.header("authorization"))
        if scheme != "bearer":
            return None
        azure = f"https://{request.account.name}.blob.core.windows.net"
        try:
            return Access(
                "bearer", claims=tokens.verify(token, [AUDIENCE, request.endpoint, azure])
            )
        except TokenRejected as error:
            raise StorageError(
                "InvalidAuthenticationInfo",
                details={"AuthenticationErrorDetail": error.message},
                headers={"WWW-Authenticate": challenge(tokens)},
            ) from None

    return authenticate


def refuse_unknown(request: Request) -> Access | None:
    """Refuse an Authorization header of a scheme that no authenticator knows.

    Raises:
        StorageError: InvalidAuthenticationInfo.
    """
    if not request.header("authorization"):
        return None
    details = {
        "AuthenticationErrorDetail": "The Authorization header's scheme is not SharedKey or Bearer."
    }
    raise StorageError("InvalidAuthenticationInfo", status=400, details=details)
