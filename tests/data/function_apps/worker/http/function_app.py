"""HTTP functions that try what a worker has to do: values, logs, loops, contexts, cookies."""

import asyncio
import contextvars
import hashlib
import json
import logging
import sys
import urllib.request

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
log = logging.getLogger("shop")
amount = contextvars.ContextVar("amount", default=0)


class Unspeakable(Exception):
    """Cannot say what it is."""

    def __str__(self):
        raise RuntimeError("no words")


@app.route(route="text")
def text(req: func.HttpRequest) -> str:
    return "good day"


@app.route(route="text_later")
async def text_later(req: func.HttpRequest):
    await asyncio.sleep(0)
    return "good evening"


@app.route(route="by_output", binding_arg_name="answer")
def by_output(req: func.HttpRequest, answer: func.Out[func.HttpResponse]):
    answer.set(func.HttpResponse("made", status_code=201))


@app.route(route="bytes")
def raw_bytes(req: func.HttpRequest):
    return b"good day"


@app.route(route="nothing")
def nothing(req: func.HttpRequest):
    log.info("nothing to say")


@app.route(route="without_annotation")
def without_annotation(req):
    return "fine"


@app.route(route="page")
def page(req: func.HttpRequest):
    return func.HttpResponse("<p>Grüße™</p>", mimetype="text/html")


@app.route(route="empty")
def empty(req: func.HttpRequest):
    return func.HttpResponse()


@app.route(route="for_admins", auth_level=func.AuthLevel.ADMIN)
def for_admins(req: func.HttpRequest):
    return func.HttpResponse("<p>Grüße™</p>", mimetype="text/html")


@app.route(route="gone")
def gone(req: func.HttpRequest):
    return func.HttpResponse("gone", status_code=404)


@app.route(route="elsewhere")
def elsewhere(req: func.HttpRequest):
    return func.HttpResponse(status_code=302, headers={"location": "page"})


@app.route(route="asked")
def asked(req: func.HttpRequest):
    body = req.get_body()
    return json.dumps(
        {
            "method": req.method,
            "url": req.url,
            "headers": dict(req.headers),
            "params": dict(req.params),
            "sent": body.decode(),
            "hash": hashlib.sha256(body).hexdigest(),
        }
    )


@app.route(route="asked_json")
def asked_json(req: func.HttpRequest):
    return json.dumps({"method": req.method, "value": req.get_json()})


@app.route(route="parts/{first}/{second}")
def parts(req: func.HttpRequest) -> str:
    return json.dumps(dict(req.route_params))


@app.route(route="echo")
def echo(req: func.HttpRequest) -> func.HttpResponse:
    body = req.get_body()
    return func.HttpResponse(body, headers={"length": str(len(body))})


@app.route(route="who")
def who(req: func.HttpRequest, context: func.Context):
    return json.dumps(
        {
            "name": context.function_name,
            "folder": context.function_directory,
            "id": context.invocation_id,
            "parent": context.trace_context.Traceparent,
            "state": context.trace_context.Tracestate,
        }
    )


@app.route(route="hello")
def hello(req: func.HttpRequest) -> func.HttpResponse:
    name = req.params.get("name")
    if not name:
        try:
            name = req.get_json().get("name")
        except ValueError:
            name = None
    return func.HttpResponse(f"Hello, {name or 'whoever you are'}.")


@app.route(route="divides")
def divides(req: func.HttpRequest):
    return str(1 / 0)


@app.route(route="reaches_nobody")
def reaches_nobody(req: func.HttpRequest) -> str:
    with urllib.request.urlopen("http://127.0.0.1:9/picture.jpg") as answer:
        return str(answer.status)


@app.route(route="unspeakable")
def unspeakable(req: func.HttpRequest) -> str:
    raise Unspeakable("x")


@app.route(route="logs")
def logs(req: func.HttpRequest):
    for level in ("critical", "info", "warning", "debug", "error"):
        getattr(logging, level)("root says %s", level)
    return "logged"


@app.route(route="logs_handled")
def logs_handled(req: func.HttpRequest):
    try:
        return str(1 / 0)
    except ZeroDivisionError:
        log.error("a mistake that was handled", exc_info=True)
    return "logged"


@app.route(route="logs_later")
async def logs_later(req: func.HttpRequest):
    async def inner():
        log.error("said by a task inside")

    log.info("said %s", "before")
    await asyncio.ensure_future(inner())
    return "logged"


@app.route(route="prints")
def prints(req: func.HttpRequest):
    stream = sys.stderr if req.params.get("to") == "stderr" else sys.stdout
    print(req.params["words"], file=stream, flush=req.params.get("flush") == "true")
    return "printed"


@app.route(route="own_loop")
def own_loop(req: func.HttpRequest) -> str:
    async def inner():
        log.info("said in a loop of its own")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(inner())
    loop.close()
    return "looped"


@app.route(route="many_tasks")
async def many_tasks(req: func.HttpRequest) -> str:
    async def say(words):
        await asyncio.sleep(0.01)
        logging.warning("task: %s", words)

    loop = asyncio.get_event_loop()
    future = loop.create_future()
    loop.call_soon_threadsafe(future.set_result, "said by the loop")
    await asyncio.wait([*(loop.create_task(say(words)) for words in ("one", "two")), future])
    logging.info(future.result())
    return "done"


@app.route(route="contexts")
async def contexts(req: func.HttpRequest) -> str:
    async def count():
        await asyncio.sleep(0)
        return str(amount.get())

    tasks = []
    for number in (5, 10):
        amount.set(number)
        tasks.append(asyncio.create_task(count(), context=contextvars.copy_context()))
    return " ".join([await task for task in tasks])


@app.route(route="task_without_context")
async def task_without_context(req: func.HttpRequest) -> str:
    async def count(number):
        await asyncio.sleep(0)
        return str(number)

    return await asyncio.create_task(count(5))


@app.route(route="cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    answer = func.HttpResponse("x")
    for cookie in req.get_body().decode().splitlines():
        answer.headers.add("Set-Cookie", cookie)
    return answer
