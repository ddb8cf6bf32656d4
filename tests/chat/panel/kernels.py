"""Real kernels of any ipykernel version, driven as JupyterLab drives them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from chatkit.setup.installers import find_uv

Message = dict[str, Any]
LIMIT_S = 10.0


def install(version: str, folder: Path) -> str:
    """Put one version of ipykernel, without what it needs, into a folder.

    Returns:
        Why that was not possible, empty when it was.
    """
    uv = find_uv()
    tool = (
        [uv.path, "pip", "install", "--python", sys.executable]
        if uv
        else [sys.executable, "-m", "pip", "install"]
    )
    command = [*tool, "--quiet", "--no-deps", "--target", str(folder), f"ipykernel=={version}"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.stderr.strip() if done.returncode else ""


class SubshellSilent(Exception):
    """The kernel has lost a subshell.

    Nothing runs in it, and it does not even say what kernel it is.
    """


@dataclass
class Kernel:
    """A running kernel.

    Attributes:
        client: Its channels.
        published: Everything it has published, oldest first.
        subshells: Ids of those that were opened.
    """

    client: BlockingKernelClient
    published: list[Message] = field(default_factory=list)
    subshells: list[str] = field(default_factory=list)

    def begin(self, code: str, *, cell: str = "", expressions: dict[str, str] | None = None) -> str:
        """Send a cell.

        Returns:
            The request's id.
        """
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "allow_stdin": False,
            "stop_on_error": False,
        }
        request = self.client.session.msg(
            "execute_request", {**content, "user_expressions": expressions or {}}
        )
        request["metadata"]["cellId"] = cell
        self.client.shell_channel.send(request)
        return str(request["header"]["msg_id"])

    def finish(self, request: str) -> Message:
        """Wait for a cell's reply; a cell that raised is an error here."""
        while (reply := self.client.get_shell_msg(timeout=LIMIT_S))["parent_header"].get(
            "msg_id"
        ) != request:
            pass
        assert reply["content"]["status"] == "ok", reply["content"]
        return dict(reply["content"])

    def run(self, code: str, *, cell: str = "") -> None:
        """Run a cell to its end, and read all that it publishes."""
        request = self.begin(code, cell=cell)
        self.finish(request)
        self.until(
            lambda: any(
                m["content"]["execution_state"] == "idle" for m in self.of(request, "status")
            )
        )

    def value(self, expression: str) -> Any:
        """The value of an expression, as far as its repr is one; nothing is published for it."""
        reply = self.finish(self.begin("", expressions={"value": expression}))
        return ast.literal_eval(reply["user_expressions"]["value"]["data"]["text/plain"])

    def front_end(self, model: str, data: Message, *, subshell: str = "") -> None:
        """Send what a widget in the browser sends, over a subshell or not."""
        message = self.client.session.msg("comm_msg", {"comm_id": model, "data": data})
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)

    def subshell(self) -> str:
        """Open a subshell as JupyterLab does for its widgets; empty for a kernel that has none."""
        features = self.client.kernel_info(reply=True, timeout=LIMIT_S)["content"].get(
            "supported_features", []
        )
        if "kernel subshells" not in features:
            return ""
        self.client.control_channel.send(self.client.session.msg("create_subshell_request"))
        self.subshells.append(
            str(self.client.get_control_msg(timeout=LIMIT_S)["content"]["subshell_id"])
        )
        return self.subshells[-1]

    def answers_in(self, subshell: str) -> bool:
        """Whether the kernel does the least it can in a subshell: say what kernel it is."""
        request = self.client.session.msg("kernel_info_request")
        request["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(request)
        try:
            self.finish(str(request["header"]["msg_id"]))
        except Empty:
            return False
        return True

    def until(self, condition: Callable[[], bool]) -> None:
        """Read what is published until a condition holds.

        Raises:
            SubshellSilent: It does not hold, and a subshell of the kernel is lost.
        """
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            if time.monotonic() > deadline:
                if not all(self.answers_in(subshell) for subshell in self.subshells):
                    raise SubshellSilent
                raise AssertionError([message["msg_type"] for message in self.published[-20:]])
            try:
                self.published.append(self.client.get_iopub_msg(timeout=0.02))
            except Empty:
                continue

    def of(self, request: str, kind: str) -> list[Message]:
        """What was published of one kind for one request."""
        return [
            m
            for m in self.published
            if m["parent_header"].get("msg_id") == request and m["msg_type"] == kind
        ]

    def set_to(self, model: str, name: str) -> list[Any]:
        """The values that the kernel has given to one trait of a widget."""
        updates = [
            m["content"]["data"]
            for m in self.published
            if m["msg_type"] == "comm_msg" and m["content"]["comm_id"] == model
        ]
        return [update["state"][name] for update in updates if name in update.get("state", {})]


@contextmanager
def started(packages: Path | None) -> Iterator[Kernel]:
    """A kernel that looks into a folder of packages before its own."""
    manager = KernelManager(kernel_name="python3")
    variables = {**os.environ, "PYTHONPATH": str(packages)} if packages else dict(os.environ)
    manager.start_kernel(env=variables, extra_arguments=["--log-level=ERROR"])
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=LIMIT_S)
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
