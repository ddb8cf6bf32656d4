"""Who asks: the name that App Service Authentication gives the app, in a header.

The platform removes this header from every request and then sets its own. While authentication is
off, nobody removes it, and the name proves nothing. A header carries ASCII: a name with other
letters arrives percent-encoded.
https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from urllib.parse import quote, unquote

import azure.functions as func

HEADER = "x-ms-client-principal-name"
SIGN_IN = "Sign in first: the chat has to know who you are."


def user_of(req: func.HttpRequest) -> str:
    """The name of the person who is signed in; empty when nobody is."""
    name = (req.headers.get(HEADER) or "").strip()
    decoded = unquote(name)
    # A letter that needs no encoding has none: "bo%62" is a name of its own, and not bob's.
    return decoded if quote(decoded) == quote(name, safe="/%") else name
