"""Sends contents of blobs as responses of the web server."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from chatkit.localcloud.storage.state.contents import Contents
from chatkit.localcloud.storage.state.models import Part

AT_ONCE = 256 * 1024


async def send_part(
    request: web.Request,
    contents: Contents,
    part: Part,
    *,
    status: int,
    headers: Mapping[str, str],
) -> web.StreamResponse:
    """Answer with part of a content; HEAD gets the headers of the same answer.

    What is small is one response, which aiohttp sends together with its head. What is large goes
    out in chunks, as fast as the client takes them.
    """
    if part.length <= AT_ONCE and request.method != "HEAD":
        return web.Response(status=status, headers=headers, body=contents.read(part))
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = part.length
    await response.prepare(request)
    if request.method != "HEAD":
        async for chunk in contents.send(part):
            await response.write(chunk)
    await response.write_eof()
    return response
