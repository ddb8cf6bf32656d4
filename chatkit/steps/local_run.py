"""Sections 03 to 06: the functions and the page on this machine."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from chatkit.cloud import local_cloud
from chatkit.cloud.app_log.failures import failures, without_functions
from chatkit.core.disk.tail import read_tail
from chatkit.core.errors import NotStarted
from chatkit.core.processes import wait_until
from chatkit.core.results import Result
from chatkit.core.work import course_choice
from chatkit.steps import app_files, local_settings, page_config
from chatkit.steps.local_servers import FUNCTIONS, PAGE
from chatkit.steps.servers.server import Server, Started
from chatkit.steps.session import Session

PAGE_PORT = 5500
LIST_LIMIT_S = 0.5  # the host lists its functions when it serves them
PROVIDER = "aad"
LOGIN = f"/.auth/login/{PROVIDER}"
SERVE_PAGE = (
    "Any server of files serves the page, too:"
    " `python3 -m http.server 5500 --bind 127.0.0.1 --directory my-chat/content`."
)
KEYLESS = (
    " SignalR Service takes no keys: on the local cloud the functions sign in by themselves; with"
    " Azure they sign in as the application in AZURE_TENANT_ID, AZURE_CLIENT_ID and"
    " AZURE_CLIENT_SECRET, which needs the role 'SignalR Service Owner'."
)


def write_local_settings(session: Session) -> Result:
    """Write local.settings.json: what the functions need on this machine."""
    from chatkit.cloud.provision import keyless, signalr

    with session.step("Writing local settings", "03") as step:
        text = ""
        if local_settings.needs_signalr(session.settings.facts):
            text = signalr.connection_string(step.stack)
        if signalr.is_keyless(text):
            keyless.let_caller_in(step.stack)
        storage = local_settings.storage_for(session.connect_storage())
        origin = session.local_web_url or local_settings.PAGE_ORIGIN
        local_settings.write(session.functions_folder, signalr=text, storage=storage, origin=origin)
        step.writes(
            f"my-chat/functions/{local_settings.FILE}",
            local_settings.without_secrets(session.functions_folder),
        )
        names = ", ".join(sorted(local_settings.values(session.functions_folder)))
        without = KEYLESS if signalr.is_keyless(text) else ""
        running = session.servers.running(FUNCTIONS)
        if without and running and Path(running.folder) == session.functions_folder:
            # They read the file anew by themselves, but began without somebody to sign in as.
            _start_functions(session, port=running.port, auth=running.has_sign_in)
        return step.result(f"my-chat/functions/{local_settings.FILE}: {names}.{without}")


def start_functions(session: Session, *, auth: bool = False) -> Result:
    """Run the functions on this machine (what F5 does in an editor).

    A page that calls functions run on this machine calls these from now on.

    Args:
        session: The home and the target.
        auth: Put sign-in in front of them, as App Service Authentication on Azure.
    """
    with session.step("Starting the function host", "04") as step:
        app_files.begun_functions(session.functions_folder, "04")
        step.on_this_machine(
            "Azure Functions Core Tools run the functions, too: `func start` in my-chat/functions."
        )
        started = _start_functions(session, port=local_settings.PORT, auth=auth)
        server = started.server
        rows = [("address", server.url), *_taken(local_settings.PORT, started.instead_of)]
        none = _without_functions(session, LIST_LIMIT_S if started.is_new else 0.0)
        if none:
            return step.result(f"The function host runs, and finds no functions: {none}", *rows)
        if not auth:
            return step.result("The functions run on this machine.", *rows)
        rows.insert(1, ("sign-in", server.url + LOGIN))
        return step.result("The functions run on this machine, with sign-in in front.", *rows)


def stop_functions(session: Session) -> Result:
    """Stop the local function host."""
    with session.step("Stopping the function host") as step:
        page = session.local_web_url
        session.servers.stop(FUNCTIONS)
        _follow_page(session, page)
        step.on_this_machine("Ctrl+C in the terminal ends what `func start` began.")
        return step.result("The functions no longer run on this machine.")


def prepare_page(session: Session) -> Result:
    """Copy the kit's page and let it call the functions on this machine."""
    from chatkit.steps.app_files import copy_page

    with session.step("Copying the page", "06") as step:
        page = course_choice.folder() / "content"
        kept = copy_page(page, folder=session.folder, home=session.home)
        server = session.servers.running(FUNCTIONS)
        url = server.url if server else f"http://localhost:{local_settings.PORT}"
        page_config.write(session.page_folder, url, sign_in=_provider(server))
        step.on_this_machine("The kit's folder content is copied to my-chat/content.")
        step.writes(
            f"my-chat/content/{page_config.FILE}", page_config.content(url, _provider(server))
        )
        rows = [("your version is kept as", name) for name in kept]
        return step.result(
            "The page is in my-chat/content; it calls the functions on this machine.", *rows
        )


def start_page(session: Session) -> Result:
    """Serve the page on this machine."""
    with session.step("Serving the page", "06") as step:
        step.on_this_machine(SERVE_PAGE)
        started = session.servers.start_page(session.page_folder, port=PAGE_PORT)
        changed = local_settings.allow_origin(session.functions_folder, started.server.url)
        rows = [("address", started.server.url), *_taken(PAGE_PORT, started.instead_of)]
        running = session.servers.running(FUNCTIONS)
        if changed and running and session.servers.stop(FUNCTIONS):
            # On the port where the page looks for them, unless somebody took it meanwhile.
            restarted = _start_functions(session, port=running.port, auth=running.has_sign_in)
            if restarted.server.port != running.port:
                rows.append(("functions", f"now at {restarted.server.url}"))
        return step.result("The page is served on this machine.", *rows)


def stop_page(session: Session) -> Result:
    """Stop serving the page on this machine."""
    with session.step("Stopping the page") as step:
        session.servers.stop(PAGE)
        step.on_this_machine("Ctrl+C in its terminal ends a server of files.")
        return step.result("The page is no longer served on this machine.")


def _start_functions(session: Session, *, port: int, auth: bool) -> Started:
    """Start them; a page that calls functions run on this machine calls these from now on."""
    folder = session.functions_folder
    # Without a key the functions sign in, and need somebody to sign in as.
    identity = _identity(session) if local_settings.is_keyless(folder) else {}
    page = session.local_web_url
    try:
        started = session.servers.start_functions(
            folder, port=port, auth=auth, environment=identity
        )
    except NotStarted as error:
        _name_line(session, error)
        raise
    page_config.follow(
        session.page_folder,
        started.server.url,
        deployed=session.api_base_url,
        sign_in=_provider(started.server),
    )
    _follow_page(session, page)
    return started


def _follow_page(session: Session, before: str | None) -> None:
    """Let a page call the functions that lost its port when it changed its process.

    Functions that run read their settings anew by themselves.
    """
    now = session.local_web_url
    if before and now and now != before:
        local_settings.allow_origin(session.functions_folder, now)


def _without_functions(session: Session, limit_s: float) -> str:
    """Why the app that was started has no functions; empty where it has some."""
    log = session.servers.log(FUNCTIONS)
    said = wait_until(
        lambda: without_functions(read_tail(log).text),
        until=monotonic() + limit_s,
        unless=lambda: False,
    )
    return said or ""


def _name_line(session: Session, error: NotStarted) -> None:
    """Let the error name the line of the app that keeps it from being loaded."""
    said = read_tail(session.servers.log(FUNCTIONS)).text
    found = failures(said, session.functions_folder)
    if found:
        error.explain(found[-1].what, why=found[-1].why, hint=found[-1].fix("local"))


def _identity(session: Session) -> dict[str, str]:
    """Variables with which functions on this machine get tokens of the local cloud.

    None for Azure: there they sign in as the application that the person's variables name.
    """
    known = local_cloud.running(session.home / "local")
    if session.settings.target != "local" or known is None:
        return {}
    return local_cloud.identity_variables(known)


def _provider(server: Server | None) -> str:
    """Alias of the identity provider in front of functions; empty where none is."""
    return PROVIDER if server and server.has_sign_in else ""


def _taken(port: int, holder: str) -> list[tuple[str, str]]:
    if not holder:
        return []
    return [("instead of", f"port {port}, which {holder} holds")]
