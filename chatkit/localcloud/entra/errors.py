"""What Entra ID answers when it refuses, in its own words and numbers.

Follows Microsoft's page "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TypedDict

from chatkit.localcloud.core.errors import LocalCloudError


class ErrorBody(TypedDict):
    """The JSON of a refusal at the token endpoint (RFC 6749 §5.2, and what Entra adds)."""

    error: str
    error_description: str
    error_codes: list[int]
    timestamp: str
    trace_id: str
    correlation_id: str
    error_uri: str


class EntraError(LocalCloudError):
    """A refused request to the authority.

    Args:
        error: OAuth 2.0 error code, for example "invalid_client".
        number: AADSTS number, for example 7000215.
        message: The sentence after the number.
        status: HTTP status.
    """

    def __init__(self, error: str, number: int, message: str, *, status: int = 400) -> None:
        super().__init__(f"AADSTS{number}: {message}", status=status, code=error)
        self.number = number

    def body(self, *, authority: str, correlation_id: str = "") -> ErrorBody:
        """The JSON that token endpoints answer."""
        trace_id = str(uuid.uuid4())
        correlation_id = correlation_id or str(uuid.uuid4())
        timestamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": self.code,
            "error_description": f"{self} Trace ID: {trace_id} Correlation ID: {correlation_id}"
            f" Timestamp: {timestamp}",
            "error_codes": [self.number],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"{authority}/error?code={self.number}",
        }


class TokenRejected(LocalCloudError):
    """A bearer token does not count. Every service answers in its own format.

    Args:
        code: "missing", "malformed", "signature", "expired", "not_yet_valid", "issuer", "audience"
            or "tenant".
        message: One sentence for the caller, without the token.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, status=401, code=code)


class GraphError(LocalCloudError):
    """A refused request to Microsoft Graph.

    Args:
        status: HTTP status.
        code: Graph's error code.
        message: One sentence.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, status=status, code=code)


def tenant_not_found(tenant: str) -> EntraError:
    """No such tenant here."""
    return EntraError(
        "invalid_request",
        90002,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are"
        " signing into the correct cloud. Check with your subscription administrator, this may"
        " happen if there are no active subscriptions for the tenant.",
    )


def client_not_found(client_id: str, tenant_id: str) -> EntraError:
    """No such application in the tenant."""
    return EntraError(
        "unauthorized_client",
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{tenant_id}'."
        " This can happen if the application has not been installed by the administrator of the"
        " tenant or consented to by any user in the tenant. You may have sent your authentication"
        " request to the wrong tenant.",
    )


def wrong_secret(client_id: str) -> EntraError:
    """The client secret is not one of the application's."""
    return EntraError(
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client"
        f" secret value, not the client secret ID, for a secret added to app '{client_id}'.",
        status=401,
    )


def expired_secret(client_id: str) -> EntraError:
    """The client secret was right once."""
    return EntraError(
        "invalid_client",
        7000222,
        f"The provided client secret keys for app '{client_id}' are expired. Create new keys for"
        " your app.",
        status=401,
    )


def missing_credential() -> EntraError:
    """A confidential client came without proof."""
    return EntraError(
        "invalid_client",
        7000218,
        "The request body must contain the following parameter: 'client_assertion' or"
        " 'client_secret'.",
        status=401,
    )


def missing_parameter(name: str) -> EntraError:
    """A required form field is absent."""
    return EntraError(
        "invalid_request",
        900144,
        f"The request body must contain the following parameter: '{name}'.",
    )


def unsupported_grant(grant: str) -> EntraError:
    """The grant type is none of ours."""
    return EntraError(
        "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'."
    )


def resource_not_found(resource: str, tenant: str) -> EntraError:
    """The scope names a resource this tenant does not know."""
    return EntraError(
        "invalid_resource",
        500011,
        f"The resource principal named {resource} was not found in the tenant named {tenant}. This"
        " can happen if the application has not been installed by the administrator of the tenant"
        " or consented to by any user in the tenant. You might have sent your authentication"
        " request to the wrong tenant.",
    )


def invalid_scope(scope: str) -> EntraError:
    """A scope for client credentials must end in /.default."""
    return EntraError(
        "invalid_scope",
        1002012,
        f"The provided value for scope {scope} is not valid. Client credential flows must have a"
        " scope value with /.default suffixed to the resource identifier (application ID URI).",
    )


def many_resources(scope: str) -> EntraError:
    """A token is for one resource."""
    return EntraError(
        "invalid_request",
        28000,
        "Provided value for the input parameter scope is not valid because it contains more than"
        f" one resource. Scope {scope} is not valid.",
    )


def consent_missing(client_id: str, name: str) -> EntraError:
    """The client asks for a permission that nobody has given it."""
    return invalid_grant(
        65001,
        f"The user or administrator has not consented to use the application with ID '{client_id}'"
        f" named '{name}'. Send an interactive authorization request for this user and resource.",
    )


def administrator_needed(name: str) -> EntraError:
    """A person signs in to a client that asks for what only an administrator can give it."""
    return EntraError(
        "consent_required",
        90094,
        f"{name} needs permission to access resources in your organization that only an admin can"
        " grant. Please ask an admin to grant permission to this app before you can use it.",
    )


def redirect_mismatch(redirect_uri: str, client_id: str) -> EntraError:
    """The redirect URI is not one of the application's; never redirected to."""
    return EntraError(
        "invalid_request",
        50011,
        f"The redirect URI '{redirect_uri}' specified in the request does not match the redirect"
        f" URIs configured for the application '{client_id}'. Make sure the redirect URI sent in"
        " the request matches one added to your application.",
    )


def invalid_grant(number: int, message: str) -> EntraError:
    """A code, refresh token or assertion that does not count."""
    return EntraError("invalid_grant", number, message)


CODE_UNKNOWN = (9002313, "Invalid request. Request is malformed or invalid.")
CODE_EXPIRED = (
    70008,
    "The provided authorization code or refresh token has expired due to inactivity. Send a new"
    " request.",
)
CODE_REDEEMED = (
    54005,
    "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
)
VERIFIER_MISSING = (
    50148,
    "The code_verifier is missing: the authorization request came with a code_challenge.",
)
VERIFIER_WRONG = (
    501481,
    "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
)
REFRESH_UNKNOWN = (9002313, "Invalid request. The refresh token is malformed or not known here.")
REFRESH_EXPIRED = (700082, "The refresh token has expired due to inactivity.")
INTERACTION_REQUIRED = EntraError(
    "login_required",
    50058,
    "A silent sign-in request was sent but no user is signed in. The session cookies were not"
    " found.",
)


NO_MATCH = {"issuer": 700211, "audience": 700212, "subject": 700213, "case": 7002138}


def federation_refused(claim: str, value: str) -> EntraError:
    """None of the application's federated identity credentials fits a token.

    Args:
        claim: "issuer", "audience", "subject", or "case" for a subject of which only the letters'
            case differs.
        value: Of the claim in the token.
    """
    shown = claim
    remark = ""
    if claim == "case":
        shown = "subject"
        remark = " The matching is done using a case-sensitive comparison."
    return assertion_refused(
        NO_MATCH[claim],
        f"No matching federated identity record found for presented assertion {shown} '{value}'."
        f"{remark} Check your federated identity credential Subject, Audience and Issuer against"
        " the presented assertion."
        " https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
    )


def no_federation(client_id: str, name: str) -> EntraError:
    """The application trusts nobody's tokens."""
    return assertion_refused(
        70025, f"The client '{client_id}'({name}) has no configured federated identity credentials."
    )


def assertion_refused(number: int, message: str) -> EntraError:
    """A client assertion that does not verify."""
    return EntraError("invalid_client", number, message, status=401)
