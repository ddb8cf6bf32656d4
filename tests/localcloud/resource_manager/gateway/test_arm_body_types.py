"""A part of a body that is of another JSON type is refused, before a provider looks into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatkit.localcloud.resource_manager.bodies import body_types
from chatkit.localcloud.resource_manager.bodies.body_types import WrongType
from tests.attacks import body_types as attacks
from tests.localcloud.resource_manager.arm_cloud import LocalCloud, Planes
from tests.localcloud.resource_manager.raw import Raw

OTHERS: dict[str, list[object]] = {
    "string": [5, True, [], {}],
    "boolean": ["yes", "true", 1, [], {}],
    "switch": ["yes", 1, [], {}],
    "integer": ["5", True, 1.5, [], {}],
    "digits": ["five", "-1", "9" * 11, True, 1.5, [], {}],
    "number": ["5", True, [], {}],
    "scalar": [[], {}],
}
PLAN = "/providers/Microsoft.Web/serverfarms/shapes"
SITE = "/providers/Microsoft.Web/sites/chat-shapes"
SITE_BODY = {"location": "eastus2", "kind": "functionapp,linux"}


def leaves(type_: Any, value: Any = None, names: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Path and type of every part of a body; what leads back to itself only once."""
    if isinstance(type_, str) and type_.startswith("#"):
        if type_ in names:
            return
        names = (*names, type_)
        type_ = body_types.document()["definitions"][type_[1:]]
    yield (names, type_)
    if isinstance(type_, dict):
        for name, part in type_.items():
            yield from leaves(part, None, (*names, name.replace("*", "any")))
    elif isinstance(type_, list):
        yield from leaves(type_[0], None, (*names, "[]"))


def body_with(names: tuple[str, ...], value: object) -> Any:
    """A body with a value at a path."""
    for name in reversed([name for name in names if not name.startswith("#")]):
        value = [value] if name == "[]" else {name: value}
    return value


def others(type_: Any) -> list[object]:
    """Values of other types."""
    if isinstance(type_, dict):
        return [5, "x", True, []]
    if isinstance(type_, list):
        return [5, "x", True, {}]
    return OTHERS.get(type_, [])


@pytest.mark.parametrize("what", body_types.document()["bodies"])
def test_every_part_of_another_type_is_named(what: str) -> None:
    """400 in Azure's words, for every part that Azure's schemas have."""
    count = 0
    for names, type_ in leaves(body_types.document()["bodies"][what]):
        for value in others(type_) if names else ():
            with pytest.raises(WrongType) as caught:
                body_types.check(body_with(names, value), what)
            last = next(name for name in reversed(names) if name[0] != "#")
            assert f"{last.replace('[]', '[0]')}' must be" in str(caught.value)
            count += 1
    assert count >= 12


@pytest.mark.parametrize("what", body_types.document()["bodies"])
def test_null_is_as_absent(what: str) -> None:
    """Clients send null for what they do not set; an entry of an array has to be there."""
    for names, type_ in leaves(body_types.document()["bodies"][what]):
        if not names:
            continue
        is_entry = [name for name in names if name[0] != "#"][-1] == "[]"
        if is_entry and type_ != body_types.ANY:
            with pytest.raises(WrongType):
                body_types.check(body_with(names, None), what)
        elif not is_entry:
            body_types.check(body_with(names, None), what)


def test_what_the_schemas_do_not_have_is_left_to_the_provider() -> None:
    """Newer api-versions have more names; whole numbers may have a point."""
    body_types.check({"later": 5, "properties": {"later": []}}, "Microsoft.Web/sites")
    body_types.check({"sku": {"capacity": 1.0}}, "Microsoft.SignalRService/SignalR")
    body_types.check({"properties": {}}, "Contoso.Own/things")


def test_a_type_of_ones_own_has_the_parts_that_all_have() -> None:
    """A module that is added needs no schema."""
    bodies: list[dict[str, object]] = [
        {"location": 5},
        {"tags": {"a": {"b": "c"}}},
        {"sku": "x"},
        {"properties": []},
    ]
    for body in bodies:
        with pytest.raises(WrongType):
            body_types.check(body, "Contoso.Own/things")


@pytest.fixture(scope="module")
def with_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raw]:
    """A Resource Manager with a site in its group."""
    running = LocalCloud(tmp_path_factory.mktemp("cloud"), Planes())
    running.start()
    raw = Raw(running)
    raw("PUT", raw.group, {"location": "eastus2"})
    for namespace in ("Microsoft.SignalRService", "Microsoft.Storage", "Microsoft.Web"):
        subscription = raw.group.rpartition("/resourceGroups/")[0]
        raw("POST", f"{subscription}/providers/{namespace}/register", version="2025-04-01")
    plan = {**SITE_BODY, "sku": {"name": "Y1"}, "properties": {"reserved": True}}
    assert raw("PUT", raw.group + PLAN, plan).status == 200
    site = {**SITE_BODY, "properties": {"serverFarmId": raw.group + PLAN}}
    assert raw("PUT", raw.group + SITE, site).status in (200, 201)
    yield raw
    running.stop()


@pytest.mark.parametrize("name", attacks.BODIES)
def test_a_wrong_type_is_not_stored(with_site: Raw, name: str) -> None:
    """Nothing is made or changed by it."""
    raw = with_site
    method, path, body = attacks.BODIES[name]
    whole = raw.group + path
    is_shown = not path.endswith(("connectionstrings",))
    before = raw("GET", whole) if is_shown else None
    reply = raw(method, whole, body)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent"), reply.body
    if before is not None:
        assert raw("GET", whole).body == before.body


def test_a_settings_value_may_be_a_number_or_a_boolean(with_site: Raw) -> None:
    """Templates and `az rest` send them, App Service takes them as text; a count has no point."""
    raw = with_site
    pairs = [
        {"name": name, "value": value} for name, value in {"A": 0, "B": False, "C": "x"}.items()
    ]
    body = {"properties": {"siteConfig": {"appSettings": pairs}}}
    assert raw("PATCH", raw.group + SITE, body).status == 200
    shown = raw("POST", f"{raw.group}{SITE}/config/appsettings/list").body["properties"]
    assert shown == {"A": "0", "B": "False", "C": "x"}
    hub = f"{raw.group}/providers/Microsoft.SignalRService/signalR/chat-count"
    sku = {"name": "Standard_S1", "capacity": 2.0}
    said = raw("PUT", hub, {"location": "eastus2", "sku": sku}).body["sku"]["capacity"]
    assert (said, type(said)) == (2, int)


def test_what_is_shown_can_be_sent_again(with_site: Raw) -> None:
    """az reads a resource, changes a part of it and puts the whole."""
    raw = with_site
    account = "/providers/Microsoft.Storage/storageAccounts/chatbodies"
    hub = "/providers/Microsoft.SignalRService/signalR/chat-bodies"
    sku = {"name": "Standard_LRS"}
    raw("PUT", raw.group + account, {"location": "eastus2", "kind": "StorageV2", "sku": sku})
    raw("PUT", raw.group + hub, {"location": "eastus2", "sku": {"name": "Free_F1", "capacity": 1}})
    for path, what in {
        "": "Microsoft.Resources/resourceGroups",
        PLAN: "Microsoft.Web/serverfarms",
        SITE: "Microsoft.Web/sites",
        f"{SITE}/config/web": "Microsoft.Web/sites/config/web",
        f"{SITE}/config/authsettingsV2": "Microsoft.Web/sites/config/authsettingsV2",
        account: "Microsoft.Storage/storageAccounts",
        f"{account}/blobServices/default": "Microsoft.Storage/storageAccounts/blobServices",
        hub: "Microsoft.SignalRService/SignalR",
    }.items():
        shown = raw("GET", raw.group + path)
        assert shown.status == 200, path
        body_types.check(shown.body, what)
