"""The exercises: one table, a row a section."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chatkit.core.errors import NoSuchChoice
from chatkit.lesson.exercises import answering, sending
from chatkit.lesson.exercises.bench import Bench


@dataclass(frozen=True)
class Exercise:
    """One blank.

    Attributes:
        number: Of its section.
        grade: Runs the app; yields a sentence for each thing it has proven, and raises
            `CheckFailed` at the first that is not so.
        fill: What the kit's solution has in the place of the hole.
    """

    number: str
    grade: Callable[[Bench], Iterator[str]]
    fill: str

    @property
    def file(self) -> str:
        """Its file, below my-chat."""
        return f"exercises/{self.number}/function_app.py"


EXERCISES = (
    Exercise(
        "04",
        sending.second_hub,
        """
    arg_name="connection_info",
    type="signalRConnectionInfo",
    hubName="support",
    connectionStringSetting="AzureSignalRConnectionString",
""",
    ),
    Exercise(
        "05",
        sending.typing,
        """json.dumps({"target": "typing", "arguments": [sender]})""",
    ),
    Exercise(
        "06",
        answering.search,
        """[message for message in reversed(messages) if word in message["text"]]""",
    ),
    Exercise("07", answering.setting, """os.environ.get("CHAT_ROOM", "lobby")"""),
    Exercise("08", answering.base_address, """req.url.partition("/api/")[0]"""),
    Exercise("09", answering.me, """req.headers.get("x-ms-client-principal-name")"""),
    Exercise(
        "10",
        sending.nudge,
        """json.dumps({"userId": to, "target": "nudge", "arguments": [sender]})""",
    ),
)


def find(section: str | int) -> Exercise:
    """The exercise of a section; "7" and 7 are "07".

    Raises:
        NoSuchChoice: There is none.
    """
    wanted = str(section).strip()
    for exercise in EXERCISES:
        if wanted and exercise.number == wanted.zfill(2):
            return exercise
    raise NoSuchChoice("exercise", wanted, [exercise.number for exercise in EXERCISES])
