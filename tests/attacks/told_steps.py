"""Attempts to have what "show me how" prints do something else, or show a secret."""

from __future__ import annotations

from tests.attacks.group import Group

TEXTS = (
    "a command in a shell's substitution",
    "a command in backticks",
    "a command after a quote",
    "a command after a double quote",
    "a command after JSON and a quote",
    "a command on a line of its own",
    "a variable of the shell",
    "Python after a quote",
    "Python in a format string",
    "a request after a separator",
    "a header on a line of its own",
    "an expression of a template",
    "script",
)
SECRETS = (
    "an app setting of any name",
    "a setting that a site is made with",
    "a connection string of a site",
    "a client secret of Graph",
    "keys and passwords by the name of their field",
    "a bearer token in a list",
    "a signature in an address",
    "a host key in the request's own address",
)

GROUPS = (
    Group(
        'Texts of strangers in what "show me how" prints',
        "test_told_texts.py",
        "test_a_text_stays_a_text",
        TEXTS,
    ),
    Group(
        'Secrets in what "show me how" prints and keeps',
        "test_told_texts.py",
        "test_a_secret_is_in_no_form",
        SECRETS,
    ),
)
