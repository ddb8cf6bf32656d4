"""`chatkit doctor`: what is wrong is named, with what to do; what is fine has no advice."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from chatkit.lesson.doctor.preflight import machine
from chatkit.lesson.doctor.preflight.finding import Finding
from tests.cli.typing_verbs import Chatkit


def finding(what: str) -> Finding:
    return next(
        found for found in machine.examine(absent=None, cloud_runs=False) if found.what == what
    )


def test_a_good_machine_passes(chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check says ok; how long a person waited is printed."""
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    begin = time.monotonic()
    typed = chatkit("doctor")
    print(f"chatkit doctor: {time.monotonic() - begin:.2f} s")
    first, _, *checks = typed.out.splitlines()
    assert typed.code == 0 and first == "The doctor finds nothing wrong."
    assert checks[0].startswith("Looked at, and in order: Local cloud (")
    assert all(len(line) <= 100 for line in checks)


def test_json_has_every_check(chatkit: Chatkit) -> None:
    """For scripts: the same findings, and whether all are good."""
    shown = json.loads(chatkit("doctor", "--json").out)
    assert shown["ok"] is True
    assert {
        "Python",
        "Packages",
        "Port 7071",
        "Port 8888",
        "Disk",
        "Clock",
        "Proxy",
        "Local cloud",
    } <= {check["what"] for check in shown["checks"]}
    assert all(check["hint"] == "" for check in shown["checks"])


def test_memory_is_told_beside_what_is_right_and_wrong(chatkit: Chatkit) -> None:
    """As the last line; scripts that read `ok`, `problems` and `unknown` see no difference."""
    assert "\nMemory: nothing of yours runs. " in chatkit("doctor").out
    shown = json.loads(chatkit("doctor", "--json").out)
    assert {"ok", "problems", "unknown"} <= {*shown}
    assert shown["memory"]["people"] > 0


def test_a_missing_package_is_named(chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code is 1 and the hint is on the next line."""
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "aiohttp":
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    typed = chatkit("doctor")
    assert typed.code == 1 and "NO  Packages: missing: aiohttp\n     Start with" in typed.out


@pytest.mark.usefixtures("home")
def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room for the environment and the local cloud."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    assert finding("Disk") == Finding("Disk", False, "5 MB free", "Free 600 MB.")


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file where the home should be stands for a read-only disk; the hint names the way round."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path / "file" / "home"))
    assert not finding("Disk").ok and "CHATKIT_HOME" in finding("Disk").hint


@pytest.mark.usefixtures("home")
def test_a_wrong_clock_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that believes it is 1970 gets no token accepted."""
    monkeypatch.setattr(time, "time", lambda: 86_400.0)
    assert finding("Clock") == Finding("Clock", False, "1970-01-02 00:00 UTC", "Set the clock.")


@pytest.mark.parametrize(
    ("bypass", "ok"), [("", False), ("localhost,127.0.0.1", True), ("example.com", False)]
)
def test_a_proxy_that_swallows_localhost_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, bypass: str, ok: bool
) -> None:
    """The hint names the variable; the proxy's address, which may hold a password, is not shown."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pass" + "word@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", bypass)
    found = finding("Proxy")
    assert found.ok is ok and ("NO_PROXY" in found.hint) is not ok
    assert "password" not in found.found + found.hint


@pytest.mark.usefixtures("home")
def test_a_port_in_use_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has it, and what wants it. It is no failure: what wants it moves."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(machine, "PORTS", {port: "the functions' local run"})
        found = finding(f"Port {port}")
    assert found.ok and f"(process {os.getpid()}) has it" in found.found
    assert "the functions' local run moves" in found.found
    assert finding(f"Port {port}").found == "free for the functions' local run"


def test_the_doctor_leaves_nothing_behind(home: Path) -> None:
    """It looks only."""
    machine.examine(absent=None, cloud_runs=False)
    assert not list(home.iterdir())


def test_a_message_is_named_with_cause_and_fix(chatkit: Chatkit) -> None:
    """Pasted as it is, with its line breaks; something is wrong, so the exit code is 1."""
    typed = chatkit(
        "doctor",
        "--symptom",
        "SyntaxError: Unexpected token 'T',\n \"This HTTP \"... is not valid JSON",
    )
    assert typed.code == 1
    assert (
        "NO  Unexpected token T, This HTTP …" in typed.out
        and "     cause: " in typed.out
        and "     fix:   Return what" in typed.out
    )


def test_an_unknown_message_is_told_what_to_try(chatkit: Chatkit) -> None:
    """Nothing that the doctor sees is wrong."""
    typed = chatkit("doctor", "--symptom", "it does not work")
    assert (
        typed.code == 0
        and "No known problem has these words in it.\n  - Paste the whole message" in typed.out
    )


def test_json_has_the_problems(chatkit: Chatkit) -> None:
    """For scripts: title, cause, fix and where others met it."""
    typed = chatkit(
        "doctor",
        "--json",
        "--symptom",
        "Service is now in 'Default' mode, but app servers are not connected",
    )
    shown = json.loads(typed.out)
    assert (typed.code, shown["ok"]) == (1, False)
    (problem,) = shown["problems"]
    assert problem["title"].startswith("The service is in Default mode") and not problem["seen"]
    assert problem["links"][0] == "https://github.com/aspnet/AzureSignalR-samples/issues/133"


def test_nothing_is_started_and_nothing_remembered(chatkit: Chatkit, home: Path) -> None:
    """A home in which nothing was done stays as it is."""
    assert chatkit("doctor").code == 0
    assert not home.exists() or not list(home.iterdir())
