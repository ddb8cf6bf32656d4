"""HTTP in a cell: ask an address and see what it answers, tokens masked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp

from chatkit.chat.client.addresses import is_loopback
from chatkit.chat.client.background_loop import background_loop
from chatkit.cloud import local_cloud
from chatkit.core import settings
from chatkit.core.errors import ServiceError
from chatkit.core.results import escape
from chatkit.core.text.masking import mask_web_tokens
from chatkit.lesson import unknown_addresses

if TYPE_CHECKING:
    from chatkit.steps.session import Session

TIMEOUT_S = 60.0
NOT_FOUND = 404


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. What a cell shows of it has no token in it.

    Attributes:
        status: 0 when nothing answered.
        content: The body.
        reason: Why a function of the learner's app failed, and what to do: what its log says, which
            the answer does not.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    reason: str = ""

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
            return f"Nothing answers there.\n{self.reason}".rstrip()
        kind = self.headers.get("Content-Type", "").partition(";")[0]
        value = self.json()
        body = self.text[:500]
        if value is not None:
            body = json.dumps(value, indent=2, ensure_ascii=False)
        shown = masked(f"{self.status} {kind}\n{body}".rstrip())
        return f"{shown}\n{self.reason}" if self.reason else shown

    def _repr_mimebundle_(self, **_filters: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": f"<pre>{escape(repr(self))}</pre>"}


def get(url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    """GET an address.

    Raises:
        NotStarted: The local cloud, on which the address stands, does not run; or what should have
            an address does not.
    """
    unknown_addresses.check(url)
    since = datetime.now(UTC)
    return _explained(fetch("GET", url, headers=headers), "GET", url, since)


def post(url: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Answer:
    """POST to an address; a body that is not bytes is sent as JSON.

    Raises:
        NotStarted: The local cloud, on which the address stands, does not run; or what should have
            an address does not.
    """
    unknown_addresses.check(url)
    since = datetime.now(UTC)
    return _explained(fetch("POST", url, body=body, headers=headers), "POST", url, since)


def fetch(
    method: str,
    url: str,
    *,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
    follow_redirects: bool = True,
) -> Answer:
    """Send one request and return whatever comes back. A body that is not bytes is sent as JSON."""
    work = fetch_async(
        method, url, body, headers, timeout_s=timeout_s, follow_redirects=follow_redirects
    )
    return background_loop().call(work, timeout_s=timeout_s + 10)


def _explained(answer: Answer, method: str, url: str, since: datetime) -> Answer:
    """An answer, with the reason where a function of the learner's app has failed, or none has the
    address.

    Raises:
        NotStarted: There is none, or 5xx, because the local cloud does not run. Functions on this
            machine go on without it, and fail for want of SignalR Service.
    """
    if answer.status == NOT_FOUND:
        return replace(answer, reason=_absence(method, url))
    if 0 < answer.status < 500:
        return answer
    home = settings.home()
    if settings.load(home).target == "local" and is_loopback(url):
        absent = local_cloud.absence(home / "local")
        if absent is not None:
            raise absent
    return replace(answer, reason=_reason(answer, url, since))


def _reason(answer: Answer, url: str, since: datetime) -> str:
    """What the log of the learner's app says about an answer; empty for another app's."""
    from chatkit.lesson import app_log
    from chatkit.lesson.card import Card
    from chatkit.steps.session import Session

    session = Session(settings.home())
    where = _place(session, url)
    if not where:
        return ""
    error = ServiceError(answer.status, "", "")
    app_log.blame(session, where)(error, since)
    return "\n".join(Card("", error.message, error.why, error.hint).lines())


def _absence(method: str, url: str) -> str:
    """Which addresses the learner's app has in the place of one; empty for another app's."""
    from chatkit.lesson import not_found
    from chatkit.lesson.card import Card
    from chatkit.steps.session import Session

    session = Session(settings.home())
    where = _place(session, url)
    found = not_found.why(session, where, method, not_found.path_of(url)) if where else None
    return "\n".join(Card("", found.what, found.there, found.ask).lines()) if found else ""


def _place(session: Session, url: str) -> str:
    """Which of the learner's apps an address is of: "local", "deployed", or empty for none."""
    places = {"local": session.local_api_base_url, "deployed": session.api_base_url}
    ours = (where for where, api in places.items() if api and url.startswith(f"{api}/"))
    return next(ours, "")


def masked(text: str) -> str:
    """A text without the tokens in it."""
    return mask_web_tokens(text, "eyJ… (a token)")


async def fetch_async(
    method: str,
    url: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    *,
    timeout_s: float = TIMEOUT_S,
    follow_redirects: bool = True,
) -> Answer:
    """The same as `fetch`, for callers on the event loop."""
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    sent = dict(headers or {})
    if body is not None:
        sent = {"Content-Type": "application/json", **sent}
    if not isinstance(body, bytes | None):
        body = json.dumps(body).encode()
    try:
        async with (
            # A proxy that the environment names does not know addresses of this machine.
            aiohttp.ClientSession(trust_env=not is_loopback(url), timeout=timeout) as session,
            session.request(
                method, url, data=body, headers=sent, allow_redirects=follow_redirects
            ) as answer,
        ):
            return Answer(answer.status, dict(answer.headers), await answer.read())
    except (aiohttp.ClientError, OSError, TimeoutError):
        return Answer(0)
