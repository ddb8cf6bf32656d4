"""Cross-origin rules of an account. Follows Microsoft's page "Cross-Origin Resource Sharing (CORS) support for Azure Storage"."""

from __future__ import annotations

from collections.abc import Sequence

from chatkit.localcloud.storage.formats.xmltext import Element
from chatkit.localcloud.storage.state.errors import StorageError

FIELDS = ("AllowedOrigins", "AllowedMethods", "AllowedHeaders", "ExposedHeaders", "MaxAgeInSeconds")
METHODS = {"DELETE", "GET", "HEAD", "MERGE", "PATCH", "POST", "OPTIONS", "PUT"}
MOST_RULES = 5

Rule = dict[str, str]


def read_rules(element: Element) -> list[Rule]:
    """Read the Cors section of the service properties.

    Raises:
        StorageError: InvalidXmlNodeValue or InvalidXmlDocument.
    """
    return check_rules(
        [{name: rule.value(name).strip() for name in FIELDS} for rule in element.children]
    )


def check_rules(rules: list[Rule]) -> list[Rule]:
    """Return rules that the service takes, whichever way they came.

    Raises:
        StorageError: InvalidXmlNodeValue or InvalidXmlDocument.
    """
    if len(rules) > MOST_RULES:
        raise StorageError(
            "InvalidXmlDocument", details={"Reason": f"there can be {MOST_RULES} CORS rules"}
        )
    for rule in rules:
        if (
            not rule["AllowedOrigins"]
            or not rule["AllowedMethods"]
            or set(_items(rule["AllowedMethods"])) - METHODS
        ):
            raise StorageError("InvalidXmlNodeValue", details={"XmlNodeName": "CorsRule"})
        if not (rule["MaxAgeInSeconds"] or "0").isdecimal():
            raise StorageError("InvalidXmlNodeValue", details={"XmlNodeName": "MaxAgeInSeconds"})
    return rules


def element(rules: Sequence[Rule]) -> Element:
    """The Cors section of the service properties."""
    return Element(
        "Cors",
        [Element("CorsRule", [Element(name, rule[name]) for name in FIELDS]) for rule in rules],
    )


def preflight(rules: Sequence[Rule], *, origin: str, method: str, headers: str) -> dict[str, str]:
    """Headers of the answer to OPTIONS.

    Args:
        rules: The account's.
        origin: The Origin header.
        method: Access-Control-Request-Method.
        headers: Access-Control-Request-Headers.

    Raises:
        StorageError: CorsPreflightFailure when no rule lets the request pass.
    """
    for rule in rules:
        if (
            _origin_allowed(rule, origin)
            and method in _items(rule["AllowedMethods"])
            and _headers_allowed(rule, headers)
        ):
            answer = {**_allow(rule, origin), "Access-Control-Allow-Methods": method}
            if headers:
                answer["Access-Control-Allow-Headers"] = headers
            return answer | {"Access-Control-Max-Age": rule["MaxAgeInSeconds"] or "0"}
    raise StorageError("CorsPreflightFailure")


def response_headers(rules: Sequence[Rule], *, origin: str, method: str) -> dict[str, str]:
    """Headers that let a page read an answer; none when no rule does."""
    if not origin:
        return {"Vary": "Origin"} if rules else {}
    for rule in rules:
        if _origin_allowed(rule, origin) and method in _items(rule["AllowedMethods"]):
            exposed = (
                {"Access-Control-Expose-Headers": rule["ExposedHeaders"]}
                if rule["ExposedHeaders"]
                else {}
            )
            return {**_allow(rule, origin), **exposed}
    return {"Vary": "Origin"} if rules else {}


def _allow(rule: Rule, origin: str) -> dict[str, str]:
    if rule["AllowedOrigins"] == "*":
        return {"Access-Control-Allow-Origin": "*"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


def _origin_allowed(rule: Rule, origin: str) -> bool:
    return any(allowed in ("*", origin) for allowed in _items(rule["AllowedOrigins"]))


def _headers_allowed(rule: Rule, wanted: str) -> bool:
    allowed = [item.lower() for item in _items(rule["AllowedHeaders"])]
    return all(
        any(_matches(pattern, name) for pattern in allowed)
        for name in map(str.lower, _items(wanted))
    )


def _matches(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
