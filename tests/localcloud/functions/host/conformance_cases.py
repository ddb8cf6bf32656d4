"""The conformance table: what a function app may do at load time and at call time. Data only.

`conformance.json` beside it holds the outcome of each case, recorded from Microsoft's
azure-functions-runtime 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

HEAD = """
import asyncio, json, typing
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""


@dataclass(frozen=True)
class LoadCase:
    """A whole script; its outcome is the list of functions with their bindings, or the error."""

    name: str
    script: str
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CallCase:
    """One function `f` and one call of it; its outcome is return value, outputs, or the error."""

    name: str
    script: str
    inputs: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""


def http(function: str, *bindings: str) -> str:
    """A script with one HTTP function and more decorators."""
    return "\n".join(
        ["@app.route(route='f')", *(f"@app.{binding}" for binding in bindings), function, ""]
    )


IN = "generic_input_binding(arg_name='x', type='signalRConnectionInfo', hubName='chat')"
OUT = "generic_output_binding(arg_name='x', type='signalR', hubName='chat')"
TRIGGER = (
    "@app.generic_trigger(arg_name='x', type='signalRTrigger', hubName='c', "
    "category='messages', event='e', "
    "parameterNames='[\"a\"]')\n"
)
BLOB = "@app.blob_trigger(arg_name='x', path='c/{name}', connection='S')\n"
BLOB_IN = "blob_input(arg_name='x', path='c/b', connection='S')"
BLOB_OUT = "blob_output(arg_name='x', path='c/b', connection='S')"
TIMER = "@app.timer_trigger(schedule='0 * * * * *', arg_name='x')\n"

LOAD = [
    LoadCase("http function", http("def f(req: func.HttpRequest) -> func.HttpResponse: ...")),
    LoadCase("http function without annotations", http("def f(req): ...")),
    LoadCase("http function that returns str", http("def f(req: func.HttpRequest) -> str: ...")),
    LoadCase("http function annotated int", http("def f(req: func.HttpRequest) -> int: ...")),
    LoadCase("http function annotated dict", http("def f(req: func.HttpRequest) -> dict: ...")),
    LoadCase("http function annotated None", http("def f(req: func.HttpRequest) -> None: ...")),
    LoadCase(
        "http function annotated Optional[str]",
        http("def f(req: func.HttpRequest) -> typing.Optional[str]: ..."),
    ),
    LoadCase(
        "http function annotated Out", http("def f(req: func.HttpRequest) -> func.Out[str]: ...")
    ),
    LoadCase("request annotated dict", http("def f(req: dict): ...")),
    LoadCase("request annotated str", http("def f(req: str): ...")),
    LoadCase("request annotated Out", http("def f(req: func.Out[str]): ...")),
    LoadCase("annotation that does not exist", http("def f(req: 'Nonsense'): ...")),
    LoadCase("annotation that is no type", http("def f(req: 5): ...")),
    LoadCase(
        "methods and route template",
        "@app.route(route='a/{id:int?}', methods=['GET', 'POST'])\ndef f(req): ...\n",
    ),
    LoadCase(
        "trigger argument of another name",
        "@app.route(route='f', trigger_arg_name='r')\ndef f(r): ...\n",
    ),
    LoadCase("levels", "@app.route(route='f', auth_level=func.AuthLevel.ADMIN)\ndef f(req): ...\n"),
    LoadCase(
        "level as upper-case text",
        "app = func.FunctionApp(http_auth_level='ANONYMOUS')\n" + http("def f(req): ..."),
    ),
    LoadCase(
        "level as lower-case text",
        "app = func.FunctionApp(http_auth_level='anonymous')\n" + http("def f(req): ..."),
    ),
    LoadCase("default level", "app = func.FunctionApp()\n" + http("def f(req): ...")),
    LoadCase("async function", http("async def f(req: func.HttpRequest) -> str: ...")),
    LoadCase("function_name", "@app.function_name('other')\n" + http("def f(req): ...")),
    LoadCase("context", http("def f(req, context: func.Context): ...")),
    LoadCase("context without annotation", http("def f(req, context): ...")),
    LoadCase("context annotated str", http("def f(req, context: str): ...")),
    LoadCase("generic input str", http("def f(req, x: str): ...", IN)),
    LoadCase("generic input bytes", http("def f(req, x: bytes): ...", IN)),
    LoadCase("generic input without annotation", http("def f(req, x): ...", IN)),
    LoadCase("generic input dict", http("def f(req, x: dict): ...", IN)),
    LoadCase("generic input Optional[str]", http("def f(req, x: typing.Optional[str]): ...", IN)),
    LoadCase("generic input list[str]", http("def f(req, x: list[str]): ...", IN)),
    LoadCase("generic input List[str]", http("def f(req, x: typing.List[str]): ...", IN)),
    LoadCase("generic input Any", http("def f(req, x: typing.Any): ...", IN)),
    LoadCase("generic input Out", http("def f(req, x: func.Out[str]): ...", IN)),
    LoadCase("generic output Out[str]", http("def f(req, x: func.Out[str]): ...", OUT)),
    LoadCase("generic output Out[bytes]", http("def f(req, x: func.Out[bytes]): ...", OUT)),
    LoadCase("generic output Out[dict]", http("def f(req, x: func.Out[dict]): ...", OUT)),
    LoadCase(
        "generic output Out[List[str]]", http("def f(req, x: func.Out[typing.List[str]]): ...", OUT)
    ),
    LoadCase("generic output bare Out", http("def f(req, x: func.Out): ...", OUT)),
    LoadCase("generic output without annotation", http("def f(req, x): ...", OUT)),
    LoadCase("generic output annotated str", http("def f(req, x: str): ...", OUT)),
    LoadCase("parameter without binding", http("def f(req, other): ...")),
    LoadCase("binding without parameter", http("def f(req): ...", IN)),
    LoadCase("signalr trigger", TRIGGER + "def f(x: str) -> None: ...\n"),
    LoadCase("signalr trigger annotated dict", TRIGGER + "def f(x: dict) -> None: ...\n"),
    LoadCase("timer", TIMER + "def f(x: func.TimerRequest) -> None: ...\n"),
    LoadCase("timer annotated str", TIMER + "def f(x: str) -> None: ...\n"),
    LoadCase("blob trigger", BLOB + "def f(x: func.InputStream): ...\n"),
    LoadCase("blob trigger without annotation", BLOB + "def f(x): ...\n"),
    LoadCase("blob trigger annotated bytes", BLOB + "def f(x: bytes): ...\n"),
    LoadCase("blob trigger annotated str", BLOB + "def f(x: str): ...\n"),
    LoadCase("blob trigger annotated dict", BLOB + "def f(x: dict): ...\n"),
    LoadCase("blob input", http("def f(req, x: func.InputStream): ...", BLOB_IN)),
    LoadCase("blob input annotated int", http("def f(req, x: int): ...", BLOB_IN)),
    LoadCase("blob output Out[str]", http("def f(req, x: func.Out[str]): ...", BLOB_OUT)),
    LoadCase("blob output Out[bytes]", http("def f(req, x: func.Out[bytes]): ...", BLOB_OUT)),
    LoadCase(
        "blob output Out[InputStream]",
        http("def f(req, x: func.Out[func.InputStream]): ...", BLOB_OUT),
    ),
    LoadCase("blob output Out[dict]", http("def f(req, x: func.Out[dict]): ...", BLOB_OUT)),
    LoadCase("blob output annotated str", http("def f(req, x: str): ...", BLOB_OUT)),
    LoadCase("two functions", http("def f(req): ...") + "@app.route(route='g')\ndef g(req): ...\n"),
    LoadCase(
        "two functions of one name",
        http("def f(req): ...") + "@app.route(route='g')\ndef f(req): ...\n",
    ),
    LoadCase("two triggers", "@app.route(route='f')\n" + TIMER + "def f(req, x): ...\n"),
    LoadCase("no trigger", "@app.function_name('f')\ndef f(): ...\n"),
    LoadCase(
        "blueprint",
        "b = func.Blueprint()\n@b.route(route='f')\ndef f(req): ...\n"
        "app.register_functions(b)\ndel b\n",
    ),
    LoadCase(
        "blueprint left at top level",
        "b = func.Blueprint()\n@b.route(route='f')\ndef f(req): ...\napp.register_functions(b)\n",
    ),
    LoadCase("two apps", "other = func.FunctionApp()\n" + http("def f(req): ...")),
    LoadCase("no app", "del app\n"),
    LoadCase("no functions", "\n"),
    LoadCase("exception at import", "raise RuntimeError('no database')\n"),
    LoadCase("missing package", "import not_there_at_all\n"),
    LoadCase("missing name in a package", "from json import not_there_at_all\n"),
    LoadCase("syntax error", "def broken(:\n"),
    LoadCase("another script", "", {"PYTHON_SCRIPT_FILE_NAME": "not_there.py"}),
    LoadCase("invalid script name", "", {"PYTHON_SCRIPT_FILE_NAME": "../evil.py"}),
]

RESPONSE = "def f(req: func.HttpRequest) -> func.HttpResponse:\n    return "
ANY = "def f(req):\n    return "
JSON_BODY = b'{"a": [1, null], "text": "\xc3\xa9"}'
FORM = {"content-type": "application/x-www-form-urlencoded"}


def cookie(text: str) -> str:
    """A function that sets a cookie."""
    return (
        "def f(req):\n    r = func.HttpResponse('x')\n"
        f"    r.headers.add('Set-Cookie', {text!r})\n    return r"
    )


def setting(value: str) -> str:
    """A function that sets its output binding."""
    return http(f"def f(req, x: func.Out[str]) -> str:\n    x.set({value})\n    return 'done'", OUT)


CALL = [
    CallCase("response with text", http(RESPONSE + "func.HttpResponse('hello')")),
    CallCase("response with status only", http(RESPONSE + "func.HttpResponse(status_code=202)")),
    CallCase("response without arguments", http(RESPONSE + "func.HttpResponse()")),
    CallCase(
        "response with json mimetype",
        http(RESPONSE + "func.HttpResponse('{}', mimetype='application/json')"),
    ),
    CallCase(
        "response with text mimetype",
        http(RESPONSE + "func.HttpResponse('<p>', mimetype='text/html')"),
    ),
    CallCase("response with charset", http(RESPONSE + "func.HttpResponse('é', charset='latin-1')")),
    CallCase(
        "response with bytes",
        http(RESPONSE + "func.HttpResponse(b'\\x00\\xff', mimetype='image/png')"),
    ),
    CallCase(
        "response with headers",
        http(RESPONSE + "func.HttpResponse('x', headers={'X-One': '1', 'Content-Type': 'a/b'})"),
    ),
    CallCase("response with a dict", http(RESPONSE + "func.HttpResponse({'a': 1})")),
    CallCase(
        "response with an odd status", http(RESPONSE + "func.HttpResponse('x', status_code=299)")
    ),
    CallCase(
        "response with cookies",
        http(
            "def f(req):\n    r = func.HttpResponse('x')\n"
            "    r.headers.add('Set-Cookie', 'a=1; Path=/; HttpOnly')\n"
            "    r.headers.add('Set-Cookie', 'b=2; Secure; SameSite=Lax; Max-Age=60; "
            "Domain=localhost')\n    return r"
        ),
    ),
    CallCase(
        "response with an invalid cookie date",
        http(
            "def f(req):\n    r = func.HttpResponse('x')\n"
            "    r.headers.add('Set-Cookie', 'a=1; Expires=soon')\n    return r"
        ),
    ),
    CallCase("response with a cookie without attributes", http(cookie("a=b"))),
    CallCase("response with an empty cookie", http(cookie(""))),
    CallCase("response with a cookie of an odd flag", http(cookie("a=1; SecureFalse; HttpOnly"))),
    CallCase("response with a cookie of a quoted value", http(cookie('a="x y"; Path=/'))),
    CallCase(
        "response with a cookie date with dashes",
        http(cookie("a=1; Expires=Thu, 12-Jan-2017 13:55:08 GMT")),
    ),
    CallCase(
        "response by an output binding",
        "@app.route(route='f', binding_arg_name='x')\n"
        "def f(req, x: func.Out[func.HttpResponse]):\n"
        "    x.set(func.HttpResponse('made', status_code=201))\n",
    ),
    CallCase(
        "raises what cannot be told",
        "class Odd(Exception):\n    def __str__(self): raise RuntimeError('no')\n"
        + http("def f(req):\n    raise Odd()"),
    ),
    CallCase("returns text", http(ANY + "'plain'")),
    CallCase("returns empty text", http(ANY + "''")),
    CallCase("returns json text", http(ANY + "'{\"a\": 1}'")),
    CallCase("returns None", http(ANY + "None")),
    CallCase("returns bytes", http(ANY + "b'x'")),
    CallCase("returns dict", http(ANY + "{'a': 1}")),
    CallCase("returns tuple", http(ANY + "('x', 201)")),
    CallCase("returns int", http(ANY + "5")),
    CallCase("returns bool", http(ANY + "True")),
    CallCase(
        "async returns text",
        http("async def f(req):\n    await asyncio.sleep(0)\n    return 'plain'"),
    ),
    CallCase("async raises", http("async def f(req):\n    raise ValueError('later')")),
    CallCase("raises", http("def f(req):\n    raise ValueError('boom')")),
    CallCase("raises without message", http("def f(req):\n    raise KeyError")),
    CallCase(
        "raises its own type",
        http("class Odd(Exception): ...\ndef f(req):\n    raise Odd('é')").replace(
            "@app.route(route='f')\nclass Odd(Exception): ...",
            "class Odd(Exception): ...\n@app.route(route='f')",
        ),
    ),
    CallCase(
        "request fields",
        http(
            ANY + "json.dumps([req.method, req.url, dict(req.headers), dict(req.params), "
            "dict(req.route_params)])"
        ),
    ),
    CallCase(
        "request header in any case",
        http(ANY + "req.headers['X-USER'] + str(req.headers.get('none'))"),
    ),
    CallCase("request body", http(ANY + "repr(req.get_body())"), body=b"\x00raw"),
    CallCase("request json", http(ANY + "json.dumps(req.get_json())"), body=JSON_BODY),
    CallCase("request json that is none", http(ANY + "json.dumps(req.get_json())"), body=b"{no"),
    CallCase("request json of an empty body", http(ANY + "json.dumps(req.get_json())")),
    CallCase(
        "request form", http(ANY + "json.dumps(dict(req.form))"), {"headers": FORM}, b"a=1&b=x+y"
    ),
    CallCase(
        "generic input json",
        http("def f(req, x: str):\n    return f'{type(x).__name__} {x}'", IN),
        {"x": {"json": '{"url":"u"}'}},
    ),
    CallCase(
        "generic input string",
        http("def f(req, x: str):\n    return f'{type(x).__name__} {x}'", IN),
        {"x": {"string": "s"}},
    ),
    CallCase(
        "generic input bytes",
        http("def f(req, x: bytes):\n    return f'{type(x).__name__} {x}'", IN),
        {"x": {"bytes": "AAE="}},
    ),
    CallCase(
        "generic input nothing", http("def f(req, x: str):\n    return repr(x)", IN), {"x": None}
    ),
    CallCase("output text", setting("'text'")),
    CallCase("output json text", setting("json.dumps({'target': 't', 'arguments': [1]})")),
    CallCase("output dict", setting("{'target': 't', 'arguments': []}")),
    CallCase("output list", setting("[{'target': 't'}]")),
    CallCase("output bytes", setting("b'bytes'")),
    CallCase("output bytearray", setting("bytearray(b'bytes')")),
    CallCase("output int", setting("5")),
    CallCase("output float", setting("1.5")),
    CallCase("output bool", setting("True")),
    CallCase("output None", setting("None")),
    CallCase("output empty text", setting("''")),
    CallCase("output object", setting("object()")),
    CallCase("output set of values json cannot hold", setting("{'a': b'x'}")),
    CallCase(
        "output set twice",
        http("def f(req, x: func.Out[str]):\n    x.set('1'); x.set('2')\n    return x.get()", OUT),
    ),
    CallCase(
        "output set before an exception",
        http("def f(req, x: func.Out[str]):\n    x.set('1')\n    raise ValueError('after')", OUT),
    ),
    CallCase(
        "trigger returns text",
        TRIGGER + "def f(x: str) -> str:\n    return x\n",
        {"x": {"json": "{}"}},
    ),
    CallCase(
        "trigger returns dict",
        TRIGGER + "def f(x: str):\n    return {'a': 1}\n",
        {"x": {"json": "{}"}},
    ),
    CallCase(
        "trigger returns list", TRIGGER + "def f(x: str):\n    return [1]\n", {"x": {"json": "{}"}}
    ),
    CallCase(
        "trigger returns int", TRIGGER + "def f(x: str):\n    return 5\n", {"x": {"json": "{}"}}
    ),
    CallCase(
        "trigger returns None", TRIGGER + "def f(x: str):\n    return None\n", {"x": {"json": "{}"}}
    ),
    CallCase(
        "trigger returns an object",
        TRIGGER + "def f(x: str):\n    return object()\n",
        {"x": {"json": "{}"}},
    ),
    *(
        CallCase(
            f"blob input {name}",
            http(f"def f(req, {parameter}): return ascii({value})", BLOB_IN),
            {"x": wire},
        )
        for name, parameter, value, wire in (
            ("stream", "x: func.InputStream", "[x.read(), x.name]", {"bytes": "w6k="}),
            ("stream of text", "x: func.InputStream", "x.read()", {"string": "é"}),
            ("bytes", "x: bytes", "x", {"bytes": "w6k="}),
            ("text", "x: str", "x", {"string": "é"}),
            ("text as bytes", "x: str", "x", {"bytes": "w6k="}),
            ("without annotation", "x", "x.read()", {"bytes": "w6k="}),
            ("of a blob that is not there", "x: func.InputStream", "x", None),
        )
    ),
    *(
        CallCase(
            f"blob output {name}",
            http(
                f"def f(req, x: func.Out[bytes]):\n    x.set({value})\n    return 'done'", BLOB_OUT
            ),
        )
        for name, value in (
            ("text", "'é'"),
            ("bytes", "b'\\0'"),
            ("bytearray", "bytearray(b'a')"),
            ("file", "__import__('io').BytesIO(b'a')"),
            ("dict", "{}"),
            ("number", "1"),
        )
    ),
    CallCase(
        "timer that returns a blob",
        TIMER
        + "@app.blob_output(arg_name='$return', path='c/b', connection='S')\n"
        + "def f(x: func.TimerRequest) -> str: return 'content'\n",
        {"x": {"json": '{"IsPastDue": true}'}},
    ),
    CallCase(
        "timer",
        TIMER + "def f(x: func.TimerRequest) -> None:\n    assert x.past_due is True\n",
        {"x": {"json": '{"IsPastDue": true}'}},
    ),
    CallCase(
        "timer returns a value",
        TIMER + "def f(x: func.TimerRequest):\n    return 'x'\n",
        {"x": {"json": '{"IsPastDue": true}'}},
    ),
    *(
        CallCase(
            f"timer returns {name} beside a generic input",
            f"{TIMER}@app.{IN.replace('x', 'y', 1)}\n"
            f"def f(x: func.TimerRequest, y):\n    return {value}\n",
            {"x": {"json": '{"IsPastDue": true}'}, "y": {"json": "{}"}},
        )
        for name, value in (("text", "'x'"), ("a dict", "{'a': 1}"), ("a bool", "True"))
    ),
    CallCase(
        "context",
        http(
            "def f(req, context: func.Context):\n    c = context\n    return json.dumps("
            "[c.function_name, c.invocation_id, c.trace_context.trace_parent, "
            "c.retry_context.retry_count])"
        ),
    ),
    CallCase(
        "context in a thread",
        http(
            "def f(req, context: func.Context):\n"
            "    return str(context.thread_local_storage.invocation_id == context.invocation_id)"
        ),
    ),
]
