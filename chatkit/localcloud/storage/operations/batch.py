"""Blob Batch: many deletes or tier changes in one request.

Follows Microsoft's page "Blob Batch".
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from chatkit.localcloud.storage.operations.call import Answer, Call
from chatkit.localcloud.storage.state.errors import StorageError, bad_header
from chatkit.localcloud.storage.state.request import NEWEST_VERSION, Query, Request, read_target

BOUNDARY = re.compile(r'multipart/mixed\s*;\s*boundary="?([^";]{1,200})"?', re.IGNORECASE)
MAX_BATCH_BYTES = 4 * 1024 * 1024
MAX_PARTS = 256
ALLOWED = {("DELETE", ""), ("PUT", "tier")}

Run = Callable[[Request], Awaitable[Answer]]


class Batch:
    """Runs the parts of a batch one after another, each as a request that has to be let in."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def submit(self, call: Call) -> Answer:
        """Blob Batch: 202 with one answer for each part."""
        found = BOUNDARY.match(call.request.header("content-type"))
        if found is None:
            raise bad_header("content-type", call.request.header("content-type"))
        parts = split(await call.request.read(MAX_BATCH_BYTES), found[1].encode())
        if not 0 < len(parts) <= MAX_PARTS:
            raise StorageError("InvalidInput", f"A batch has 1 to {MAX_PARTS} requests.")
        boundary = f"batchresponse_{uuid.uuid4()}"
        answers = [await self._part(call.request, part, boundary) for part in parts]
        body = b"".join([*answers, f"--{boundary}--\r\n".encode()])
        return Answer(202, {"Content-Type": f"multipart/mixed; boundary={boundary}"}, body)

    async def _part(self, request: Request, part: bytes, boundary: str) -> bytes:
        content_id, inner = read_part(request, part)
        answer = await self._run(inner)
        lines = [f"--{boundary}", "Content-Type: application/http", f"Content-ID: {content_id}", ""]
        lines.append(f"HTTP/1.1 {answer.status} {answer.phrase}")
        lines += [f"{name}: {value}" for name, value in part_headers(inner, answer).items()]
        return "\r\n".join([*lines, "", ""]).encode() + answer.body + b"\r\n"


def part_headers(inner: Request, answer: Answer) -> dict[str, str]:
    """The headers of a part, in Azure's order.

    There are clients that take the body to begin after the content type.
    """
    kept = {name: value for name, value in answer.headers.items() if name != "Content-Type"}
    headers = {
        **kept,
        "x-ms-request-id": inner.request_id,
        "x-ms-version": inner.header("x-ms-version") or NEWEST_VERSION,
    }
    if answer.body:
        headers |= {
            "Content-Length": str(len(answer.body)),
            "Content-Type": answer.headers["Content-Type"],
        }
    return headers


def split(body: bytes, boundary: bytes) -> list[bytes]:
    """The parts between the boundaries, without the line ends around them."""
    sections = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary), body)
    return [section.lstrip(b" \t\r\n") for section in sections[1:] if not section.startswith(b"--")]


def read_part(request: Request, part: bytes) -> tuple[str, Request]:
    """Read the request inside a part.

    Returns:
        The part's Content-ID, and the request inside.

    Raises:
        StorageError: InvalidInput, for what is no request, or not one that a batch may have.
    """
    # RFC 9112 §2.2: a message is read as octets; latin-1 gives every octet its character.
    outer, _, inner = part.decode("latin-1").replace("\r\n", "\n").partition("\n\n")
    line, _, rest = inner.lstrip("\n").partition("\n")
    words = line.split(" ")
    if len(words) != 3 or not words[1].startswith("/"):
        raise StorageError("InvalidInput")
    path, _, query_text = words[1].partition("?")
    query = Query.parse(query_text)
    if (words[0], query.get("comp")) not in ALLOWED:
        raise StorageError(
            "InvalidInput", "A batch can have Delete Blob or Set Blob Tier requests."
        )
    target = read_target(request.with_account(path), query)
    other_account = target.account != request.target.account
    other_container = request.target.container not in ("", target.container)
    if other_account or other_container or not target.blob:
        raise StorageError("InvalidInput")
    changed = replace(
        request,
        method=words[0],
        path=path,
        query=query,
        target=target,
        headers=_headers(rest),
        request_id=str(uuid.uuid4()),
        metadata={},
        body=None,
    )
    return _headers(outer).get("content-id", "0"), changed


def _headers(text: str) -> Mapping[str, str]:
    lines = (line.partition(":") for line in text.partition("\n\n")[0].split("\n") if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in lines}
