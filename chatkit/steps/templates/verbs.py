"""The verbs of a workshop about templates of the whole chat."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from chatkit.steps.templates import making

if TYPE_CHECKING:
    from chatkit.core.results import Lines, Result
    from chatkit.steps.session import Session

SIGNS = string.ascii_lowercase + string.digits


class TemplateVerbs:
    """A part of the workshop.

    Attributes:
        session: The home and the target.
    """

    session: Session

    @property
    def other_suffix(self) -> str:
        """A suffix for a second chat's names; the other one of that is this one again."""
        suffix = self.session.settings.suffix
        last = SIGNS[SIGNS.index(suffix[-1]) ^ 1]
        return f"{suffix[:-1]}{last}"

    def template(self) -> Lines:
        """What was made, as one template that goes to any resource group: names are parameters.

        Keys are read when it is deployed, and a client secret is a parameter: none is in it.
        """
        return making.template(self.session)

    def export_template(self, name: str = making.MINE) -> Result:
        """Write what was made as one template, into a file.

        Args:
            name: Path below my-chat.
        """
        return making.export_template(self.session, name)

    def register_app(self) -> Result:
        """Register the app with Entra ID: a template needs its id, and cannot make it.

        Once the app has an address, it lets sign-in lead back there.
        """
        return making.register_app(self.session)

    def what_if(self, name: str = making.FILE, **parameters: object) -> Result:
        """Ask what deploying a template would change. Nothing is changed.

        Args:
            name: Path of the template below my-chat.
            parameters: Values for its parameters; names, app registration and secret are known.
        """
        return making.what_if(self.session, name, parameters)

    def deploy_template(self, name: str = making.FILE, **parameters: object) -> Result:
        """Deploy a template to the chat's resource group, and wait until it has ended.

        Args:
            name: Path of the template below my-chat.
            parameters: Values for its parameters; names, app registration and secret are known.

        Raises:
            azure.core.exceptions.HttpResponseError: It is refused, or a resource failed.
        """
        return making.deploy_template(self.session, name, parameters)
