"""SignalRInfo and negotiate: tell a browser where the hub is, and give it a token for its user.

Both do the same. SignalRInfo is the name of the first tutorial; negotiate is the name that SignalR
clients call by themselves. The input binding can write the user into the token, too, but it runs
before this code: for somebody who is not signed in it ends in an error 500. Here they get a
sentence.
"""

import azure.functions as func

from answers import answer, refuse
from identity import SIGN_IN, user_of
from signalr_tokens import connection_info

blueprint = func.Blueprint()


@blueprint.function_name("SignalRInfo")
@blueprint.route(route="SignalRInfo", methods=["POST"])
def signalr_info(req: func.HttpRequest) -> func.HttpResponse:
    """Answer `{"url", "accessToken"}` for the user who is signed in."""
    return _connection_info(req)


@blueprint.function_name("negotiate")
@blueprint.route(route="negotiate", methods=["POST"])
def negotiate(req: func.HttpRequest) -> func.HttpResponse:
    """Answer the same under today's name."""
    return _connection_info(req)


def _connection_info(req: func.HttpRequest) -> func.HttpResponse:
    user = user_of(req)
    if not user:
        return refuse(SIGN_IN, 401)
    return answer(connection_info(user.id))
