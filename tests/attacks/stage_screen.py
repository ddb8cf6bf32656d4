"""Attempts of guests at the screen that the room looks at, and at the token of its presenter."""

from __future__ import annotations

from tests.attacks.group import Group

# Names and texts that shall break the screen, or be more than text there.
MESSAGES: dict[str, tuple[str, str]] = {
    "a script as name and text": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "an image with an event": ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
    "a template": ("{{alert(1)}}", "${alert(1)} {{constructor.constructor('alert(1)')()}}"),
    "an end of the element": (
        "</bdi></li><b>bold",
        "</span></li></ol><h1>The end</h1>",
    ),
    "a word of 1,500 letters": ("w" * 50, "w" * 1500),
    "150 lines": ("lines", "\n".join("0123456789" * 15)),
    "marks piled up on letters": ("a\u0300\u0301\u0302" * 12, "z\u0300\u0301\u0302\u0303" * 300),
    "400 emoji": ("👩‍👩‍👧‍👧 family", "🎉" * 400),
    "text that turns what stands behind it around": ("\u202eecila", "\u202e" + "abc " * 20),
    "from right to left": ("محمد", "مرحبا بالجميع"),
    "nothing but blanks": ("\u00a0", " \n\t \u3000"),
}

# What a page shows to a local cloud that is not the one of its link.
LINKS: dict[str, str] = {
    "the powers, without a token": "",
    "the powers, with the token of a stage before": "of-yesterday",
    "the powers, with a token that is no text of ours": "%00<b>'\"",
}

GROUPS = (
    Group(
        "What guests write, on the screen of a stage",
        "test_stage_screen.py",
        "test_a_message_is_text_on_the_screen_whatever_it_is",
        (*MESSAGES,),
    ),
    Group(
        "Links to the screen of a stage",
        "test_stage_screen.py",
        "test_without_the_token_there_are_code_and_count_alone",
        (*LINKS,),
    ),
    Group(
        "A program at the screen's port while the local cloud is down",
        "test_stage_screen.py",
        "test_the_token_goes_to_nobody",
        ("that asks for a proof", "that answers as if nothing was missing"),
    ),
)
