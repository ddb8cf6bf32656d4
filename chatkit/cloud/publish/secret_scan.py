"""Secrets in files that are to be published: a table of how they look.

The table has what this kit's users have at hand: keys and tokens of Azure, and tokens of the
services that a learner's machine most likely knows. The shapes follow Microsoft's page "Sensitive
information type entity definitions" and the token formats that the services document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from chatkit.cloud.publish import ignore_file
from chatkit.cloud.publish.selection import shown
from chatkit.core.errors import SetupError

SHOWN = 5


@dataclass(frozen=True)
class Shape:
    """How one kind of secret looks.

    Attributes:
        what: What it is.
        marks: Texts in lower case, one of which is in every such secret. Looking for them is fast,
            and most files have none.
        pattern: The secret itself. It begins where a run of its characters begins, so that its work
            grows with the file's size.
    """

    what: str
    marks: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


@dataclass(frozen=True)
class Secret:
    """Something in a file that looks like a secret; never the secret itself.

    Attributes:
        path: The file.
        line: Counts from 1.
        what: What it is.
    """

    path: PurePosixPath
    line: int
    what: str


EQUALS = rb"(?:=|%3[Dd]|\\u003[Dd])"
SHAPES = (
    Shape(
        "a private key",
        (b"private key",),
        re.compile(rb"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
    ),
    Shape(
        "a private key",
        (b"putty-user-key-file-",),
        re.compile(rb"PuTTY-User-Key-File-[0-9]:"),
    ),
    Shape(
        "a connection string with its key",
        (b"accountkey", b"accesskey"),
        re.compile(rb"(?:AccountKey|AccessKey)" + EQUALS + rb"[A-Za-z0-9+/_%-]{8}"),
    ),
    Shape(
        "a connection string with its key",
        (b"accountkey", b"accesskey"),
        re.compile(
            rb"(?i);(?:account|access|sharedaccess)key" + EQUALS + rb"[a-z0-9+/_%-]{8}",
        ),
    ),
    Shape(
        "an access key",
        (b"accountkey", b"accesskey", b"account_key", b"access_key", b"storage_key"),
        re.compile(
            rb"(?i)(?:account|access|storage)_?key[\"']?\s{0,4}[:=]\s{0,4}[\"'][a-z0-9+/=_-]{24}"
        ),
    ),
    Shape(
        "a storage account key",
        (b"==",),
        # 64 bytes in Base64. A browser's `integrity` has the same length after "sha512-".
        re.compile(rb"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])"),
    ),
    Shape(
        "a shared access signature",
        (b"sig=", b"sig%3d", b"sig\\u003d"),
        re.compile(rb"(?<![A-Za-z0-9_])sig" + EQUALS + rb"(?:[A-Za-z0-9/+_-]|%[0-9A-Fa-f]{2}){32}"),
    ),
    Shape(
        "a token (JWT)",
        (b"eyj",),
        re.compile(
            rb"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}+\.eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]{10}"
        ),
    ),
    Shape(
        "a client secret of Microsoft Entra",
        (b"q~",),
        re.compile(
            rb"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"
            rb"(?![A-Za-z0-9_~.-])"
        ),
    ),
    Shape(
        "a client secret",
        (b"client_secret", b"clientsecret"),
        re.compile(rb"(?i)client_?secret[\"']?\s{0,4}[:=]\s{0,4}[\"'][^\"'\s]{16}"),
    ),
    Shape(
        "a client secret",
        (b"client_secret",),
        # As `chatkit local env` prints it, and files of settings hold it. A name has no digit.
        re.compile(rb"CLIENT_SECRET\s{0,4}[:=]\s{0,4}(?=[A-Za-z_~-]{0,40}[0-9])[A-Za-z0-9_~-]{32}"),
    ),
    Shape(
        "a key of a function app",
        (b"azfu",),
        re.compile(rb"[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]=="),
    ),
    Shape(
        "a token of GitHub or GitLab",
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-"),
        re.compile(
            rb"(?:gh[pousr]_[A-Za-z0-9]{30}|github_pat_[A-Za-z0-9_]{22}|glpat-[A-Za-z0-9_-]{20})"
        ),
    ),
    Shape(
        "a token of Slack",
        (b"xox", b"xapp-", b"hooks.slack.com"),
        re.compile(
            rb"(?:xox[abeoprs]-[A-Za-z0-9-]{10}|xapp-[0-9]-[A-Za-z0-9-]{10}"
            rb"|hooks\.slack\.com/services/T[A-Za-z0-9]{5,15}/B[A-Za-z0-9]{5,15}/[A-Za-z0-9]{10})"
        ),
    ),
    Shape(
        "a key of Amazon Web Services",
        (b"akia", b"asia"),
        re.compile(rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ),
    Shape(
        "a key of Amazon Web Services",
        (b"secret_access_key", b"secretaccesskey"),
        re.compile(rb"(?i)secret_?access_?key[\"']?\s{0,4}[:=]\s{0,4}[\"']?[a-z0-9/+]{40}"),
    ),
    Shape(
        "an access token",
        (b"npm_", b"_authtoken=", b"pypi-age", b"_live_", b"sk-", b"gocspx-", b"hf_", b"sg."),
        re.compile(
            rb"(?<![A-Za-z0-9])(?:npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{20}"
            rb"|[rs]k_live_[A-Za-z0-9]{16}|sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{20}"
            rb"|GOCSPX-[A-Za-z0-9_-]{20}|hf_[A-Za-z0-9]{30}"
            rb"|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{40})"
            rb"|_authToken=[A-Za-z0-9_-]{8}"
        ),
    ),
    Shape(
        "a database's address with its password",
        (b"postgres", b"mysql", b"mongodb", b"redis", b"amqp"),
        re.compile(
            rb"(?i)(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|rediss?|amqps?)://"
            rb"[^\s:@/\"'<>]{0,64}:[^\s@/\"'<>{}$]{3,128}@"
        ),
    ),
)


def find(path: PurePosixPath, content: bytes) -> Secret | None:
    """The first thing in a file that looks like a secret."""
    # Text in UTF-16, as PowerShell writes it, has a zero byte beside each letter.
    text = content.replace(b"\0", b"") if b"\0" in content else content
    folded = text.lower()
    for shape in SHAPES:
        if any(mark in folded for mark in shape.marks):
            match = shape.pattern.search(text)
            if match is not None:
                return Secret(path, text.count(b"\n", 0, match.start()) + 1, shape.what)
    return None


def refuse(
    files: Mapping[PurePosixPath, bytes], *, what: str, ignore_file_name: str, instead: str
) -> None:
    """Stop when something in files that are to be published looks like a secret.

    Args:
        files: Their contents, by path; without those that somebody asked for by name.
        what: What happens to what is published.
        ignore_file_name: The file with a line for each file that is wanted, as people find it.
        instead: What else to do.

    Raises:
        SetupError: Something does.
    """
    searched = [find(path, content) for path, content in files.items()]
    found = [secret for secret in searched if secret is not None]
    if not found:
        return
    places = [f"{shown(one.path)}, line {one.line}: {one.what}" for one in found[:SHOWN]]
    if len(found) > SHOWN:
        places.append(f"and {len(found) - SHOWN} more files")
    listed = "".join(f"\n  {place}" for place in places)
    line = ignore_file.line_for(found[0].path)
    raise SetupError(
        f"Nothing was sent. {what} This looks like a secret:{listed}",
        hint=f"\n{instead} If it is no secret, add the line {line} to {ignore_file_name}.",
    )
