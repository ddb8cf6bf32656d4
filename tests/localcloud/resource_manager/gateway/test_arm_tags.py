"""Tags: kept with a resource or a group, set apart from it, filtered and limited."""

from __future__ import annotations

from tests.localcloud.resource_manager.raw import Raw

SIGNALR = "/providers/Microsoft.SignalRService/SignalR"
FREE = {"location": "eastus2", "sku": {"name": "Free_F1"}}
TAGS = "/providers/Microsoft.Resources/tags/default"
ACCOUNT = "/providers/Microsoft.Storage/storageAccounts/chatkit0001"
REFUSED = {
    "an empty name": ({"": "x"}, "InvalidTagName"),
    "a blank name": ({" ": "x"}, "InvalidTagName"),
    "a long name": ({"n" * 513: "x"}, "InvalidTagName"),
    "a long value": ({"n": "x" * 257}, "InvalidTagValueLength"),
    "a slash": ({"kubernetes.io/name": "x"}, "InvalidTagNameCharacters"),
    "every reserved sign": ({"<>%&\\?/": "x"}, "InvalidTagNameCharacters"),
    "a control character": ({"a\nb": "x"}, "InvalidTagNameCharacters"),
}


def test_tags_are_kept_filtered_and_limited(raw: Raw) -> None:
    """At most 50; /resources and groups filter by them."""
    raw("PUT", f"{raw.group}{SIGNALR}/chat-1", {**FREE, "tags": {"course": "chat"}})
    found = raw(
        "GET",
        f"{raw.group}/resources?$filter=tagName%20eq%20'course'%20and%20tagValue%20eq%20'chat'",
    )
    assert [one["name"] for one in found.body["value"]] == ["chat-1"]
    many = {f"t{number}": "x" for number in range(51)}
    assert raw("PATCH", raw.group, {"tags": many}).code == "InvalidTags"


def test_tags_are_set_without_touching_the_rest(raw: Raw) -> None:
    """At a group and at a resource: replace, merge, delete by name or by pair, remove all."""
    raw("PUT", f"{raw.group}{SIGNALR}/chat-1", {**FREE, "tags": {"a": "1", "b": "2"}})
    for scope in (raw.group, f"{raw.group}{SIGNALR}/CHAT-1"):
        path = f"{scope}/providers/Microsoft.Resources/tags/default"
        replies = [
            raw(
                "PUT",
                path,
                {"properties": {"tags": {"a": "1", "b": "2", "c": "3"}}},
                version="2025-04-01",
            ),
            raw(
                "PATCH",
                path,
                {"operation": "Merge", "properties": {"tags": {"c": "4"}}},
                version="2025-04-01",
            ),
            raw(
                "PATCH",
                path,
                {"operation": "Delete", "properties": {"tags": {"a": "", "b": "9"}}},
                version="2025-04-01",
            ),
            raw("GET", path, version="2025-04-01"),
        ]
        assert [reply.status for reply in replies] == [200] * 4
        assert replies[1].body["properties"]["tags"] == {"a": "1", "b": "2", "c": "4"}
        assert (
            replies[3].body["properties"]["tags"]
            == {"b": "2", "c": "4"}
            == raw("GET", scope).body["tags"]
        )
        assert (
            raw("PATCH", path, {"operation": "Swap"}, version="2025-04-01").code
            == "InvalidRequestContent"
        )
        assert (
            raw("DELETE", path, version="2025-04-01").status == 200
            and raw("GET", scope).body["tags"] == {}
        )
    assert raw("GET", f"{raw.group}{SIGNALR}/chat-1").body["sku"]["name"] == "Free_F1"


def test_tags_that_azure_refuses_are_refused(raw: Raw) -> None:
    """At a group, at its tags, and at a resource, which is not made."""
    resource = f"{raw.group}{SIGNALR}/chat-1"
    for what, (given, code) in REFUSED.items():
        answers = [
            raw("PATCH", raw.group, {"tags": given}),
            raw("PUT", raw.group + TAGS, {"properties": {"tags": given}}, version="2025-04-01"),
            raw("PUT", resource, {**FREE, "tags": given}),
        ]
        assert [(one.status, one.code) for one in answers] == [(400, code)] * 3, what
    assert raw("GET", resource).status == 404
    account = {"location": "eastus2", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    path = raw.group + ACCOUNT
    assert raw("PUT", path, {**account, "tags": {"n" * 129: "x"}}).code == "InvalidTagName"
    assert raw("PUT", path, {**account, "tags": {"n" * 128: "x"}}).status in (200, 202)
    merge = {"operation": "Merge", "properties": {"tags": {"m" * 129: "x"}}}
    assert raw("PATCH", path + TAGS, merge, version="2025-04-01").code == "InvalidTagName"


def test_what_azure_keeps_of_tags_is_kept(raw: Raw) -> None:
    """What is at the limit, other signs, Azure's own tags; a name in two cases is one tag."""
    given = {
        "n" * 512: "x" * 256,
        "a:b*c+d é": "1/2?3",
        "hidden-link:/subscriptions/1/resourceGroups/x": "Resource",
        "link:/x": "y",
    }
    assert raw("PATCH", raw.group, {"tags": given}).body["tags"] == given
    tags = raw("PATCH", raw.group, {"tags": {"Course": "1", "COURSE": "2"}}).body["tags"]
    assert tags == {"Course": "2"}
    merge = {"operation": "Merge", "properties": {"tags": {"course": "3"}}}
    answer = raw("PATCH", raw.group + TAGS, merge, version="2025-04-01")
    assert answer.body["properties"]["tags"] == {"Course": "3"}
    delete = {"operation": "Delete", "properties": {"tags": {"cOURSE": ""}}}
    answer = raw("PATCH", raw.group + TAGS, delete, version="2025-04-01")
    assert answer.body["properties"]["tags"] == {}
