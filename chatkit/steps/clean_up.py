"""Section 11: everything made is deleted again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chatkit.cloud.provision.receipt import Item
from chatkit.core.errors import SetupError
from chatkit.core.results import Result, enumerated
from chatkit.core.running.presence import SCREEN
from chatkit.core.work import course_choice, notebooks
from chatkit.steps import identity, local_settings
from chatkit.steps.app_files import check_movable, put_aside
from chatkit.steps.session import Session
from chatkit.steps.status import Receipt

if TYPE_CHECKING:
    from chatkit.cloud.step import Step


def clean_up(session: Session) -> Receipt:
    """Stop local servers, delete the resource group, forget the keys, and prove it.

    Returns:
        The receipt; `complete` says whether every line is proven.
    """
    from chatkit.cloud.provision.app_registration import delete_registration
    from chatkit.cloud.provision.clean_up import delete_everything

    with session.step("Cleaning up", at_once=True) as step:
        with step.stack.calls.doing("stopping functions and page"):
            session.servers.stop_both()
            session.servers.stop(SCREEN)
        items: list[Item] = []
        with _shown_whatever_fails(items):
            items.extend(delete_everything(step.stack))  # each line as soon as it is known
            client_id = session.settings.facts.client_id
            if client_id:
                items.append(delete_registration(step.stack, client_id))
            items.append(_forget_keys(session, step))
            if all(item.gone for item in items):
                session.forget()
        return Receipt.of(items, step.result(""))


def _forget_keys(session: Session, step: Step) -> Item:
    """Blank the keys on this machine, and look whether none is left."""
    folder = session.functions_folder
    what = f"keys in {local_settings.FILE}"
    try:
        local_settings.forget_keys(folder)
        identity.forget_keys_before(session)
        if (folder / local_settings.FILE).exists():
            step.writes(
                f"my-chat/functions/{local_settings.FILE}", local_settings.without_secrets(folder)
            )
        return Item(what, "none in the file", not local_settings.keys_in(folder))
    except SetupError as error:  # it is damaged, or cannot be written
        return Item(what, str(error), gone=False)


@contextmanager
def _shown_whatever_fails(items: list[Item]) -> Iterator[None]:
    """Print the receipt when something fails after it: what is gone cannot be asked for again."""
    try:
        yield
    except BaseException:
        if items:
            print(Receipt.of(items, Result("")))
        raise


def reset(session: Session) -> Receipt:
    """Go back to the start: clean up, put my-chat aside, forget what was completed.

    Copies of notebooks are renewed; those that were edited are kept beside.

    Returns:
        The clean-up's receipt. Where a line is not proven, nothing but the clean-up was done.

    Raises:
        SetupError: Something of my-chat cannot be renewed or moved. Where that can be seen before
            anything is deleted, nothing is; else the receipt is printed.
    """
    notebooks.check_renewable(session.folder)
    check_movable(session.folder)
    kit = course_choice.folder() / notebooks.FOLDER
    receipt = clean_up(session)
    if not receipt.complete:
        return receipt
    with _shown_whatever_fails([*receipt.items]):
        # First: what needs space on the disk fails before anything else is done.
        edited = notebooks.renew(kit, session.folder, session.home)
        kept = put_aside(session.folder, home=session.home)
        session.learn(completed=())
    where = f"; your app is kept as {kept}" if kept else ""
    return receipt.of_reset(f"Back at the start. {_about_notebooks(edited)}{where}.")


def _about_notebooks(edited: list[str] | None) -> str:
    if edited is None:
        return "Notebooks are untouched"
    if not edited:
        return "Notebooks are new"
    return f"Notebooks are new; those you edited are kept as {enumerated(edited)}"
