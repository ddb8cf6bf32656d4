"""Long inputs of apps: routes, templates, settings, and what their processes say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final
from unittest.mock import Mock

from chatkit.core.reading import commented_json
from chatkit.localcloud.core import trace
from chatkit.localcloud.entra.codes import Codes
from chatkit.localcloud.entra.core import permissions
from chatkit.localcloud.functions.host import expressions, host_json, route_constraints, routing
from chatkit.localcloud.functions.http import http_data
from chatkit.localcloud.functions.local import local_settings
from chatkit.localcloud.functions.schedules import ncrontab, schedule
from chatkit.localcloud.functions.storage import paths
from chatkit.localcloud.functions.worker_process.chatkit_worker import channel
from tests.localcloud.long_inputs.case import (
    Case,
    begun,
    in_pieces,
    itself,
    numbered,
    repeated,
)


def matched(template: str) -> Callable[[str], object]:
    """Match a path with a route."""
    return routing.parse(template).match


def constrained(name: str) -> Callable[[str], object]:
    """Check a path segment with a constraint."""
    return route_constraints.constraint(name, "r")


def devices(count: int) -> None:
    """Devices that ask for a code."""
    codes = Codes(Mock())
    for _ in range(count):
        codes.new_device("app", "openid")


CASES: Final[dict[str, Case]] = {
    # Routes, templates and settings of apps
    "route: constraints": Case(repeated(":int", before="{a", after="}"), routing.parse, 3000),
    "route: segments": Case(numbered("{a#}/"), routing.parse, 100),
    "route: a long segment": Case(repeated("a"), routing.parse, 2000),
    "route: brackets": Case(
        repeated("(", before="{a:regex(", after=")}"), routing.parse, stops=True
    ),
    "path of a mixed route": Case(repeated("-"), matched("{a}-{b}--{c}")),
    "path of a catch-all route": Case(repeated("a/"), matched("{*a}"), 300),
    "path of escapes": Case(repeated("%2F%41"), matched("{a}"), 300),
    "constraint int: digits": Case(repeated("9"), constrained("int"), 20000),
    "constraint int: zeros": Case(repeated("0"), constrained("int"), 20000),
    "constraint int: spaces": Case(repeated(" "), constrained("int"), 20000),
    "constraint min: digits": Case(repeated("9"), constrained("min(3)"), 20000),
    "constraint decimal: digits": Case(repeated("9", after="x"), constrained("decimal"), 20000),
    "constraint decimal: commas": Case(repeated("1,", after="x"), constrained("decimal"), 20000),
    "constraint datetime: spaces": Case(
        repeated(" ", before="1", after="x"), constrained("datetime"), 20000
    ),
    "constraint datetime: digits": Case(repeated("1"), constrained("datetime"), 20000),
    "constraint alpha": Case(repeated("a", after="1"), constrained("alpha"), 20000),
    "constraint bool: spaces": Case(repeated(" "), constrained("bool"), 20000),
    "schedule: values": Case(
        repeated("0,", before="0 ", after="0 * * * *"), ncrontab.Ncrontab.parse, 300
    ),
    "schedule: digits": Case(
        repeated("9", before="0 */", after=" * * * *"), lambda text: schedule.parse(text, None)
    ),
    "schedule: days": Case(repeated("9"), lambda text: schedule.parse(text, None), stops=True),
    "trigger of blobs: braces": Case(repeated("{{", before="box/"), paths.BlobPattern.parse, 500),
    "trigger of blobs: a long name": Case(
        repeated("-"), paths.BlobPattern.parse("box/{a}-{b}--{c}.txt").match, stops=True
    ),
    "host.json: comments": Case(
        repeated("/* */", before="{", after="}"), commented_json.loads, 300
    ),
    "host.json: beginnings of a comment": Case(repeated("/*", before="{"), commented_json.loads),
    "host.json: quotes": Case(repeated('"a', before="{//"), commented_json.loads),
    "binding: expressions": Case(
        repeated("{a}"), lambda text: expressions.resolve(text, {"a": "b"}), 300
    ),
    "binding: a path": Case(
        repeated("a.", before="{", after="a}"), lambda text: expressions.resolve(text, {}), 5000
    ),
    "binding: opening braces": Case(
        repeated("{"), lambda text: expressions.resolve(text, {}), 5000
    ),
    "binding: fields of a body": Case(
        lambda count: numbered('"a#":1,', before="{", after='"a":1}')(count).encode(),
        lambda body: expressions.binding_data({}, {}, {}, body),
        100,
    ),
    "settings in a template": Case(
        repeated("%A%"), lambda text: expressions.with_settings(text, {"A": "b"}, where="r"), 300
    ),
    "settings: percent signs": Case(
        repeated("%"), lambda text: expressions.with_settings(text, {}, where="r"), 20000
    ),
    "host.json: headers": Case(
        lambda count: {
            "version": "2.0",
            "extensions": {"http": {"customHeaders": {f"h{n}": "v" for n in range(count)}}},
        },
        host_json.parse,
        100,
    ),
    "local.settings.json: origins": Case(
        numbered("http://a#,"), lambda text: local_settings.cors_of(text, False)
    ),
    "app: cookies": Case(
        repeated("a", before='"'), lambda text: http_data.set_cookie({"name": "n", "value": text})
    ),
    # What is left
    "messages from a function's process": Case(
        lambda count: channel.encode({"op": "log"}) * count,
        lambda data: [*channel.Decoder().feed(data)],
        300,
    ),
    "a long message from a function's process": Case(
        itself,
        lambda count: in_pieces(begun(channel.Decoder(), channel.SIZES.pack(2, count * 17)), count),
    ),
    "codes of devices": Case(itself, devices, 250),
    "scopes": Case(
        lambda count: [f"Scope.{number}" for number in range(count)],
        lambda asked: permissions.scopes(asked, "app"),
        300,
    ),
    "scopes: the default again and again": Case(
        lambda count: [".default"] * count, lambda asked: permissions.scopes(asked, "app")
    ),
    "trace: an event with much in it": Case(
        lambda count: json.loads("[" + '{"a": "b"},' * count + "1]"),
        lambda value: trace.mask_value("body", value),
        200,
    ),
}
