"""Attempts to read more than an app's log through its log stream."""

from __future__ import annotations

from tests.attacks.group import Group

OTHER_FOLDERS = {
    "the folder above the logs": "../",
    "the site's settings": "application/../../settings",
    "a folder above, percent-encoded": "application/%2e%2e/%2e%2e/app.log",
    "a file of this machine": "/etc/passwd",
    "the traces of another service": "kudu/trace",
}
GROUPS = [
    Group(
        "The log stream of an app",
        "test_log_stream.py",
        "test_the_stream_leads_nowhere_else",
        tuple(OTHER_FOLDERS),
    ),
]
