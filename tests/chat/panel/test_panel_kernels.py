"""The panel in real kernels, old and new.

Which thread runs a callback, and when, depends on ipykernel's version.

6.29 queues what a front end sends until the cell ends; 7.0 to 7.3 run it in a subshell, on a thread
and a loop of its own; 7.4 runs it on the main thread while a cell awaits. The panel must not care.

On a busy machine 7.3.0 sometimes loses a subshell: all its threads wait, and a bare
`kernel_info_request` over that subshell is not answered either. Such a kernel proves nothing about
the panel; another one is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chatkit.chat.client.background_loop import BackgroundLoop
from tests.chat.panel.kernels import Kernel, SubshellSilent, install, started
from tests.chat.stub_room import StubRoom
from tests.tools import Tools

KERNELS = 3
VERSIONS = ("6.29.5", "7.0.1", "7.3.0", "7.4.0")
IDS = """{user: {"text": column._text.model_id, "send": column._send.model_id,
    "blocks": [block.model_id for block in column._list.widget.children]}
    for user, column in panel._columns.items()}"""
AWAITING = (
    "import asyncio, pathlib\nwhile not pathlib.Path({flag!r}).exists(): await asyncio.sleep(0.02)"
)
BLOCKING = "import time, pathlib\nwhile not pathlib.Path({flag!r}).exists(): time.sleep(0.02)"
OUTPUTS = ("stream", "display_data", "execute_result", "error", "clear_output")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session", params=VERSIONS)
def packages(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tools: Tools
) -> Path:
    """A folder with one version of ipykernel.

    Without it the test is skipped, or fails under CI=true.
    """
    folder = tmp_path_factory.mktemp(f"ipykernel-{request.param}")
    if why := install(request.param, folder):
        tools.lack(f"ipykernel {request.param} could not be installed: {why[-300:]}")
    return folder


@pytest.fixture
def kernel(packages: Path, app: StubRoom) -> Iterator[Kernel]:
    """A kernel of that version, gone before the room is."""
    with started(packages) as kernel:
        yield kernel


def open_panel(kernel: Kernel, app: StubRoom, users: str = "'alice', 'bob'") -> Any:
    """Run the cell that shows a panel, as a learner does, and return the ids of its widgets."""
    opened = f"panel = ChatPanel.open({app.url!r}, ({users}))"
    kernel.run(f"from chatkit.chat.panel.panel import ChatPanel\n{opened}\npanel", cell="panel")
    kernel.published.clear()
    return kernel.value(IDS)


def type_and(
    kernel: Kernel, column: Any, event: str, text: str, *, subshell: str = "", slowly: bool = False
) -> None:
    """What JupyterLab sends when somebody types, then presses Enter ("submit") or Send ("click").

    ipykernel 7.4 may handle the two on two threads. A person leaves a moment between them, and so
    does `slowly`: it waits until the kernel has echoed the text.
    """
    kernel.front_end(
        column["text"],
        {"method": "update", "state": {"value": text}, "buffer_paths": []},
        subshell=subshell,
    )
    kernel.until(lambda: not slowly or text in kernel.set_to(column["text"], "value"))
    model = column["send"] if event == "click" else column["text"]
    kernel.front_end(model, {"method": "custom", "content": {"event": event}}, subshell=subshell)


def in_a_kernel(packages: Path, scenario: Callable[[Kernel, int], None]) -> None:
    """Play a scenario in a kernel; anew in another one when the kernel loses its subshell."""
    for turn in range(KERNELS):
        with suppress(SubshellSilent), started(packages) as kernel:
            scenario(kernel, turn)
            return
    pytest.fail(f"{KERNELS} kernels have lost a subshell")


def has_read(kernel: Kernel, column: Any, text: str) -> Callable[[], bool]:
    """Says whether a message has been painted into a user's list."""
    return lambda: any(
        text in value for block in column["blocks"] for value in kernel.set_to(block, "value")
    )


def test_messages_are_sent_and_shown_whatever_a_cell_does(
    packages: Path, app: StubRoom, background: BackgroundLoop, tmp_path: Path
) -> None:
    """Idle, while a cell awaits, while a cell blocks; over the main shell and over a subshell.

    Enter and Send.

    What arrives from outside is shown at once, even while a cell blocks. What is typed then is sent
    when the kernel comes to it, at the latest when the cell ends. No cell gets an output that is
    not its own.
    """
    in_a_kernel(
        packages,
        lambda kernel, turn: chat_while_cells_run(
            kernel, packages, app, background, tmp_path, turn
        ),
    )


def chat_while_cells_run(
    kernel: Kernel,
    packages: Path,
    app: StubRoom,
    background: BackgroundLoop,
    flags: Path,
    turn: int,
) -> None:
    """The whole of it in one kernel."""
    assert kernel.value("__import__('ipykernel').__version__") in packages.name
    columns = open_panel(kernel, app)
    ways = sorted({"", kernel.subshell()})
    for number, (busy, subshell) in enumerate(
        (busy, way) for busy in ("", AWAITING, BLOCKING) for way in ways
    ):
        mark = f"{turn}.{number}"
        flag = flags / mark
        cell = kernel.begin(busy.format(flag=str(flag)))
        kernel.until(lambda cell=cell: bool(kernel.of(cell, "execute_input")))  # type: ignore[misc]
        slowly = "7.4" in packages.name and busy != BLOCKING
        type_and(
            kernel, columns["alice"], "submit", f"[submit {mark}]", subshell=subshell, slowly=slowly
        )
        type_and(
            kernel, columns["bob"], "click", f"[click {mark}]", subshell=subshell, slowly=slowly
        )
        background.call(
            app.invoke(
                "newMessage",
                {"id": f"x{mark}", "sender": "carol", "text": f"[from outside {mark}]"},
            )
        )
        kernel.until(has_read(kernel, columns["bob"], f"[from outside {mark}]"))
        flag.touch()
        kernel.finish(cell)
        for text, reader in ((f"[submit {mark}]", "bob"), (f"[click {mark}]", "alice")):
            kernel.until(has_read(kernel, columns[reader], text))
        assert [kernel.set_to(columns[user]["text"], "value")[-1] for user in columns] == ["", ""]
    assert {message["msg_type"] for message in kernel.published}.isdisjoint(OUTPUTS)


def test_a_cell_run_again_leaves_one_panel(kernel: Kernel, app: StubRoom) -> None:
    """The kernel knows which cell it runs.

    The old connections are gone, and one can type into the new panel.
    """
    open_panel(kernel, app)
    columns = open_panel(kernel, app, "'alice', 'carol'")
    kernel.until(lambda: sorted(app.hubs[socket] for socket in app.sockets) == ["chat", "chat"])
    type_and(kernel, columns["carol"], "submit", "[anew]")
    kernel.until(has_read(kernel, columns["alice"], "[anew]"))


def test_the_inspector_works_there(packages: Path, app: StubRoom) -> None:
    """It records, paints, and its buttons answer a click over a subshell."""
    in_a_kernel(packages, lambda kernel, _turn: use_the_inspector(kernel, app))


def use_the_inspector(kernel: Kernel, app: StubRoom) -> None:
    """The whole of it in one kernel."""
    open_panel(kernel, app)
    kernel.run("inspector = panel.inspector()\ninspector", cell="inspector")
    button, said = kernel.value(
        "inspector.widget.children[1].children[0].model_id, inspector._said.model_id"
    )
    kernel.front_end(
        button, {"method": "custom", "content": {"event": "click"}}, subshell=kernel.subshell()
    )
    kernel.until(
        lambda: any("nobody said goodbye" in value for value in kernel.set_to(said, "value"))
    )
    blocks = kernel.value("[block.model_id for block in inspector._list.widget.children]")
    kernel.until(
        lambda: any(
            "handshake" in value for block in blocks for value in kernel.set_to(block, "value")
        )
    )
