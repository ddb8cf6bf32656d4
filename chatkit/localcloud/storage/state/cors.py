"""Cross-origin rules of an account.

Follows Microsoft's page "Cross-Origin Resource Sharing (CORS) support for Azure Storage".
"""

from __future__ import annotations

from collections.abc import Sequence

from chatkit.localcloud.core.cors import ANY, Rule, split_list
from chatkit.localcloud.core.web import whole_number
from chatkit.localcloud.storage.formats.xmltext import Element
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.spec import CorsRule

METHODS = {"DELETE", "GET", "HEAD", "MERGE", "PATCH", "POST", "OPTIONS", "PUT"}
MAX_RULES = 5


def read_rules(element: Element) -> list[CorsRule]:
    """Read the Cors section of the service properties.

    Raises:
        StorageError: InvalidXmlNodeValue or InvalidXmlDocument.
    """
    rules = [
        CorsRule(
            AllowedOrigins=rule.value("AllowedOrigins").strip(),
            AllowedMethods=rule.value("AllowedMethods").strip(),
            AllowedHeaders=rule.value("AllowedHeaders").strip(),
            ExposedHeaders=rule.value("ExposedHeaders").strip(),
            MaxAgeInSeconds=rule.value("MaxAgeInSeconds").strip(),
        )
        for rule in element.children
    ]
    return check_rules(rules)


def check_rules(rules: list[CorsRule]) -> list[CorsRule]:
    """Return rules that the service takes, whether they came as XML or from Resource Manager.

    Raises:
        StorageError: InvalidXmlNodeValue or InvalidXmlDocument.
    """
    if len(rules) > MAX_RULES:
        raise StorageError(
            "InvalidXmlDocument", details={"Reason": f"there can be {MAX_RULES} CORS rules"}
        )
    for rule in rules:
        methods = split_list(rule["AllowedMethods"])
        if not rule["AllowedOrigins"] or not rule["AllowedMethods"] or set(methods) - METHODS:
            raise StorageError("InvalidXmlNodeValue", details={"XmlNodeName": "CorsRule"})
        if whole_number(rule["MaxAgeInSeconds"] or "0") is None:
            raise StorageError("InvalidXmlNodeValue", details={"XmlNodeName": "MaxAgeInSeconds"})
    return rules


def element(rules: Sequence[CorsRule]) -> Element:
    """The Cors section of the service properties, as it was set."""
    return Element("Cors", [_rule_element(rule) for rule in rules])


def _rule_element(rule: CorsRule) -> Element:
    return Element(
        "CorsRule",
        [
            Element("AllowedOrigins", rule["AllowedOrigins"]),
            Element("AllowedMethods", rule["AllowedMethods"]),
            Element("AllowedHeaders", rule["AllowedHeaders"]),
            Element("ExposedHeaders", rule["ExposedHeaders"]),
            Element("MaxAgeInSeconds", rule["MaxAgeInSeconds"]),
        ],
    )


def effective(rules: Sequence[CorsRule]) -> list[Rule]:
    """The rules as requests meet them."""
    return [_effective(rule) for rule in rules]


def _effective(rule: CorsRule) -> Rule:
    origins = split_list(rule["AllowedOrigins"])
    return Rule(
        origins=origins,
        methods=split_list(rule["AllowedMethods"]),
        headers=split_list(rule["AllowedHeaders"]),
        exposed_headers=rule["ExposedHeaders"],
        max_age_s=int(rule["MaxAgeInSeconds"] or "0"),
        # Microsoft's table "How the Blob service evaluates": `*` alone is answered with `*`,
        # anything else with the origin itself and credentials.
        credentials=origins != (ANY,),
    )
