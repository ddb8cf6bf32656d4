"""One verb while it runs: the cloud it works on, what it has called, and its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from time import monotonic
from typing import Any

from chatkit.cloud.how import memory
from chatkit.cloud.how.forms import StepForms
from chatkit.cloud.how.requests import LocalFile, Place
from chatkit.cloud.stack import Stack
from chatkit.core import settings as store
from chatkit.core.results import Result


class Step:
    """One verb while it runs.

    Args:
        stack: The cloud, its calls and the resources' names; it notes the calls.
        home: The kit's folder.
        rows: What the result says besides the verb's own rows.
    """

    def __init__(self, stack: Stack, home: Path, *rows: tuple[str, str]) -> None:
        self.stack = stack
        self._home = home
        self._started = monotonic()
        self._rows = rows
        self._here: list[str] = []
        self._packed: tuple[str, ...] = ()
        self._written: list[LocalFile] = []
        self._template = ""
        self._is_of_chat = True

    def on_this_machine(self, *sentences: str) -> None:
        """Say what the step does here: no request tells it."""
        self._here += sentences

    def packs(self, files: Sequence[PurePosixPath]) -> None:
        """Say which files of the functions' folder the step packs."""
        self._packed = tuple(str(file) for file in files)

    def writes(self, path: str, content: Mapping[str, Any]) -> None:
        """Say which JSON file the step writes; `content` is without secrets."""
        self._written.append(LocalFile(path, content))

    def deploys(self, path: str) -> None:
        """Say which template the step deploys."""
        self._template = path

    def is_beside_the_chat(self) -> None:
        """Say that what the step makes is no part of the chat: "show me how" leaves it out."""
        self._is_of_chat = False

    def remember(self, target: str, title: str) -> None:
        """Note in the home what the step sent."""
        if self._is_of_chat:
            memory.note(self._home, target, title, self.forms())

    def result(self, text: str, *rows: tuple[str, str], **data: Any) -> Result:
        """The verb's result so far."""
        seconds = monotonic() - self._started
        made = self.stack.calls.made
        forms = self.forms() if self._is_of_chat else None
        return Result(text, (*self._rows, *rows), made, seconds, data, forms)

    def forms(self) -> StepForms:
        """How to do without the kit what was done so far."""
        requests = self.stack.calls.requests
        return StepForms(requests, self._place(), tuple(self._written), tuple(self._here))

    def _place(self) -> Place:
        cloud = self.stack.cloud
        facts = store.load(self._home).facts
        return Place(
            resource_manager=cloud.resource_manager,
            graph=cloud.graph,
            authority=cloud.authority,
            subscription_id=cloud.subscription_id,
            tenant_id=cloud.tenant_id,
            app_scheme=cloud.app_scheme,
            names=self.stack.names,
            api_base_url=facts.api_base_url,
            web_url=facts.web_url,
            client_id=facts.client_id,
            function_files=self._packed,
            template_file=self._template,
        )
