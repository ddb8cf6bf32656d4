"""Whole apps that timers and blobs set off, as people write them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatkit.localcloud.functions.triggers import blobs
from tests.localcloud.functions.functions_testing import (
    Serve,
    Served,
    serving,
    settings_json,
    write_app,
)
from tests.localcloud.functions.triggers.trigger_testing import Account, storage_account, until

FINE = "@app.route(route='fine')\ndef fine(req): return 'fine'\n"
STORAGE = 'connection="AzureWebJobsStorage"'


@pytest.fixture
async def account(tmp_path: Path) -> AsyncIterator[Account]:
    """A development account."""
    async with storage_account(tmp_path / "cloud") as made:
        yield made


def app_of(folder: Path, script: str, account: Account | None = None) -> Path:
    """An app, with a storage account if one is given."""
    values = {} if account is None else {"AzureWebJobsStorage": account.connection_string}
    return write_app(folder, FINE + script, local_settings_json=settings_json(values))


async def test_timers_fire_and_a_schedule_that_is_none_is_one_functions_error(
    tmp_path: Path, serve: Serve
) -> None:
    """The schedule may be a setting, and the other functions go on."""
    script = """
@app.timer_trigger(schedule="* * * * * *", arg_name="t", run_on_startup=True)
def tick(t: func.TimerRequest): print("tick", t.past_due, t.schedule)
@app.timer_trigger(schedule="%EVERY%", arg_name="t")
def setting(t: func.TimerRequest): print("by setting")
@app.timer_trigger(schedule="not a schedule", arg_name="t")
def never(t: func.TimerRequest): pass
@app.timer_trigger(schedule="%MISSING%", arg_name="t")
def missing(t: func.TimerRequest): pass
"""
    folder = write_app(
        tmp_path / "app", FINE + script, local_settings_json=settings_json({"EVERY": "00:00:01"})
    )
    served = await serve(folder)
    await until(lambda: served.log.count("tick False {'AdjustForDST': True}") >= 2)
    await until(lambda: "by setting" in served.log)
    assert (
        "The 'never' function is in error: The schedule expression 'not a schedule'" in served.log
    )
    assert "'%MISSING%' does not resolve to a value" in served.log
    assert await served.ask("GET", "/api/fine") == (200, "fine")


async def test_a_timer_is_run_by_hand(tmp_path: Path, serve: Serve) -> None:
    """`POST /admin/functions/NAME` answers 202."""
    served = await serve(
        app_of(
            tmp_path / "app",
            "@app.timer_trigger(schedule='0 0 0 1 1 *', arg_name='t', use_monitor=False)\n"
            "def yearly(t: func.TimerRequest): print('by hand', t.past_due)\n",
        )
    )
    status, _ = await served.ask("POST", "/admin/functions/yearly", json={"input": ""})
    assert status == 202
    await until(lambda: "by hand False" in served.log)


async def test_a_blob_is_given_by_hand(tmp_path: Path, account: Account) -> None:
    """The input names it by its path; what names none is said."""
    script = f"""
@app.blob_trigger(arg_name="blob", path="samples/{{name}}", {STORAGE}, source="EventGrid")
def arrived(blob: func.InputStream): print("arrived", blob.name, blob.read())
"""
    await account.put("samples/a", b"content")
    async with serving(app_of(tmp_path / "app", script, account)) as served:
        url = "/admin/functions/arrived"
        status, _ = await served.ask("POST", url, json={"input": "samples/a"})
        assert status == 202
        await until(lambda: "arrived samples/a b'content'" in served.log)
        status, text = await served.ask("POST", url, json={"input": "nowhere"})
        assert (status, "Invalid blob path" in text) == (400, True)


async def test_an_app_that_changes_takes_its_timers_along(tmp_path: Path, serve: Serve) -> None:
    """The old one's are gone, the new one's fire."""
    script = (
        "@app.timer_trigger(schedule='* * * * * *', arg_name='t', run_on_startup=True)\n"
        "def tick(t: func.TimerRequest): print('{word} ticks')\n"
    )
    folder = app_of(tmp_path / "app", script.format(word="first"))
    served = await serve(folder)
    await until(lambda: "first ticks" in served.log)
    app_of(folder, script.format(word="second"))
    await until(lambda: "second ticks" in served.log)
    served.lines.clear()
    await until(lambda: served.log.count("second ticks") >= 2)
    assert "first ticks" not in served.log


async def test_a_status_survives_the_app(tmp_path: Path, account: Account) -> None:
    """It lies where the Functions host keeps it; what was missed is past due."""
    script = (
        "@app.timer_trigger(schedule='0 0 * * * *', arg_name='t')\n"
        "def hourly(t: func.TimerRequest): print('past due', t.past_due, t.schedule_status)\n"
    )
    folder = app_of(tmp_path / "app", script, account)
    async with serving(folder) as served:
        await until(lambda: "The next 5 occurrences" in served.log)
    [path] = await account.names("azure-webjobs-hosts", "timers/")
    assert path.endswith("/Host.Functions.hourly/status")
    kept = json.loads(await account.get(f"azure-webjobs-hosts/{path}"))
    assert kept["Last"] == "0001-01-01T00:00:00+00:00" and kept["Next"] > kept["LastUpdated"]
    old = {"Last": "2026-01-01T12:00:00+00:00", "Next": "2026-01-01T13:00:00+00:00"}
    old["LastUpdated"] = old["Last"]
    await account.put(f"azure-webjobs-hosts/{path}", json.dumps(old).encode())
    async with serving(folder) as served:
        await until(lambda: "past due True" in served.log)
        assert "'Next': '2026-01-01T13:00:00+00:00'" in served.log


BLOB_SCRIPT = f"""
@app.blob_trigger(arg_name="blob", path="samples/{{name}}.{{ext}}", {STORAGE})
@app.blob_output(arg_name="copy", path="copies/{{name}}-{{ext}}", {STORAGE})
def arrived(blob: func.InputStream, copy: func.Out[bytes]):
    print("arrived", blob.name, blob.length, blob.metadata, blob.blob_properties["ContentLength"])
    copy.set(blob.read())
"""


async def test_blobs_set_a_function_off(tmp_path: Path, account: Account) -> None:
    """Those that were there, new ones, changed ones; each version once, also over a restart."""
    await account.put("samples/old.txt", b"\xff old", metadata={"by": "alice"})
    await account.put("samples/no-extension", b"")
    folder = app_of(tmp_path / "app", BLOB_SCRIPT, account)
    async with serving(folder) as served:
        await until(lambda: "arrived samples/old.txt 5 {'by': 'alice'} 5" in served.log)
        await account.put("samples/old.txt", b"again")
        await account.put("samples/new.txt", b"new")
        await until(lambda: served.log.count("Executed 'Functions.arrived' (Succeeded") == 3)
        assert await account.get("copies/old-txt") == b"again"
        assert await account.get("copies/new-txt") == b"new"
    async with serving(folder) as served:
        await account.put("samples/last.txt", b"last")
        await until(lambda: "arrived samples/last.txt" in served.log)
        assert served.log.count("arrived samples/") == 1
    receipts = await account.names("azure-webjobs-hosts", "blobreceipts/")
    assert len(receipts) == 4
    assert all("/Host.Functions.arrived/" in name for name in receipts)


def test_a_listener_rests_longer_than_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container of many thousand blobs must not keep the cloud busy for ever."""
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    assert blobs.pause_s(98.0) == 2 * blobs.REST_FOR_LOOK
    assert blobs.pause_s(99.99) == blobs.PERIOD_S


async def test_a_blob_that_fails_five_times_is_poison(tmp_path: Path, account: Account) -> None:
    """Where the message goes is said; other blobs go on, a new version is tried anew."""
    script = f"""
@app.blob_trigger(arg_name="blob", path="samples/{{name}}", {STORAGE})
def picky(blob: bytes):
    print("tried", blob)
    if b"bad" in blob: raise ValueError("no")
"""
    await account.put("samples/x", b"bad")
    async with serving(app_of(tmp_path / "app", script, account)) as served:
        await until(lambda: "Message has reached MaxDequeueCount of 5" in served.log)
        assert served.log.count("tried b'bad'") == 5
        assert "webjobs-blobtrigger-poison" in served.log
        await account.put("samples/x", b"good")
        await until(lambda: "tried b'good'" in served.log)
        assert served.log.count("tried b'bad'") == 5
    messages = [
        await account.get(f"azure-webjobs-hosts/{name}")
        for name in await account.names("azure-webjobs-hosts", "blobreceipts/")
    ]
    [poison] = [json.loads(message) for message in messages if message]
    assert (poison["FunctionId"], poison["BlobName"]) == ("Host.Functions.picky", "x")


async def test_tries_are_counted_over_a_restart(tmp_path: Path, account: Account) -> None:
    """Also those that the host did not survive: five in all."""
    script = f"""
@app.blob_trigger(arg_name="blob", path="samples/{{name}}", {STORAGE})
async def hangs(blob: bytes):
    print("tried")
    if "{{word}}" == "hangs": await asyncio.sleep(3600)
    raise ValueError("no")
"""
    await account.put("samples/x", b"bad")
    folder = app_of(tmp_path / "app", script.replace("{word}", "hangs"), account)
    async with serving(folder) as served:
        await until(lambda: "tried" in served.log)
    app_of(folder, script.replace("{word}", "fails"), account)
    async with serving(folder) as served:
        await until(lambda: "Message has reached MaxDequeueCount of 5" in served.log)
        assert served.log.count("tried") == 4


async def test_of_two_runs_of_one_folder_one_fires(tmp_path: Path, account: Account) -> None:
    """The other one says that it waits, and takes over when the first one ends."""
    script = f"""
@app.timer_trigger(schedule="* * * * * *", arg_name="t", run_on_startup=True)
def tick(t: func.TimerRequest): print("ticks")
@app.blob_trigger(arg_name="blob", path="samples/{{name}}", {STORAGE})
def arrived(blob: func.InputStream): print("arrived", blob.name)
"""
    folder = app_of(tmp_path / "app", script, account)
    async with serving(folder) as first:
        await until(lambda: "ticks" in first.log)
        async with serving(folder) as waiting:
            await until(lambda: waiting.log.count("waits: another run of this app") == 2)
            await account.put("samples/a", b"")
            await until(lambda: "arrived samples/a" in first.log)
            assert "ticks" not in waiting.log and "arrived samples/a" not in waiting.log
            await first.run.stop()
            await until(lambda: "ticks" in waiting.log)
            await account.put("samples/b", b"")
            await until(lambda: "arrived samples/b" in waiting.log)


async def test_an_app_ends_while_functions_run(tmp_path: Path, account: Account) -> None:
    """Nobody waits for a function that takes an hour."""
    script = f"""
import time
@app.blob_trigger(arg_name="blob", path="samples/{{name}}", {STORAGE})
def slow(blob: bytes):
    print("blob begins")
    time.sleep(3600)
@app.timer_trigger(schedule="* * * * * *", arg_name="t", run_on_startup=True)
def slow_timer(t: func.TimerRequest):
    print("timer begins")
    time.sleep(3600)
"""
    await account.put("samples/a", b"")
    async with serving(app_of(tmp_path / "app", script, account)) as served:
        await until(lambda: "blob begins" in served.log and "timer begins" in served.log)
        async with asyncio.timeout(10):
            await served.run.stop()


async def test_a_container_may_come_later_and_a_connection_may_not(
    tmp_path: Path, account: Account
) -> None:
    """A connection that no setting has is its function's error; the other functions go on."""
    script = f"""
@app.blob_trigger(arg_name="blob", path="later/{{name}}", {STORAGE})
def arrived(blob: str): print("arrived", repr(blob))
@app.blob_trigger(arg_name="blob", path="later/{{name}}", connection="Nowhere")
def lost(blob: str): print("lost")
"""
    async with serving(app_of(tmp_path / "app", script, account)) as served:
        missing = "Storage account connection string 'Nowhere' does not exist."
        assert f"The 'lost' function is in error: {missing}" in served.log
        assert await served.ask("GET", "/api/fine") == (200, "fine")
        await account.put("later/a", "é".encode())
        await until(lambda: "arrived 'é'" in served.log)
        assert "cannot read its blobs" not in served.log


async def test_events_tell_of_new_blobs_only(tmp_path: Path, account: Account) -> None:
    """As Event Grid does; what was there at the start fires nothing."""
    script = f"""
@app.blob_trigger(arg_name="blob", path="samples/{{name}}", {STORAGE}, source="EventGrid")
def arrived(blob: bytes): print("arrived", blob)
"""
    await account.put("samples/old", b"old")
    async with serving(app_of(tmp_path / "app", script, account)) as served:
        await until(lambda: "arrived: blobTrigger" in served.log)
        while "arrived b'new'" not in served.log:
            await account.put("samples/new", b"new")
            await served.ask("GET", "/api/fine")
        assert "arrived b'old'" not in served.log


@pytest.fixture
async def reader(tmp_path: Path, account: Account) -> AsyncIterator[Served]:
    """An app with inputs and outputs."""
    script = f"""
@app.route(route="read/{{name}}")
@app.blob_input(arg_name="blob", path="samples/{{name}}.txt", {STORAGE})
def read(req, blob: {{hint}}): return ascii(blob)
@app.route(route="stream/{{name}}")
@app.blob_input(arg_name="blob", path="samples/{{name}}.txt", {STORAGE})
def stream(req, blob: func.InputStream): return ascii(blob and blob.read())
@app.route(route="raw/{{name}}")
@app.blob_input(arg_name="blob", path="samples/{{name}}.txt", {STORAGE})
def raw(req, blob: bytes): return ascii(blob)
@app.route(route="write/{{name}}", methods=["POST"])
@app.blob_output(arg_name="out", path="out/{{name}}/{{room.id}}-{{query.kind}}.txt", {STORAGE})
def write(req, out: func.Out[str]):
    out.set("é " + req.get_body().decode())
    return "written"
@app.route(route="guid", methods=["POST"])
@app.blob_output(arg_name="out", path="guids/{{DateTime:yyyy}}-{{rand-guid}}", {STORAGE})
def guid(req, out: func.Out[bytes]):
    out.set(b"x")
    return "written"
""".replace("{hint}", "str")
    await account.put("samples/a.txt", "é".encode())
    async with serving(app_of(tmp_path / "app", script, account)) as served:
        yield served


async def test_inputs_read_blobs(reader: Served) -> None:
    """As text, bytes or a stream; nothing when there is no such blob."""
    assert await reader.ask("GET", "/api/read/a") == (200, r"'\xe9'")
    assert await reader.ask("GET", "/api/raw/a") == (200, r"b'\xc3\xa9'")
    assert await reader.ask("GET", "/api/stream/a") == (200, r"b'\xc3\xa9'")
    assert await reader.ask("GET", "/api/read/none") == (200, "None")
    assert await reader.ask("GET", "/api/stream/none") == (200, "None")


async def test_an_account_over_https_needs_the_file_that_the_environment_names(
    tmp_path: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`chatkit local env` names it; without it the sentence says what is wrong."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):  # what the shell has wins
        monkeypatch.delenv(name, raising=False)
    script = f"""
@app.route(route="write")
@app.blob_output(arg_name="out", path="out/a", {STORAGE})
def write(req, out: func.Out[str]):
    out.set("x")
    return "written"
"""
    values = {"AzureWebJobsStorage": account.over_https}
    for trust, status in (({}, 500), ({"REQUESTS_CA_BUNDLE": str(account.ca_file)}, 200)):
        settings = settings_json({**values, **trust})
        folder = write_app(tmp_path / str(status), FINE + script, local_settings_json=settings)
        async with serving(folder) as served:
            answered, _ = await served.ask("GET", "/api/write")
            assert answered == status
            assert ("cannot be reached" in served.log) is (status == 500)


async def test_outputs_write_blobs(reader: Served, account: Account) -> None:
    """Their paths take values of route, body and query; their containers are made."""
    status, _ = await reader.ask("POST", "/api/write/hall?kind=k", json={"room": {"id": 7}})
    assert status == 200
    assert (await account.get("out/hall/7-k.txt")).decode().startswith('é {"room"')
    assert await reader.ask("POST", "/api/guid") == (200, "written")
    [name] = await account.names("guids")
    assert len(name) == len("2026-") + 36
    status, _ = await reader.ask("POST", "/api/write/hall?kind=k", json={})
    assert status == 500 and "No value for named parameter 'room'" in reader.log
    assert await reader.ask("GET", "/api/fine") == (200, "fine")


EVERY_DECORATOR = """
import inspect
NO_BINDING = {
    "function_name", "generic_input_binding", "generic_output_binding", "generic_trigger",
    "get_functions", "http_type", "mcp_tool_property", "register_blueprint", "register_functions",
    "retry", "validate_function_names",
}
# Those are in another package.
DURABLE = {"activity_trigger", "durable_client_input", "entity_trigger", "orchestration_trigger"}
VALUES = {"schedule": "0 0 0 1 1 *", "path": "samples/a"}
for name in {name for name in dir(app) if name[0] != "_"} - NO_BINDING - DURABLE:
    decorator = getattr(app, name)
    if not callable(decorator):
        continue
    needed = [
        parameter.name for parameter in inspect.signature(decorator).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    ]
    values = {parameter: VALUES.get(parameter, "x") for parameter in needed}
    if name == "event_grid_output":
        values["connection"] = "x"
    if name == "route":
        def f(req): pass
    elif name == "mcp_tool":
        def f(): pass
    elif "trigger" in name or name == "schedule":
        def f(x): pass
    else:
        def f(req, x): return "x"
    f.__name__ = name
    f = decorator(**values)(f)
    if name.endswith(("_input", "_output", "_v3")) and "trigger" not in name:
        app.route(route=name)(f)
"""
HERE = {"blob_input", "blob_output", "blob_trigger", "fine", "route", "schedule", "timer_trigger"}


@pytest.mark.long
async def test_every_decorator_of_the_sdk_runs_or_is_one_functions_error(
    tmp_path: Path, serve: Serve
) -> None:
    """Whichever SDK is installed: none of its bindings takes the app down or blames the code."""
    served = await serve(app_of(tmp_path / "app", EVERY_DECORATOR))
    _, text = await served.ask("GET", "/admin/functions")
    names = {function["name"] for function in json.loads(text)}
    assert names >= HERE and len(names) > 50
    in_error = {name for name in names if f"The '{name}' function is in error" in served.log}
    assert in_error == names - HERE
    for name in in_error:
        [line] = [line for line in served.lines if f"The '{name}' function is in error" in line]
        assert "is not in the local host, so this function does not run on this machine" in line
    assert await served.ask("GET", "/api/fine") == (200, "fine")


async def test_what_the_host_does_not_have_is_one_functions_error(
    tmp_path: Path, serve: Serve
) -> None:
    """The sentence names the service and what the host has, and blames nothing in the code."""
    script = """
@app.queue_trigger(arg_name="m", queue_name="q", connection="Q")
def queue(m: func.QueueMessage): pass
@app.event_hub_message_trigger(arg_name="m", event_hub_name="h", connection="H")
def hub(m: func.EventHubEvent): pass
@app.cosmos_db_trigger(arg_name="m", database_name="d", container_name="c", connection="C")
def cosmos(m: func.DocumentList): pass
@app.event_grid_trigger(arg_name="m")
def grid(m: func.EventGridEvent): pass
@app.service_bus_queue_trigger(arg_name="m", queue_name="q", connection="S")
def bus(m: func.ServiceBusMessage): pass
@app.generic_trigger(arg_name="m", type="orchestrationTrigger")
def durable(m): pass
@app.generic_trigger(arg_name="m", type="madeUpTrigger")
def made_up(m): pass
@app.route(route="mixed")
@app.queue_output(arg_name="out", queue_name="q", connection="Q")
def mixed(req, out: func.Out[str]): return "mixed"
"""
    served = await serve(app_of(tmp_path / "app", script))
    for name in ("queue", "hub", "cosmos", "grid", "bus", "durable", "made_up", "mixed"):
        [line] = [line for line in served.lines if f"The '{name}' function is in error" in line]
        assert "is not in the local host" in line and "It has HTTP, timers, blobs" in line
    status, text = await served.ask("GET", "/api/mixed")
    assert status == 503 and "Azure Queue Storage" in text
    assert await served.ask("GET", "/api/fine") == (200, "fine")
