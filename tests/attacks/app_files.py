"""What an app brings along that would hold up its host: files, and exceptions."""

from __future__ import annotations

from tests.attacks.group import Group

# Parts of a host.json or local.settings.json, each written 300,000 times.
SLOW_PARTS = {
    "comments that never end": "/*",
    "comments that never end behind commas": ",/*",
    "quotation marks": '"',
    "commas": ",",
    "comments of no words": "//",
    "backslashes": "\\",
    "texts that end in a backslash": '"\\',
    "commas on lines of their own": "\n,",
}
# What an exception of the app raises when it is asked for its text, its notes or its name.
UNTELLABLE = {
    "an exception whose text fails": "RuntimeError('no')",
    "an exception whose text ends the program": "SystemExit(1)",
    "an exception whose text interrupts": "KeyboardInterrupt",
}

GROUPS = (
    Group(
        "App files that are slow to read",
        "test_commented_json.py",
        "test_a_large_file_is_read_in_time_that_grows_with_its_size",
        tuple(SLOW_PARTS),
    ),
    Group(
        "Exceptions that leave their caller without an answer",
        "test_http_outputs.py",
        "test_an_exception_that_cannot_be_printed_is_a_500",
        tuple(UNTELLABLE),
    ),
)
