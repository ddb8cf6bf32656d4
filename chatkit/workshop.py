"""Workshop: the one object a notebook holds.

Each verb is one step of the tutorial, may be repeated, and returns a Result. The workshop passes
its session on: the steps are in `steps`; checks, doctor and catching up are in `lesson`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from chatkit.classroom.board.verbs import BoardVerbs
from chatkit.classroom.reporting.reports import resume
from chatkit.classroom.reporting.verbs import ClassVerbs
from chatkit.cloud.connection import Cloud
from chatkit.core.results import Address, Result
from chatkit.core.settings import Settings
from chatkit.lesson import courses, mistakes
from chatkit.lesson.chat_map import MapVerb
from chatkit.lesson.exercises.verbs import ExerciseVerbs
from chatkit.lesson.plan import PlanVerb
from chatkit.lesson.verbs.sections import SectionVerbs
from chatkit.stage.verbs import StageVerbs
from chatkit.steps import clean_up, deployment, identity, local_run, resources
from chatkit.steps.session import Session
from chatkit.steps.status import Receipt, Status
from chatkit.steps.templates.verbs import TemplateVerbs

if TYPE_CHECKING:
    from chatkit.chat.client.sign_in import SignedIn
    from chatkit.chat.panel.panel import ChatPanel


class Workshop(
    SectionVerbs,
    ExerciseVerbs,
    MapVerb,
    PlanVerb,
    TemplateVerbs,
    StageVerbs,
    ClassVerbs,
    BoardVerbs,
    mistakes.NamesNearest,
):
    """The tutorial's steps, on one target. `Workshop.open()` starts.

    Args:
        session: The home and the target.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    @classmethod
    def open(
        cls, *, target: str | None = None, suffix: str | None = None, region: str | None = None
    ) -> Self:
        """Open the workshop of this checkout, with the local cloud running when that is the target.

        Args:
            target: "local" or "azure"; remembered. Else `CHATKIT_TARGET`, else what was remembered.
            suffix: Suffix of all names; remembered. Else `CHATKIT_SUFFIX`, else chosen once.
            region: Azure region; remembered. Else `CHATKIT_REGION`.

        Raises:
            SetupError: The local cloud cannot start, or names would change while resources exist.
        """
        mistakes.register_here()
        session = Session.open(target=target, suffix=suffix, region=region)
        resume(session.home)
        return cls(session)

    def __repr__(self) -> str:
        if self.settings.target == "local":
            return "Workshop on the local cloud"
        return f"Workshop on Azure, {self.settings.region}"

    # What is known

    @property
    def home(self) -> Path:
        """The kit's folder."""
        return self.session.home

    @property
    def settings(self) -> Settings:
        """Names and facts, as they are in the file now: several notebooks share it."""
        return self.session.settings

    @property
    def cloud(self) -> Cloud:
        """Endpoints, credential and SDK clients.

        Raises:
            NotStarted: The local cloud does not run any more; each step starts it.
        """
        return self.session.connect(start=False)

    @property
    def folder(self) -> Path:
        """The learner's app."""
        return self.session.folder

    @property
    def functions_folder(self) -> Path:
        """The learner's functions."""
        return self.session.functions_folder

    @property
    def page_folder(self) -> Path:
        """The learner's web page."""
        return self.session.page_folder

    @property
    def hub(self) -> str:
        """Name of the SignalR hub."""
        return self.session.hub

    @property
    def api_base_url(self) -> str | None:
        """Address of the deployed functions, None until the function app exists."""
        return self.session.api_base_url

    @property
    def web_url(self) -> Address | None:
        """Address of the deployed page, None until the storage account was asked for it."""
        return self.session.web_url

    @property
    def local_api_base_url(self) -> str | None:
        """Address of the local function host, None while it does not run."""
        return self.session.local_api_base_url

    @property
    def local_web_url(self) -> Address | None:
        """Address of the locally served page, None while it is not served."""
        return self.session.local_web_url

    def status(self) -> Status:
        """What exists, where, and which sections are done."""
        return self.session.status(courses.current().done)

    def timings(self) -> Result:
        """How long each step took the last time, on the current target."""
        return self.session.timings()

    def how(self) -> Result:
        """All that you have made without the kit, from what each step sent the last time.

        Its `az()`, `python()`, `rest()` and `template()` are whole texts.
        """
        from chatkit.cloud.how import memory

        return memory.tell(self.home, self.settings.target, courses.current().makes)

    # Sections 01, 02 and 07: signing in, and every Azure resource

    def sign_in(self) -> Result:
        """Get a token and look at the subscription."""
        return resources.sign_in(self.session)

    def create_resource_group(self) -> Result:
        """Create the group that holds everything, and register the resource providers."""
        return resources.create_resource_group(self.session)

    def create_signalr(self, tier: str = "", *, units: int | None = None) -> Result:
        """Create the SignalR Service instance: serverless, on the free tier.

        Args:
            tier: "free", or "standard", which takes 1,000 connections and costs by the day. By
                default an instance that is there keeps what it has.
            units: How many units, for "standard".
        """
        return resources.create_signalr(self.session, tier=tier, units=units)

    def create_storage_account(self) -> Result:
        """Create the storage account."""
        return resources.create_storage_account(self.session)

    def create_function_app(self) -> Result:
        """Create the plan and the function app, with the storage it needs."""
        return resources.create_function_app(self.session)

    def provision(self) -> Result:
        """Create everything there is to create, what is independent at the same time."""
        return resources.provision(self.session)

    # Sections 03 to 06: the functions and the page on this machine

    def write_local_settings(self) -> Result:
        """Write local.settings.json: what the functions need on this machine."""
        return local_run.write_local_settings(self.session)

    def start_functions(self, *, auth: bool = False) -> Result:
        """Run the functions on this machine (what F5 does in an editor).

        A page that calls functions run on this machine calls these from now on.

        Args:
            auth: Put sign-in in front of them: App Service Authentication with the local Entra.
        """
        return local_run.start_functions(self.session, auth=auth)

    def stop_functions(self) -> Result:
        """Stop the local function host."""
        return local_run.stop_functions(self.session)

    def prepare_page(self) -> Result:
        """Copy the kit's page and let it call the functions on this machine."""
        return local_run.prepare_page(self.session)

    def start_page(self) -> Result:
        """Serve the page on this machine."""
        return local_run.start_page(self.session)

    def stop_page(self) -> Result:
        """Stop serving the page on this machine."""
        return local_run.stop_page(self.session)

    # Sections 07 and 08: the functions and the page go to Azure

    def package_files(self) -> list[str]:
        """Name the files that would be published: no keys, no notebooks, nothing ignored."""
        return deployment.package_files(self.session)

    def publish_functions(self, *, again: bool = False) -> Result:
        """Package my-chat/functions, send it, and wait until the functions answer.

        Args:
            again: Send it even when this very package is what the site runs.
        """
        return deployment.publish_functions(self.session, again=again)

    def upload_settings(self) -> Result:
        """Upload the local settings that the deployed app needs, and keep every setting it has."""
        return deployment.upload_settings(self.session)

    def allow_page(self) -> Result:
        """Let the deployed page, and no other, call the deployed functions (CORS)."""
        return deployment.allow_page(self.session)

    def enable_static_website(self) -> Result:
        """Switch the storage account's static website on."""
        return deployment.enable_static_website(self.session)

    def set_page_url(self) -> Result:
        """Let the page call the deployed functions, and sign people in when they do."""
        return deployment.set_page_url(self.session)

    def upload_page(self) -> Result:
        """Upload my-chat/content and wait until the website answers with it."""
        return deployment.upload_page(self.session)

    # Sections 09 and 10: who somebody is; the chat, and the end

    def enable_authentication(self, *, client_id: str = "", client_secret: str = "") -> Result:
        """Turn App Service Authentication on.

        The app is registered, its secret becomes an app setting, and the page signs people in.

        Args:
            client_id: Of an app registration that somebody made for you, when you may not make
                one yourself.
            client_secret: Its secret.
        """
        return identity.enable_authentication(
            self.session, client_id=client_id, client_secret=client_secret
        )

    def assign_roles(self) -> Result:
        """Give the deployed app a managed identity, and the identity the roles the chat needs."""
        return identity.assign_roles(self.session)

    def use_identity(self) -> Result:
        """Let the app's settings name services in the place of keys; wait until that works."""
        return identity.use_identity(self.session)

    def disable_keys(self) -> Result:
        """Let SignalR Service and the storage account refuse keys from now on."""
        return identity.disable_keys(self.session)

    def remove_client_secret(self) -> Result:
        """Let a managed identity prove the app to Entra ID, and delete its client secret."""
        return identity.remove_client_secret(self.session)

    def remove_keys(self) -> Result:
        """Let the deployed app work without keys, and switch off those of its services.

        That is `assign_roles()`, `use_identity()` and `disable_keys()` in one.
        """
        return identity.remove_keys(self.session)

    def sign_in_as(self, user: str, *, where: str = "deployed") -> SignedIn:
        """Sign a test user in to the app, as the page does it.

        The `headers` of the result go with that user's requests.

        Args:
            user: A name, for example "alice".
            where: "deployed", or "local" after `start_functions(auth=True)`.

        Raises:
            SetupError: Authentication is off, or the sign-in page asks for more than a name, as
                Azure's does.
        """
        return identity.sign_in_as(self.session, user, where=where)

    def chat_panel(self, *users: str, where: str = "") -> ChatPanel:
        """Show a chat for several users side by side.

        Args:
            users: Names, for example "alice" and "bob".
            where: "local" or "deployed"; by default the deployed chat, if there is one.
        """
        from chatkit.lesson.panel import open_panel

        return open_panel(self.session, users or ("alice", "bob"), where)

    def clean_up(self) -> Receipt:
        """Stop local servers, delete the resource group, forget the keys, and prove it.

        Returns:
            The receipt; `complete` says whether every line is proven.
        """
        return clean_up.clean_up(self.session)

    def reset(self) -> Receipt:
        """Go back to the start: clean up, put my-chat aside, forget what was completed.

        Copies of notebooks are renewed, but not this one; those you edited are kept beside.

        Returns:
            The clean-up's receipt. Where a line is not proven, nothing but the clean-up was done:
            do it again.
        """
        return clean_up.reset(self.session)
