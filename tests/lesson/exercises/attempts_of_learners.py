"""What learners put into the hole of an exercise, and how the grade names it."""

from __future__ import annotations

# A typing message, as the exercise of section 05 asks for it.
TYPING = 'json.dumps({"target": "typing", "arguments": [sender]})'
NUDGE = 'json.dumps({"userId": to, "target": "nudge", "arguments": [sender]})'
PRINCIPAL = 'req.headers.get("x-ms-client-principal-name")'

WRONG = (
    # section, what stands in the hole, what the grade says; the first row is the one that
    # everybody's test command takes
    ("09", 'req.params.get("user")', "mallory"),
    (
        "04",
        'arg_name="connection_info", type="signalRConnectionInfo", hubName="chat",'
        ' connectionStringSetting="AzureSignalRConnectionString"',
        "got hub chat",
    ),
    (
        "04",
        'arg_name="info", type="signalRConnectionInfo", hubName="support",'
        ' connectionStringSetting="AzureSignalRConnectionString"',
        "connection_info",
    ),
    (
        "04",
        'arg_name="connection_info", type="signalRConnectionInfo", hubName="support",'
        ' connectionStringSetting="SignalR"',
        "SignalR",
    ),
    (
        "04",
        'arg_name="connection_info", type="signalRConnectionInfo",'
        ' connectionStringSetting="AzureSignalRConnectionString"',
        "ub",
    ),
    (
        "04",
        'arg_name="connection_info", type="signalRInfo", hubName="support",'
        ' connectionStringSetting="AzureSignalRConnectionString"',
        "signalRInfo",
    ),
    ("05", TYPING.replace('"typing"', '"newMessage"'), "got target newMessage"),
    ("05", TYPING.replace("[sender]", "sender"), "arguments"),
    ("05", TYPING.replace("[sender]", '["alice"]'), 'got arguments ["alice"]'),
    ("05", TYPING.replace("[sender]", "[sender, 1]"), "got arguments"),
    ("05", TYPING.replace("sender", "name"), "line 20: signalr_messages.set"),
    ("05", 'json.dumps({"target": "typing"})', "arguments"),
    ("05", "None", "Nobody heard anything"),
    ("05", TYPING.replace('"target"', '"userId": "bob", "target"'), "Not everybody"),
    ("05", f"json.dumps([json.loads({TYPING})] * 2)", "more than once"),
    ("06", "messages", "finds something else"),
    ("06", "messages[::-1]", "finds something else"),
    ("06", "[]", "got []"),
    ("06", '[m for m in messages if word in m["text"]]', "oldest first"),
    ("06", '[m["text"] for m in messages[::-1] if word in m["text"]]', "with all their fields"),
    ("06", "[m for m in messages[::-1] if word in str(m)]", "finds something else"),
    ("07", '"lobby"', "got lobby"),
    ("07", 'os.environ["CHAT_ROOM"]', "KeyError"),
    ("07", 'os.environ.get("CHAT_ROOM")', "got"),
    ("07", "1 / 0", "ZeroDivisionError"),
    ("08", '"http://localhost:7071"', "got"),
    ("08", "req.url", "got"),
    ("08", 'req.url.partition("/api/")[0] + "/"', "slash at the end"),
    ("08", 'req.url.removesuffix("/api/config")', "version=2"),
    ("09", 'req.headers["x-ms-client-principal-name"]', "KeyError"),
    ("09", '"alice@example.com"', "alice@example.com"),
    ("09", 'req.headers.get("x-ms-client-principal-id")', "principal-name"),
    ("09", f'req.headers.get("x-sender") or {PRINCIPAL}', "mallory"),
    ("09", f'{PRINCIPAL} or req.params.get("name")', "mallory"),
    ("09", f"{PRINCIPAL} or json.loads(req.get_body() or '{{}}').get('sender')", "mallory"),
    ("09", f'{PRINCIPAL} or req.form.get("user")', "mallory"),
    (
        "09",
        f'{PRINCIPAL} or ("mallory" if "mallory" in req.headers.get("cookie", "") else "")',
        "401",
    ),
    ("10", NUDGE.replace('"userId": to, ', ""), "Others heard it"),
    ("10", NUDGE.replace("userId", "user_id"), "Others heard it"),
    ("10", NUDGE.replace("userId", "recipient"), "Others heard it"),
    ("10", NUDGE.replace(": to", ': "bob"'), "It went to somebody else"),
    ("10", NUDGE.replace(": to", ": sender"), "got nudge for alice"),
    ("10", NUDGE.replace('"nudge"', '"newMessage"'), "got target newMessage"),
    ("10", NUDGE.replace("[sender]", "[to]"), 'got arguments ["bob"]'),
)

RIGHT = (
    (
        "04",
        'hub_name="support", type="signalRConnectionInfo", arg_name="connection_info",'
        ' connection_string_setting="AzureSignalRConnectionString"',
    ),
    ("05", '\'{"arguments": ["%s"], "target": "typing"}\' % sender'),
    ("05", '{"target": "typing", "arguments": [sender]}'),
    ("05", 'json.dumps([{"target": "typing", "arguments": [sender]}])'),
    ("06", '[m for m in messages if m["text"].lower().find(word) >= 0][::-1]'),
    ("07", 'os.getenv("CHAT_ROOM") or "lobby"'),
    ("08", '"http://" + req.headers["host"]'),
    ("09", 'req.headers.get("X-MS-CLIENT-PRINCIPAL-NAME", "")'),
    ("10", 'json.dumps(dict(target="nudge", arguments=[sender], userId=to))'),
)

FORGED = """'{"url": "http://localhost/client/?hub=support", "accessToken": "a.b.c"}', mime"""
EDITED = (
    # section, what of the solved file is replaced, by what, what the grade says
    ("04", "negotiate", "negotiation", "Nothing answers POST /api/negotiate"),
    ("04", "return func", "return func.HttpResponse('hello')  # ", '"url" and "accessToken"'),
    ("04", "connection_info, mime", FORGED, "The token opens nothing"),
    ("05", 'hubName="exercise"', 'hubName="chat"', "your binding has chat"),
    ("05", 'methods=["POST"]', 'methods=["GET"]', "got GET /api/typing"),
    ("05", "signalr_messages.set", "len", "Nobody heard anything"),
    ("05", "signalr_messages.set", "(lambda value: None)", "Nobody heard anything"),
    ("05", "status_code=202", "status_code=400", "got 400"),
    ("05", "import json", "import jason", "No module named 'jason'"),
    ("05", "app = func", "application = func", "name 'app' is not defined"),
    ("05", "def typing", "def typing(", "line 17"),
    ("07", "name = os", "while True: name = os", "does not end"),
    ("07", "app = func", "while True: pass\napp = func", "line 7: while True: pass"),
    ("07", "app = func", "raise SystemExit\napp = func", "Exercise 07"),
    ("07", "app = func", "import os as o; o._exit(1)\napp = func", "Exercise 07"),
    ("08", "return func", "return None  # ", "Exercise 08"),
)
