"""JupyterLab as `chatkit lab` starts it: `python -m chatkit.cli.lab_server OPTIONS`.

It says one thing, where it is: the address that opens the first notebook.

No news: a workshop has no use for the pop-up that asks about them. That is said to each page that
is opened, and in no file, so that an environment of others does as well, and nobody's own settings
change.

It is in the list of what runs for the home, so that `chatkit stop` finds it, and ends when the home
is deleted.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

from chatkit.cli.failures import INTERRUPTED
from chatkit.core.running.presence import LAB, watched
from chatkit.core.settings import home
from chatkit.core.system import console, signals

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

EXTENSION = "--InteractiveShellApp.extra_extensions=chatkit"
NEWS = "@jupyterlab/apputils-extension:announcements"
"""The part of Lab that asks about news and looks for updates."""
THIS_PYTHON = ("python", "python3", sys.executable)


class KernelsWithCards(KernelSpecManager):
    """Has each kernel of this Python begin with `%load_ext chatkit`.

    One that was started anew has not run the notebook's first cell: a cell further down gets a card
    all the same. No file of a person's own Jupyter or IPython is touched.
    """

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """A kernel as it is started."""
        spec = super().get_kernel_spec(kernel_name)
        # Jupyter itself takes `python` for the interpreter that it runs in.
        if spec.argv[0] in THIS_PYTHON and "ipykernel_launcher" in spec.argv:
            spec.argv = [*spec.argv, EXTENSION]
        return spec


def main() -> int:
    """Run JupyterLab with the options of the command line, until it is stopped.

    Returns:
        The exit code.
    """
    console.prepare()
    try:
        from jupyterlab.labapp import LabApp

        with watched(home(), LAB, _end):
            server = LabApp.initialize_server(argv=sys.argv[1:])
            server.web_app.settings["page_config_hook"] = without_news
            print(f"JupyterLab: {_address(server)}", file=sys.stderr, flush=True)
            server.start()
    except KeyboardInterrupt:  # before Jupyter handles Ctrl+C itself
        print(INTERRUPTED, file=sys.stderr)
        return 1
    return 0


def without_news(_handler: object, page_config: dict[str, object]) -> dict[str, object]:
    """The settings that Lab's server sends with a page, without what asks about news."""
    disabled = page_config.get("disabledExtensions")
    others = disabled if isinstance(disabled, list) else []
    return {**page_config, "disabledExtensions": [*others, NEWS]}


def _address(server: ServerApp) -> str:
    """The address that leads to Lab's default page. It fits into a line of 80 columns."""
    token = server.identity_provider.token
    query = f"?token={token}" if token else ""
    return f"http://127.0.0.1:{server.port}{server.base_url}{query}"


def _end() -> None:
    # Jupyter's server ends its kernels first, as at the end of a session.
    signals.end_this_process()


if __name__ == "__main__":
    sys.exit(main())
