"""Starts the course of this pack on a machine without internet; start.sh and start.cmd call it.

Parses on any Python, so that an old one gets a sentence.
"""

import hashlib
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RUNNING = "{}.{}".format(*sys.version_info)


def main():  # type: () -> int
    """Find a Python that this pack is for, and let the kit's wheel do the rest."""
    try:
        with open(os.path.join(HERE, "pack.json"), "rb") as file:
            pack = json.loads(file.read().decode("utf-8"))
        wheel = os.path.join(HERE, "wheels", pack["kit"])
        with open(wheel, "rb") as kit:
            is_whole = hashlib.sha256(kit.read()).hexdigest() == pack["kit_sha256"]
    except (OSError, ValueError, KeyError):
        is_whole = False
    if not is_whole:
        return refuse("this pack is not whole. Copy it again, with all of its files.")
    if RUNNING not in pack["pythons"]:
        return with_another(pack["pythons"])
    sys.path.insert(0, wheel)
    from pathlib import Path

    from chatkit.setup import from_pack

    return from_pack.main(Path(HERE), sys.argv[1:])


def with_another(versions):  # type: (list[str]) -> int
    """Start again with a Python of one of the versions."""
    for version in versions:
        for python in (["python" + version], ["py", "-" + version]):
            if is_one(python, version):
                return subprocess.call(python + [os.path.abspath(__file__)] + sys.argv[1:])
    return refuse(
        "this pack is for Python {}, and this machine has Python {}. Install Python {}, then start"
        " again.".format(" or ".join(versions), RUNNING, versions[-1])
    )


def is_one(python, version):  # type: (list[str], str) -> bool
    """Whether a command starts a Python of a version."""
    check = "import sys; sys.exit('{}.{}'.format(*sys.version_info) != '" + version + "')"
    try:
        with open(os.devnull, "wb") as nowhere:
            return subprocess.call(python + ["-c", check], stdout=nowhere, stderr=nowhere) == 0
    except OSError:
        return False


def refuse(sentence):  # type: (str) -> int
    """Say why nothing starts."""
    sys.stderr.write("chatkit: {}\n".format(sentence))
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(1)
