"""Operations on the account's blob service: properties, information, user delegation keys."""

from __future__ import annotations

import re

from chatkit.localcloud.core.web import whole_number
from chatkit.localcloud.storage.auth import delegation
from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.formats.xmltext import Element, parse
from chatkit.localcloud.storage.operations.call import Answer, Call, xml_answer
from chatkit.localcloud.storage.state import cors
from chatkit.localcloud.storage.state.errors import StorageError, not_provided
from chatkit.localcloud.storage.state.models import Account
from chatkit.localcloud.storage.state.spec import CorsRule, StaticWebsite

KEPT = ("Logging", "HourMetrics", "MinuteMetrics", "DefaultServiceVersion", "DeleteRetentionPolicy")
MAX_RETENTION_DAYS = 365
SECTIONS = {*KEPT, "Cors", "StaticWebsite"}
NO_RETENTION = "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>"
NO_METRICS = f"<Version>1.0</Version><Enabled>false</Enabled>{NO_RETENTION}"
DEFAULTS = {
    "Logging": "<Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read>"
    f"<Write>false</Write>{NO_RETENTION}</Logging>",
    "HourMetrics": f"<HourMetrics>{NO_METRICS}</HourMetrics>",
    "MinuteMetrics": f"<MinuteMetrics>{NO_METRICS}</MinuteMetrics>",
    "DeleteRetentionPolicy": "<DeleteRetentionPolicy><Enabled>false</Enabled>"
    "</DeleteRetentionPolicy>",
}
BOOLEAN = {"true": True, "false": False}
BAD_PATH = re.compile(r"^/|//|[?#\\]")


async def get_properties(call: Call) -> Answer:
    """Get Blob Service Properties."""
    account = call.account
    kept = {**DEFAULTS, **account.service}
    sections = [parse(kept[name].encode()) for name in KEPT if name in kept]
    # The order of Microsoft's page "Get Blob Service Properties".
    sections.insert(3, cors.element(account.cors))
    sections.append(_website_element(account.website))
    return xml_answer(Element("StorageServiceProperties", sections))


async def set_properties(call: Call) -> Answer:
    """Set Blob Service Properties: what the document does not name stays as it is."""
    given = await call.request.read_xml()
    if given.name != "StorageServiceProperties":
        raise StorageError("InvalidXmlDocument")
    for section in given.children:
        if section.name not in SECTIONS:
            raise StorageError(
                "InvalidXmlDocument", details={"Reason": f"{section.name} is no service property"}
            )
        _check_retention(section)
    website = given.child("StaticWebsite")
    rules = given.child("Cors")
    # Both are read before anything changes: a document that is refused changes nothing.
    new_website = None
    if website is not None:
        new_website = read_website(website)
    new_rules = None
    if rules is not None:
        new_rules = cors.read_rules(rules)
    _apply(call, given, new_website, new_rules)
    return Answer(202)


def _check_retention(section: Element) -> None:
    of_blobs = section.name == "DeleteRetentionPolicy"
    policy: Element | None = section
    if not of_blobs:
        policy = section.child("RetentionPolicy")
    if policy is None or policy.value("Enabled").lower() != "true":
        return
    days = whole_number(policy.value("Days"))
    if days is None or not 1 <= days <= MAX_RETENTION_DAYS:
        raise StorageError(
            "InvalidXmlDocument", details={"Reason": f"Days is 1 to {MAX_RETENTION_DAYS}"}
        )
    if of_blobs:
        raise not_provided("Soft delete")


def _apply(
    call: Call, given: Element, website: StaticWebsite | None, rules: list[CorsRule] | None
) -> None:
    account: Account = call.account
    account.service |= {
        section.name: section.render() for section in given.children if section.name in KEPT
    }
    if rules is not None:
        account.cors = rules
    if website is not None:
        call.repository.set_website(account, website)
    else:
        call.repository.save_account(account)


def read_website(element: Element) -> StaticWebsite:
    """Read the StaticWebsite section.

    Raises:
        StorageError: InvalidXmlNodeValue or MissingRequiredXmlNode.
    """
    enabled = BOOLEAN.get(element.value("Enabled").lower())
    if enabled is None:
        raise StorageError("MissingRequiredXmlNode", details={"XmlNodeName": "Enabled"})
    website = StaticWebsite(
        enabled,
        index_document=element.value("IndexDocument"),
        default_index_document_path=element.value("DefaultIndexDocumentPath"),
        error_document_404_path=element.value("ErrorDocument404Path"),
    )
    if not enabled:
        return StaticWebsite()
    both = website.index_document and website.default_index_document_path
    if both or "/" in website.index_document or BAD_PATH.search(website.error_document_404_path):
        raise StorageError("InvalidXmlNodeValue", details={"XmlNodeName": "StaticWebsite"})
    return website


def _website_element(website: StaticWebsite) -> Element:
    values = {
        "IndexDocument": website.index_document,
        "DefaultIndexDocumentPath": website.default_index_document_path,
        "ErrorDocument404Path": website.error_document_404_path,
    }
    shown = [Element(name, value) for name, value in values.items() if value]
    return Element("StaticWebsite", [Element("Enabled", str(website.enabled).lower()), *shown])


async def get_account_information(_call: Call) -> Answer:
    """Get Account Information."""
    kind = {
        "x-ms-sku-name": "Standard_LRS",
        "x-ms-account-kind": "StorageV2",
        "x-ms-is-hns-enabled": "false",
    }
    return Answer(200, kind)


async def get_user_delegation_key(call: Call) -> Answer:
    """Get User Delegation Key: for principals that came with a bearer token."""
    given = await call.request.read_xml()
    claims = call.access.claims
    if claims is None:
        raise StorageError(
            "AuthenticationFailed",
            details={"AuthenticationErrorDetail": "Only a bearer token gets a key."},
        )
    key = delegation.read_request(given, claims)
    return xml_answer(delegation.element(key, delegation.value(call.account.secret, key)))


async def get_statistics(_call: Call) -> Answer:
    """Get Blob Service Stats: a locally redundant account has no secondary location to tell of."""
    raise StorageError(
        "InvalidQueryParameterValue",
        details={"QueryParameterName": "comp", "Time": dates.iso(dates.now())},
    )
