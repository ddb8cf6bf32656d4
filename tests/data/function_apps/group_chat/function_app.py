import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="negotiate", methods=["POST"])
@app.generic_input_binding(arg_name="info", type="signalRConnectionInfo", hubName="groups", userId="{query.user}")
def negotiate(req: func.HttpRequest, info: str) -> func.HttpResponse:
    return func.HttpResponse(info, mimetype="application/json")


@app.route(route="places", methods=["GET"])
@app.generic_input_binding(arg_name="info", type="signalRNegotiation", hubName="groups", userId="{query.user}")
@app.generic_input_binding(arg_name="endpoints", type="signalREndpoints", hubName="groups")
def places(req: func.HttpRequest, info: str, endpoints: str) -> func.HttpResponse:
    both = {"negotiation": json.loads(info), "endpoints": json.loads(endpoints)}
    return func.HttpResponse(json.dumps(both), mimetype="application/json")


@app.generic_trigger(arg_name="event", type="signalRTrigger", hubName="groups", category="connections", event="connected")
@app.generic_output_binding(arg_name="out", type="signalR", hubName="groups")
def connected(event: str, out: func.Out[str]) -> None:
    who = json.loads(event)
    if who["UserId"] == "mallory":
        raise PermissionError("mallory may not come in")
    out.set(json.dumps({"target": "arrived", "arguments": [who["UserId"]]}))


@app.generic_trigger(arg_name="event", type="signalRTrigger", hubName="groups", category="connections", event="disconnected")
def disconnected(event: str) -> None:
    raise RuntimeError("nobody minds")


@app.generic_trigger(
    arg_name="event", type="signalRTrigger", hubName="groups", category="messages", event="join", parameterNames='["group"]'
)
@app.generic_output_binding(arg_name="out", type="signalR", hubName="groups")
def join(event: str, out: func.Out[str]) -> str:
    context = json.loads(event)
    group = context["Arguments"][0]
    action = {"action": "add", "groupName": group, "connectionId": context["ConnectionId"]}
    out.set(json.dumps([action, {"target": "joined", "arguments": [context["UserId"]], "groupName": group}]))
    return f"welcome to {group}"


@app.generic_trigger(
    arg_name="event", type="signalRTrigger", hubName="groups", category="messages", event="say", parameterNames=["group", "text"]
)
@app.generic_output_binding(arg_name="out", type="signalR", hubName="groups")
async def say(event: str, out: func.Out[str]) -> None:
    group, text = json.loads(event)["Arguments"]
    out.set(json.dumps({"target": "said", "arguments": [text], "groupName": group}))
