"""Static websites: what `$web` holds, served to anybody. Follows Microsoft's page "Static website hosting in Azure Storage"."""

from __future__ import annotations

import html
import uuid
from collections.abc import Callable

from aiohttp import web

from chatkit.localcloud.core.etags import NOT_MODIFIED, Conditions, http_date
from chatkit.localcloud.core.web import loopback_only
from chatkit.localcloud.storage.formats import dates, ranges
from chatkit.localcloud.storage.operations.properties import CONTENT_HEADERS, DEFAULT_TYPE
from chatkit.localcloud.storage.state.contents import Contents
from chatkit.localcloud.storage.state.models import WEB, Account, Blob

SERVER = "Windows-Azure-Web/1.0 Microsoft-HTTPAPI/2.0"
AT_ONCE = 256 * 1024
REASONS = {
    "WebsiteNotFound": (
        404,
        "The requested website does not exist. Static website hosting is switched off for this account.",
    ),
    "WebContentNotFound": (404, "The requested content does not exist."),
    "UnsupportedHttpVerb": (405, "The resource doesn't support specified Http Verb."),
    "InvalidUri": (400, "The requested URI does not represent any resource on the server."),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
}


def application(find: Callable[[], Account | None], contents: Contents) -> web.Application:
    """One account's website on its own port.

    Args:
        find: The account as it is now.
        contents: Where blobs are.
    """
    site = Website(find, contents)
    app = web.Application(middlewares=[loopback_only])
    app.router.add_route("*", "/{path:.*}", site.serve)
    return app


class Website:
    """Answers GET and HEAD."""

    def __init__(self, find: Callable[[], Account | None], contents: Contents) -> None:
        self._find = find
        self._contents = contents

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file, an index document, the 404 document or an error page."""
        account = self._find()
        if account is None or not account.website.enabled or WEB not in account.containers:
            return _error(request, "WebsiteNotFound")
        if request.method not in ("GET", "HEAD"):
            return _error(request, "UnsupportedHttpVerb", Allow="GET, HEAD")
        if "\0" in request.path or "\ufffd" in request.path:
            return _error(request, "InvalidUri")
        blob = find_page(account, request.path.lstrip("/"))
        if blob is not None:
            return await self._send(request, account, blob)
        document = account.containers[WEB].blobs.get(account.website.error_document_404_path)
        if document is None:
            return _error(request, "WebContentNotFound")
        return await self._send_whole(request, account, document, status=404)

    async def _send(self, request: web.Request, account: Account, blob: Blob) -> web.StreamResponse:
        unmet = Conditions.read(request.headers, bare_tags=True).unmet(blob.etag, blob.modified)
        if unmet in NOT_MODIFIED:
            return web.Response(status=304, headers={**_headers(blob), **_common()})
        if unmet:
            headers = {"x-ms-error-code": "ConditionNotMet", **_common()}
            return web.Response(status=412, headers=headers)
        wanted = request.headers.get("Range", "")
        # RFC 9110 §13.1.5: a range of another version is not sent, the whole content is.
        if request.headers.get("If-Range", blob.etag) != blob.etag:
            wanted = ""
        try:
            part = ranges.parse(wanted, blob.size, suffix=True) if wanted else None
        except IndexError:
            return _error(request, "InvalidRange", **{"Content-Range": f"bytes */{blob.size}"})
        if part is None:
            return await self._send_whole(request, account, blob)
        return await self._stream(request, account, blob, 206, part)

    async def _send_whole(
        self, request: web.Request, account: Account, blob: Blob, *, status: int = 200
    ) -> web.StreamResponse:
        return await self._stream(request, account, blob, status, (0, blob.size))

    async def _stream(
        self, request: web.Request, account: Account, blob: Blob, status: int, part: tuple[int, int]
    ) -> web.StreamResponse:
        headers = {**_headers(blob), **_common()}
        start, length = part
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{blob.size}"
            headers.pop("Content-MD5", None)
        if status == 404:
            headers["x-ms-error-code"] = "WebContentNotFound"
        if length <= AT_ONCE and request.method == "GET":
            return web.Response(
                status=status,
                headers=headers,
                body=self._contents.read(account.name, blob.pieces, start, length),
            )
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = length
        await response.prepare(request)
        if request.method == "GET":
            async for chunk in self._contents.send(account.name, blob.pieces, start, length):
                await response.write(chunk)
        await response.write_eof()
        return response


def find_page(account: Account, path: str) -> Blob | None:
    """The blob for a path: itself, or the index document of the folder it names."""
    blobs, website = account.containers[WEB].blobs, account.website
    if path and not path.endswith("/") and path in blobs:
        return blobs[path]
    if website.default_index_document_path and (not path or path.endswith("/")):
        return blobs.get(website.default_index_document_path)
    if not website.index_document:
        return None
    folder = path if not path or path.endswith("/") else path + "/"
    return blobs.get(folder + website.index_document)


def _headers(blob: Blob) -> dict[str, str]:
    known = {
        name: value for name, value in blob.headers.items() if name in CONTENT_HEADERS.values()
    }
    return {
        "Content-Type": DEFAULT_TYPE,
        **known,
        "ETag": blob.etag,
        "Last-Modified": http_date(blob.modified),
        "Accept-Ranges": "bytes",
    }


def _common() -> dict[str, str]:
    return {
        "Server": SERVER,
        "Date": http_date(dates.now()),
        "x-ms-request-id": str(uuid.uuid4()),
        "x-ms-version": "2018-03-28",
    }


def _error(request: web.Request, code: str, **headers: str) -> web.Response:
    """The page that Azure shows: code and reason in a list."""
    status, reason = REASONS[code]
    shown = {**_common(), "x-ms-error-code": code, **headers}
    lines = [
        f"HttpStatusCode: {status}",
        f"ErrorCode: {code}",
        f"RequestId: {shown['x-ms-request-id']}",
    ]
    items = "".join(
        f"<li>{html.escape(line)}</li>" for line in [*lines, f"TimeStamp: {dates.iso(dates.now())}"]
    )
    page = f"<!DOCTYPE html><html><head><title>{code}</title></head><body><h1>{html.escape(reason)}</h1><p><ul>{items}</ul></p>"
    body = None if request.method == "HEAD" else (page + "</body></html>").encode()
    return web.Response(status=status, headers=shown, body=body, content_type="text/html")
