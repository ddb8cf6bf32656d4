"""Attempts to make everybody wait: texts that a reader might read again and again."""

from __future__ import annotations

from tests.attacks.group import Group

# What is particular to a secret, again and again, without ever being one.
FLOODS: dict[str, str] = {
    "beginnings of tokens, joined": "eyJ-",
    "beginnings of tokens, side by side": "eyJ",
    "tokens of two parts": "eyJa.b",
    "tokens with an empty part": "eyJ-.",
    "tokens that end too soon": "eyJa.b. ",
    "beginnings of tokens behind a hyphen": "-eyJ",
    "beginnings of tokens within a word": "aeyJ-",
    "names of secrets without a value": "sig=",
    "names of secrets with a space": "sig= ",
    "names of secrets without their sign": "code",
    "the word before a token": "Bearer ",
    "the word before a token, joined": "Bearer",
    "the word before a token, and many spaces": "Bearer \t",
    "the word before a signature": "SharedKey ",
    "the word before a signature, and a name": "SharedKey a",
    "the word before a signature, and a colon": "SharedKey a:",
    "one long space": " ",
    "one long word": "a",
}
GROUPS = (
    Group(
        "Texts that are slow to mask",
        "test_secret_masking.py",
        "test_masking_takes_time_that_grows_with_the_text",
        tuple(FLOODS),
    ),
)
