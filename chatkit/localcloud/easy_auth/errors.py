"""What App Service Authentication answers when it refuses."""

from __future__ import annotations

from aiohttp import web

from chatkit.localcloud.core.errors import LocalCloudError

DENIED = "You do not have permission to view this directory or page."


class EasyAuthError(LocalCloudError):
    """A request that the authentication module refuses."""

    def response(self) -> web.Response:
        """The HTTP answer."""
        return web.Response(status=self.status, text=self.message)


class SessionRejected(EasyAuthError):
    """A presented token is not (or no longer) good for a session."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=401)

    def response(self) -> web.Response:
        """401; the reason goes into the challenge, never a token."""
        return unauthorized(self.message)


class NotAdmitted(EasyAuthError):
    """The caller is known, and the app's policy does not name them."""

    def __init__(self) -> None:
        super().__init__(DENIED, status=403)


class ForgedRequest(EasyAuthError):
    """Another site's page tries to use the person's cookie."""

    def __init__(self) -> None:
        super().__init__(DENIED, status=403)


class SignInFailed(EasyAuthError):
    """The provider refused, or what it sent does not verify. The message is fit to be read."""

    def __init__(self, message: str, *, status: int = 401) -> None:
        super().__init__(message, status=status)

    def response(self) -> web.Response:
        """The sentence for the person who signs in."""
        return web.Response(status=self.status, text=f"Sign-in failed. {self.message}")


class ProviderUnreachable(SignInFailed):
    """The provider could not be asked at all."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status=500)


def unauthorized(why: str) -> web.Response:
    """401 with the reason in its challenge (RFC 6750 §3: printable ASCII without quotes)."""
    description = "".join(
        char if char.isascii() and char.isprintable() else "?"
        for char in why[:200].replace('"', "'")
    )
    challenge = f'Bearer error="invalid_token", error_description="{description}"'
    return web.Response(status=401, text=DENIED, headers={"WWW-Authenticate": challenge})
