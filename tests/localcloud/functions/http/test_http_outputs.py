"""Answers that a function gives in other ways than by returning them, and cookies on the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.app_files import UNTELLABLE
from tests.localcloud.functions.functions_testing import Serve, write_app

OUT = """
@app.route(route='text', binding_arg_name='answer')
def text(req: func.HttpRequest, answer: func.Out[func.HttpResponse]):
    answer.set(func.HttpResponse('hello', status_code=201, headers={'X-Own': 'yes'}))

@app.route(route='bytes', binding_arg_name='answer')
async def in_bytes(req: func.HttpRequest, answer: func.Out[func.HttpResponse]) -> None:
    answer.set(func.HttpResponse(b'\\x00\\xff', mimetype='image/png'))

@app.route(route='string', binding_arg_name='answer')
def string(req: func.HttpRequest, answer: func.Out[str]):
    answer.set('plain')

@app.route(route='nothing', binding_arg_name='answer')
def nothing(req: func.HttpRequest, answer: func.Out[func.HttpResponse]):
    pass
"""


async def test_the_http_output_binding_is_the_answer(serve: Serve, tmp_path: Path) -> None:
    """With status, headers and body, text or bytes."""
    served = await serve(write_app(tmp_path / "app", OUT))
    async with served.client.get(served.url + "/api/text") as answer:
        assert (answer.status, await answer.text()) == (201, "hello")
        assert answer.headers["X-Own"] == "yes"
    async with served.client.get(served.url + "/api/bytes") as answer:
        assert (answer.status, await answer.read()) == (200, b"\x00\xff")
        assert answer.headers["Content-Type"] == "image/png"
    assert await served.ask("GET", "/api/string") == (200, "plain")
    assert (await served.ask("GET", "/api/nothing"))[0] == 204


COOKIE = """
@app.route(route='cookie')
def cookie(req: func.HttpRequest) -> func.HttpResponse:
    answer = func.HttpResponse('x')
    answer.headers.add('Set-Cookie', req.get_body().decode())
    return answer
"""


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("a=1", "a=1; domain=; path="),
        ("a=1; Path=/; HttpOnly", "a=1; domain=; path=/; httponly"),
        ("a=hello//world", "a=hello%2F%2Fworld; domain=; path="),
        ('a="two words"', "a=two%20words; domain=; path="),
        ("a=x.y-z_~", "a=x.y-z_~; domain=; path="),
        (
            "a=1; Domain=example.com; Expires=Thu, 12-Jan-2017 13:55:08 GMT; Path=/;"
            " Max-Age=10000000; Secure; HttpOnly; SameSite=Strict",
            "a=1; expires=Thu, 12 Jan 2017 13:55:08 GMT; max-age=10000000; domain=example.com;"
            " path=/; secure; samesite=strict; httponly",
        ),
        (
            "a=1; Expires=Thu, 12 Jan 2017 13:55:08 GMT",
            "a=1; expires=Thu, 12 Jan 2017 13:55:08 GMT; domain=; path=",
        ),
        ("a=1; Expires=Thursday, 12-Jan-17 14:55:08 +0100", None),  # Python's parser gives up
        (
            "a=1; Expires=2017-01-12T13:55:08Z",
            "a=1; expires=Thu, 12 Jan 2017 13:55:08 GMT; domain=; path=",
        ),
        ("a=1; Max-Age=0; SameSite=None", "a=1; max-age=0; domain=; path=; samesite=none"),
        ("a=1; SecureFalse", None),
    ],
)
async def test_a_cookie_is_written_as_in_azure(
    serve: Serve, tmp_path: Path, given: str, sent: str | None
) -> None:
    """The worker takes it apart, and ASP.NET Core writes it anew."""
    served = await serve(write_app(tmp_path / "app", COOKIE))
    async with served.client.post(served.url + "/api/cookie", data=given) as answer:
        assert answer.status == 200
        assert answer.headers.getall("Set-Cookie", [None]) == [sent]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("a=1; Expires=soon", "time data 'soon' does not match"),
        ("a=1; Max-Age=soon", "could not convert string to float"),
        ("a=1; Max-Age=-1", "the age -1 of a cookie is less than nothing"),
        ("a:b=1", "'a:b' is no name of a cookie"),
    ],
)
async def test_a_cookie_that_cannot_be_written_is_a_500(
    serve: Serve, tmp_path: Path, given: str, why: str
) -> None:
    """The log says which part."""
    served = await serve(write_app(tmp_path / "app", COOKIE))
    assert await served.ask("POST", "/api/cookie", data=given) == (500, "")
    assert why in served.log


ODD = """
class Odd(Exception):
    def __str__(self): raise {failure}
    __repr__ = __str__

class Notes(Exception):
    @property
    def __notes__(self): raise {failure}

class Hidden(type):
    @property
    def __name__(cls): raise {failure}

class Nameless(Exception, metaclass=Hidden): ...

@app.route(route='nameless')
def nameless(req): raise Nameless('x')

@app.route(route='odd')
def odd(req): raise Odd('secret')

@app.route(route='later')
async def later(req): raise Odd('secret') from Notes()

@app.route(route='notes')
def notes(req): raise Notes()

@app.route(route='fine')
def fine(req): return 'fine'
"""


@pytest.mark.parametrize("name", UNTELLABLE)
async def test_an_exception_that_cannot_be_printed_is_a_500(
    serve: Serve, tmp_path: Path, name: str
) -> None:
    """At once, with what can be said in the log; the app goes on."""
    served = await serve(write_app(tmp_path / "app", ODD.format(failure=UNTELLABLE[name])))
    for route in ("odd", "later", "notes", "nameless"):
        assert await served.ask("GET", f"/api/{route}") == (500, "")
    assert "the message of this Odd cannot be read" in served.log
    assert 'function_app.py", line' in served.log
    assert await served.ask("GET", "/api/fine") == (200, "fine")
