"""The access key that Microsoft publishes for its SignalR emulator, and that samples have.

It opens the emulator, and an instance of the local cloud only while somebody asks for that.
"""

from __future__ import annotations

KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH"
PORT = 8888


def connection_string(port: int) -> str:
    """The connection string as samples write it."""
    return f"Endpoint=http://localhost;Port={port};AccessKey={KEY};Version=1.0;"
