"""Section 13: the whole chat from one template, with the app registration before it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chatkit.cloud.how import memory
from chatkit.cloud.how.template_values import CLIENT_ID, CLIENT_SECRET
from chatkit.core.errors import SetupError
from chatkit.core.results import Lines, Result, enumerated
from chatkit.core.settings import Facts
from chatkit.steps import app_files, identity
from chatkit.steps.session import Session

if TYPE_CHECKING:
    from chatkit.cloud.stack import Stack
    from chatkit.cloud.step import Step
    from chatkit.cloud.templates.deploying import Change, Deployed
    from chatkit.cloud.templates.template import Template

FILE = "template/main.json"
MINE = "template/mine.json"
API_URL, WEB_URL = "apiBaseUrl", "webUrl"
NO_OUTPUT = (
    " It has no output {}, so the kit does not know where they are: checks and publishing need"
    " them."
)
REGISTER = "workshop.register_app() makes one: no template does."
AGAIN = "workshop.register_app(), once more, lets sign-in lead back to the app."
COUNTED = {"Create": "create", "Modify": "change", "Delete": "delete"}


def template(session: Session) -> Lines:
    """What was made, as one template."""
    return Lines(memory.template(session.home, session.settings.target))


def export_template(session: Session, name: str) -> Result:
    """Write what was made as one template, into a file of my-chat.

    Raises:
        SetupError: Nothing was made yet.
    """
    text = str(template(session))
    if text.startswith("#"):
        raise SetupError(
            "There is nothing to export: nothing was made yet.",
            hint='workshop.catch_up("13") makes the chat.',
        )
    content = f"{text}\n".encode()
    kept = app_files.replace({name: content}, folder=session.folder, home=session.home)
    count = len(json.loads(text)["resources"])
    note = f" Your version is kept as {enumerated(kept)}." if kept else ""
    return Result(f"my-chat/{name} has {count} resources: what you have built.{note}")


def register_app(session: Session) -> Result:
    """Register the app with Entra ID, and let sign-in lead back to it once it has an address."""
    from chatkit.cloud.provision.app_registration import register_app
    from chatkit.cloud.provision.authentication import CALLBACK
    from chatkit.cloud.publish import functions

    api = session.api_base_url
    # Two steps: the whole chat is told with one before its deployment, and one after it.
    title = "Registering the app"
    callback = ""
    if api:
        title = "Letting sign-in lead back"
        callback = f"{api}{CALLBACK}"
    with session.step(title, "13") as step:
        known = session.settings.facts.client_id
        client_id = register_app(step.stack, callback, known=known)
        # At once: clean-up has to delete it.
        session.learn(client_id=client_id)
        if api and session.settings.facts.authentication == "on":
            functions.wait_until_answers(step.stack, api, identity.ME)  # a new name is known late
            identity.wait_for_sign_in(session, step.stack)
        text = "The app is registered. It has no address yet: the deployment gives it one."
        rows = [
            ("app registration", step.stack.names.function_app),
            ("client id", client_id),
        ]
        if api:
            text = "The app is registered, and sign-in leads back to it."
            rows.append(("sign-in leads back to", callback))
        return step.result(text, *rows)


def what_if(session: Session, name: str, given: Mapping[str, object]) -> Result:
    """Ask what deploying a template would change; nothing is changed."""
    from chatkit.cloud.templates import deploying

    with session.step("Asking what a template would change") as step:
        read = _read(session, step, name, given)
        values = _values(session, step.stack, read, given, is_asked=True)
        changes = deploying.what_if(step.stack, read, values)
        lines = [f"Deploying my-chat/{name} {_summed_up(changes)}"]
        lines += [f"  {one}" for one in changes]
        return step.result("\n".join(lines), changes=changes)


def deploy_template(session: Session, name: str, given: Mapping[str, object]) -> Result:
    """Deploy a template to the chat's resource group, and note what it has made."""
    from chatkit.cloud.provision.name_rules import once_free
    from chatkit.cloud.templates import deploying

    with session.step("Deploying the template", at_once=True) as step:
        read = _read(session, step, name, given)
        values = _values(session, step.stack, read, given)
        made = once_free(step.stack, lambda: deploying.deploy(step.stack, read, values))
        _learn(session, step.stack, made)
        missing = [one for one in (API_URL, WEB_URL) if one not in made.outputs]
        text = f"my-chat/{name} is deployed: {len(made.resources)} resources."
        if missing:
            text += NO_OUTPUT.format(" and ".join(missing))
        return step.result(text, *made.outputs.items(), ("next", AGAIN), outputs=made.outputs)


def _read(session: Session, step: Step, name: str, given: Mapping[str, object]) -> Template:
    from chatkit.cloud.templates.template import Template, check_given

    check_given(given, step.stack.names)
    step.deploys(f"my-chat/{name}")
    return Template.read(session.folder, name)


def _values(
    session: Session,
    stack: Stack,
    read: Template,
    given: Mapping[str, object],
    *,
    is_asked: bool = False,
) -> dict[str, object]:
    """The value of each parameter.

    Args:
        session: The home and the target.
        stack: What the template is for.
        read: The template.
        given: What the caller said.
        is_asked: It is for a what-if, which needs no secret that works.

    Raises:
        SetupError: The template needs an app registration, and there is none.
    """
    from chatkit.cloud.provision import app_registration
    from chatkit.cloud.templates.template import NOT_SAID, of_kit

    known = of_kit(stack.names, stack.cloud.app_scheme)
    client_id = str(given.get(CLIENT_ID) or session.settings.facts.client_id)
    if read.declares(CLIENT_ID):
        if not client_id:
            raise SetupError("The template needs an app registration.", hint=REGISTER)
        known[CLIENT_ID] = client_id
    if read.declares(CLIENT_SECRET) and CLIENT_SECRET not in given:
        if is_asked:
            known[CLIENT_SECRET] = app_registration.secret_in_use(stack) or NOT_SAID
        else:
            known[CLIENT_SECRET] = app_registration.with_secret(stack, client_id).secret
    return read.values(given, known)


def _learn(session: Session, stack: Stack, made: Deployed) -> None:
    """Note what there is now, for the other verbs."""
    from chatkit.cloud.how.template_values import ACCOUNT, SIGNALR, SITE

    names = stack.names
    facts: Facts = {"resource_group": names.resource_group}
    if made.has(SIGNALR, names.signalr):
        facts["signalr"] = names.signalr
    if made.has(ACCOUNT, names.storage_account):
        facts["storage_account"] = names.storage_account
    if made.has(SITE, names.function_app):
        facts["function_app"] = names.function_app
    if made.has(f"{SITE}/{names.function_app}/config", "authsettingsV2"):
        facts["authentication"] = "on"
    if made.outputs.get(API_URL):
        facts["api_base_url"] = made.outputs[API_URL].rstrip("/")
    if made.outputs.get(WEB_URL):
        facts["web_url"] = made.outputs[WEB_URL]
    session.learn(**facts)


def _summed_up(changes: list[Change]) -> str:
    """What happens to how many resources."""
    parts = []
    for kind, word in COUNTED.items():
        count = sum(one.kind == kind for one in changes)
        if count:
            parts.append(f"{word} {count}")
    others = sum(one.kind not in COUNTED and one.kind != "NoChange" for one in changes)
    if others:
        parts.append(f"do what Azure cannot say beforehand to {others}")
    if not parts:
        return f"would change nothing. {len(changes)} resources are as it says:"
    return f"would {', '.join(parts)} of {len(changes)} resources:"
