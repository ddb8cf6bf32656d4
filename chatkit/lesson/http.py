"""HTTP in a cell: ask an address and see what it answers, tokens masked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from chatkit.chat.client.addresses import is_loopback
from chatkit.chat.client.background_loop import background_loop
from chatkit.cloud import local_cloud
from chatkit.core import settings
from chatkit.core.results import escape
from chatkit.core.text.masking import mask_web_tokens

TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. What a cell shows of it has no token in it.

    Attributes:
        status: 0 when nothing answered.
        content: The body.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON, None when it is not."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None

    def __str__(self) -> str:
        if not self.status:
            return "no answer"
        start = masked(self.text.strip().replace("\n", " ")[:80])
        if not start or start.startswith("<"):
            return str(self.status)
        return f"{self.status} ({start})"

    def __repr__(self) -> str:
        if not self.status:
            return "Nothing answers there."
        kind = self.headers.get("Content-Type", "").partition(";")[0]
        value = self.json()
        body = self.text[:500]
        if value is not None:
            body = json.dumps(value, indent=2, ensure_ascii=False)
        return masked(f"{self.status} {kind}\n{body}".rstrip())

    def _repr_mimebundle_(self, **_filters: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": f"<pre>{escape(repr(self))}</pre>"}


def get(url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    """GET an address.

    Raises:
        NotStarted: The local cloud, on which the address stands, does not run.
    """
    return _explained(fetch("GET", url, headers=headers), url)


def post(url: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Answer:
    """POST to an address; a body that is not bytes is sent as JSON.

    Raises:
        NotStarted: The local cloud, on which the address stands, does not run.
    """
    return _explained(fetch("POST", url, body=body, headers=headers), url)


def fetch(
    method: str, url: str, *, body: object = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request and return whatever comes back. A body that is not bytes is sent as JSON."""
    return background_loop().call(_fetch(method, url, body, headers), timeout_s=70)


def _explained(answer: Answer, url: str) -> Answer:
    """An answer, unless there is none because the local cloud does not run.

    Functions on this machine go on without it, and answer 5xx for want of SignalR Service.
    """
    if 0 < answer.status < 500 or not is_loopback(url):
        return answer
    home = settings.home()
    if settings.load(home).target == "local":
        absent = local_cloud.absence(home / "local")
        if absent is not None:
            raise absent
    return answer


def masked(text: str) -> str:
    """A text without the tokens in it."""
    return mask_web_tokens(text, "eyJ… (a token)")


async def _fetch(method: str, url: str, body: object, headers: Mapping[str, str] | None) -> Answer:
    sent = dict(headers or {})
    if body is not None:
        sent = {"Content-Type": "application/json", **sent}
    if not isinstance(body, bytes | None):
        body = json.dumps(body).encode()
    try:
        async with (
            # A proxy that the environment names does not know addresses of this machine.
            aiohttp.ClientSession(trust_env=not is_loopback(url), timeout=TIMEOUT) as session,
            session.request(method, url, data=body, headers=sent) as answer,
        ):
            return Answer(answer.status, dict(answer.headers), await answer.read())
    except (aiohttp.ClientError, OSError, TimeoutError):
        return Answer(0)
