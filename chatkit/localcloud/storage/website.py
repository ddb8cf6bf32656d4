"""Static websites: what `$web` holds, served to all.

Follows Microsoft's page "Static website hosting in Azure Storage".
"""

from __future__ import annotations

import html
import uuid
from collections.abc import Callable

from aiohttp import web

from chatkit.localcloud.core.answering import MISDIRECTED
from chatkit.localcloud.core.etags import NOT_MODIFIED, Conditions, http_date
from chatkit.localcloud.core.web import EVERY_PATH
from chatkit.localcloud.drills import rooms
from chatkit.localcloud.drills.drills import Drills
from chatkit.localcloud.drills.table import STORAGE
from chatkit.localcloud.storage.formats import dates, ranges
from chatkit.localcloud.storage.operations.properties import CONTENT_HEADERS, DEFAULT_TYPE
from chatkit.localcloud.storage.sending import send_part
from chatkit.localcloud.storage.state.contents import Contents
from chatkit.localcloud.storage.state.models import WEB, Account, Blob, Part

SERVER = "Windows-Azure-Web/1.0 Microsoft-HTTPAPI/2.0"
REASONS = {
    "WebsiteNotFound": (
        404,
        "The requested website does not exist."
        " Static website hosting is switched off for this account.",
    ),
    "WebContentNotFound": (404, "The requested content does not exist."),
    "UnsupportedHttpVerb": (405, "The resource doesn't support specified Http Verb."),
    "InvalidUri": (400, "The requested URI does not represent any resource on the server."),
    "InternalError": (500, "The server encountered an internal error. Please retry the request."),
    "ServerBusy": (503, "The server is busy."),
    "InvalidInput": (400, "One of the request inputs is not valid."),
    "MisdirectedRequest": (MISDIRECTED, "This server answers on localhost only."),
    "AuthorizationFailure": (403, "This request is not authorized to perform this operation."),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
}


def application(site: Website) -> web.Application:
    """One account's website on its own port."""
    app = web.Application()
    app.router.add_route("*", EVERY_PATH, site.serve)
    return app


class Website:
    """Answers GET and HEAD.

    Args:
        find: The account as it is now.
        contents: Where blobs are.
        drills: Failures that people meet.
        part: What the account is in a chat that a drill concerns.
    """

    def __init__(
        self,
        find: Callable[[], Account | None],
        contents: Contents,
        drills: Drills,
        part: rooms.Part,
    ) -> None:
        self._find = find
        self._contents = contents
        self._drills = drills
        self._part = part

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file, an index document, the 404 document or an error page."""
        await self._drills.be_late(self._part)
        if self._drills.on(STORAGE, self._part):
            return _error(request, "ServerBusy")
        account = self._find()
        if account is None or not account.website.enabled or WEB not in account.containers:
            return _error(request, "WebsiteNotFound")
        if account.spec.is_behind_firewall:
            return _error(request, "AuthorizationFailure")
        if request.method not in ("GET", "HEAD"):
            return _error(request, "UnsupportedHttpVerb", Allow="GET, HEAD")
        # aiohttp puts U+FFFD in place of percent-encoded bytes that are not UTF-8.
        if "\0" in request.path or "\ufffd" in request.path:
            return _error(request, "InvalidUri")
        blob = find_page(account, request.path.lstrip("/"))
        if blob is not None:
            return await self._send(request, account, blob)
        document = account.containers[WEB].blobs.get(account.website.error_document_404_path)
        if document is None:
            return _error(request, "WebContentNotFound")
        headers = {**_headers(document), **_common(), "x-ms-error-code": "WebContentNotFound"}
        whole = Part(account.name, document.pieces, 0, document.size)
        return await send_part(request, self._contents, whole, status=404, headers=headers)

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
            part = ranges.parse(wanted, blob.size, suffix=True)
        except IndexError:
            return _error(request, "InvalidRange", **{"Content-Range": f"bytes */{blob.size}"})
        headers = {**_headers(blob), **_common()}
        if part is None:
            whole = Part(account.name, blob.pieces, 0, blob.size)
            return await send_part(request, self._contents, whole, status=200, headers=headers)
        start, length = part
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{blob.size}"
        headers.pop("Content-MD5", None)  # It is that of the whole content.
        section = Part(account.name, blob.pieces, start, length)
        return await send_part(request, self._contents, section, status=206, headers=headers)


def find_page(account: Account, path: str) -> Blob | None:
    """The blob for a path: itself, or the index document of the folder it names."""
    blobs = account.containers[WEB].blobs
    website = account.website
    if path and not path.endswith("/") and path in blobs:
        return blobs[path]
    if website.default_index_document_path and (not path or path.endswith("/")):
        return blobs.get(website.default_index_document_path)
    if not website.index_document:
        return None
    folder = path
    if path and not path.endswith("/"):
        folder += "/"
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


def refuse(request: web.Request, status: int, _: str) -> web.Response:
    """What a website answers when it fails, or cannot read a body."""
    codes = {500: "InternalError", MISDIRECTED: "MisdirectedRequest"}
    return _error(request, codes.get(status, "InvalidInput"))


def _error(request: web.Request, code: str, **more: str) -> web.Response:
    """The page that Azure shows: code and reason in a list."""
    status, reason = REASONS[code]
    headers = {**_common(), "x-ms-error-code": code, **more}
    lines = [
        f"HttpStatusCode: {status}",
        f"ErrorCode: {code}",
        f"RequestId: {headers['x-ms-request-id']}",
        f"TimeStamp: {dates.iso(dates.now())}",
    ]
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    page = (
        f"<!DOCTYPE html><html><head><title>{code}</title></head><body>"
        f"<h1>{html.escape(reason)}</h1><p><ul>{items}</ul></p></body></html>"
    )
    response = web.Response(status=status, headers=headers, content_type="text/html")
    if request.method != "HEAD":
        response.body = page.encode()
    return response
