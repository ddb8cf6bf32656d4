"""GetMessages: the history for somebody who has just come in, newest first."""

import logging

import azure.functions as func

import chat_history
from answers import answer, refuse
from day_blobs import StorageUnavailable
from identity import SIGN_IN, user_of

MAX_LIMIT = 200
UNAVAILABLE = (
    "The history cannot be read now: its storage does not answer. New messages still arrive."
)

blueprint = func.Blueprint()


@blueprint.function_name("GetMessages")
@blueprint.route(route="messages", methods=["GET"])
def get_messages(req: func.HttpRequest) -> func.HttpResponse:
    """Answer at most `limit` messages, 50 by default.

    With `before`, the id of a message, only those that are older than that message.
    """
    user = user_of(req)
    if not user:
        return refuse(SIGN_IN, 401)
    limit = req.params.get("limit", "50")
    if not limit.isdecimal() or not 1 <= int(limit[:9]) <= MAX_LIMIT:
        return refuse(f"limit has to be a whole number from 1 to {MAX_LIMIT}.", 400)
    before = req.params.get("before", "")
    try:
        return answer(chat_history.newest(int(limit), user.id, before=before))
    except StorageUnavailable as reason:
        logging.warning("The history cannot be read: %s", reason)
        return refuse(UNAVAILABLE, 503)
