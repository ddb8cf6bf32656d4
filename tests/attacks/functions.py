"""What a function answers, and what a package holds, that would break the host."""

from __future__ import annotations

import json

from tests.attacks.group import Group

HEADERS: dict[str, dict[str, str]] = {
    "a line break in a header": {"X-A": "a\r\nSet-Cookie: b=c"},
    "a lone line feed in a header": {"X-A": "a\nb"},
    "a NUL in a header": {"X-A": "a\0b"},
    "a header that is not ASCII": {"X-A": "Zoë"},
    "half a character in a header": {"X-A": "\ud800"},
    "a line break in a header's name": {"X-A: b\r\nX-C": "d"},
    "a space in a header's name": {"X A": "b"},
    "a header without a name": {"": "b"},
    "a type with a line break": {"Content-Type": "text/html\r\n\r\n<p>"},
}
STATUSES = ("99", "0", "-1", "100", "101", "199", "1000", "odd", "", "+200", "٢٠٠", "2e2")
TEXTS: dict[str, object] = {
    "status 99 in an object": {"status": 99, "body": ""},
    "status true in an object": {"status": True, "body": ""},
    "status null in an object": {"status": None, "body": ""},
    "a line break in an object's header": {"headers": {"X-A": "a\r\nb"}, "body": ""},
    "cookies that are none": {"cookies": [1], "body": ""},
    "a cookie without a name": {"cookies": [{"value": "a"}], "body": ""},
    "a cookie's name with a semicolon": {"cookies": [{"name": "a;b", "value": ""}], "body": ""},
    "an endless age of a cookie": {
        "cookies": [{"name": "a", "value": "", "maxAge": 1, "max_age": float("inf")}],
        "body": "",
    },
    "half a character in an object": {"body": "\ud800"},
}


def bad_answers() -> dict[str, dict[str, object]]:
    """What the worker says that a function has returned."""
    answers: dict[str, dict[str, object]] = {}
    for status in STATUSES:
        answers[f"status {status!r}"] = {"http": {"status": status, "headers": {}, "cookies": []}}
    for name, headers in HEADERS.items():
        answers[name] = {"http": {"status": "200", "headers": headers, "cookies": []}}
    for name, text in TEXTS.items():
        answers[name] = {"string": json.dumps(text)}
    return answers


# Names of files in a package.
PACKAGES: dict[str, tuple[str, ...]] = {
    "a file and a folder of one name": ("a", "a/b"),
    "a folder and a file of one name": ("a/b", "a"),
    "a file and an empty folder of one name": ("a", "a/"),
    "a file and a folder in another case": ("Lib", "lib/x.py"),
    "a folder below a file, far down": ("x/y", "x/y/z/w"),
    "a name of 256 letters": ("a" * 256,),
    "a name of 258 bytes": ("é" * 129,),
    "a folder of 256 letters": ("a" * 256 + "/b",),
    "a path of 2,000 letters": ("/".join(["a" * 199] * 10),),
    "one file by two paths": ("a/b", "a/./b"),
    "one file by two paths, doubled": ("a/b", "a//b"),
}
GROUPS = (
    Group(
        "Answers of a function that no client could read",
        "test_function_answers.py",
        "test_an_answer_that_cannot_be_sent_is_refused",
        tuple(bad_answers()),
    ),
    Group(
        "Packages that no disk could hold",
        "test_app_packages.py",
        "test_names_that_no_disk_can_hold_are_refused",
        tuple(PACKAGES),
    ),
)
