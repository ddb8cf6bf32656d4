"""SignalRInfo and negotiate: tell a browser where the hub is, and give it a token to connect with.

Both do the same. SignalRInfo is the name of the first tutorial; negotiate is the one that SignalR clients call by themselves.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-signalr-service-input
"""

import azure.functions as func

blueprint = func.Blueprint()


@blueprint.function_name("SignalRInfo")
@blueprint.route(route="SignalRInfo", methods=["POST"])
@blueprint.generic_input_binding(
    arg_name="connection_info",
    type="signalRConnectionInfo",
    hubName="chat",
    connectionStringSetting="AzureSignalRConnectionString",
)
def signalr_info(req: func.HttpRequest, connection_info: str) -> func.HttpResponse:
    """Answer `{"url", "accessToken"}`, which the binding made."""
    return func.HttpResponse(connection_info, mimetype="application/json")


@blueprint.function_name("negotiate")
@blueprint.route(route="negotiate", methods=["POST"])
@blueprint.generic_input_binding(
    arg_name="connection_info",
    type="signalRConnectionInfo",
    hubName="chat",
    connectionStringSetting="AzureSignalRConnectionString",
)
def negotiate(req: func.HttpRequest, connection_info: str) -> func.HttpResponse:
    """Answer the same under today's name."""
    return func.HttpResponse(connection_info, mimetype="application/json")
