"""A WSGI application without a framework."""

import json
from http import HTTPStatus

import azure.functions as func


def shop(environ, start_response):
    """Answer by method and path."""
    body = environ["wsgi.input"].read()
    method = environ["REQUEST_METHOD"]
    status, kind, text = answer(method, environ["PATH_INFO"], environ["QUERY_STRING"], body)
    start_response(f"{status} {HTTPStatus(status).phrase}", [("content-type", kind)])
    return [text.encode()]


def answer(method, path, query, body):
    """Status, type and text."""
    name = query.removeprefix("name=") or "world"
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


app = func.WsgiFunctionApp(app=shop, http_auth_level=func.AuthLevel.ANONYMOUS)
