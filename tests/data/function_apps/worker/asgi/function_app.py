"""An ASGI application without a framework."""

import json

import azure.functions as func


async def shop(scope, receive, send):
    """Answer by method and path."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return
    body = (await receive()).get("body", b"")
    status, kind, text = answer(scope["method"], scope["path"], scope["query_string"], body)
    headers = [(b"content-type", kind.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def answer(method, path, query, body):
    """Status, type and text."""
    name = query.decode().removeprefix("name=") or "world"
    match [method, *path.strip("/").split("/")]:
        case ["GET", "query"]:
            return 200, "text/plain", f"hello {name}"
        case ["POST", "text"]:
            return 200, "text/plain", f"hello {body.decode()}"
        case ["POST", "json"]:
            return 200, "application/json", json.dumps(json.loads(body))
        case ["GET", "items", number]:
            return 200, "text/plain", f"hello {number}"
    return 404, "application/json", json.dumps({"detail": "Item not found"})


app = func.AsgiFunctionApp(app=shop, http_auth_level=func.AuthLevel.ANONYMOUS)
