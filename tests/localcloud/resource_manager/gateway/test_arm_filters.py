"""`$filter` on lists of groups, resources, role assignments and role definitions."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.localcloud.resource_manager.raw import Raw

SIGNALR = "/providers/Microsoft.SignalRService/SignalR"
STORAGE = "/providers/Microsoft.Storage/storageAccounts"
ROLES = "/providers/Microsoft.Authorization"
ROLES_VERSION = "2022-04-01"
STRANGER = "11111111-1111-1111-1111-111111111111"


@pytest.fixture
def filled(raw: Raw) -> Raw:
    """An instance with a tag and an account."""
    free = {"location": "westus2", "sku": {"name": "Free_F1"}, "tags": {"Stage": "it's on"}}
    account = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    raw("PUT", f"{raw.group}{SIGNALR}/chat-1", free)
    raw("PUT", f"{raw.group}{STORAGE}/chatstore1", account)
    return raw


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["chat-1", "chatstore1"]),
        ("resourceType eq 'microsoft.signalrservice/signalr'", ["chat-1"]),
        ("(name eq 'chatstore1')", ["chatstore1"]),
        ("location eq 'westus2' and name eq 'CHAT-1'", ["chat-1"]),
        ("location eq 'westus2' and name eq 'chatstore1'", []),
        ("resourceGroup eq 'class' and location eq 'eastus2'", ["chatstore1"]),
        ("tagName eq 'stage'", ["chat-1"]),
        ("tagName eq 'stage' and tagValue eq 'it''s on'", ["chat-1"]),
        ("tagName eq 'stage' and tagValue eq 'off'", []),
    ],
)
def test_a_list_of_resources_keeps_what_fits(filled: Raw, text: str, names: list[str]) -> None:
    """In the group and in the subscription."""
    subscription = filled.group.removesuffix("/resourceGroups/class")
    for scope in (filled.group, subscription):
        found = filled("GET", f"{scope}/resources?$filter={quote(text)}").body["value"]
        assert [one["name"] for one in found] == names


@pytest.mark.parametrize(
    "text",
    [
        "name eq",
        "name eq 'a' or name eq 'b'",
        "name ne 'a'",
        "identity eq 'a'",
        "startswith(name, 'a')",
        "name eq 'a' and (",
    ],
)
def test_a_filter_that_would_be_half_understood_is_refused(filled: Raw, text: str) -> None:
    """400 that names the filter: a list of everything would be taken for the answer."""
    reply = filled("GET", f"{filled.group}/resources?$filter={quote(text)}")
    assert (reply.status, reply.code) == (400, "InvalidFilterInQueryString")
    assert text in reply.body["error"]["message"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("atScope()", 5),
        (f"principalId eq '{STRANGER}'", 0),
        (f"assignedTo('{STRANGER}')", 0),
        (f"atScope() and assignedTo('{STRANGER}')", 0),
    ],
)
def test_role_assignments_are_those_of_a_principal(raw: Raw, text: str, count: int) -> None:
    """Three people have one each; the kit's own principal owns, and uses blobs."""
    path = f"{raw.group}{ROLES}/roleAssignments?$filter={quote(text)}"
    assert len(raw("GET", path, version=ROLES_VERSION).body["value"]) == count


def test_a_role_is_found_by_its_name(raw: Raw) -> None:
    """Its display name, in any case."""
    text = quote("roleName eq 'reader'")
    path = f"{raw.group}{ROLES}/roleDefinitions?$filter={text}"
    (found,) = raw("GET", path, version=ROLES_VERSION).body["value"]
    assert found["properties"]["roleName"] == "Reader"
