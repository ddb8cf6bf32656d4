"""Values that one of JSON, MessagePack and Python has and another has not, on their way."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tests.localcloud.functions.functions_testing import Served, settings_json, write_app
from tests.localcloud.functions.local.signalr_room import connect, room

SCRIPT = """
import functools, math
def on(event):
    return app.generic_trigger(
        arg_name="e", type="signalRTrigger", hubName="values", category="messages", event=event
    )
@app.route(route="negotiate", methods=["POST"])
@app.generic_input_binding(arg_name="info", type="signalRConnectionInfo", hubName="values")
def negotiate(req: func.HttpRequest, info: str) -> str:
    return info
VALUES = {
    "nan": math.nan,
    "inside": {"list": [math.inf]},
    "large": 2**70,
    "bytes": b"\\x00\\xff",
    "text": "\u00e4",
    "deep": functools.reduce(lambda inner, _: [inner], range(100), 1),
}
@on("give")
def give(e: str):
    return VALUES[json.loads(e)["Arguments"][0]]
@on("echo")
def echo(e: str) -> str:
    return json.dumps(json.loads(e, parse_constant=lambda name: 1 / 0)["Arguments"])
@on("fail")
def fail(e: str):
    raise ValueError("half a pair: \\ud83d")
@app.route(route="send")
@app.generic_output_binding(arg_name="out", type="signalR", hubName="values")
def send(req: func.HttpRequest, out: func.Out[str]) -> str:
    out.set(json.dumps({"target": "t", "arguments": [math.nan]}))
    return "sent"
"""
BOTH = pytest.mark.parametrize("protocol", ["json", "messagepack"])


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Served]:
    """An app that gives and echoes values."""

    def values(connection_string: str) -> Path:
        settings = settings_json({"AzureSignalRConnectionString": connection_string})
        return write_app(tmp_path / "app", SCRIPT, local_settings_json=settings)

    async with room(tmp_path, values) as served:
        yield served


@pytest.mark.parametrize("name", ["nan", "inside", "deep"])
async def test_a_number_that_json_cannot_carry_is_an_error_of_the_invocation(
    app: Served, name: str
) -> None:
    """A browser that is sent NaN fails on the whole frame.

    The log says which function returned it.
    """
    client = await connect(app, "alice", "json")
    assert "'give' returned cannot be sent" in (await client.call("give", name))["error"]
    assert "'give' returned cannot be sent" in app.log
    assert (await client.call("give", "text"))["result"] == "\u00e4"


async def test_messagepack_carries_such_a_number(app: Served) -> None:
    """It has IEEE 754 floats."""
    client = await connect(app, "alice", "messagepack")
    assert math.isnan((await client.call("give", "nan"))["result"])
    assert (await client.call("give", "inside"))["result"] == {"list": [math.inf]}


@BOTH
async def test_a_whole_number_past_64_bits_arrives(app: Served, protocol: str) -> None:
    """As the float that a browser makes of it, where the protocol has no such number."""
    client = await connect(app, "alice", protocol)
    assert (await client.call("give", "large"))["result"] == 2**70


@pytest.mark.parametrize(("protocol", "expected"), [("json", "AP8="), ("messagepack", b"\x00\xff")])
async def test_bytes_that_a_function_returns_arrive(
    app: Served, protocol: str, expected: object
) -> None:
    """Base64 in JSON, as the hub protocol has it."""
    client = await connect(app, "alice", protocol)
    assert (await client.call("give", "bytes"))["result"] == expected


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"\x00\xff", "AP8="),
        (msgpack.Timestamp.from_datetime(datetime(2026, 1, 2, tzinfo=UTC)), None),
        (msgpack.Timestamp(2**60), None),
        (msgpack.ExtType(5, b"x"), None),
        ({"a": b"\x00\xff", "b": [b"x"]}, {"a": "AP8=", "b": ["eA=="]}),
        ({b"x": 1, 2: None, True: 0.5}, {"eA==": 1, "2": None, "true": 0.5}),
        ([math.nan, math.inf, -math.inf], ["NaN", "Infinity", "-Infinity"]),
        ("\u00e4", "\u00e4"),
    ],
    ids=[
        "bytes",
        "date",
        "far date",
        "extension",
        "map with bytes",
        "map with keys",
        "no numbers",
        "text",
    ],
)
async def test_what_only_messagepack_has_reaches_a_function_as_json(
    app: Served, sent: Any, received: Any
) -> None:
    """As Microsoft's extension and Json.NET write it."""
    client = await connect(app, "alice", "messagepack")
    assert json.loads((await client.call("echo", sent))["result"]) == [received]


async def test_arguments_that_are_nested_too_deeply_are_an_error_of_the_invocation(
    app: Served,
) -> None:
    """MessagePack may nest deeper than a function's JSON is written."""
    client = await connect(app, "alice", "messagepack")
    deep: list[Any] = []
    for _ in range(496):
        deep = [deep]
    assert "nested too deeply" in (await client.call("echo", deep))["error"]
    assert (await client.call("echo", "on"))["result"] == '["on"]'


@BOTH
async def test_an_error_with_half_a_surrogate_pair_reaches_the_client(
    app: Served, protocol: str
) -> None:
    """No encoding of the hub protocol can carry it."""
    client = await connect(app, "alice", protocol)
    assert (await client.call("fail"))["error"] == "half a pair: ?"


async def test_an_output_binding_with_such_a_number_fails_its_function(app: Served) -> None:
    """The service would refuse the request; the log says why before it is sent."""
    assert await app.ask("GET", "/api/send") == (500, "")
    assert "cannot be written as JSON: Out of range float values" in app.log
