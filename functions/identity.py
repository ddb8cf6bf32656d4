"""Who asks: the person that App Service Authentication names, in two headers.

People are told apart by their id, which stays the same and which no two have; what others see is
the name, which two may share. The platform removes both headers from every request and then sets
its own. While authentication is off, nobody removes them: what they say proves nothing then, and
nobody is verified. A header carries ASCII: a name with other letters arrives percent-encoded.
https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

import os
from dataclasses import dataclass
from urllib.parse import quote, unquote

import azure.functions as func

ID_HEADER = "x-ms-client-principal-id"
NAME_HEADER = "x-ms-client-principal-name"
SIGN_IN = "Sign in first: the chat has to know who you are."


@dataclass(frozen=True)
class User:
    """Somebody who is signed in; not verified means that nobody has looked."""

    id: str
    name: str
    is_verified: bool

    def signature(self) -> dict[str, str]:
        """The sender as a message names them; who is not verified has no id there."""
        if self.is_verified:
            return {"sender": self.name, "senderId": self.id}
        return {"sender": self.name}


def user_of(req: func.HttpRequest) -> User | None:
    """The person who is signed in, if anybody is."""
    user_id = _header(req, ID_HEADER)
    name = _header(req, NAME_HEADER)
    if not user_id and not name:
        return None
    # The platform tells the app whether it stands in front.
    is_off = os.environ.get("WEBSITE_AUTH_ENABLED", "").lower() == "false"
    return User(user_id or name, name or user_id, is_verified=bool(user_id) and not is_off)


def _header(req: func.HttpRequest, header: str) -> str:
    text = (req.headers.get(header) or "").strip()
    decoded = unquote(text)
    # A letter that needs no encoding has none: "bo%62" is a name of its own, and not bob's.
    return decoded if quote(decoded) == quote(text, safe="/%") else text
