"""Who asks: the name that App Service Authentication gives the app, in a header.

The platform removes this header from every request and then sets its own. While authentication is
off, nobody removes it, and the name proves nothing.
https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

import azure.functions as func

HEADER = "x-ms-client-principal-name"
SIGN_IN = "Sign in first: the chat has to know who you are."


def user_of(req: func.HttpRequest) -> str:
    """The name of the person who is signed in; empty when nobody is."""
    return (req.headers.get(HEADER) or "").strip()
