"""The function app of the chat room: each function is a blueprint in a file of its own."""

import azure.functions as func

import get_messages
import send_message
import signalr_info

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(signalr_info.blueprint)
app.register_functions(send_message.blueprint)
app.register_functions(get_messages.blueprint)
