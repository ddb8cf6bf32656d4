"""`chatkit signalr start`: what samples of Microsoft's emulator need, without .NET."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatkit.cli import signalr
from chatkit.cloud import local_cloud
from chatkit.cloud.signalr_attachment import instances
from chatkit.core.ports import any_free
from chatkit.localcloud.signalr import well_known
from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import rest_token
from tests.cli.typing_verbs import Chatkit
from tests.homes import workshop_in
from tests.tools import TESTS, Tools

STARTED = re.compile(r"Endpoint=http://localhost;Port=(\d+);AccessKey=ABCDEFGH\S+;Version=1\.0;")
SEND = "/api/v1/hubs/chat"
# As Microsoft's serverless samples have it: negotiate, a method of the hub, an answer to everybody.
APP = """import json
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
HUB = {"hubName": "chat", "connectionStringSetting": "AzureSignalRConnectionString"}
OUT = {"arg_name": "out", "type": "signalR", **HUB}

@app.route(route="negotiate", methods=["POST"])
@app.generic_input_binding(arg_name="info", type="signalRConnectionInfo", **HUB)
def negotiate(req: func.HttpRequest, info) -> func.HttpResponse:
    return func.HttpResponse(info)

@app.generic_trigger(arg_name="invocation", type="signalRTrigger", hubName="chat",
                     category="messages", event="say", parameterNames='["text"]')
@app.generic_output_binding(**OUT)
def say(invocation: str, out: func.Out[str]) -> None:
    words = json.loads(invocation)["Arguments"]
    out.set(json.dumps({"target": "newMessage", "arguments": words}))
"""


@contextmanager
def typed(*arguments: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A verb in a terminal, interrupted at the end: it has to end with 0."""
    command = [sys.executable, "-m", "chatkit", *arguments]
    with subprocess.Popen(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


def printed(process: subprocess.Popen[str], pattern: re.Pattern[str]) -> str:
    """What the first group of a pattern is in the first line that has it."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        found = pattern.search(line)
        if found:
            return found[1]
    raise AssertionError("".join(lines))


def send(port: int) -> int:
    """The status of a call of the REST API with the key that every sample has."""
    connection = SignalRConnectionString.parse(well_known.connection_string(port))
    request = urllib.request.Request(
        f"http://localhost:{port}{SEND}",
        data=json.dumps({"target": "newMessage", "arguments": []}).encode(),
        headers={
            "Authorization": f"Bearer {rest_token(connection, SEND)}",
            "Content-Type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_it_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    """With the connection string of every sample; it leaves nothing behind."""
    with typed("signalr", "start", "--port", "0", cwd=tmp_path) as process:
        assert send(int(printed(process, STARTED))) == 202
    assert [*tmp_path.iterdir()] == []


def test_a_sample_runs_with_the_functions_host(tmp_path: Path, tools: Tools) -> None:
    """Negotiate, a call of Microsoft's client, upstream to the function, its answer to all."""
    node = tools.program("node")
    tools.node_package("node", "@microsoft/signalr")
    (tmp_path / "host.json").write_text(
        '{"version": "2.0", "extensionBundle": {"id":'
        ' "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}}',
        encoding="utf-8",
    )
    (tmp_path / "function_app.py").write_text(APP, encoding="utf-8")
    functions = any_free()
    url = f"http://localhost:{functions}/runtime/webhooks/signalr"
    template = {"UrlTemplate": url, "EventPattern": "*", "HubPattern": "*", "CategoryPattern": "*"}
    settings = {"UpstreamSettings": {"Templates": [template]}}
    (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    with typed("signalr", "start", "--port", "0", cwd=tmp_path) as emulator:
        text = well_known.connection_string(int(printed(emulator, STARTED)))
        values = {"FUNCTIONS_WORKER_RUNTIME": "python", "AzureSignalRConnectionString": text}
        (tmp_path / "local.settings.json").write_text(
            json.dumps({"Values": values}), encoding="utf-8"
        )
        start = ("func", "start", str(tmp_path), "--port", str(functions))
        with typed(*start, cwd=tmp_path) as host:
            printed(host, re.compile(r"(say: signalRTrigger)"))
            options = {"url": f"http://localhost:{functions}/api"}
            with subprocess.Popen(
                [node, "signalr-client.mjs", json.dumps(options)],
                cwd=TESTS / "node",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            ) as client:
                assert client.stdin is not None
                printed(client, re.compile('("connected")'))
                client.stdin.write(json.dumps({"invoke": ["say", "hello"]}) + "\n")
                client.stdin.flush()
                assert printed(client, re.compile('"message","detail":(.*)}')) == '["hello"]'
                client.stdin.close()


@pytest.mark.usefixtures("home")
def test_another_program_at_the_port_is_named(chatkit: Chatkit) -> None:
    """It takes no other port by itself, and says how to take one."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        typed = chatkit("signalr", "start", "--port", str(port))
    assert typed.code == 1
    assert f"Port {port} is taken by" in typed.err and "signalr start --port" in typed.err


def test_the_local_clouds_instance_can_take_the_key(
    chatkit: Chatkit, home: Path, tmp_path: Path
) -> None:
    """Who has the port is said with both ways on; `--attach` adds the key until Ctrl+C."""
    with workshop_in(home) as workshop:
        workshop.create_resource_group()
        workshop.create_signalr()
        (instance,) = instances(home / "local")
        port = instance["port"]
        taken = chatkit("signalr", "start", "--port", str(port))
        assert taken.code == 1 and f"SignalR Service instance {instance['name']};" in taken.err
        named = "" if port == 8888 else f" --port {port}"
        assert f"start --attach{named}`" in taken.err and "beside it" in taken.err
        assert send(port) == 401
        attach = ("signalr", "start", "--attach", "--port", str(port))
        with typed(*attach, cwd=tmp_path) as process:
            assert int(printed(process, STARTED)) == port
            printed(process, re.compile(r"(Ctrl\+C)"))
            assert send(port) == 202
        other = chatkit("signalr", "start", "--attach", "--port", "9")
        assert other.code == 1 and f"{instance['name']} at port {port}" in other.err
        local_cloud.stop(home / "local")
        stopped = chatkit("signalr", "start", "--attach", "--port", str(port))
        assert stopped.code == 1 and "The local cloud is not running." in stopped.err


@pytest.mark.usefixtures("home")
def test_settings_that_are_named_have_to_be_there(chatkit: Chatkit) -> None:
    """A wrong name would go unnoticed until the first event."""
    typed = chatkit("signalr", "start", "--settings", "nowhere.json")
    assert typed.code == 1 and "There is no settings file at nowhere.json." in typed.err


def test_the_verb_imports_the_server_only_when_it_serves() -> None:
    """Every other verb would wait for it."""
    script = f"import sys, {signalr.__name__}; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
