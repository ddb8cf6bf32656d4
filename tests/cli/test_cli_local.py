"""`chatkit local …`: one process per home, found, stopped and brought back whatever happened."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from chatkit.cli.local import PUBLIC
from chatkit.cloud import local_cloud
from chatkit.core import settings
from tests.cli.typing_verbs import Chatkit
from tests.homes import with_ports_of_its_own


@pytest.fixture
def where(home: Path) -> Iterator[Path]:
    """The local cloud's folder in the test's home; what runs there is stopped at the end."""
    folder = home / "local"
    yield folder
    local_cloud.stop(folder)


def pid(where: Path) -> int:
    known = local_cloud.running(where)
    assert known is not None
    return int(known["pid"])


def kill(number: int) -> None:
    """End a process at once, as a crash would, and wait until it is gone."""
    process = psutil.Process(number)
    process.kill()
    process.wait(10)


def test_up_starts_it_and_up_again_finds_it(chatkit: Chatkit, where: Path) -> None:
    """The second call starts nothing."""
    assert chatkit("local", "up").code == 0
    first = pid(where)
    assert chatkit("local", "up").code == 0
    assert pid(where) == first


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are POSIX")
def test_it_outlives_the_terminal_that_started_it(chatkit: Chatkit, where: Path) -> None:
    """It has a session of its own and holds none of the terminal's streams."""
    chatkit("local", "up")
    if sys.platform != "win32":
        assert os.getsid(pid(where)) == pid(where) != os.getsid(0)


def test_down_waits_until_the_process_has_ended(chatkit: Chatkit, where: Path) -> None:
    """Afterwards its ports are free and its file is gone; a second down is no error."""
    chatkit("local", "up")
    number = pid(where)
    assert chatkit("local", "down").out == "The local cloud is stopped.\n"
    assert not psutil.pid_exists(number) and not (where / "cloud.json").exists()
    down = chatkit("local", "down")
    assert (down.code, down.out) == (0, "The local cloud was not running.\n")


@pytest.mark.usefixtures("where")
def test_status_has_what_an_azure_client_needs(chatkit: Chatkit) -> None:
    """The keys are a contract; the control token is not among them; unknown values are null."""
    off = json.loads(chatkit("local", "status", "--json").out)
    assert off == {**dict.fromkeys(PUBLIC), "running": False}
    chatkit("local", "up")
    on = json.loads(chatkit("local", "status", "--json").out)
    assert set(on) == set(PUBLIC) and on["running"] is True and None not in on.values()
    assert Path(on["ca_file"]).exists()


def test_status_for_a_person_shows_no_secret(chatkit: Chatkit, where: Path) -> None:
    """Addresses only."""
    assert "not running" in chatkit("local", "status").out
    chatkit("local", "up")
    secret = local_cloud.start(where)["client_secret"]
    shown = chatkit("local", "status").out
    assert secret not in shown and "https://localhost:" in shown
    assert "instant" in shown
    recorded = chatkit("local", "time", "recorded").out
    assert "74.7 s  build a package on the server" in recorded and "azd" in recorded
    assert "nobody has recorded it: delete a SignalR Service instance" in recorded
    assert "recorded: operations take as long" in chatkit("local", "status").out
    assert chatkit("local", "time", "instant").out.startswith("instant (fast)")
    page = chatkit("local", "map").out.strip()
    assert page == local_cloud.start(where).get("map") and page not in shown
    known = settings.load(where.parent)
    settings.save(where.parent, replace(known, target="azure"))
    on_azure = chatkit("local", "map")
    assert on_azure.out.strip() == page and "nothing that happens in Azure" in on_azure.err


def test_env_prints_lines_that_a_shell_takes(chatkit: Chatkit, where: Path) -> None:
    """The lines are exports, quoted; the SDKs' own variable names."""
    chatkit("local", "up")
    printed = chatkit("local", "env").out.splitlines()
    lines = [shlex.split(line.removesuffix(";")) for line in printed]
    assert all(word[0] == "export" and len(word) == 2 for word in lines)
    values = dict(word[1].split("=", 1) for word in lines)
    assert values["AZURE_CLIENT_ID"] == local_cloud.start(where)["client_id"]
    assert {
        "AZURE_TENANT_ID",
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "AZURE_AUTHORITY_HOST",
        "ARM_CLIENT_SECRET",
        "ARM_SUBSCRIPTION_ID",
        "ARM_CLOUD_METADATA_URL",
        "NODE_EXTRA_CA_CERTS",
    } <= set(values)
    assert "AZURE_CLIENT_SECRET" not in values


def test_reset_begins_anew(chatkit: Chatkit, where: Path) -> None:
    """Everything it held is gone, and it starts again."""
    chatkit("local", "up")
    before = local_cloud.start(where)["client_secret"]
    assert chatkit("local", "reset", "--yes").code == 0 and not where.exists()
    chatkit("local", "up")
    assert local_cloud.start(where)["client_secret"] != before


@pytest.mark.usefixtures("where")
def test_logs_shows_the_last_lines(chatkit: Chatkit) -> None:
    """Without a log there is a sentence."""
    assert chatkit("local", "logs").code == 1
    chatkit("local", "up")
    assert "ready, pid" in chatkit("local", "logs", "-n", "1").out


@pytest.mark.usefixtures("where")
def test_two_ups_at_once_end_with_one_cloud() -> None:
    """Two terminals: both succeed, one process runs."""
    command = [sys.executable, "-m", "chatkit", "local", "up"]
    with ThreadPoolExecutor() as pool:
        ends = list(
            pool.map(
                lambda _: subprocess.run(command, capture_output=True, text=True, encoding="utf-8"),
                range(3),
            )
        )
    assert [end.returncode for end in ends] == [0, 0, 0], ends
    assert len({end.stdout for end in ends}) == 1


def test_killed_and_started_again_it_is_the_same_cloud(chatkit: Chatkit, where: Path) -> None:
    """The file the dead process left is not believed.

    Addresses and secrets are the ones that clients hold.
    """
    with_ports_of_its_own(where)
    chatkit("local", "up")
    before = local_cloud.start(where)
    kill(before["pid"])
    assert (where / "cloud.json").exists() and local_cloud.running(where) is None
    assert "not running" in chatkit("local", "status").out
    chatkit("local", "up")
    after = local_cloud.start(where)
    changing = {"pid", "control_token"}  # a map that is open goes on by itself
    assert {key: value for key, value in after.items() if key not in changing} == {
        key: value for key, value in before.items() if key not in changing
    }


def test_another_process_with_the_dead_clouds_id_is_left_alone(
    chatkit: Chatkit, where: Path
) -> None:
    """A process id is reused some day: `down` ends only what answers with this home's token."""
    chatkit("local", "up")
    known = local_cloud.start(where)
    kill(known["pid"])
    stale = {**known, "pid": os.getpid()}
    (where / "cloud.json").write_text(json.dumps(stale), encoding="utf-8")
    assert chatkit("local", "down").out == "The local cloud was not running.\n"
    assert not (where / "cloud.json").exists()


def test_a_home_deleted_under_a_running_cloud(chatkit: Chatkit, where: Path) -> None:
    """The old process ends by itself; a new start works at once."""
    chatkit("local", "up")
    old = psutil.Process(pid(where))
    shutil.rmtree(where.parent)
    assert chatkit("local", "up").code == 0
    old.wait(10)
    assert pid(where) != old.pid


def test_a_start_that_fails_says_the_last_word(chatkit: Chatkit, where: Path) -> None:
    """The reason is in the sentence, without a traceback."""
    where.mkdir(parents=True)
    (where / "state.db").write_text("this is no database", encoding="utf-8")
    typed = chatkit("local", "up")
    assert typed.code == 1 and typed.err.count("\n") == 1
    assert "did not start" in typed.err and "database" in typed.err


def test_the_session_fixture_is_a_running_cloud(local_cloud: dict[str, Any]) -> None:
    """What other tests build on."""
    assert psutil.pid_exists(local_cloud["pid"])


@pytest.mark.usefixtures("where")
@pytest.mark.parametrize("scale", ["0", "-1", "11", "nan"])
def test_a_scale_is_a_number_that_makes_sense(chatkit: Chatkit, scale: str) -> None:
    """Before anything is asked of the local cloud."""
    typed = chatkit("local", "time", "recorded", "--scale", scale)
    assert typed.code == 2
    assert "is no number above 0 and up to 10" in typed.err


@pytest.mark.usefixtures("where")
@pytest.mark.parametrize(
    "typed",
    [["--scale", "0.1"], ["--seed", "4"], ["instant", "--scale", "2"], ["recorded", "--seed", "4"]],
)
def test_an_option_of_time_that_changes_nothing_is_refused(
    chatkit: Chatkit, typed: list[str]
) -> None:
    """Somebody who forgets the mode learns so."""
    said = chatkit("local", "time", *typed)
    assert said.code == 2 and "goes with" in said.err


def test_drills_and_faults_are_one_verb(chatkit: Chatkit) -> None:
    """`--for` lets what people meet fail; without it requests to Resource Manager do."""
    chatkit("local", "up")
    on = chatkit("local", "fault", "functions-down", "--for", "10m").out
    assert re.search(r"^(600|599) s +functions-down ", on, re.MULTILINE)
    assert "answers 503" in on and "Look at this:" in on
    slow = chatkit("local", "fault", "slow").out
    assert re.search(r"^on +slow ", slow, re.MULTILINE)
    wrong = chatkit("local", "fault", "throttled", "--for", "5")
    assert wrong.code == 2 and "signalr-drop" in wrong.err
    assert chatkit("local", "fault", "functions-down", "--for", "0").code == 2
    wrong = chatkit("local", "fault", "slow", "--for", "nan")
    assert wrong.code == 2 and "30s, 2m" in wrong.err
    off = chatkit("local", "fault", "--clear").out
    assert not re.search(r"^(on|\d+ s) ", off, re.MULTILINE)
