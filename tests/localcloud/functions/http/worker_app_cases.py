"""What the tests of Microsoft's Python worker ask its host and what they are answered. Data only.

The behaviour of the suites of http, blueprint, generic and third-party functions in the repository
Azure/azure-functions-python-worker (October 2024, MIT), asked of apps of our own in
`tests/data/function_apps/worker`. A case stands for one test there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SHA256 = "dbefef2504c9c66410c22d51ed99b8a661a52269ebc145303429985104203b09"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108000000")


@dataclass(frozen=True)
class Case:
    """One request and what must be true afterwards.

    Attributes:
        app: A folder of `tests/data/function_apps/worker`.
        name: What the worker's test is about.
        path: With the route prefix.
        status: Of the answer in Azure.
        text: The answer's text; None when it does not matter.
        fields: Members of the answer, which is JSON.
        headers: Of the answer; `Set-Cookie` lists every one.
        logged: What the log must have then.
        not_logged: What it must not have.
        unlike_azure: Why the answer is another one here; empty when it is the same.
    """

    app: str
    name: str
    path: str
    method: str = "GET"
    body: bytes = b""
    sent: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    text: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, object] = field(default_factory=dict)
    logged: tuple[str, ...] = ()
    not_logged: tuple[str, ...] = ()
    unlike_azure: str = ""


def cookies(name: str, given: str, *sent: str, status: int = 200, logged: str = "") -> Case:
    """Cookies that a function sets, one a line, and how they are sent."""
    return Case(
        "http",
        name,
        "/api/cookies",
        "POST",
        given.encode(),
        status=status,
        headers={"Set-Cookie": [*sent]},
        logged=(logged,) if logged else (),
    )


def third_party(app: str) -> list[Case]:
    """The same application behind ASGI and WSGI."""
    apple = {"name": "apple", "description": "yummy"}
    return [
        Case(app, "no home page before a catch-all route", "/", status=404),
        Case(app, "GET", "/query", text="hello world"),
        Case(app, "GET with a query", "/query?name=dummy", text="hello dummy"),
        Case(app, "POST of text", "/text", "POST", b"dummy", text="hello dummy"),
        Case(app, "a part of the path", "/items/1", text="hello 1"),
        Case(
            app,
            "POST of JSON",
            "/json",
            "POST",
            b'{"name": "apple", "description": "yummy"}',
            {"Content-Type": "application/json"},
            fields=apple,
        ),
        Case(app, "an exception of HTTP", "/no", status=404, fields={"detail": "Item not found"}),
        Case(app, "ping", "/admin/host/ping?checkHealth=1", "POST"),
    ]


TEXT = {"Content-Type": "text/plain; charset=utf-8"}
PAGE = {"Content-Type": "text/html; charset=utf-8"}
THURSDAY = "Domain=example.com; Expires=Thu, 12-Jan-2017 13:55:08 GMT; Path=/; Max-Age=10000000"
NO_APP = "503 with the reason at every route, where the host in Azure has lost them: 404"
SHOWN = "shown: on a person's own machine nothing that an app prints is kept from them"

CASES = [
    Case("http", "text", "/api/text", text="good day", headers=TEXT),
    Case("http", "text of a coroutine", "/api/text_later", text="good evening"),
    Case("http", "output binding", "/api/by_output", status=201, text="made", headers=TEXT),
    Case("http", "bytes are no answer", "/api/bytes", status=500, text=""),
    Case("http", "None is no answer", "/api/nothing", status=500, logged=("nothing to say",)),
    Case("http", "request without annotation", "/api/without_annotation", text="fine"),
    Case("http", "answer of a type", "/api/page", text="<p>Grüße™</p>", headers=PAGE),
    Case("http", "empty answer", "/api/empty", text=""),
    Case("http", "level admin", "/api/for_admins?code=k", text="<p>Grüße™</p>", headers=PAGE),
    Case("http", "404 by the function", "/api/gone", status=404, text="gone", headers=TEXT),
    Case("http", "redirect", "/api/elsewhere", status=302, headers={"Location": "page"}),
    Case(
        "http",
        "request of GET",
        "/api/asked?a=1&b=%3A%25%29",
        sent={"xxx": "zzz", "Max-Forwards": "10"},
        fields={"method": "GET", "params": {"a": "1", "b": ":%)"}, "sent": ""},
    ),
    Case(
        "http",
        "request of POST",
        "/api/asked?a=1",
        "POST",
        b"key=value",
        FORM,
        fields={"method": "POST", "params": {"a": "1"}, "sent": "key=value"},
    ),
    Case(
        "http",
        "JSON arrives as it was sent",
        "/api/asked",
        "POST",
        b'{"foo":  "bar", "two":  4}',
        {"Content-Type": "application/json"},
        fields={"hash": SHA256},
    ),
    Case(
        "http",
        "JSON is read",
        "/api/asked_json",
        "POST",
        b'{"a": "abc", "d": 42}',
        fields={"method": "POST", "value": {"a": "abc", "d": 42}},
    ),
    Case("http", "route", "/api/parts/a/b", fields={"first": "a", "second": "b"}),
    Case("http", "bytes there and back", "/api/echo", "POST", PNG, headers={"length": "28"}),
    Case(
        "http",
        "a picture there and back",
        "/api/echo",
        "POST",
        PNG,
        {"Content-Type": "image/png"},
        headers={"length": "28"},
    ),
    Case(
        "http",
        "a stream of octets there and back",
        "/api/echo",
        "POST",
        PNG,
        {"Content-Type": "application/octet-stream"},
        headers={"length": "28"},
    ),
    Case("http", "context", "/api/who", fields={"name": "who", "state": ""}),
    Case("http", "home page", "/"),
    Case("http", "template", "/api/hello", text="Hello, whoever you are."),
    Case("http", "template with a query", "/api/hello?name=query", text="Hello, query."),
    Case("http", "template with a body", "/api/hello", "POST", b'{"name": "b"}', text="Hello, b."),
    Case("http", "ping", "/admin/host/ping?checkHealth=1", "POST"),
    Case(
        "http",
        "error",
        "/api/divides",
        status=500,
        text="",
        logged=("Exception: ZeroDivisionError: division by zero",),
    ),
    Case("http", "error of urllib", "/api/reaches_nobody", status=500, text=""),
    Case("http", "error that cannot be told", "/api/unspeakable", status=500, text=""),
    Case(
        "http",
        "log levels",
        "/api/logs",
        text="logged",
        logged=("root says info", "root says warning", "root says error"),
        not_logged=("root says debug",),
    ),
    Case("http", "log of what was handled", "/api/logs_handled", logged=("that was handled",)),
    Case(
        "http",
        "log of a coroutine and its task",
        "/api/logs_later",
        logged=("said before", "said by a task inside"),
    ),
    Case("http", "print", "/api/prints?words=w1", logged=("w1",)),
    Case("http", "print and flush", "/api/prints?words=w2&flush=true", logged=("w2",)),
    Case(
        "http",
        "print to the system's log",
        "/api/prints?words=LanguageWorkerConsoleLog%20w3",
        not_logged=("w3",),
        unlike_azure=SHOWN,
    ),
    Case(
        "http",
        "print to the system's log by stderr",
        "/api/prints?words=LanguageWorkerConsoleLog%20w4&to=stderr",
        not_logged=("w4",),
        unlike_azure=SHOWN,
    ),
    Case("http", "loop of its own", "/api/own_loop", logged=("said in a loop of its own",)),
    Case(
        "http",
        "many tasks in the worker's loop",
        "/api/many_tasks",
        text="done",
        logged=("task: one", "task: two", "said by the loop"),
    ),
    Case("http", "tasks with contexts", "/api/contexts", text="5 10"),
    Case("http", "task without context", "/api/task_without_context", text="5"),
    cookies(
        "several cookies",
        f"a=42; {THURSDAY}; Secure; HttpOnly\na=43; {THURSDAY}; Secure; HttpOnly",
        *(
            f"a={value}; expires=Thu, 12 Jan 2017 13:55:08 GMT; max-age=10000000;"
            " domain=example.com; path=/; secure; httponly"
            for value in (42, 43)
        ),
    ),
    cookies("cookie without anything", ""),
    cookies("cookie without attributes", "a=b", "a=b; domain=; path="),
    cookies("cookie with an odd flag", f"a=42; {THURSDAY}; SecureFalse; HttpOnly"),
    cookies("cookie with an odd age", "a=42; Max-Age=Dummy; SecureFalse; HttpOnly"),
    cookies(
        "cookie with an odd date",
        "a=b; Domain=123; Expires=Dummy",
        status=500,
        logged="Can not parse value Dummy of expires in the cookie due to invalid format.",
    ),
    *third_party("asgi"),
    *third_party("wsgi"),
    Case("blueprint_only", "functions of a blueprint", "/api/hello", text="Hello."),
    Case("blueprint_beside", "a blueprint's function", "/api/hello", text="Hello."),
    Case("blueprint_beside", "the app's own function beside it", "/api/page", headers=PAGE),
    Case("blueprint_package", "a blueprint in a folder", "/api/hello", text="Hello."),
    Case("blueprint_package", "the app's own function beside the folder", "/api/time", text="now"),
    Case("two_apps", "two apps", "/api/page", status=404, unlike_azure=NO_APP),
    Case("no_app", "a blueprint alone", "/api/hello", status=404, unlike_azure=NO_APP),
    Case("generic", "$return after a generic binding", "/api/return_last"),
    Case("generic", "$return before a generic binding", "/api/return_first"),
    *(
        Case(
            "generic",
            f"{name} returned beside a generic binding",
            f"/admin/functions/{name}",
            "POST",
            b"{}",
            status=202,
            logged=(f"returns {kind}",),
            not_logged=("Exception:",),
        )
        for name, kind in (
            ("text", "str"),
            ("letters", "str"),
            ("mapping", "dict"),
            ("sequence", "list"),
            ("number", "int"),
            ("fraction", "float"),
            ("truth", "bool"),
            ("none", "NoneType"),
        )
    ),
]
