"""The resource type of docs/contributing.md, saved beside the others, does what every type does."""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit.localcloud.resource_manager import providers
from tests.localcloud.resource_manager.arm_cloud import LocalCloud, Planes
from tests.localcloud.resource_manager.raw import Raw

PAGE = Path(__file__).parents[4] / "docs" / "contributing.md"
NAME = "public_ip_addresses"
TYPE = "Microsoft.Network/publicIPAddresses"
VERSION = "2024-05-01"
RESOURCES = "2025-04-01"
WANTED = {"location": "East US 2", "tags": {"for": "page"}}


def text_of_the_page() -> str:
    """The module that the page shows."""
    found = re.search(r"```python provider\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert found is not None
    return found[1]


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Raw]:
    """A local cloud with the type of the page, its provider registered, and a group."""
    (tmp_path / f"{NAME}.py").write_text(text_of_the_page(), encoding="utf-8")
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    cloud = LocalCloud(tmp_path / "local", Planes())
    cloud.start()
    raw = Raw(cloud)
    raw("PUT", raw.group, {"location": "eastus2"})
    subscription = raw.group.removesuffix("/resourceGroups/class")
    namespace = f"{subscription}/providers/Microsoft.Network"
    assert raw("POST", f"{namespace}/register", version=RESOURCES).status == 200
    yield raw
    cloud.stop()
    sys.modules.pop(f"{providers.__name__}.{NAME}", None)


def url(raw: Raw, name: str = "front") -> str:
    """An address in the group."""
    return f"{raw.group}/providers/{TYPE}/{name}"


def test_the_text_is_short() -> None:
    """A type takes less than 60 lines."""
    assert len(text_of_the_page().splitlines()) < 60


def test_it_is_created_shown_and_changed(added: Raw) -> None:
    """201, then the same in a GET; a second PUT is 200 and keeps the id; a PATCH sets tags."""
    made = added("PUT", url(added), WANTED, version=VERSION)
    assert (made.status, made.body["id"], made.body["location"]) == (201, url(added), "eastus2")
    assert added("GET", url(added, "FRONT"), version=VERSION).body == made.body
    assert added("HEAD", url(added), version=VERSION).status == 204
    again = added("PUT", url(added, "Front"), WANTED, version=VERSION)
    assert (again.status, again.body["id"]) == (200, url(added))
    changed = added("PATCH", url(added), {"tags": {"a": "b"}}, version=VERSION)
    assert (changed.status, changed.body["tags"]) == (200, {"a": "b"})


def test_it_is_listed_with_the_others(added: Raw) -> None:
    """In its group, in the subscription, among all resources, and under its namespace."""
    added("PUT", url(added), WANTED, version=VERSION)
    subscription = added.group.removesuffix("/resourceGroups/class")
    lists = [
        added("GET", f"{added.group}/providers/{TYPE}", version=VERSION),
        added("GET", f"{subscription}/providers/{TYPE}", version=VERSION),
        added("GET", f"{added.group}/resources", version=RESOURCES),
        added("GET", f"{subscription}/resources", version=RESOURCES),
    ]
    assert [[one["name"] for one in reply.body["value"]] for reply in lists] == [["front"]] * 4
    shown = added("GET", f"{subscription}/providers/Microsoft.Network", version=RESOURCES).body
    assert [one["resourceType"] for one in shown["resourceTypes"]] == ["publicIPAddresses"]
    tags = f"{url(added)}/providers/Microsoft.Resources/tags/default"
    assert added("GET", tags, version=RESOURCES).body["properties"]["tags"] == {"for": "page"}


@pytest.mark.parametrize(
    ("name", "body", "version", "code"),
    [
        ("-front", WANTED, VERSION, "InvalidResourceName"),
        ("front", {}, VERSION, "LocationRequired"),
        ("front", {"location": "atlantis"}, VERSION, "LocationNotAvailableForResourceType"),
        ("front", WANTED, "1999-01-01", "NoRegisteredProviderFound"),
        (
            "front",
            {**WANTED, "properties": {"publicIPAllocationMethod": "x"}},
            VERSION,
            "InvalidParameter",
        ),
    ],
)
def test_it_refuses_what_azure_refuses(
    added: Raw, name: str, body: object, version: str, code: str
) -> None:
    """Name, location, api-version, a value of its own; nothing is made."""
    assert added("PUT", url(added, name), body, version=version).code == code
    assert added("GET", url(added, name), version=VERSION).status == 404


def test_it_stays_where_it_is(added: Raw) -> None:
    """A PUT with another location is refused."""
    added("PUT", url(added), WANTED, version=VERSION)
    moved = added("PUT", url(added), {"location": "westus2"}, version=VERSION)
    assert (moved.status, moved.code) == (409, "InvalidResourceLocation")


def test_it_needs_a_registration_and_a_role(added: Raw) -> None:
    """409 without the one, 403 without the other."""
    subscription = added.group.removesuffix("/resourceGroups/class")
    namespace = f"{subscription}/providers/Microsoft.Network"
    added("POST", f"{namespace}/unregister", version=RESOURCES)
    refused = added("PUT", url(added), WANTED, version=VERSION)
    assert refused.code == "MissingSubscriptionRegistration"
    tokens = added.cloud.entra.tokens
    stranger = Raw(added.cloud, tokens.issue("https://management.azure.com", {"oid": "x"}))
    reply = stranger("DELETE", url(added), version=VERSION)
    assert (reply.status, f"{TYPE}/delete" in reply.body["error"]["message"]) == (403, True)


def test_it_is_deleted_alone_and_with_its_group(added: Raw) -> None:
    """200, then 204; a group takes along what is left."""
    for name in ("front", "back"):
        added("PUT", url(added, name), WANTED, version=VERSION)
    statuses = [added("DELETE", url(added), version=VERSION).status for _ in range(2)]
    assert statuses == [200, 204]
    deletion = added("DELETE", added.group)
    assert added("GET", deletion.headers["Location"]).status == 200
    added("PUT", added.group, {"location": "eastus2"})
    assert added("GET", url(added, "back"), version=VERSION).status == 404


def test_a_deletion_waits_for_a_change(added: Raw) -> None:
    """The lock of the base is the one of the type."""
    added("PUT", url(added), WANTED, version=VERSION)
    locks = added.cloud.arm.context.locks

    async def delete_while_locked() -> bool:
        async with locks.of(url(added)):
            reply = asyncio.create_task(
                asyncio.to_thread(added, "DELETE", url(added), version=VERSION)
            )
            _, waiting = await asyncio.wait([reply], timeout=0.3)
        return bool(waiting) and (await reply).status == 200

    assert added.cloud.run(delete_while_locked())


def test_it_outlives_a_restart(added: Raw) -> None:
    """The same document comes back."""
    made = added("PUT", url(added), WANTED, version=VERSION).body
    added.cloud.stop()
    added.cloud.start()
    assert added("GET", url(added), version=VERSION).body == made
