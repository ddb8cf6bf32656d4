"""The tutorial: its sections and exercises. Notebooks, checks, catching up and `chatkit run` take
what they know from here.
"""

from __future__ import annotations

from chatkit.lesson.course import Course, Exercise, Section

_check = "chatkit.lesson.checks.{}:check".format

SECTIONS = (
    Section("00", _check("start"), has_resources=False),
    Section("01", _check("sign_in"), has_resources=False),
    Section("02", _check("signalr")),
    Section(
        "03", _check("app_folder"), leaves=("functions/function_app.py", "functions/host.json")
    ),
    Section(
        "04",
        _check("connection_info"),
        starts="functions",
        answers=("POST", "negotiate"),
        uses_local_servers=True,
    ),
    Section("05", _check("send_message"), answers=("POST", "messages"), uses_local_servers=True),
    Section(
        "06",
        _check("local_page"),
        starts="page",
        leaves=("content/index.html",),
        answers=("GET", "messages"),
        uses_local_servers=True,
    ),
    Section("07", _check("deployed_app"), asks_deployed=True),
    Section(
        "08", _check("deployed_page"), asks_deployed=True, ends_local_run=True, shows_page=True
    ),
    Section("09", _check("authentication"), asks_deployed=True),
    Section("10", _check("private_messages"), asks_deployed=True),
    Section("11", _check("clean_up"), cleans_up=True, has_resources=False),
    Section("12", _check("without_keys"), asks_deployed=True, is_appendix=True),
    Section("13", _check("as_a_template"), asks_deployed=True, is_appendix=True),
)

_answering = "chatkit.lesson.exercises.answering:{}".format
_sending = "chatkit.lesson.exercises.sending:{}".format

EXERCISES = (
    Exercise(
        "04",
        _sending("second_hub"),
        """
    arg_name="connection_info",
    type="signalRConnectionInfo",
    hubName="support",
    connectionStringSetting="AzureSignalRConnectionString",
""",
    ),
    Exercise(
        "05",
        _sending("typing"),
        """json.dumps({"target": "typing", "arguments": [sender]})""",
    ),
    Exercise(
        "06",
        _answering("search"),
        """[message for message in reversed(messages) if word in message["text"]]""",
    ),
    Exercise("07", _answering("setting"), """os.environ.get("CHAT_ROOM", "lobby")"""),
    Exercise("08", _answering("base_address"), """req.url.partition("/api/")[0]"""),
    Exercise("09", _answering("me"), """req.headers.get("x-ms-client-principal-name")"""),
    Exercise(
        "10",
        _sending("nudge"),
        """json.dumps({"userId": to, "target": "nudge", "arguments": [sender]})""",
    ),
)

CLEAN_UP = next(section for section in SECTIONS if section.cleans_up)
TUTORIAL = Course(
    "A chat room on Azure",
    SECTIONS,
    EXERCISES,
    page_title="the chat page",
    makes="the whole chat",
    has_plan=True,
)
