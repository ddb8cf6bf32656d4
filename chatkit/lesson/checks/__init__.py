"""One check per section, of what the section's work really does. The same checks run on both targets.

A check is a function that yields one sentence for each thing it has proven and raises `CheckFailed` at the first that is not so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from chatkit.core.errors import ChatkitError
from chatkit.core.results import Result

if TYPE_CHECKING:
    from chatkit.steps.session import Session

Check = Callable[["Session"], Iterator[str]]
SECTIONS = {
    "00": "start",
    "01": "sign_in",
    "02": "signalr",
    "03": "app_folder",
    "04": "connection_info",
    "05": "send_message",
    "06": "local_page",
    "07": "deployed_app",
    "08": "deployed_page",
    "09": "authentication",
    "10": "private_messages",
    "11": "clean_up",
}


def check(session: Session, section: str) -> Result:
    """Check a section.

    Args:
        section: Its number, as in the notebook's name: "04".

    Returns:
        What was proven, a line each.

    Raises:
        CheckFailed: Something is not as it should be; the hint says what to do.
        ChatkitError: There is no such section.
    """
    if section not in SECTIONS:
        raise ChatkitError(
            f"There is no section {section!r}.",
            hint=f"Sections with a check: {', '.join(SECTIONS)}.",
        )
    begun = time.monotonic()
    module = import_module(f"{__name__}.{SECTIONS[section]}")
    run: Check = module.check
    proven = [f"  - {sentence}" for sentence in run(session)]
    return Result(
        "\n".join([f"Section {section} works:", *proven]), seconds=time.monotonic() - begun
    )
