"""The Azure CLI in an environment of its own, for people who have none. Standard library only."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from chatkit.core.errors import SetupError
from chatkit.setup import installers
from chatkit.setup.installers import SetupFailed

# az imports pkg_resources, which setuptools brings.
PACKAGES = ("azure-cli", "setuptools")


def install(folder: Path, scripts: str) -> Path:
    """Make the environment anew, and return the path of az.

    Not by a lock: Azure's services change, and az with them. Its own requirements are exact.

    Raises:
        SetupError: It cannot be made; nothing of it stays.
    """
    print("chatkit: installing the Azure CLI; this takes a minute or two.", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    uv = installers.find_uv()
    try:
        installers.create(folder, uv)
        python = folder / scripts / "python"
        if uv:
            command = [uv.path, "pip", "install", "--quiet", "--python", str(python), *PACKAGES]
        else:
            command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
        installers.run_tool(command)
    except SetupFailed as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise SetupError(f"The Azure CLI cannot be installed: {error.elsewhere}") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder / scripts / "az"
