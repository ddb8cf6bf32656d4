"""Tags: kept with a resource or a group, set apart from it, filtered and limited."""

from __future__ import annotations

from tests.localcloud.resource_manager.raw import Raw

SIGNALR = "/providers/Microsoft.SignalRService/SignalR"
FREE = {"location": "eastus2", "sku": {"name": "Free_F1"}}


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
