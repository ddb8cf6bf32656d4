"""A workshop with the chat room made, published and uploaded: as after section 08, or with sign-in
as after section 10.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from chatkit.core.ports import next_free
from chatkit.steps import local_settings
from chatkit.workshop import Workshop
from tests.app_versions import BEFORE_SIGN_IN, write_app
from tests.homes import workshop_in

LOCAL = ("write_local_settings", "start_functions", "prepare_page", "start_page")
DEPLOYED = (
    "publish_functions",
    "upload_settings",
    "allow_page",
    "enable_static_website",
    "set_page_url",
    "upload_page",
)
WITH_SIGN_IN = (
    "write_local_settings",
    "prepare_page",
    *DEPLOYED[:-2],
    "enable_authentication",
    *DEPLOYED[-2:],
)


@contextmanager
def finished_workshop(home: Path, *, sign_in: bool = False) -> Iterator[Workshop]:
    """Take every step in a home of its own; nothing runs any more at the end.

    Args:
        home: An empty folder.
        sign_in: With authentication and private messages, without what runs on this machine only.
    """
    # A port of its own: the functions find it free when they restart, whatever runs beside this.
    port = next_free(20000 + os.getpid() % 20000)
    write_app(home / "my-chat", until="10" if sign_in else BEFORE_SIGN_IN)
    steps = WITH_SIGN_IN if sign_in else (*LOCAL, *DEPLOYED)
    with workshop_in(home) as workshop, patch.object(local_settings, "PORT", port):
        for verb in ("provision", *steps):
            getattr(workshop, verb)()
        yield workshop
