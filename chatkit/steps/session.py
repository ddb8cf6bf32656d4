"""Session: one home on one target.

It knows names, addresses and folders, holds the connection, and runs steps.

Steps are functions over a Session: they are in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Self, Unpack

from chatkit.cloud import local_cloud, missing
from chatkit.cloud.connection import Cloud
from chatkit.cloud.targets import connect
from chatkit.core import settings as store
from chatkit.core.availability import Availability, Blame, explaining, nobody_is_blamed
from chatkit.core.errors import ChatkitError, NotAnswering, NotStarted, SetupError
from chatkit.core.home import check
from chatkit.core.results import Address, Progress, Result, duration
from chatkit.core.running import interrupts
from chatkit.core.settings import Facts, Known, Names, Settings
from chatkit.core.work.course_choice import at_a_beginning, claimed, is_tutorial
from chatkit.steps import moved_ports, running, timings
from chatkit.steps.local_servers import FUNCTIONS, PAGE, LocalServers
from chatkit.steps.status import Status

if TYPE_CHECKING:
    from chatkit.cloud.stack import Stack
    from chatkit.cloud.step import Step

Connector = Callable[[Settings, Path], Cloud]
START_FUNCTIONS = "workshop.start_functions() starts the functions on this machine."
MAKE_FUNCTIONS = 'workshop.catch_up("06") makes them, and starts them on this machine.'
LOOK = "workshop.doctor() looks why."
_saving = Lock()


class Session:
    """One home on one target.

    Args:
        home: The kit's folder.
        connector: Makes the connection to the target's cloud.

    Attributes:
        servers: The function host and the page's server of this home.
    """

    def __init__(self, home: Path, *, connector: Connector = connect) -> None:
        self.home = home
        self.servers = LocalServers(home)
        self._connector = connector
        self._cloud: Cloud | None = None
        self._connected_to = ""
        self._restarted = False
        self._followed = ""
        self._news: list[tuple[str, str]] = []

    @classmethod
    def open(
        cls, *, target: str | None = None, suffix: str | None = None, region: str | None = None
    ) -> Self:
        """Open the session of this checkout: choose target and names, then connect.

        Args:
            target: "local" or "azure"; remembered. Else `CHATKIT_TARGET`, else what was remembered.
            suffix: Suffix of all names; remembered. Else `CHATKIT_SUFFIX`, else chosen once.
            region: Azure region; remembered. Else `CHATKIT_REGION`.

        Raises:
            SetupError: The local cloud cannot start, or names would change while resources exist.
        """
        interrupts.check_imports()
        home = store.home()
        check.check_home(home)
        settings = store.load(home)
        wanted = claimed(settings.wanted(target=target, suffix=suffix, region=region))
        session = cls(home, connector=connect)
        # Who cannot connect to the new target stays on the one that there was.
        kept = replace(wanted, target=settings.target)
        if kept != settings or not (home / store.FILE).exists():  # the disk may be full
            store.save(home, kept)
        session._connect(wanted, start=True)
        if wanted.target != settings.target:
            session._news += running.leave_target(session.servers, session.functions_folder)
            store.save(home, wanted)
        return session

    # The cloud

    def connect(self, *, start: bool = True) -> Cloud:
        """Return the connection to the target's cloud.

        It is a new one when another process of the local cloud runs than before.

        Args:
            start: Start the local cloud when that is the target and it does not run.

        Raises:
            NotStarted: The local cloud does not run and was not to be started, or cannot start.
            SetupError: No Azure subscription could be chosen.
        """
        return self._connect(self.settings, start=start)

    def _connect(self, settings: Settings, *, start: bool) -> Cloud:
        this_run = "azure"
        if settings.target == "local":
            this_run = self._local_run(start=start)
        if self._cloud is None or self._connected_to != this_run:
            self._cloud = self._connector(settings, self.home)
            self._connected_to = this_run
        return self._cloud

    def stack(self, progress: Progress | None = None) -> Stack:
        """Connect, and return what provisioning, publishing and cleaning up work on.

        Args:
            progress: Told about every call that runs.
        """
        from chatkit.cloud.calls import Calls
        from chatkit.cloud.stack import Stack

        return Stack.of_home(self.home, self.connect(), Calls(progress), self.names)

    def connect_storage(self) -> str:
        """Return where functions that run on this machine keep their data.

        On both targets that is the local cloud's storage; it is started when it does not run.
        """
        known = local_cloud.start(self.home / "local")
        self._follow(known)
        return known["dev_storage"]

    def _local_run(self, *, start: bool) -> str:
        """What distinguishes this run of the local cloud from others."""
        where = self.home / "local"
        if start:
            was_lost = self._cloud is not None and self.absence() is not None
            started = local_cloud.start(where)
            self._restarted = self._restarted or was_lost
            self._follow(started)
            return local_cloud.run_id(started)
        known = local_cloud.running(where)
        if known is None:
            raise local_cloud.not_running(where)
        return local_cloud.run_id(known)

    def absence(self) -> ChatkitError | None:
        """Say why nothing of the cloud can answer: not on Azure, nor while the local one runs."""
        if self.settings.target != "local":
            return None
        return local_cloud.absence(self.home / "local")

    def availability(self, where: str, blame: Blame = nobody_is_blamed) -> Availability:
        """What somebody who talks to the functions "local" or "deployed" has to know.

        Args:
            where: One of the two.
            blame: Reads in their log why one of them failed.
        """
        hint = self.start_functions_hint if where == "local" else lambda: LOOK
        return Availability(self.absence, hint, blame)

    def start_functions_hint(self) -> str:
        """What brings functions on this machine to run: after a reset there are none to start."""
        host = self.functions_folder / "host.json"
        return START_FUNCTIONS if host.is_file() or not is_tutorial() else MAKE_FUNCTIONS

    @contextmanager
    def on_cloud(self) -> Iterator[None]:
        """Have the target's cloud in the block.

        A local cloud that does not run is started: who goes on after a pause means to go on. When
        it ends during the block, that is the error, whatever failed because of it.

        Raises:
            NotStarted: The local cloud cannot start, or has ended, or the home was deleted.
        """
        check.check_begun(self.home)
        if self.settings.target == "local":
            self._local_run(start=True)
        with explaining(self.absence):
            yield

    def restart_rows(self) -> tuple[tuple[str, str], ...]:
        """What a result says, once, about a local cloud that had to be started again, and about
        its ports that have moved.
        """
        rows = self._news
        self._news = []
        if self._restarted:
            rows.insert(0, ("local cloud", "it did not run, and was started again"))
        self._restarted = False
        return tuple(rows)

    def _follow(self, known: local_cloud.Endpoints) -> None:
        """Once for each run of the local cloud, let the kit's files follow ports that moved."""
        this_run = local_cloud.run_id(known)
        if self._followed == this_run:
            return
        with _saving:
            moved_ports.follow_moves(self.home, self.folder, known)
        self._news = moved_ports.rows(moved_ports.sentences(known))
        # Last: after an interrupt the next step begins it again.
        self._followed = this_run

    # What is known

    @property
    def settings(self) -> Settings:
        """Names and facts, as they are in the file now: several notebooks share it."""
        return store.load(self.home)

    @property
    def folder(self) -> Path:
        """The learner's app."""
        return store.chat_folder()

    @property
    def functions_folder(self) -> Path:
        """The learner's functions."""
        return self.folder / "functions"

    @property
    def page_folder(self) -> Path:
        """The learner's web page."""
        return self.folder / "content"

    @property
    def names(self) -> Names:
        """Names of every resource, and of the hub."""
        return self.settings.names

    @property
    def hub(self) -> str:
        """Name of the hub that people chat in."""
        return self.settings.hub

    @property
    def api_base_url(self) -> str | None:
        """Address of the deployed functions, None until the function app exists."""
        return self.settings.facts.api_base_url or None

    @property
    def web_url(self) -> Address | None:
        """Address of the deployed page, None until the storage account was asked for it."""
        url = self.settings.facts.web_url
        return Address(url) if url else None

    @property
    def local_api_base_url(self) -> str | None:
        """Address of the local function host, None while it does not run."""
        server = self.servers.running(FUNCTIONS)
        return server.url if server else None

    @property
    def local_web_url(self) -> Address | None:
        """Address of the locally served page, None while it is not served."""
        server = self.servers.running(PAGE)
        return Address(server.url) if server else None

    def status(self, done: Callable[[Known], tuple[str, ...]]) -> Status:
        """What exists, where, and which sections are done.

        Args:
            done: Says of what is known which sections that is.
        """
        self.check_home()
        settings = self.settings
        facts = settings.facts
        return Status(
            target=settings.target,
            resource_group=facts.resource_group or None,
            signalr=facts.signalr or None,
            function_app=facts.function_app or None,
            storage_account=facts.storage_account or None,
            api_base_url=self.api_base_url,
            web_url=self.web_url,
            local_api_base_url=self.local_api_base_url,
            local_web_url=self.local_web_url,
            authentication=facts.authentication or None,
            completed=list(done(facts)),
            absence=self._absence_of(facts),
        )

    def check_home(self) -> None:
        """Look whether the home's files can be used.

        Raises:
            HomeUnusable: One is damaged, or not this user's; the sentence says what to do.
        """
        check.check_home(self.home)
        where = self.home / "local"
        if self.settings.target == "local" and local_cloud.running(where) is None:
            local_cloud.check_stopped(where)

    def _absence_of(self, facts: Known) -> str:
        """Why what is known to exist does not answer now."""
        absent = self.absence()
        is_missed = facts.resource_group or isinstance(absent, NotAnswering)
        return str(absent) if absent is not None and is_missed else ""

    def complete(self, section: str) -> None:
        """Remember that a section is done."""
        with _saving:
            store.save(self.home, at_a_beginning(self.settings).with_section(section))

    def begin_at(self, section: str) -> None:
        """Forget that a section, or one after it, was done: the next to do is this one."""
        with _saving:
            settings = store.load(self.home)
            kept = tuple(done for done in settings.facts.completed if done < section)
            store.save(self.home, settings.learned(completed=kept))

    def timings(self) -> Result:
        """How long each step took the last time, on the current target."""
        known = timings.load(self.home, self.settings.target)
        rows = tuple((title, duration(seconds)) for title, seconds in known.items())
        return Result(f"{len(rows)} steps timed.", rows)

    def learn(self, **facts: Unpack[Facts]) -> None:
        """Remember what a step found out; an empty text forgets."""
        with _saving:
            store.save(self.home, at_a_beginning(self.settings).learned(**facts))

    def forget(self) -> None:
        """Forget everything that steps found out, but not which sections are done."""
        with _saving:
            store.save(self.home, store.load(self.home).forgotten())

    # For steps

    def deployed_api(self, section: str = "08") -> str:
        """Return the address of the deployed functions.

        Args:
            section: The section that needs them; by default the first that builds on them.

        Raises:
            NotStarted: There is no function app yet.
        """
        url = self.api_base_url
        if url is None:
            raise NotStarted("There is no function app yet.", hint=missing.APP.remedy(section))
        return url

    def api_of(self, where: str) -> str:
        """Return the address of the functions that run "local" or "deployed".

        Raises:
            SetupError: There is no such place.
            NotStarted: They do not run there.
        """
        if where == "deployed":
            return self.deployed_api()
        if where != "local":
            hint = "Say local or deployed."
            raise SetupError(f"There is no place {where!r} for a chat.", hint=hint)
        url = self.local_api_base_url
        if url is None:
            hint = self.start_functions_hint()
            raise NotStarted("The functions do not run on this machine.", hint=hint)
        return url

    @contextmanager
    def step(self, title: str, section: str = "", *, at_once: bool = False) -> Iterator[Step]:
        """Connect, run a verb, show its progress and remember how long it took.

        Args:
            title: What it does.
            section: The section that it belongs to, if to one.
            at_once: Show at once that it runs, and not only when it takes long.
        """
        from chatkit.cloud.step import Step

        interrupts.check_imports()
        progress = Progress(title)
        if at_once:
            progress.show()
        started = monotonic()
        try:
            with self.on_cloud():
                stack = self.stack(progress)
                step = Step(stack, self.home, *self.restart_rows())
                yield step
        except Exception as error:
            from chatkit.cloud.hints import refine_hint

            refine_hint(error, section)
            raise
        finally:
            progress.close()
        timings.note(self.home, self.settings.target, title, monotonic() - started)
        step.remember(self.settings.target, title)
