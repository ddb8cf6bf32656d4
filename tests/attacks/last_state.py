"""Secrets that somebody pastes into a chat, whose notebook is stored with its last state."""

from __future__ import annotations

from tests.attacks.group import Group

KEY = "c2VjcmV0LWtleS1vZi1hLXNlcnZpY2UtMzItYnl0ZXM="
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"

# What is typed, and the part of it that nobody else may read.
PASTED = {
    "a connection string of SignalR Service": (
        f"Endpoint=https://chat.service.signalr.net;AccessKey={KEY};Version=1.0;",
        KEY,
    ),
    "a connection string of a storage account": (f"AccountName=chat;AccountKey={KEY}", KEY),
    "a key alone": (KEY, KEY),
    "an access token": (TOKEN, TOKEN),
    "a header with a token": (f"Authorization: Bearer {TOKEN}", TOKEN),
    "an address with a token": (f"wss://chat.example/client/?hub=chat&access_token={TOKEN}", TOKEN),
    "a shared access signature": ("https://chat.example/c/b?sv=2024&sig=Zm9vYmFyYmF6", "Zm9vYmFy"),
    "a client secret": ('{"client_secret": "Q7~hunter2hunter2"}', "hunter2"),
}

GROUPS = (
    Group(
        "A secret that somebody pastes into a chat, in the notebook's last state",
        "test_last_state.py",
        "test_no_secret_is_left_behind",
        tuple(PASTED),
    ),
)
