"""Another user of this machine, who tries a port."""

from __future__ import annotations

import subprocess
from urllib.parse import urlsplit

STRANGER = 4242
"""An id that no account here has; root can be it."""
# With the system's own Python, which everybody may run.
PYTHON = "/usr/bin/python3"
TRY = """
import socket, ssl, sys
host, port, scheme = sys.argv[1:]
try:
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        if scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = context.wrap_socket(connection, server_hostname=host)
        connection.sendall(b"GET / HTTP/1.1\\r\\nHost: localhost:%s\\r\\n\\r\\n" % port.encode())
        print(connection.recv(4096).decode(errors="replace"))
except OSError as error:
    print("no answer:", type(error).__name__)
"""
REFUSALS = ("no answer:", "This server belongs to another user")


def answer(url: str, *, user: int = STRANGER) -> str:
    """What somebody gets at an address."""
    split = urlsplit(url)
    command = [PYTHON, "-c", TRY, str(split.hostname), str(split.port), split.scheme]
    done = subprocess.run(
        command,
        user=user,
        group=user,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return done.stdout + done.stderr


def is_refused(said: str) -> bool:
    """Whether that is no answer of the server."""
    return any(words in said for words in REFUSALS) or not said.strip()
