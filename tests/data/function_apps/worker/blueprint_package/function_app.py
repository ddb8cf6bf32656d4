"""The blueprint is in a folder of its own."""

import azure.functions as func
from parts.greetings import part

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(part)


@app.route(route="time")
def time(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("now")
