"""SendMessage: pass a message on to everybody in the hub, and keep it in the history.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-signalr-service-output
"""

import json
import logging

import azure.functions as func

import chat_history
import chat_message
from answers import answer, refuse
from day_blobs import StorageUnavailable

blueprint = func.Blueprint()


@blueprint.function_name("SendMessage")
@blueprint.route(route="messages", methods=["POST"])
@blueprint.generic_output_binding(
    arg_name="signalr_messages",
    type="signalR",
    hubName="chat",
    connectionStringSetting="AzureSignalRConnectionString",
)
def send_message(req: func.HttpRequest, signalr_messages: func.Out[str]) -> func.HttpResponse:
    """Answer the message as it goes out, and whether it was stored: chat goes on when storage does not answer."""
    try:
        message = chat_message.read(req.get_body())
    except chat_message.Rejected as rejected:
        return refuse(str(rejected), rejected.status)
    try:
        chat_history.append(message)
        stored = True
    except StorageUnavailable as reason:
        logging.warning("The message goes out, but is not in the history: %s", reason)
        stored = False
    signalr_messages.set(json.dumps({"target": "newMessage", "arguments": [message]}))
    return answer({**message, "stored": stored})
