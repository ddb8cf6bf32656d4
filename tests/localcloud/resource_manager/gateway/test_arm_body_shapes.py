"""A part of a body that is of another JSON type is refused, before a provider looks into it."""

from __future__ import annotations

import pytest

from chatkit.localcloud.resource_manager.core import http
from tests.localcloud.resource_manager.raw import Raw

SIGNALR = "/providers/Microsoft.SignalRService/signalR/chat-shapes"
ACCOUNT = "/providers/Microsoft.Storage/storageAccounts/chatshapes"
PLAN = "/providers/Microsoft.Web/serverfarms/shapes"
SITE = "/providers/Microsoft.Web/sites/chat-shapes"
OTHERS: dict[type, list[object]] = {
    dict: [5, "x", True, [5], [None]],
    list: [5, "x", True, {"a": 5}],
    str: [5, [5], {}],
}
EMPTY = {"location": "eastus2", "kind": "functionapp,linux"}


def nested(path: str, value: object) -> dict[str, object]:
    """A body with a value at a path."""
    for name in reversed(path.split(".")):
        value = [value] if name == "*" else {name: value}
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("target", [SIGNALR, ACCOUNT, PLAN, SITE, f"{SITE}/config/web"])
def test_a_part_of_another_type_is_refused(raw: Raw, target: str) -> None:
    """400 that names the part; Azure's own deserializer does."""
    raw("PUT", raw.group, {"location": "eastus2"})
    raw("PUT", raw.group + PLAN, {**EMPTY, "sku": {"name": "Y1"}, "properties": {"reserved": True}})
    raw("PUT", raw.group + SITE, {**EMPTY, "properties": {"serverFarmId": raw.group + PLAN}})
    prefix = f"{http.SITE_CONFIG}." if target.endswith("/web") else ""
    for path, (kind, _) in http.SHAPES.items():
        if not path.startswith(prefix):
            continue
        for value in OTHERS[kind]:
            body = nested(path.removeprefix(http.SITE_CONFIG + ".") if prefix else path, value)
            reply = raw(
                "PUT", raw.group + target, {"properties": body} if prefix else {**EMPTY, **body}
            )
            assert (reply.status, reply.code) == (400, "InvalidRequestContent"), (path, value)
            assert f"'{path}'" in reply.body["error"]["message"]


@pytest.mark.parametrize("platform", [5, "x", [], True])
def test_settings_of_sign_in_are_objects(raw: Raw, platform: object) -> None:
    """They are asked for `enabled`."""
    body = {"properties": {"platform": platform}}
    reply = raw("PUT", f"{raw.group}{SITE}/config/authsettingsV2", body)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")


def test_null_and_other_names_are_left_to_the_provider() -> None:
    """Clients send null for what they do not set."""
    http.check_shapes({"sku": None, "properties": {"cors": None, "features": None, "other": 5}})
    http.check_shapes({"properties": {"siteConfig": {"appSettings": [{"name": "a"}], "x": []}}})
