"""A workshop at the start of a section, reached by the kit's verbs: quicker than the notebooks
before it.
"""

from __future__ import annotations

from pathlib import Path

from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.web.deployed import WITH_SIGN_IN


def begin_06(home: Path) -> Workshop:
    """In the home of `CHATKIT_HOME`: resources, the functions up to SendMessage, their settings."""
    write_app(home / "my-chat", until="05")
    workshop = Workshop.open()
    workshop.provision()
    workshop.write_local_settings()
    return workshop


def begin_10(workshop: Workshop) -> Workshop:
    """From there: deployed, with sign-in."""
    write_app(workshop.folder, until="09")
    for verb in WITH_SIGN_IN:
        getattr(workshop, verb)()
    return workshop
