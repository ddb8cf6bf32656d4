"""Functions whose triggers and bindings are generic, and values of every kind returned by some."""

import logging

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
INFO = {"type": "signalRConnectionInfo", "hubName": "chat"}


@app.function_name("return_last")
@app.generic_trigger(arg_name="req", type="httpTrigger", route="return_last")
@app.generic_output_binding(arg_name="$return", type="http")
@app.generic_input_binding(arg_name="info", **INFO)
def return_last(req: func.HttpRequest, info):
    return func.HttpResponse(status_code=200)


@app.function_name("return_first")
@app.generic_trigger(arg_name="req", type="httpTrigger", route="return_first")
@app.generic_input_binding(arg_name="info", **INFO)
@app.generic_output_binding(arg_name="$return", type="http")
def return_first(req: func.HttpRequest, info):
    return func.HttpResponse(status_code=200)


def on_timer(name, value):
    """A function that returns a value beside a generic binding, whose implicit output takes it."""

    @app.function_name(name)
    @app.schedule(schedule="0 0 0 1 1 *", arg_name="timer", use_monitor=False)
    @app.generic_input_binding(arg_name="info", **INFO)
    def returns(timer: func.TimerRequest, info):
        logging.info("returns %s", type(value).__name__)
        return value


on_timer("text", "hi")
on_timer("letters", "é")
on_timer("mapping", {"hello": "world"})
on_timer("sequence", [1, 2, 3])
on_timer("number", 12)
on_timer("fraction", 12.34)
on_timer("truth", True)
on_timer("none", None)
