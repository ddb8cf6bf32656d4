"""Section 09: App Service Authentication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit.core.errors import SetupError
from chatkit.core.results import Result
from chatkit.steps.deployment import NEGOTIATE, page_address
from chatkit.steps.local_servers import FUNCTIONS
from chatkit.steps.session import Session

if TYPE_CHECKING:
    from chatkit.chat.client.sign_in import SignedIn

ME = "/.auth/me"
SECRET_LEFT = (
    " One secret is left in the app's settings: {}, with which App Service Authentication proves"
    " the app to Entra ID when people sign in. In Azure a managed identity can take its place, as a"
    " federated credential of the app registration."
)


def enable_authentication(
    session: Session, *, client_id: str = "", client_secret: str = ""
) -> Result:
    """Register the app, keep its secret as an app setting, and let the page sign people in.

    Args:
        session: The home and the target.
        client_id: Of a registration that somebody else made; empty to make one.
        client_secret: Its secret.
    """
    from chatkit.cloud.provision import authentication
    from chatkit.cloud.provision.app_registration import Registration, register
    from chatkit.cloud.publish import functions

    with session.step("Turning authentication on", "09") as step:
        api = session.deployed_api("09")
        addresses = authentication.Addresses(api, page_address(session, step))
        if client_id:
            registration = Registration(client_id, client_secret)
        else:
            registration = register(step.stack, addresses.callback)
            # At once: clean-up has to delete it, also when the rest is interrupted.
            session.learn(client_id=registration.client_id)
        authentication.enable_authentication(step.stack, addresses, registration)
        functions.wait_until_answers(step.stack, api, ME)
        session.learn(authentication="on", client_id="" if client_id else registration.client_id)
        return step.result(
            "Authentication is on: people sign in with Microsoft Entra ID;"
            " who is not signed in stays anonymous.",
            ("app registration", step.stack.names.function_app),
            ("sign-in", f"{api}/.auth/login/aad"),
        )


def remove_keys(session: Session) -> Result:
    """Let the deployed app work without keys, and switch off those of its services."""
    from chatkit.cloud.provision import keyless
    from chatkit.cloud.publish import functions

    with session.step("Removing the keys", "08") as step:
        settings = keyless.remove_keys(step.stack)
        functions.wait_until_answers(step.stack, session.deployed_api(), NEGOTIATE)
        secret = keyless.sign_in_secret(step.stack)
        left = SECRET_LEFT.format(secret) if secret else ""
        return step.result(
            "The app signs in with an identity of its own; SignalR Service and the storage account"
            f" take no keys any more. In Azure it can take ten minutes until the roles count."
            f" For functions on this machine: workshop.write_local_settings().{left}",
            *settings.items(),
        )


def sign_in_as(session: Session, user: str, *, where: str = "deployed") -> SignedIn:
    """Sign a test user in to the app, as the page does it.

    Args:
        session: The home and the target.
        user: A name, for example "alice".
        where: "deployed", or "local" for functions that run here with sign-in in front.

    Raises:
        SetupError: Authentication is off, or the sign-in page asks for more than a name.
    """
    from chatkit.chat.client.background_loop import background_loop
    from chatkit.chat.client.sign_in import sign_in

    api = session.api_of(where)
    if where == "local" and not has_sign_in(session, where):
        raise SetupError(
            "Nothing stands in front of the functions on this machine.",
            hint="workshop.start_functions(auth=True) puts sign-in there.",
        )
    with session.on_cloud():
        return background_loop().call(sign_in(api, user))


def has_sign_in(session: Session, where: str) -> bool:
    """Whether people sign in to the functions that run "local" or "deployed"."""
    if where == "deployed":
        return session.settings.facts.authentication == "on"
    server = session.servers.running(FUNCTIONS)
    return server is not None and server.has_sign_in
