"""Makes the environment the kit runs in, from the hashed lock files: `.venv` in the checkout, or
from a pack in the folder of the course.

Standard library only.

Strategy: a stamp file in the environment names the locks that were installed completely. It is
removed before and written after an installation, under a lock file, so that an interrupted set-up
is seen and repaired and two at once do not mix. A start that finds the stamp in order replaces this
process by the environment's Python and needs no network.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatkit.core.file_lock import FileLock
from chatkit.core.system.moving import discard_tree, remove, replace
from chatkit.core.system.programs import python_of
from chatkit.setup import installers, packs, uv_by_pip
from chatkit.setup.installers import SetupFailed
from chatkit.setup.packs import Pack
from chatkit.setup.uv_by_pip import Uv

CHECKOUT = Path(__file__).resolve().parents[2]
RUN_LOCK = "requirements.lock"
TEST_LOCK = "requirements-test.lock"
UV_LOCK = "requirements-uv.lock"
STAMP = "chatkit-setup.json"
STARTED = "chatkit-setup.started"
BEGINS = (
    "setting up the environment in .venv; this needs the internet once and usually takes less than"
    " a minute."
)
BEGINS_FROM_PACK = "setting up the environment from the pack, without the internet."
MADE = "CHATKIT_ENVIRONMENT_MADE"
"""Which process has made the environment, or brought it up to date, for the verb that it runs."""


def was_made_now() -> bool:
    """Whether the environment was made for this very start. On Windows that runs in a child."""
    made = os.environ.get(MADE)
    if sys.platform != "win32" or made is None:
        return made == str(os.getpid())
    import psutil

    # Windows has the launcher of the environment in between.
    return made in {str(process.pid) for process in psutil.Process().parents()}


class Environment:
    """The virtual environment of a checkout, or of a course that came in a pack.

    Attributes:
        folder: `.venv` of the checkout.
        python: Its interpreter.
    """

    def __init__(self, checkout: Path, *, pack: Pack | None = None) -> None:
        """Name an environment; nothing is looked at.

        Args:
            checkout: The folder that it is in.
            pack: Has its lock and its wheels, the kit's among them; None is a checkout.
        """
        self._checkout = checkout
        self._pack = pack
        self._locks = checkout if pack is None else pack.folder
        self.folder = checkout / ".venv"
        self.python = python_of(self.folder)

    def is_active(self) -> bool:
        """Whether this process runs in it."""
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def is_ready(self, lock: str) -> bool:
        """Whether everything a lock file names was installed, for this checkout's place on the
        disk.
        """
        try:
            stamp = json.loads((self.folder / STAMP).read_text(encoding="utf-8"))
            return bool(
                stamp["checkout"] == str(self._checkout)
                and stamp["locks"].get(lock) == self._hash(lock)
                and self.python.exists()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False

    def prepare(self, lock: str) -> None:
        """Install everything a lock file names.

        Raises:
            SetupFailed: With a sentence for a person.
        """
        try:
            with one_at_a_time(self._checkout / ".venv.lock"):
                if not self.is_ready(lock):
                    self._install(lock)
        except OSError as error:
            raise SetupFailed(installers.disk_sentence(error, self._checkout)) from error

    def should_have(self, module: str) -> bool:
        """Whether a module belongs to a package that was installed from a lock."""
        names = importlib.metadata.packages_distributions().get(module, [module])
        locked = (self._checkout / RUN_LOCK).read_text(encoding="utf-8").lower()
        return any(f"\n{name.lower().replace('_', '-')}==" in f"\n{locked}" for name in names)

    def repair(self) -> None:
        """Install again what is said to be there.

        Raises:
            SetupFailed: With a sentence for a person.
        """
        lock = TEST_LOCK if self.is_ready(TEST_LOCK) else RUN_LOCK
        with one_at_a_time(self._checkout / ".venv.lock"):
            self._install(lock, again=True)

    def _install(self, lock: str, *, again: bool = False) -> None:
        uv = installers.find_uv()
        if self._is_usable():
            _say("bringing the environment in .venv up to date.")
        else:
            _say(BEGINS_FROM_PACK if self._pack else BEGINS)
            discard_tree(self.folder)
            if self._pack is None:
                installers.create(self.folder, uv)
            else:
                packs.make_without_pip(self.folder)
        remove(self.folder / STAMP)
        (self.folder / STARTED).touch()
        if self._pack is None:
            self._install_lock(self._checkout / lock, uv, again=again)
            installers.compile_package(self.python, self._checkout / "chatkit")
            self._put_checkout_on_path()
        else:
            self._pack.install(self.python, uv)
        locks = {lock: self._hash(lock), RUN_LOCK: self._hash(RUN_LOCK)}
        temporary = self.folder / f"{STAMP}.tmp"
        temporary.write_text(
            json.dumps({"checkout": str(self._checkout), "locks": locks}), encoding="utf-8"
        )
        replace(temporary, self.folder / STAMP)
        remove(self.folder / STARTED)
        _say("the environment is ready.")

    def _install_lock(self, lock: Path, uv: Uv | None, *, again: bool) -> None:
        quicker = uv or uv_by_pip.fetched(self.python, self._checkout / UV_LOCK)
        try:
            installers.install(self.python, lock, quicker, again=again)
        except SetupFailed:
            if quicker is None or not (uv is None or uv_by_pip.is_set_up(self.python)):
                raise
            # pip has settings that uv takes otherwise; a uv of somebody's own knows none of them.
            _say("uv cannot install the packages with its settings; pip does it with its own.")
            installers.install(self.python, lock, None, again=again)

    def _is_usable(self) -> bool:
        """Whether an environment is there that no interrupted set-up left behind and whose Python
        runs.
        """
        if (
            (self.folder / STARTED).exists()
            or not (self.folder / "pyvenv.cfg").exists()
            or self._moved()
        ):
            return False
        try:
            command = [str(self.python), "-c", self._check()]
            return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def _check(self) -> str:
        """What an interpreter runs to say whether it is one for this environment."""
        if self._pack is None:
            return "import sys; sys.exit(sys.version_info < (3, 11))"
        # Its wheels are for some Pythons: this one was chosen for it.
        return f"import sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"

    def _moved(self) -> bool:
        try:
            return bool(
                json.loads((self.folder / STAMP).read_text(encoding="utf-8"))["checkout"]
                != str(self._checkout)
            )
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def _put_checkout_on_path(self) -> None:
        """Let kernels import chatkit whatever their folder is."""
        site = installers.site_packages(self.python)
        # Not as it is: Python up to 3.12 reads it in the locale's encoding, which may not have it.
        way = os.path.relpath(self._checkout, site)
        (site / "chatkit-checkout.pth").write_text(f"{way}\n", encoding="utf-8")

    def _hash(self, lock: str) -> str:
        return hashlib.sha256((self._locks / lock).read_bytes()).hexdigest()


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold the lock of the set-up, waiting for another set-up to end."""
    with FileLock(path) as lock:
        if not lock.try_acquire():
            _say("another set-up is running here; waiting for it.")
            lock.acquire()
        yield


def _say(sentence: str) -> None:
    print(f"chatkit: {sentence}", file=sys.stderr, flush=True)
