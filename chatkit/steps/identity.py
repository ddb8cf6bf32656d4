"""Sections 09 and 12: App Service Authentication, and the app's own identity."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chatkit.core.errors import ServiceError, SetupError
from chatkit.core.files import write_private
from chatkit.core.results import Result, enumerated
from chatkit.core.system.moving import remove
from chatkit.steps import local_settings
from chatkit.steps.deployment import NEGOTIATE, page_address
from chatkit.steps.local_servers import FUNCTIONS
from chatkit.steps.local_settings import SIGNALR_SETTING
from chatkit.steps.session import Session

if TYPE_CHECKING:
    from chatkit.chat.client.sign_in import SignedIn
    from chatkit.cloud.stack import Stack

ME = "/.auth/me"
SECRET_LEFT = (
    " One secret is left in the app's settings: {}, with which App Service Authentication proves"
    " the app to Entra ID when people sign in: workshop.remove_client_secret() lets a managed"
    " identity take its place."
)
KEYS_BEFORE = "keys-before.json"
"""Keys and secrets that were switched off: section 12 proves that they open nothing."""
NOT_TRIED = (
    " Whether its roles count already was not tried, for only a person can sign in here: write a"
    " message on the page before you switch keys off. It takes up to ten minutes."
)
SIGN_IN_LIMIT_S = 300.0
HERE = " For functions on this machine: workshop.write_local_settings()."


def enable_authentication(
    session: Session, *, client_id: str = "", client_secret: str = ""
) -> Result:
    """Register the app, keep its secret as an app setting, and let the page sign people in.

    Args:
        session: The home and the target.
        client_id: Of a registration that somebody else made; empty to make one.
        client_secret: Its secret.
    """
    from chatkit.cloud.provision import authentication, federated_sign_in
    from chatkit.cloud.provision.app_registration import Registration, register
    from chatkit.cloud.publish import functions

    with session.step("Turning authentication on", "09") as step:
        api = session.deployed_api("09")
        if not client_id and federated_sign_in.is_used(step.stack):
            return step.result("Authentication is on, without a client secret: it stays as it is.")
        addresses = authentication.Addresses(api, page_address(session, step))
        if client_id:
            registration = Registration(client_id, client_secret)
        else:
            registration = register(step.stack, addresses.callback)
            # At once: clean-up has to delete it, also when the rest is interrupted.
            session.learn(client_id=registration.client_id)
        authentication.enable_authentication(step.stack, addresses, registration)
        functions.wait_until_answers(step.stack, api, ME)
        if registration.is_new:
            wait_for_sign_in(session, step.stack)
        # An own registration of before stays known: clean-up deletes it.
        session.learn(authentication="on")
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
            f"{HERE}{left}",
            *settings.items(),
        )


def assign_roles(session: Session) -> Result:
    """Give the app an identity, and the identity the two roles that the chat needs."""
    from chatkit.cloud.provision import keyless

    with session.step("Assigning roles", "12") as step:
        keyless.assign_roles(step.stack, keyless.identify(step.stack))
        return step.result(
            "The app has an identity of its own, with two roles.",
            ("SignalR Service Owner", "at the SignalR Service instance"),
            ("Storage Blob Data Owner", "at the storage account"),
        )


def use_identity(session: Session) -> Result:
    """Name the services in the settings in the place of their keys; wait until that works."""
    from chatkit.cloud.provision import keyless

    with session.step("Using the identity", "12") as step:
        if not keyless.has_roles(step.stack):
            raise SetupError(
                "The app's identity has no roles yet.", hint="workshop.assign_roles() comes first."
            )
        keep_keys(session, step.stack)
        settings = keyless.use_identity(step.stack)
        keyless.publish_with_identity(step.stack)
        is_tried = _wait_for_roles(session, step.stack)
        text = "The app uses its identity: its settings name services, and hold no key of theirs."
        if not is_tried:
            text += NOT_TRIED
        return step.result(text, *settings.items())


def disable_keys(session: Session) -> Result:
    """Let SignalR Service and the storage account refuse keys from now on."""
    from chatkit.cloud.provision import keyless

    with session.step("Switching keys off", "12") as step:
        left = keyless.keys_in_use(step.stack)
        if left:
            raise SetupError(
                f"The app still uses keys: {', '.join(left)}. Without them nobody could chat.",
                hint="workshop.use_identity() comes first.",
            )
        keep_keys(session, step.stack)
        keyless.disable_keys(step.stack)
        text = "SignalR Service and the storage account take no keys any more."
        if SIGNALR_SETTING in local_settings.keys_in(session.functions_folder):
            text += HERE
        return step.result(text)


def remove_client_secret(session: Session) -> Result:
    """Let a managed identity prove the app to Entra ID, and delete the client secret."""
    from chatkit.cloud.provision import federated_sign_in
    from chatkit.cloud.publish import functions

    with session.step("Removing the client secret", "12") as step:
        keep_keys(session, step.stack)
        client_id = federated_sign_in.trust_identity(step.stack)
        functions.wait_until_answers(step.stack, session.deployed_api("09"), ME)
        wait_for_sign_in(session, step.stack)  # the secret works no more after this
        federated_sign_in.delete_secrets(step.stack, client_id)
        functions.wait_until_answers(step.stack, session.deployed_api("09"), ME)
        text = "People sign in without a client secret: the app's registration trusts an identity."
        setting = federated_sign_in.IDENTITY_SETTING
        return step.result(text, ("client secret setting", setting))


def keys_before(session: Session) -> dict[str, str]:
    """The target's keys and secrets that there were before they were switched off."""
    found = _every_targets_keys(session).get(session.settings.target)
    return found if isinstance(found, dict) else {}


def _every_targets_keys(session: Session) -> dict[str, Any]:
    try:
        found = json.loads((session.home / KEYS_BEFORE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def forget_keys_before(session: Session) -> None:
    """Forget them; the file goes when no other target has any."""
    known = _every_targets_keys(session)
    known.pop(session.settings.target, None)
    if known:
        write_private(session.home / KEYS_BEFORE, json.dumps(known))
    else:
        remove(session.home / KEYS_BEFORE)


def keep_keys(session: Session, stack: Stack) -> None:
    """Note the keys that still work, in a file that only this user can read."""
    from azure.core.exceptions import HttpResponseError

    from chatkit.cloud.provision import signalr, storage
    from chatkit.cloud.provision.app_registration import SECRET_SETTING
    from chatkit.cloud.provision.app_settings import read_app_settings

    known = keys_before(session)
    secret = read_app_settings(stack).get(SECRET_SETTING, "")
    with suppress(HttpResponseError):  # who listed the keys before does it no more
        text = signalr.connection_string(stack)
        if "AccessKey=" in text:
            known["signalr"] = text
    known["storage"] = storage.account_key(stack)
    if secret:
        known["client_secret"] = secret
    every = {**_every_targets_keys(session), session.settings.target: known}
    write_private(session.home / KEYS_BEFORE, json.dumps(every))


def wait_for_sign_in(session: Session, stack: Stack) -> SignedIn | None:
    """Sign somebody in until that works: what is new in a registration is known late.

    Where only a person can sign in, nobody tries: then it is None.

    Raises:
        ServiceError: It does not work.
        SetupError: Authentication is off.
    """
    from chatkit.chat.client.sign_in import PersonNeeded, SignInEnded
    from chatkit.cloud.calls import lasting

    last = ""
    for _ in stack.calls.waiting(SIGN_IN_LIMIT_S, "Entra ID lets people sign in to the app"):
        try:
            return sign_in_as(session, "alice")
        except PersonNeeded:
            return None
        except (SignInEnded, ServiceError) as error:
            last = error.message
    raise ServiceError(
        401,
        "SignInNotReady",
        f"Nobody can sign in to the app after {lasting(SIGN_IN_LIMIT_S)}. {last} What is new in an"
        " app's registration is known only after a while.",
        hint="Run the cell again: it goes on with the same registration.",
    )


def _wait_for_roles(session: Session, stack: Stack) -> bool:
    """Ask the app for what needs its roles until it answers; on Azure that takes minutes.

    Where only a person can sign in, nobody can ask: then it is False.
    """
    from chatkit.cloud.calls import lasting
    from chatkit.cloud.provision.keyless import ROLES_LIMIT_S

    api = session.deployed_api()
    alice = wait_for_sign_in(session, stack)
    if alice is None:
        return False
    headers = alice.headers
    answers: list[int] = []
    for _ in stack.calls.waiting(ROLES_LIMIT_S, "the app's roles count"):
        asked = (("POST", "negotiate"), ("GET", "messages"))
        answers = [_status(stack, how, f"{api}/api/{what}", headers) for how, what in asked]
        if answers == [200, 200]:
            return True
    raise ServiceError(
        answers[-1],
        "RolesMissing",
        f"The app cannot use its services by its roles after {lasting(ROLES_LIMIT_S)}: negotiate"
        f" and messages answer {enumerated([str(one) for one in answers])}.",
        hint="Run the cell again: the roles stay, and nothing that works was taken away.",
    )


def _status(stack: Stack, method: str, url: str, headers: dict[str, str]) -> int:
    app = stack.cloud.rest(url, signed_in=False)
    if method == "POST":
        return app.post(url, headers=headers, retry_total=0).status_code
    return app.get(url, headers=headers, retry_total=0).status_code


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
