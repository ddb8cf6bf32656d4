"""Sections 07 and 08: the functions and the page go to Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit.cloud.app_log.failures import line_in
from chatkit.core.errors import ServiceError, SetupError
from chatkit.core.results import Result
from chatkit.steps import app_files, local_settings, page_config
from chatkit.steps.session import Session

if TYPE_CHECKING:
    from chatkit.cloud.step import Step

NEGOTIATE = "/api/negotiate"


def package_files(session: Session) -> list[str]:
    """Name the files that would be published, by their path in the app's folder."""
    from chatkit.cloud.publish import package

    return [
        str(path)
        for path in package.package_files(app_files.begun_functions(session.functions_folder, "04"))
    ]


def publish_functions(session: Session, *, again: bool = False) -> Result:
    """Package my-chat/functions, send it, and wait until the functions answer.

    Args:
        session: The home and the target.
        again: Send it even when this very package is what the site runs.
    """
    from chatkit.cloud.provision import app_settings
    from chatkit.cloud.publish import functions, package

    with session.step("Publishing the functions", "07") as step:
        files = package.build_package(app_files.begun_functions(session.functions_folder, "07"))
        step.packs(package.package_files(session.functions_folder))
        known = "" if again else session.settings.facts.published
        try:
            names, published = functions.publish(step.stack, files, known=known)
        except ServiceError as error:
            error.why = error.why or line_in(error.message, session.functions_folder)
            raise
        session.learn(published=published)
        deployed = app_settings.read_app_settings(step.stack)
        local = local_settings.values(session.functions_folder)
        local.setdefault(local_settings.SIGNALR_SETTING, "")
        missing = app_settings.forgotten(app_settings.compare(local, deployed))
        if not missing and "negotiate" in names:
            functions.wait_until_answers(step.stack, session.deployed_api("07"), NEGOTIATE)
        left = package.left_out(session.functions_folder)
        return step.result(
            f"Published. {len(names)} functions: {', '.join(names)}.{missing}{left}",
            functions=names,
        )


def upload_settings(session: Session) -> Result:
    """Upload the local settings that the deployed app needs, and keep every setting it has."""
    from chatkit.cloud.provision import app_settings
    from chatkit.cloud.publish import functions

    with session.step("Uploading settings", "07") as step:
        local = local_settings.values(session.functions_folder)
        wanted = app_settings.uploadable(local)
        needs_signalr = local_settings.needs_signalr(session.settings.facts)
        if needs_signalr and local_settings.SIGNALR_SETTING not in wanted:
            raise SetupError(
                f"{local_settings.FILE} has no {local_settings.SIGNALR_SETTING}.",
                hint="workshop.write_local_settings() writes it.",
            )
        # A key beside an identity-based connection would win over it.
        wanted = app_settings.without_replaced(wanted, app_settings.read_app_settings(step.stack))
        written = app_settings.merge_app_settings(step.stack, wanted)
        if written and "negotiate" in functions.listed(step.stack):
            functions.wait_until_answers(step.stack, session.deployed_api("07"), NEGOTIATE)
        deployed = app_settings.read_app_settings(step.stack)
        rows = [(one.name, one.state) for one in app_settings.compare(local, deployed)]
        uploaded = ", ".join(sorted(wanted)) or "nothing"
        stayed = ", ".join(sorted(set(local) - set(wanted)))
        return step.result(f"Uploaded: {uploaded}. Stayed local: {stayed}.", *rows)


def allow_page(session: Session) -> Result:
    """Let the deployed page, and no other, call the deployed functions from a browser (CORS)."""
    from chatkit.cloud.provision import app_settings

    with session.step("Allowing the page", "07") as step:
        origin = app_settings.origin_of(page_address(session, step))
        app_settings.set_cors(step.stack, origin)
        return step.result(
            "The functions answer the deployed page and no other, credentials included.",
            ("origin", origin),
        )


def enable_static_website(session: Session) -> Result:
    """Switch the storage account's static website on."""
    from chatkit.cloud.provision.storage import ERROR_DOCUMENT, INDEX_DOCUMENT

    with session.step("Enabling the static website", "08") as step:
        url = _enable_website(session, step)
        return step.result(
            f"Static website on: index {INDEX_DOCUMENT}, not found {ERROR_DOCUMENT}.",
            ("address", url),
        )


def set_page_url(session: Session) -> Result:
    """Let the page call the deployed functions, and offer sign-in when they have it."""
    from chatkit.cloud.provision import authentication

    with session.step("Writing the page's config", "08") as step:
        api = session.deployed_api()
        provider = authentication.provider_of(step.stack)
        page_config.write(session.page_folder, api, sign_in=provider)
        step.writes(f"my-chat/content/{page_config.FILE}", page_config.content(api, provider))
        more = f" and lets people sign in ({provider})" if provider else ""
        return step.result(
            f"my-chat/content/config.json: the page calls the deployed functions{more}."
        )


def upload_page(session: Session) -> Result:
    """Upload my-chat/content and wait until the website answers with it."""
    from chatkit.cloud.publish import website

    with session.step("Uploading the page", "08") as step:
        _check_called(session)
        page = website.read_page(session.page_folder)
        files = page.files
        url = _enable_website(session, step)
        sent = website.upload(step.stack, files)
        website.wait_until_served(step.stack, url, files)
        return step.result(
            f"The website serves {len(files)} files.{page.left}",
            ("address", url),
            ("sent", ", ".join(sent) or "nothing had changed"),
        )


def _check_called(session: Session) -> None:
    """Make sure that a page which calls functions calls the deployed ones.

    Raises:
        SetupError: It calls others.
        NotStarted: There are none.
    """
    folder = session.page_folder
    is_without_functions = not (folder / page_config.FILE).exists() and not session.api_base_url
    if is_without_functions and (folder / "index.html").is_file():
        return  # a website of files alone
    called = page_config.read(folder)
    if called != session.deployed_api():
        raise SetupError(
            f"The page still calls {called or 'nothing'}.",
            hint="workshop.set_page_url() first.",
        )


def page_address(session: Session, step: Step) -> str:
    """Return the address of the deployed page, which every account has before its website is on."""
    from chatkit.cloud.provision import storage

    known = session.web_url
    if known:
        return known
    url = storage.web_url(storage.read_account(step.stack))
    session.learn(web_url=url)
    return url


def _enable_website(session: Session, step: Step) -> str:
    from chatkit.cloud.provision import storage

    url = storage.enable_static_website(step.stack)
    session.learn(web_url=url)
    return url
