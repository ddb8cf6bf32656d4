"""Errors of the SignalR data plane; `signalr/edge.py` renders them."""

from __future__ import annotations

from chatkit.localcloud.core.errors import LocalCloudError

BODY_RULE = "Message in request body is required."


class SignalRError(LocalCloudError):
    """An answer other than success.

    Args:
        status: HTTP status.
        code: Becomes `code` in the body, and `x-ms-error-code` where the service sends that header.
        message: The service's sentence; empty for an empty body.
        headers: More headers.
    """

    def __init__(
        self,
        status: int,
        code: str = "",
        message: str = "",
        *,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.headers = headers or {}

    def __str__(self) -> str:
        return self.message or self.code or str(self.status)


class NotFound(SignalRError):
    """404 with the code that Microsoft's SDK asks for; without it the SDK raises."""

    def __init__(self, code: str) -> None:
        super().__init__(404, code)


class BadRequest(SignalRError):
    """400 with a sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "BadRequest", message)


class Unauthorized(SignalRError):
    """401 with an empty body; the challenge says why, the log says what was expected."""

    def __init__(self, description: str = "") -> None:
        challenge = "Bearer"
        if description:
            challenge += f' error="invalid_token", error_description="{description}"'
        super().__init__(401, headers={"WWW-Authenticate": challenge})
        self.description = description


class Forbidden(SignalRError):
    """403 with an empty body: the token counts, and its principal has no role for this.

    The challenge says what is missing (RFC 6750 §3.1).
    """

    def __init__(self, description: str) -> None:
        challenge = f'Bearer error="insufficient_scope", error_description="{description}"'
        super().__init__(403, headers={"WWW-Authenticate": challenge})
        self.description = description


class QuotaExceeded(SignalRError):
    """429: the tier's connections or messages are used up."""

    def __init__(self, message: str) -> None:
        super().__init__(429, "TooManyRequests", message)
