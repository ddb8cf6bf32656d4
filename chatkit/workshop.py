"""Workshop: the one object a notebook holds. Each verb is one step of the tutorial, may be repeated, and returns a Result.

The steps are in the rooms beside this one, by the tutorial's sections; what goes with every section is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit.core.results import Result
from chatkit.steps.clean_up import Ending
from chatkit.steps.identity import Identity
from chatkit.steps.local_run import LocalRun
from chatkit.steps.resources import Resources

if TYPE_CHECKING:
    from chatkit.chat.panel.panel import ChatPanel
    from chatkit.lesson.doctor import Examination


class Workshop(Resources, LocalRun, Identity, Ending):
    """The tutorial's steps, on one target. `Workshop.open()` starts."""

    def check(self, section: str) -> Result:
        """Check the real behaviour of what a section built, and remember that it passed.

        Raises:
            CheckFailed: Something is not as it should be; the hint says what to do.
        """
        from chatkit.lesson import checks

        result = checks.check(self, section)
        self.complete(section)
        return result

    def doctor(self, symptom: str = "") -> Examination:
        """Look at this machine, the subscription and your work, and name what is wrong, with its cause and what repairs it.

        Args:
            symptom: A message that you do not understand, pasted as it is: from a browser, a tool or a log.
        """
        from chatkit.lesson import doctor

        return doctor.consult(self, symptom)

    def catch_up(self, section: str | None = None) -> Result:
        """Go to the start of a section by running what was missed; also goes on after a pause, however long.

        What was done is not done again. A file of my-chat that you have changed, and a missed notebook writes, is kept beside
        the new one.

        Args:
            section: Its number, for example "07"; the one after the last completed section by default.

        Raises:
            NotebookFailed: A cell of a missed notebook raised.
        """
        from chatkit.lesson import catch_up

        with self._step("Catching up") as step:
            found = catch_up.catch_up(self, section, step.calls)
            text = f"Section {found.section} can begin."
            ran = (
                f"Ran what was missed: {', '.join(found.ran)}."
                if found.ran
                else "Nothing was missed."
            )
            return step.result(
                f"{text} {ran}", ("there already", ", ".join(found.held) or "nothing")
            )

    def chat_panel(self, *users: str, where: str = "deployed") -> ChatPanel:
        """Show a chat for several users side by side.

        Args:
            users: Names, for example "alice" and "bob".
            where: "local" for the functions on this machine, "deployed" for the function app.
        """
        from chatkit.chat.client.sign_in import SignedIn
        from chatkit.chat.panel.panel import ChatPanel

        asks = where == "deployed" and self.settings.facts.authentication == "on"
        names = users or ("alice", "bob")
        people = {name: self.sign_in_as(name) if asks else SignedIn(name) for name in names}
        return ChatPanel.open(self._api(where), names, people=people)
