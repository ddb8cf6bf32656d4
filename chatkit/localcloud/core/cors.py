"""Cross-origin requests: rules as data, and the headers that answer browsers.

Follows the Fetch standard, "CORS protocol". Each service makes its `Rule` from its own settings and
says there what it does differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

ANY = "*"
_ANSWER_HEADERS: web.RequestKey[Mapping[str, str]] = web.RequestKey("cors_headers", Mapping)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who may ask, and what for.

    Attributes:
        origins: As browsers write them: scheme, host and port, no slash at the end. `*` is any.
        methods: None allows all.
        headers: Names in any case; `*` at the end of one stands for any end. None allows all.
        exposed_headers: Value of Access-Control-Expose-Headers; empty for none.
        max_age_s: How long a browser may keep a preflight's answer; None leaves that to the
            browser.
        credentials: Pages may send cookies and Authorization.
        ignore_case: Compare origins without regard to case.
    """

    origins: tuple[str, ...]
    methods: tuple[str, ...] | None = None
    headers: tuple[str, ...] | None = None
    exposed_headers: str = ""
    max_age_s: int | None = None
    credentials: bool = False
    ignore_case: bool = False

    def names_origin(self, origin: str) -> bool:
        """Say whether an origin stands in the list by its own name."""
        if self.ignore_case:
            return origin.lower() in [allowed.lower() for allowed in self.origins]
        return origin in self.origins

    def allows_origin(self, origin: str) -> bool:
        """Say whether an origin is allowed."""
        return ANY in self.origins or self.names_origin(origin)

    def allows_method(self, method: str) -> bool:
        """Say whether a method is allowed."""
        return self.methods is None or method in self.methods

    def allows_headers(self, names: Iterable[str]) -> bool:
        """Say whether request headers are allowed, all of them."""
        if self.headers is None:
            return True
        patterns = [pattern.lower() for pattern in self.headers]
        return all(any(_matches(pattern, name.lower()) for pattern in patterns) for name in names)


@dataclass(frozen=True)
class Preflight:
    """What a browser asks before it sends a request.

    Attributes:
        method: Access-Control-Request-Method.
        headers: Access-Control-Request-Headers, as it was sent.
    """

    origin: str
    method: str
    headers: str = ""

    @classmethod
    def read(cls, method: str, headers: Mapping[str, str]) -> Preflight | None:
        """Recognise a preflight; None for any other request.

        Args:
            method: The request's method.
            headers: The request's headers, by lower-case name or in any case.
        """
        asked = headers.get("access-control-request-method")
        if method != "OPTIONS" or asked is None:
            return None
        origin = headers.get("origin", "")
        return cls(origin, asked, headers.get("access-control-request-headers", ""))


def answer_headers(rules: Iterable[Rule], *, origin: str, method: str) -> dict[str, str]:
    """Headers that let a page read an answer; none when no rule does.

    Args:
        rules: The first one that allows the request counts.
        origin: The Origin header; empty for a request of no page.
        method: The request's method.
    """
    if not origin:
        return {}
    for rule in rules:
        if rule.allows_origin(origin) and rule.allows_method(method):
            headers = _allow_origin(rule, origin)
            if rule.exposed_headers:
                headers["Access-Control-Expose-Headers"] = rule.exposed_headers
            return headers
    return {}


def preflight_headers(rules: Iterable[Rule], asked: Preflight) -> dict[str, str] | None:
    """Headers that let a browser send what it asked about; None when no rule does."""
    if not asked.origin:
        return None
    wanted = split_list(asked.headers)
    for rule in rules:
        if (
            rule.allows_origin(asked.origin)
            and rule.allows_method(asked.method)
            and rule.allows_headers(wanted)
        ):
            headers = _allow_origin(rule, asked.origin)
            headers["Access-Control-Allow-Methods"] = asked.method
            if asked.headers:
                headers["Access-Control-Allow-Headers"] = asked.headers
            if rule.max_age_s is not None:
                headers["Access-Control-Max-Age"] = str(rule.max_age_s)
            return headers
    return None


def middleware(
    rule: Callable[[], Rule],
    preflight: Callable[[dict[str, str] | None], web.Response | None],
) -> Middleware:
    """Answer preflights, and note for `add_headers` what an answer has to say.

    Args:
        rule: Asked at each request, so that a changed setting works at once.
        preflight: Makes the answer from the headers that allow what was asked (None for a refusal).
            Without an answer the request goes on to its handler.
    """

    @web.middleware
    async def cors(request: web.Request, handler: Handler) -> web.StreamResponse:
        now = rule()
        asked = Preflight.read(request.method, request.headers)
        if asked is not None:
            answer = preflight(preflight_headers([now], asked))
            if answer is not None:
                return answer
        origin = request.headers.get("Origin", "")
        request[_ANSWER_HEADERS] = answer_headers([now], origin=origin, method=request.method)
        return await handler(request)

    return cors


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Mark every answer, streams and errors included: for `on_response_prepare`."""
    response.headers.update(request.get(_ANSWER_HEADERS, {}))


def answer_allowed(allowed: dict[str, str] | None) -> web.Response | None:
    """Answer a preflight as App Service does, for `middleware`.

    204 for an allowed origin; else the app, which may have OPTIONS routes, answers.
    """
    if allowed is None:
        return None
    return web.Response(status=204, headers=allowed)


def split_list(text: str) -> tuple[str, ...]:
    """The items of a list that commas separate."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _allow_origin(rule: Rule, origin: str) -> dict[str, str]:
    # Browsers refuse `*` together with credentials (Fetch, "CORS check"): the origin is named then.
    if rule.credentials or rule.names_origin(origin):
        headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if rule.credentials:
            headers["Access-Control-Allow-Credentials"] = "true"
        return headers
    return {"Access-Control-Allow-Origin": ANY}


def _matches(pattern: str, name: str) -> bool:
    if pattern.endswith(ANY):
        return name.startswith(pattern.removesuffix(ANY))
    return name == pattern
