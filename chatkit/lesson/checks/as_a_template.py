"""Section 13: the chat is as its template says, Azure keeps no secret of it, and people chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatkit.cloud.how.template_values import CLIENT_SECRET
from chatkit.cloud.provision import app_registration, signalr, storage
from chatkit.cloud.provision.authentication import CALLBACK
from chatkit.cloud.templates import deploying
from chatkit.lesson.checks import private_messages
from chatkit.lesson.checks.core.evidence import expect, expecting
from chatkit.lesson.checks.core.people import expect_sign_in
from chatkit.lesson.checks.deployed_app import deployed_api
from chatkit.wire.connection_strings import SignalRConnectionString

if TYPE_CHECKING:
    from chatkit.cloud.stack import Stack
    from chatkit.cloud.templates.deploying import Past
    from chatkit.steps.session import Session

DEPLOY = "workshop.deploy_template() deploys my-chat/template/main.json."
LEAD_BACK = "workshop.register_app(), once more, lets sign-in lead back to the app."
SECURE = (
    "In the template the parameter of a secret has the type securestring; deploy it again, with"
    " another secret."
)
UNCHANGED = "NoChange"


def check(session: Session) -> Iterator[str]:
    """Deployment, its history, the registration, and the chat."""
    api = deployed_api(session)
    expect_sign_in(api)
    stack = session.stack()
    past = _deployment(stack)
    yield "Azure has the deployment, and it succeeded."
    yield _no_secret(stack, past)
    yield _as_the_template_says(stack, past)
    yield _leads_back(stack, session.settings.facts.client_id, f"{api}{CALLBACK}")
    yield from private_messages.among_people(api)


def _deployment(stack: Stack) -> Past:
    past = deploying.past(stack)
    what = "The deployment"
    expect(past, what, expected=f"one named {deploying.NAME}", got="none", hint=DEPLOY)
    assert past is not None
    expect(past.state == "Succeeded", what, expected="Succeeded", got=past.state, hint=DEPLOY)
    return past


def _no_secret(stack: Stack, past: Past) -> str:
    """What Azure keeps of the deployment shows nobody a key or a secret."""
    secrets = {
        "the client secret": app_registration.secret_in_use(stack),
        "the key of the storage account": storage.account_key(stack),
        "the key of SignalR Service": _signalr_key(stack),
    }
    shown = [name for name, secret in secrets.items() if secret and secret in past.kept]
    got = " and ".join(shown)
    what = "What Azure keeps of the deployment"
    expect(not shown, what, expected="no secret", got=got, hint=SECURE)
    return "What Azure keeps of it shows no key and no secret."


def _signalr_key(stack: Stack) -> str:
    text = signalr.connection_string(stack)
    return "" if signalr.is_keyless(text) else SignalRConnectionString.parse(text).access_key


def _as_the_template_says(stack: Stack, past: Past) -> str:
    """Deploying the same once more would change nothing: nobody has changed it by hand."""
    known = {CLIENT_SECRET: app_registration.secret_in_use(stack)}
    values = past.template.values(past.values, known)
    what = "Deploying it again"
    with expecting(what, expected="nothing to change", hint=DEPLOY):
        changes = deploying.what_if(stack, past.template, values)
    differing = [str(one) for one in changes if one.kind != UNCHANGED]
    got = "; ".join(differing)
    expect(not differing, what, expected="nothing to change", got=got, hint=DEPLOY)
    return f"Deploying it again would change nothing: {len(changes)} resources are as it says."


def _leads_back(stack: Stack, client_id: str, callback: str) -> str:
    if not client_id:
        return "Somebody else has made the app registration: sign-in leads back if people get in."
    is_led = app_registration.leads_back(stack, client_id, callback)
    what = "The app registration"
    expect(is_led, what, expected=f"a way back to {callback}", got="none", hint=LEAD_BACK)
    return "After sign-in the app registration leads back to the app, wherever it was deployed."
