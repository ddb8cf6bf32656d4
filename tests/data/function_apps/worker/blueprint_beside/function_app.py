"""Functions are in the blueprint, and in the app."""

import azure.functions as func
from blueprint import part

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(part)


@app.route(route="page")
def page(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("<p>Hello</p>", mimetype="text/html")
