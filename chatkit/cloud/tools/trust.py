"""A file of authorities that a program can trust instead of its own: those it has, and the local
cloud's.

The variables that name such a file replace what a program trusts. With the local cloud's authority
alone it would reach nothing else any more.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from chatkit.core import tls
from chatkit.core.files import write_private

FILE = "trusted.pem"
# As the programs look for it: requests and curl first, then what OpenSSL reads.
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
MARK = "# Of the local cloud of chatkit, on this machine only:\n"


def trusted_file(where: Path, ca_file: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Write the file, where it is not there yet, and return its path.

    Args:
        where: Folder of the local cloud.
        ca_file: The local cloud's own authority.
        environment: A file of a company's authorities that its variables name goes in, too.
    """
    path = where / FILE
    own = Path(ca_file).read_text(encoding="ascii")
    text = _others(path, environment) + MARK + own
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_private(path, text)
    return path


def _others(own: Path, environment: Mapping[str, str]) -> str:
    """What the programs of this shell trust without the local cloud."""
    named = [environment[name] for name in VARIABLES if environment.get(name)]
    for path in (*map(Path, named), tls.public_authorities()):
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            # The file itself, in a shell that has evaluated `chatkit local env`.
            kept = text.partition(MARK)[0] if path == own else text
            return kept.rstrip() + "\n"
    return ""
