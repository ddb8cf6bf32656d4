"""A blueprint."""

import azure.functions as func

part = func.Blueprint()


@part.route(route="hello")
def hello(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("Hello.")
