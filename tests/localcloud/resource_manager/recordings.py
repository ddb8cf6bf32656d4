"""Recordings of the Azure CLI's own tests against Azure, in a short form, and how it is made.

A recording is what one test of https://github.com/Azure/azure-cli or of
https://github.com/Azure/azure-dev (both MIT) has sent and got. The short
form in `tests/data/azure/recordings` keeps the requests, the statuses, and of each answer which
fields it has and of which type, and of its values only those that Azure has chosen (`FIXED`): no
name, no id, no secret. `distill` makes it:

    python -m tests.localcloud.resource_manager.recordings CASSETTE.yaml
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

FOLDER = Path(__file__).parents[2] / "data" / "azure" / "recordings"
SUBSCRIPTION = re.compile(r"^/subscriptions/[0-9a-f-]{36}")
# An operation that is polled; its id is that of the recording, and replaced by the one given here.
POLLS = {"/operationstatuses/": "{status}", "/operationresults/": "{location}"}
POLLS["/asyncoperations/"] = "{location}"
# Names of fields whose texts are Azure's words, the same for everybody.
FIXED = {
    *("type", "kind", "tier", "provisioningState", "keySource", "keyType", "statusOfPrimary"),
    *("accessTier", "minimumTlsVersion", "bypass", "defaultAction", "permissions", "scmType"),
    *("unauthenticatedClientAction", "runtimeVersion", "convention", "timeToExpiration", "state"),
    *("nonceExpirationInterval", "apiPrefix", "clearInboundClaimsMapping", "configVersion"),
    *("httpApiPrefixPath", "isAuthFromFile", "legalAgeGroupRule", "availabilityState", "origin"),
    *("usageState", "sslState", "hostType", "redundancyMode", "exposedHeaders[]", "minTlsVersion"),
    *("ftpsState", "signInAudience", "loadBalancing", "managedPipelineMode", "code"),
}
SECRET = re.compile(r"(AccountKey=|veryFaked)[^;\"]*")
Shape = dict[str, str]
Fixed = dict[str, list[Any]]


@dataclass(frozen=True)
class Step:
    """One request of a recording and what Azure has answered.

    Attributes:
        method: Of the request.
        url: Its path and query, `{sub}` for the subscription and `{graph}` for Microsoft Graph;
            `{status}` and `{location}` poll the operation that was begun last.
        body: JSON, None for none.
        status: Of the answer.
        shape: Type of each field of the answer, by path. Fields that are null are left out.
        fixed: The values that Azure has chosen, by path.
        keeps: Fields of the answer that later requests name, by the word they are named with.
    """

    method: str
    url: str
    body: Any
    status: int
    shape: Shape
    fixed: Fixed
    keeps: dict[str, str]


def names() -> list[str]:
    """Every recording."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> list[Step]:
    """Read one recording."""
    content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    shapes: list[Shape] = content["shapes"]
    return [
        Step(
            step["method"],
            step["url"],
            step.get("body"),
            step["status"],
            shapes[step["shape"]],
            step.get("fixed", {}),
            step.get("keeps", {}),
        )
        for step in content["steps"]
    ]


def shape(value: Any) -> Shape:
    """The type of each field of a JSON value, by path; items of a list share one path."""
    return dict(sorted(_fields("", value)))


def fixed(value: Any) -> Fixed:
    """The values of an answer that Azure has chosen: switches, and texts of the names in `FIXED`.

    Items of a list share one path, in their order.
    """
    found: Fixed = {}
    for path, item in _values("", value):
        if isinstance(item, bool) or path.rpartition(".")[2] in FIXED:
            found.setdefault(path, []).append(item)
    return dict(sorted(found.items()))


def _values(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    match value:
        case dict():
            for name, part in value.items():
                yield from _values(f"{path}.{name}".lstrip("."), part)
        case list():
            for part in value:
                yield from _values(f"{path}[]", part)
        case bool() | int() | float() | str():
            yield path, value


def _fields(path: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            yield path or ".", "object"
            for name, part in value.items():
                yield from _fields(f"{path}.{name}".lstrip("."), part)
        case list():
            yield path or ".", "list"
            for part in value:
                yield from _fields(f"{path}[]", part)
        case bool():
            yield path, "bool"
        case int() | float():
            yield path, "number"
        case str():
            yield path, "text"


def distill(cassette: Path) -> dict[str, Any]:
    """The short form of a recording; polls that say the same one after the other are one."""
    shapes: list[Shape] = []
    steps: list[dict[str, Any]] = []
    for method, uri, body, status, answer in _interactions(cassette):
        if "//management." not in uri or "/deployments" in uri:
            continue  # other services, and template deployments
        fields = shape(answer)
        if fields not in shapes:
            shapes.append(fields)
        step: dict[str, Any] = {"method": method, "url": _url(uri)}
        given = _parsed(SECRET.sub(r"\1MASKED", body))
        if given is not None:
            step["body"] = given
        step |= {"status": status, "shape": shapes.index(fields), "fixed": fixed(answer)}
        if steps and step["url"].startswith("{") and steps[-1]["url"] == step["url"]:
            steps.pop()
        steps.append(step)
    return {"source": cassette.name, "steps": steps, "shapes": shapes}


def _interactions(cassette: Path) -> Iterator[tuple[str, str, str, int, Any]]:
    """Method, URL, body, status and answer of each request, in the forms of both projects."""
    import yaml

    for one in yaml.safe_load(cassette.read_text(encoding="utf-8"))["interactions"]:
        request = one["request"]
        response = one["response"]
        if "uri" in request:
            uri = request["uri"]
            status = response["status"]["code"]
            answer = response["body"]["string"]
        else:
            uri = request["url"]
            status = response["code"]
            answer = response["body"]
        if isinstance(answer, str):
            answer = _parsed(answer)
        yield request["method"], uri, request["body"] or "", status, answer


def _url(uri: str) -> str:
    parts = urlsplit(uri)
    for sign, name in POLLS.items():
        if sign in parts.path.lower():
            return name
    kept = [(name, text) for name, text in parse_qsl(parts.query) if len(name) > 1]
    path = SUBSCRIPTION.sub("{sub}", parts.path)
    return f"{path}?{urlencode(kept, safe='$')}"


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        short = json.dumps(distill(Path(argument)), indent=1, ensure_ascii=False)
        name = Path(argument).name.partition(".")[0].rpartition("__")[2].lower()
        path = FOLDER / f"{name.removeprefix('test_')}.json"
        path.write_text(f"{short}\n", encoding="utf-8")
