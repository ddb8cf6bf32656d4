import json
import logging

import azure.functions as func

from books import books

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(books)


@app.route(route="echo", methods=["GET", "POST"])
def echo(req: func.HttpRequest) -> func.HttpResponse:
    """Everything a function sees of a request."""
    seen = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "query": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().decode(),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="text")
async def text(req: func.HttpRequest) -> str:
    return "plain"


@app.route(route="sniffed")
def sniffed(req: func.HttpRequest) -> str:
    return json.dumps({"status": 418, "headers": {"x-tea": "yes"}, "body": {"short": True}})


@app.route(route="cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse("two")
    response.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly")
    response.headers.add("Set-Cookie", "b=2; Secure; SameSite=Lax; Max-Age=60")
    return response


@app.route(route="secret", auth_level=func.AuthLevel.FUNCTION)
def secret(req: func.HttpRequest) -> str:
    return "function level"


@app.route(route="root", auth_level=func.AuthLevel.ADMIN)
def root(req: func.HttpRequest) -> str:
    return "admin level"


@app.route(route="who")
def who(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    logging.info("called as %s", context.function_name)
    return func.HttpResponse(f"{context.function_name} {context.invocation_id}")


@app.timer_trigger(schedule="0 0 3 * * *", arg_name="timer")
def nightly(timer: func.TimerRequest) -> None:
    logging.warning("nightly ran, past due: %s", timer.past_due)
