"""File names that Windows does not allow.

Follows Microsoft's pages "Naming Files, Paths, and Namespaces" and "Maximum Path Length
Limitation". Standard library only.
"""

from __future__ import annotations

import ntpath
import re
import sys

DEVICE = re.compile(r"(?i)^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])( *\..*| *)$")
NOT_IN_A_NAME = re.compile(r'[<>:"|?*\\/\x00-\x1f]')
LONGEST = 259
"""Characters of a path on Windows, where long ones are not switched on."""
EXTENDED = "\\\\?\\"


def is_device(name: str) -> bool:
    """Whether a name means a device on Windows, with whatever suffix."""
    return DEVICE.match(name) is not None


def fault(name: str) -> str:
    """Why this machine cannot have a file of a name, as the end of a sentence; empty when it can.

    Only Windows is so particular. A colon there would write into another stream of a file.
    """
    if sys.platform != "win32":
        return ""
    found = NOT_IN_A_NAME.search(name)
    if found:
        return f"Windows has no {found[0]!r} in the name of a file"
    if name != name.rstrip(". "):
        return "Windows has no name that ends with a dot or a space"
    return ""


def own_folder(name: str) -> str:
    """The name of a folder for something that Azure lets people call `con` or `aux`.

    Azure's names have no `_`.
    """
    return f"{name}_" if sys.platform == "win32" and is_device(name) else name


def is_too_long(path: str) -> bool:
    """Whether a path may be longer than this machine takes."""
    return sys.platform == "win32" and len(path) > LONGEST and not path.startswith(EXTENDED)


def extended(path: str) -> str:
    """An absolute path in the form for which Windows has no limit of 260 characters."""
    if sys.platform != "win32" or path.startswith(EXTENDED):
        return path
    whole = ntpath.normpath(path)
    if whole.startswith("\\\\"):  # of another machine: \\server\share
        return f"{EXTENDED}UNC{whole[1:]}"
    return EXTENDED + whole
