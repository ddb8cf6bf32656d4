"""What functions said, with what strangers wrote into it, in their owner's cell and terminal."""

from __future__ import annotations

from tests.attacks.group import Group

# Texts of strangers in the message of an exception, or in a line that a function logs.
TAKES_OVER = {
    "a terminal's title": "\x1b]0;mine\x07",
    "a terminal's screen": "\x1b[2J\x1b[H",
    "the direction of the line": "\u202eenim",
    "the line's end": "\r\x85\u2028gone",
    "markup": "<script>alert(1)</script>",
    "a traceback of its own": 'File "/etc/passwd", line 1\n    root',
}

# Positions of a reader of a log that nobody gave out.
POSITIONS = ("nonsense", "-", "0-9", f"1-{'9' * 60}", "1--1")

GROUPS = (
    Group(
        "What a stranger wrote, in the reason that a cell shows",
        "test_failures.py",
        "test_what_a_stranger_wrote_takes_over_nothing",
        tuple(TAKES_OVER),
    ),
    Group(
        "A position in a log that nobody gave out",
        "test_tail.py",
        "test_a_position_that_nobody_gave_out_reads_the_end",
        POSITIONS,
    ),
)
