"""The Azure CLI in an environment of its own, for people who have none. Standard library only."""

from __future__ import annotations

import sys
from pathlib import Path

from chatkit.core.errors import SetupError
from chatkit.core.system.moving import discard_tree
from chatkit.core.system.programs import python_of
from chatkit.setup import installers
from chatkit.setup.installers import SetupFailed

# az imports pkg_resources, which setuptools brings.
PACKAGES = ("azure-cli", "setuptools")


def install(folder: Path) -> None:
    """Make the environment of az anew.

    Not by a lock: Azure's services change, and az with them. Its own requirements are exact.

    Raises:
        SetupError: It cannot be made; nothing of it stays.
    """
    print("chatkit: installing the Azure CLI; this takes a minute or two.", file=sys.stderr)
    discard_tree(folder)
    uv = installers.find_uv()
    try:
        installers.create(folder, uv)
        python = python_of(folder)
        if uv:
            command = [uv.path, "pip", "install", "--quiet", "--python", str(python), *PACKAGES]
        else:
            command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
        installers.run_tool(command)
    except SetupFailed as error:
        discard_tree(folder)
        raise SetupError(f"The Azure CLI cannot be installed: {error.elsewhere}") from None
    except BaseException:
        discard_tree(folder)
        raise
