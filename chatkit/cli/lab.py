"""`chatkit lab`: JupyterLab at the first notebook, with the local cloud running."""

from __future__ import annotations

import os
import secrets
import sys
from typing import Annotated
from urllib.parse import quote

import typer

from chatkit.core import ports, settings
from chatkit.core.errors import NotWritten
from chatkit.core.home.check import check_home
from chatkit.core.system.programs import become
from chatkit.core.work import course_choice, notebooks
from chatkit.lesson import courses
from chatkit.lesson.notebooks import execution
from chatkit.steps import moved_ports

PORT = 8890
"""Not Jupyter's 8888: that is the port of the Azure SignalR Service on this machine."""

TRIES = 20
"""How many ports in a row are looked at."""

# With Node on the machine Lab looks at each start whether its own JavaScript should be built anew.
NO_BUILD = {"page_config_data": {"buildCheck": False, "buildAvailable": False}}


def lab(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=1, max=65535, help=f"Port of JupyterLab; {PORT} or the next free one."
        ),
    ] = None,
) -> None:
    """Start the local cloud and open JupyterLab at your copy of the first notebook."""
    first = next(iter(courses.current().notebooks(courses.notebooks()).values()))
    check_home(settings.home())
    bring_notebooks()
    if os.environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        where = settings.chat_folder() / notebooks.FOLDER / first.name
        typer.echo(f"JupyterLab runs already: this is a JupyterHub. Open {where} in it.")
        return
    chosen = choose_port(port)
    if settings.load(settings.home()).target == "local":
        moved_ports.start_cloud(settings.home(), typer.echo)
    command = [
        # Without the current folder on its path: a file of the learner's may be called json.py.
        *(sys.executable, "-P", "-m", "chatkit.cli.lab_server"),
        f"--ServerApp.root_dir={settings.chat_folder()}",
        f"--ServerApp.port={chosen}",
        # Before Lab starts, another user may take the port; who asked for one hears of that.
        f"--ServerApp.port_retries={TRIES if port is None else 0}",
        f"--LabApp.default_url=/lab/tree/notebooks/{quote(first.name)}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        f"--ServerApp.tornado_settings={NO_BUILD}",
        "--ServerApp.kernel_spec_manager_class=chatkit.cli.lab_server.KernelsWithCards",
        # Its warnings are not for learners: "not trusted" of each notebook that opens.
        "--Application.log_level=ERROR",
        # Else each kernel warns in the terminal that others on this machine may listen.
        "--KernelManager.transport_encryption=auto",
        *([] if browser else ["--no-browser"]),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]
    # A token that Jupyter makes itself is shown in seven lines. Nobody else sees this variable.
    os.environ.setdefault("JUPYTER_TOKEN", secrets.token_hex(16))
    execution.prefer_own_kernel()
    os.chdir(settings.chat_folder())  # its home is found from there
    raise typer.Exit(become(command))


def bring_notebooks() -> None:
    """Make the copies of the notebooks that Lab opens, or bring them up to date.

    Raises:
        NotWritten: There are none, and the disk takes none.
        SetupError: Another course was begun in this home.
    """
    work = settings.chat_folder()
    course_choice.of_home()
    try:
        brought = notebooks.bring_up_to_date(courses.notebooks(), work, settings.home())
    except NotWritten as error:
        if not any((work / notebooks.FOLDER).glob("*.ipynb")):
            raise
        typer.echo(f"chatkit: the notebooks stay as they are: {error}")
        return
    if brought.sentence():
        typer.echo(f"chatkit: {brought.sentence()}")


def choose_port(wanted: int | None) -> int:
    """Return the wanted port, or the first free one from the default on, or any free one.

    Raises:
        PortInUse: The wanted port is taken; the error names the program that has it and two ways
            on.
        SetupError: The wanted port is not for this user.
    """
    if wanted is None:
        for port in range(PORT, PORT + TRIES):
            if not any(ports.answers(port, host=host) for host in ports.LOCALHOST):
                return port
        return ports.any_free()  # more people share this machine than have ports in a row
    # JupyterLab itself says only that it is taken.
    for sock in ports.bind_wanted(wanted, wanted_for="JupyterLab"):
        sock.close()
    return wanted
