"""What a person does with a pack on a fresh machine; it runs in a namespace without network.

`python -m tests.pack.without_network PACK HOME` prints how long the first chat took.
"""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from chatkit.setup import installers
from tests.wheel.lab import lab, opened

NAMESPACES = (
    ("--user", "--map-current-user", "--net", "--keep-caps"),
    ("--net",),  # root, where user namespaces are switched off
)
# <linux/sockios.h> and <linux/if.h>: set the flags of an interface to up and running.
SIOCSIFFLAGS, UP = 0x8914, 0x1 | 0x40
MORE = "pyjwt[crypto]>=2.9\n"
"""What the deployed app wants besides: an extra, which no environment is known to have."""


def command(*arguments: str) -> list[str] | None:
    """This module in a network namespace; None where this user can make none."""
    unshare = shutil.which("unshare")
    for options in NAMESPACES if unshare else ():
        namespace = [str(unshare), *options]
        if subprocess.run([*namespace, "true"], capture_output=True).returncode == 0:
            return [*namespace, sys.executable, "-m", "tests.pack.without_network", *arguments]
    return None


def main(pack: str, home: str) -> None:
    """Start the course from a pack, chat, deploy, and open Lab."""
    bring_loopback_up()
    start = ["/bin/sh", str(Path(pack, "start.sh"))]
    path = f"{Path(installers.base_python()).parent}:/usr/bin:/bin"
    variables = {"HOME": home, "PATH": path}

    def type_(*words: str) -> None:
        subprocess.run([*start, *words], cwd=home, env=variables, check=True)

    try:
        begin = time.monotonic()
        type_("run", "--until", "06")
        print(f"first chat after {time.monotonic() - begin:.0f} s")
        type_("check", "06")
        wanted = Path(home, "chatkit", "my-chat", "functions", "requirements.txt")
        wanted.write_text(wanted.read_text(encoding="utf-8") + MORE, encoding="utf-8")
        type_("catch-up", "08")
        with lab(start, Path(home), variables) as address:
            assert "00-start-here" in opened(address.replace("/?", "/api/contents/notebooks?"))
        begin = time.monotonic()
        type_("status")
        print(f"second start after {time.monotonic() - begin:.1f} s")
    finally:
        subprocess.run([*start, "stop"], cwd=home, env=variables)


def bring_loopback_up() -> None:
    """The one interface of a new namespace; there is no other."""
    if sys.platform != "win32":
        import fcntl

        with socket.socket() as any_socket:
            wish = struct.pack("16sh14x", b"lo", UP)
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, wish)
    assert [name for _, name in socket.if_nameindex()] == ["lo"]


if __name__ == "__main__":
    main(*sys.argv[1:])
