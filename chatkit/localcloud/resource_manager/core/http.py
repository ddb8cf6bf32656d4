"""One request and one answer, apart from any web framework."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from chatkit.localcloud.entra.tokens import Claims
from chatkit.localcloud.resource_manager.core import errors

Json = Any


@dataclass
class Call:
    """One request that has found its operation.

    Attributes:
        method: HTTP method.
        path: Path as the client wrote it.
        params: Values of the path template's placeholders, as written by the client.
        query: Query parameters, names lower-case.
        headers: Header fields, names lower-case.
        raw: Body bytes.
        base_url: Scheme, host and port as the client reached us: polling URLs are built on it.
        claims: Who asks; None for the few operations open to everybody.
    """

    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes
    base_url: str
    claims: Claims | None = None

    @property
    def api_version(self) -> str:
        """The api-version asked for."""
        return self.query.get("api-version", "")

    @property
    def actor(self) -> str:
        """Name for `systemData`."""
        return self.claims.name if self.claims else ""

    def body(self) -> dict[str, Any]:
        """The body as a JSON object; an absent one is empty.

        Raises:
            ArmError: Not JSON, or not an object.
        """
        if not self.raw.strip():
            return {}
        try:
            value = json.loads(self.raw)
        except (ValueError, RecursionError):
            raise errors.invalid_body("The body is not valid JSON.") from None
        if not isinstance(value, dict):
            raise errors.invalid_body("The body must be a JSON object.")
        return value

    def required_body(self) -> dict[str, Any]:
        """The body, which must be there.

        Raises:
            ArmError: Missing, not JSON, or not an object.
        """
        if not self.raw.strip():
            raise errors.ArmError(
                400, "MissingRequestBody", "The request body is missing: a JSON object is expected."
            )
        return self.body()


@dataclass
class Answer:
    """What goes back."""

    status: int = 200
    body: Json = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    content_type: str = "application/json; charset=utf-8"


def merge(old: Json, patch: Json) -> Json:
    """RFC 7386 merge patch."""
    if not isinstance(patch, dict) or not isinstance(old, dict):
        return patch
    merged = dict(old)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(old.get(name), value)
    return merged
