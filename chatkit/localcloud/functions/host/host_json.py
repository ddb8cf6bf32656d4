"""`host.json`: the parts that decide how an app is served.

Follows Microsoft's page "host.json reference for Azure Functions".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatkit.core.reading import commented_json, texts
from chatkit.localcloud.functions.host import bundles
from chatkit.localcloud.functions.host.bundles import Bundle
from chatkit.localcloud.functions.host.errors import AppInvalid

OVERRIDE = "AzureFunctionsJobHost__"
TIMESPAN = re.compile(r"^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?$")
# A token of RFC 9110 §5.6.2.
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
DEFAULT_TIMEOUT_S = 30 * 60.0


@dataclass(frozen=True)
class BlobOptions:
    """`extensions.blobs` of host.json.

    Attributes:
        max_parallel: Blobs that one function gets at the same time.
        max_tries: How often a blob is given to a function that fails.
    """

    max_parallel: int = 8
    max_tries: int = 5


@dataclass(frozen=True)
class HostJson:
    """What the host takes from host.json.

    Attributes:
        route_prefix: "api" unless `extensions.http.routePrefix` says otherwise; may be empty.
        timeout_s: `functionTimeout`; None for unbounded ("-1").
        bundle: The extension bundle in use; None without one, then only HTTP and timers work.
        custom_headers: Added to every response.
        max_outstanding: Requests above this are answered 429; None for no limit.
        only: Names of the functions to load, lower-case; empty for all.
        blobs: How blob triggers work.
    """

    route_prefix: str = "api"
    timeout_s: float | None = DEFAULT_TIMEOUT_S
    bundle: Bundle | None = None
    custom_headers: dict[str, str] = field(default_factory=dict)
    max_outstanding: int | None = None
    only: frozenset[str] = frozenset()
    blobs: BlobOptions = BlobOptions()

    @property
    def has_bundle(self) -> bool:
        """Whether bindings beyond HTTP and timers work."""
        return self.bundle is not None


def load(folder: Path, settings: Mapping[str, str] | None = None) -> HostJson:
    """Read an app's host.json; app settings named `AzureFunctionsJobHost__a__b` replace its values.

    The host reads it with Json.NET, which lets comments be.

    Raises:
        AppInvalid: The file is missing or malformed.
    """
    path = folder / "host.json"
    try:
        text = texts.read(path)
    except FileNotFoundError:
        hint = 'Every function app has one; the smallest is {"version": "2.0"}.'
        raise AppInvalid(f"There is no host.json in {folder.name}.", hint=hint) from None
    except UnicodeDecodeError:
        raise AppInvalid("host.json is not UTF-8 text.") from None
    except OSError as error:
        raise AppInvalid(f"host.json cannot be read: {error.strerror}.") from None
    try:
        data = commented_json.loads(text)
    except ValueError as error:
        raise AppInvalid(f"host.json is not valid JSON: {error}.") from None
    known = settings or {}
    return parse(_overridden(data, known), is_flex=known.get("WEBSITE_SKU") == "FlexConsumption")


def _overridden(data: Any, settings: Mapping[str, str]) -> Any:
    for name, value in settings.items():
        if not name.startswith(OVERRIDE) or not isinstance(data, dict):
            continue
        *path, last = name.removeprefix(OVERRIDE).split("__")
        target = data
        for part in path:
            target = target.setdefault(_spelled(target, part), {})
            if not isinstance(target, dict):
                raise AppInvalid(
                    f"The app setting {name} names something that is no object in host.json."
                )
        is_number = re.fullmatch(r"-?\d+", value) is not None
        target[_spelled(target, last)] = int(value) if is_number else value
    return data


def _spelled(data: dict[str, Any], name: str) -> str:
    """A key as the file spells it; settings compare without case."""
    return next((key for key in data if key.lower() == name.lower()), name)


def parse(data: Any, *, is_flex: bool = False) -> HostJson:
    """Take what the host needs.

    Args:
        data: The content of host.json.
        is_flex: The app is deployed to Flex Consumption.

    Raises:
        AppInvalid: A value has the wrong shape.
    """
    if not isinstance(data, dict):
        raise AppInvalid("host.json must hold a JSON object.")
    if data.get("version") != "2.0":
        raise AppInvalid('host.json must say "version": "2.0".')
    extensions = _object(data, "extensions")
    http = _object(extensions, "http")
    prefix = http.get("routePrefix", "api")
    if not isinstance(prefix, str):
        raise AppInvalid("routePrefix in host.json must be text.")
    limit = http.get("maxOutstandingRequests")
    if not isinstance(limit, int) or limit < 0:
        limit = None
    return HostJson(
        route_prefix=prefix.strip("/"),
        timeout_s=_timeout(data.get("functionTimeout")),
        bundle=bundles.used(_object(data, "extensionBundle"), is_flex=is_flex),
        custom_headers=_headers(_object(http, "customHeaders")),
        max_outstanding=limit,
        only=_only(data.get("functions")),
        blobs=_blobs(_object(extensions, "blobs")),
    )


def _blobs(blobs: dict[str, Any]) -> BlobOptions:
    return BlobOptions(
        max_parallel=_count(blobs, "maxDegreeOfParallelism", BlobOptions.max_parallel),
        max_tries=_count(blobs, "poisonBlobThreshold", BlobOptions.max_tries),
    )


def _count(data: dict[str, Any], name: str, default: int) -> int:
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise AppInvalid(f"{name} in host.json must be a number of at least 1, not {value!r}.")
    return value


def _object(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name) or {}
    if not isinstance(value, dict):
        raise AppInvalid(f"{name} in host.json must be an object.")
    return value


def _headers(headers: dict[str, Any]) -> dict[str, str]:
    found = {str(name): str(value) for name, value in headers.items()}
    for name, value in found.items():
        if not HEADER_NAME.fullmatch(name) or CONTROL.search(value):
            raise AppInvalid(
                f"customHeaders in host.json has a header that cannot be sent: {name!r}."
            )
    return found


def _only(functions: object) -> frozenset[str]:
    """`functions` of host.json: a list, or an object with numbers when it comes from settings."""
    if isinstance(functions, dict):
        functions = [*functions.values()]
    if not isinstance(functions, list):
        return frozenset()
    return frozenset(str(name).lower() for name in functions)


def _timeout(text: object) -> float | None:
    if text is None:
        return DEFAULT_TIMEOUT_S
    if str(text) in ("-1", "-00:00:01"):
        return None
    found = TIMESPAN.match(str(text))
    if not found:
        raise AppInvalid(f'functionTimeout in host.json must look like "00:05:00", not {text!r}.')
    days, hours, minutes, seconds = (int(group or 0) for group in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if total <= 0:
        raise AppInvalid("functionTimeout in host.json must be more than zero, or -1 for none.")
    return float(total)
