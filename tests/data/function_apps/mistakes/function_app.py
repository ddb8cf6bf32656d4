import os
import sys
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="fine")
def fine(req: func.HttpRequest) -> str:
    return "fine"


@app.route(route="raises")
def raises(req: func.HttpRequest) -> str:
    raise ValueError("boom with AccessKey=c2VjcmV0;")


@app.route(route="returns/{what}")
def returns(req: func.HttpRequest):
    what = {"none": None, "bytes": b"x", "dict": {"a": 1}, "tuple": ("x", 201), "number": 5}
    return what[req.route_params["what"]]


@app.route(route="hangs")
def hangs(req: func.HttpRequest) -> str:
    time.sleep(3600)
    return "never"


@app.route(route="leaves")
def leaves(req: func.HttpRequest) -> str:
    os._exit(3)


@app.route(route="exits")
def exits(req: func.HttpRequest) -> str:
    sys.exit("bye")


@app.route(route="chatters")
def chatters(req: func.HttpRequest) -> str:
    for _ in range(10_000):
        print("x" * 1_000)
    return "done"


@app.route(route="slow")
def slow(req: func.HttpRequest) -> str:
    time.sleep(0.3)
    return "slow"


@app.route(route="needs-identity")
@app.generic_input_binding(
    arg_name="info", type="signalRConnectionInfo", hubName="chat", userId="{headers.x-ms-client-principal-name}"
)
def needs_identity(req: func.HttpRequest, info: str) -> str:
    return info


@app.route(route="sends-nonsense")
@app.generic_output_binding(arg_name="out", type="signalR", hubName="chat")
def sends_nonsense(req: func.HttpRequest, out: func.Out[str]) -> str:
    out.set('{"neither": "message nor action"}')
    return "sent"
