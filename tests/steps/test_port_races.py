"""People who start their functions in the same second on the same port get their own ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Barrier

import pytest

from chatkit.core.ports import any_free
from chatkit.core.settings import checkout
from chatkit.steps.local_servers import FUNCTIONS, LocalServers
from chatkit.steps.servers.server import Started

PEOPLE = ("alice", "bob", "carol")
FIRST_ID = 60001
ROUNDS = 20
APP = """
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("who")
def who(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse({name!r})
"""
# Waits for the word, starts the functions of a home, asks them whose they are, and stops them.
PERSON = """
import sys, urllib.request
from pathlib import Path
from chatkit.steps.local_servers import FUNCTIONS, LocalServers
from chatkit.steps.servers.server import Program
home, port = Path(sys.argv[1]), int(sys.argv[2])
servers = LocalServers(home)
app = home / "app"
# What `chatkit func start` runs, in an interpreter that need not be the kit's own.
code = "import sys; from chatkit.cli.func_start import main; sys.exit(main())"
command = (sys.executable, "-c", code, "func", "start", str(app), "--port")
print("ready", flush=True)
sys.stdin.readline()
try:
    url = servers.start(Program(FUNCTIONS, command, app, restarts=True), port=port).server.url
    with urllib.request.urlopen(url + "/api/who") as answer:
        print(url, answer.read().decode(), flush=True)
    sys.stdin.readline()
finally:
    servers.stop(FUNCTIONS)
"""


def write_home(folder: Path, name: str) -> Path:
    """A home with a function that says whose it is."""
    app = folder / name / "app"
    app.mkdir(parents=True)
    bundle = {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}
    (app / "host.json").write_text(
        json.dumps({"version": "2.0", "extensionBundle": bundle}), encoding="utf-8"
    )
    # The app's own process needs them, too, in an interpreter that is not the kit's.
    values = {"PYTHONPATH": environment(folder)["PYTHONPATH"]}
    (app / "local.settings.json").write_text(json.dumps({"Values": values}), encoding="utf-8")
    (app / "function_app.py").write_text(APP.format(name=name), encoding="utf-8")
    return folder / name


@contextmanager
def person(
    python: Sequence[str], home: Path, port: int, *, user: int | None
) -> Iterator[subprocess.Popen[str]]:
    """Somebody who is about to start their functions."""
    identity = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    with subprocess.Popen(
        [*python, "-c", PERSON, str(home), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment(home),
        cwd=home,
        **identity,  # type: ignore[call-overload]
    ) as process:
        yield process


def race(python: Sequence[str], folder: Path, *, users: Sequence[int | None]) -> set[str]:
    """Let everybody start at once; return the addresses they were given.

    Everybody's functions have said that they are theirs.
    """
    port = any_free()
    with ExitStack() as stack:
        people = {
            name: stack.enter_context(person(python, folder / name, port, user=user))
            for name, user in zip(PEOPLE, users, strict=True)
        }
        for one in people.values():
            assert heard(one) == "ready\n"
        for one in people.values():
            say(one)
        answers = {
            name: one.stdout.readline().split() for name, one in people.items() if one.stdout
        }
        for one in people.values():
            say(one)
    assert [(name, answer[1:]) for name, answer in answers.items()] == [
        (name, [name]) for name in PEOPLE
    ]
    return {answer[0] for answer in answers.values()}


def say(one: subprocess.Popen[str]) -> None:
    """Give somebody the word."""
    assert one.stdin is not None
    one.stdin.write("\n")
    one.stdin.flush()


def heard(one: subprocess.Popen[str]) -> str:
    """Somebody's next line."""
    assert one.stdout is not None
    return one.stdout.readline()


def race_in_one_account(folder: Path, rounds: int) -> None:
    for name in PEOPLE:
        write_home(folder, name)
    for _ in range(rounds):
        assert len(race([sys.executable], folder, users=[None] * 3)) == 3


def race_in_three_accounts(rounds: int) -> None:
    """Their homes lie where each of them may go."""
    if sys.platform == "win32":
        return
    python = interpreter_for_others()
    folder = Path("/tmp", f"chatkit-races-{os.getpid()}")  # tests' own folders are closed to others
    users = range(FIRST_ID, FIRST_ID + len(PEOPLE))
    try:
        for name, user in zip(PEOPLE, users, strict=True):
            home = write_home(folder, name)
            for path in (home, *home.rglob("*")):
                os.chown(path, user, user)
        for _ in range(rounds):
            assert len(race(python, folder, users=users)) == 3
    finally:
        shutil.rmtree(folder)


def interpreter_for_others() -> list[str]:
    """A Python that an ordinary user may run, with the packages of this one."""
    if sys.platform == "win32" or os.geteuid() != 0:
        pytest.skip("only root becomes three other users")
    for python in (sys.executable, "/usr/bin/python3"):
        if may_run(python, FIRST_ID):
            return [python]
    pytest.skip("an ordinary user may run no Python that has these packages")


def may_run(python: str, user: int) -> bool:
    """Whether a user may run an interpreter that can import the kit as this one does."""
    wanted = sys.version_info[:2]
    code = (
        "import aiohttp, azure.functions, chatkit, psutil, sys;"
        f" sys.exit(sys.version_info[:2] != {wanted!r})"
    )
    try:
        done = subprocess.run(
            [python, "-c", code],
            capture_output=True,
            env=environment(Path("/")),
            cwd="/",
            user=user,
            group=user,
            extra_groups=[],
        )
    except OSError:
        return False
    return done.returncode == 0


def environment(home: Path) -> dict[str, str]:
    """The packages of this interpreter, for any: not what tests have put on its path."""
    path = [str(checkout()), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(home),
    }


def test_three_homes_that_start_at_once_get_their_own(tmp_path: Path) -> None:
    """Three notebooks, three homes, one account."""
    race_in_one_account(tmp_path, 1)


@pytest.mark.long
def test_three_homes_get_their_own_in_every_round(tmp_path: Path) -> None:
    """The longer form."""
    race_in_one_account(tmp_path, ROUNDS)


def test_three_users_who_start_at_once_get_their_own() -> None:
    """Ordinary users, who see little of each other's processes: a class on one machine."""
    race_in_three_accounts(1)


@pytest.mark.long
def test_three_users_get_their_own_in_every_round() -> None:
    """The longer form."""
    race_in_three_accounts(ROUNDS)


def test_two_kernels_that_start_at_once_share_one(tmp_path: Path) -> None:
    """One starts the server, the other one waits and finds it."""
    home = write_home(tmp_path, "alice")
    port = any_free()
    together = Barrier(2)

    def kernel(_: int) -> Started:
        servers = LocalServers(home)
        together.wait()
        return servers.start_functions(home / "app", port=port)

    try:
        with ThreadPoolExecutor() as pool:
            first, second = pool.map(kernel, range(2))
        assert first.server == second.server
        assert sorted((first.is_new, second.is_new)) == [False, True]
    finally:
        LocalServers(home).stop(FUNCTIONS)
