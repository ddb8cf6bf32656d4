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

from chatkit.core import ports

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S+")
LIMIT_S, POLL_S = 60.0, 0.05


@contextmanager
def lab(chatkit: list[str], folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Start Lab in a folder, yield the address that it prints, and stop what runs for that home."""
    command = [*chatkit, "lab", "--no-browser", "--port", str(ports.any_free())]
    with subprocess.Popen(
        command, cwd=folder, env=variables, stderr=subprocess.PIPE, text=True
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
            subprocess.run([*chatkit, "stop"], cwd=folder, env=variables, capture_output=True)
            process.wait(LIMIT_S)


def opened(address: str) -> str:
    """What a browser gets there; Lab prints its address a moment before it listens."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            with opener.open(address) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            assert time.monotonic() < deadline
            time.sleep(POLL_S)
