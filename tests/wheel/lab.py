"""`chatkit lab` of a package, as long as a test needs it."""

from __future__ import annotations

import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from chatkit.core import ports

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S+")
LIMIT_S, POLL_S = 60.0, 0.05


class Who(TypedDict):
    """Where a program runs, and as whom."""

    cwd: Path
    env: Mapping[str, str]
    user: int | None
    group: int | None
    extra_groups: list[int] | None


@contextmanager
def lab(
    chatkit: list[str], folder: Path, variables: Mapping[str, str], *, user: int | None = None
) -> Iterator[str]:
    """Start Lab in a folder, yield the address that it prints, and stop what runs for that home.

    Args:
        chatkit: The command.
        folder: The current one.
        variables: The environment's.
        user: Who starts it, by id; None is who runs this test.
    """
    command = [*chatkit, "lab", "--no-browser", "--port", str(ports.any_free())]
    groups: list[int] | None = None if user is None else []
    who = Who(cwd=folder, env=variables, user=user, group=user, extra_groups=groups)
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, encoding="utf-8", **who
    ) as process:
        assert process.stderr is not None
        printed: list[str] = []
        try:
            for line in process.stderr:
                printed.append(line)
                found = ADDRESS.search(line)
                if found:
                    yield found[0]
                    break
            else:
                raise AssertionError("".join(printed))
        finally:
            subprocess.run([*chatkit, "stop"], capture_output=True, **who)
            process.wait(LIMIT_S)


def opened(address: str, *, put: bytes | None = None) -> str:
    """What a browser gets there, or for what it puts there.

    Lab prints its address a moment before it listens.
    """
    method = "GET" if put is None else "PUT"
    request = urllib.request.Request(address, data=put, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            with opener.open(request) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            assert time.monotonic() < deadline
            time.sleep(POLL_S)
