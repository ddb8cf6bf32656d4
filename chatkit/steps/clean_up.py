"""Section 11: everything made is deleted again."""

from __future__ import annotations

from chatkit.cloud.provision.receipt import Item
from chatkit.core import settings as store
from chatkit.core.results import enumerated
from chatkit.core.work import notebooks
from chatkit.steps import identity, local_settings
from chatkit.steps.app_files import put_aside
from chatkit.steps.local_servers import FUNCTIONS, PAGE
from chatkit.steps.session import Session
from chatkit.steps.status import Receipt


def clean_up(session: Session) -> Receipt:
    """Stop local servers, delete the resource group, forget the keys, and prove it.

    Returns:
        The receipt; `complete` says whether every line is proven.
    """
    from chatkit.cloud.provision.app_registration import delete_registration
    from chatkit.cloud.provision.clean_up import delete_everything

    with session.step("Cleaning up", "11", at_once=True) as step:
        with step.stack.calls.doing("stopping functions and page"):
            session.servers.stop(FUNCTIONS)
            session.servers.stop(PAGE)
        items = delete_everything(step.stack)
        client_id = session.settings.facts.client_id
        if client_id:
            items.append(delete_registration(step.stack, client_id))
        local_settings.forget_keys(session.functions_folder)
        identity.forget_keys_before(session)
        if (session.functions_folder / local_settings.FILE).exists():
            step.writes(
                f"my-chat/functions/{local_settings.FILE}",
                local_settings.without_secrets(session.functions_folder),
            )
        kept = local_settings.keys_in(session.functions_folder)
        items.append(Item("keys in local.settings.json", "none in the file", not kept))
        if all(item.gone for item in items):
            session.forget()
        return Receipt.of(items, step.result(""))


def reset(session: Session) -> Receipt:
    """Go back to the start: clean up, put my-chat aside, forget what was completed.

    Copies of notebooks are renewed; those that were edited are kept beside.

    Returns:
        The clean-up's receipt. Where a line is not proven, nothing but the clean-up was done.
    """
    receipt = clean_up(session)
    if not receipt.complete:
        return receipt
    # First: what needs space on the disk fails before anything else is done.
    edited = notebooks.renew(store.kit() / notebooks.FOLDER, session.folder, session.home)
    kept = put_aside(session.folder, home=session.home)
    session.learn(completed=())
    where = f"; your app is kept as {kept}" if kept else ""
    return receipt.with_line(f"Back at the start. {_about_notebooks(edited)}{where}.")


def _about_notebooks(edited: list[str] | None) -> str:
    if edited is None:
        return "Notebooks are untouched"
    if not edited:
        return "Notebooks are new"
    return f"Notebooks are new; those you edited are kept as {enumerated(edited)}"
