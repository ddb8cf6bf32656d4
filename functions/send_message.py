"""SendMessage: send a message to everybody in the hub, or to two users, and keep it in the history.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-signalr-service-output
"""

import json
import logging
from typing import Any

import azure.functions as func

import chat_history
import chat_message
from answers import answer, refuse
from day_blobs import StorageUnavailable
from identity import SIGN_IN, User, user_of
from presence import is_connected

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
    """Answer the message, whether it was stored, and whether its recipient is connected."""
    user = user_of(req)
    if not user:
        return refuse(SIGN_IN, 401)
    try:
        message = chat_message.read(req.get_body(), sender=user)
    except chat_message.Rejected as rejected:
        return refuse(str(rejected), rejected.status)
    signalr_messages.set(json.dumps(_deliveries(message, user)))
    return answer({**message, "stored": _store(message), **_feedback(message)})


def _deliveries(message: dict[str, Any], sender: User) -> list[dict[str, Any]]:
    """To everybody; a private message to its two users, in all their tabs."""
    call = {"target": "newMessage", "arguments": [message]}
    if "recipient" not in message:
        return [call]
    # Each user once, also when somebody writes to themselves.
    users = dict.fromkeys([message["recipient"], sender.id])
    return [{**call, "userId": user} for user in users]


def _store(message: dict[str, Any]) -> bool:
    """Keep the message. Chat goes on when storage does not answer."""
    try:
        chat_history.append(message)
    except StorageUnavailable as reason:
        logging.warning("The message goes out, but is not in the history: %s", reason)
        return False
    return True


def _feedback(message: dict[str, Any]) -> dict[str, bool]:
    """Whether the recipient is connected.

    Nothing for a public message, or when the service does not answer.
    """
    if "recipient" not in message:
        return {}
    connected = is_connected(message["recipient"])
    if connected is None:
        return {}
    return {"recipientConnected": connected}
