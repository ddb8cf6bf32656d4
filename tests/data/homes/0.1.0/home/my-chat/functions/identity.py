"""Who asks: the name that App Service Authentication gives the app, in a header.

The platform sets this header after it has removed whatever the request brought under its name. While authentication is off,
nobody removes anything, and the name is worth nothing.
https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

import azure.functions as func

HEADER = "x-ms-client-principal-name"
SIGN_IN = "Sign in first: the chat has to know who you are."


def user_of(req: func.HttpRequest) -> str:
    """The name of who is signed in, empty for nobody."""
    return (req.headers.get(HEADER) or "").strip()
