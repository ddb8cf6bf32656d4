"""The tools that make an environment, uv or else venv and pip, and what their failures mean.

Standard library only.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from chatkit.setup.uv_by_pip import Uv

NOT_TRUSTED = ("invalid peer certificate", "certificate_verify_failed")
OFFLINE = (
    "name resolution",
    "dns error",
    "failed to lookup",
    "error sending request",
    "client error (connect)",
    "connection refused",
    "network is unreachable",
    "newconnectionerror",
    "proxyerror",
    "tunnel",
    "timed out",
    "could not connect",
    "failed to fetch",
    "from versions: none",
)
ANEW = "Delete the folder .venv and start again."


class SetupFailed(Exception):
    """The environment cannot be made; the message says what to do.

    Attributes:
        output: What the tool has printed that failed; empty where none did.
    """

    def __init__(self, message: str, *, output: str = "") -> None:
        super().__init__(message)
        self.output = output

    @property
    def elsewhere(self) -> str:
        """The message for another environment than `.venv`, which nobody should delete for it."""
        return str(self).replace(ANEW, "").strip()


class Progress:
    """Says what pip does, on one line of a terminal."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen = 0

    def __call__(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "Collecting":
            self._seen += 1
            name = rest.partition("=")[0]
            count = min(self._seen, self._total)
            self._show(f"pip fetches {name} ({count} of about {self._total})", end="")
        elif word == "Installing":
            self._show(f"pip installs {self._seen} packages …", end="\n")

    def _show(self, sentence: str, *, end: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{f'chatkit: {sentence}':<79.79}", end=end, file=sys.stderr, flush=True)


def find_uv() -> Uv | None:
    """A uv on the path that works and knows the options used here."""
    uv = shutil.which("uv")
    if (
        uv is None
        or subprocess.run([uv, "venv", "--no-project", "--help"], capture_output=True).returncode
        != 0
    ):
        return None
    return Uv(uv)


def base_python() -> str:
    """The interpreter that this one's environment was made with, or this one itself."""
    return getattr(sys, "_base_executable", "") or sys.executable


def create(folder: Path, uv: Uv | None) -> None:
    """Make an empty environment.

    Raises:
        SetupFailed: This Python cannot.
    """
    base = base_python()
    if uv:
        run_tool([uv.path, "venv", "--no-project", "--quiet", "--python", base, str(folder)])
        return
    probe = subprocess.run([base, "-c", "import venv, ensurepip"], capture_output=True)
    if probe.returncode != 0:
        raise SetupFailed(
            "this Python has no venv module. Install it (Debian and Ubuntu: sudo apt install"
            " python3-venv) or install uv, then start again."
        )
    run_tool([base, "-m", "venv", str(folder)])


def install(
    python: Path, lock: Path, uv: Uv | None, *, again: bool, wheels: Path | None = None
) -> None:
    """Install everything a lock names, with its hashes checked.

    Args:
        python: The environment's interpreter.
        lock: The lock file.
        uv: None uses pip.
        again: Install also what seems to be there.
        wheels: A folder from which all comes, and nothing from the network.

    Raises:
        SetupFailed: The tool failed; the sentence says why.
    """
    # A lock names every package. Left to follow dependencies, pip refuses it as soon as there is a
    # newer version of a package that another one asks for with an extra.
    requirements = [*only_from(wheels), "--no-deps", "--require-hashes", "-r", str(lock)]
    if uv:
        # pip compiles always. Where Python keeps what it compiles itself, leaving it to the first
        # use is quicker.
        options = []
        if again:
            options.append("--reinstall")
        if sys.dont_write_bytecode:
            options.append("--compile-bytecode")
        if uv.offline:
            options.append("--no-index")
        command = [uv.path, "pip", "install", "--python", str(python), *options, *requirements]
        run_tool(command, variables=uv.variables)
        return
    if subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True).returncode != 0:
        run_tool([str(python), "-m", "ensurepip"])
    pip = [
        str(python),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
    ]
    if again:
        pip.append("--force-reinstall")
    progress = Progress(lock.read_text(encoding="utf-8").count("=="))
    run_tool([*pip, *requirements], on_line=progress)


def only_from(wheels: Path | None) -> list[str]:
    """Options of pip and of uv: install from a folder alone; none for the usual sources.

    As an address: uv and pip split a path at commas or at spaces.
    """
    if wheels is None:
        return []
    return ["--no-index", "--find-links", wheels.as_uri()]


def site_packages(python: Path) -> Path:
    """Where an environment's packages are."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    # In UTF-8 mode: its path may have characters that the locale does not.
    command = [str(python), "-X", "utf8", "-c", code]
    done = subprocess.run(command, capture_output=True, check=True)
    return Path(os.fsdecode(done.stdout).strip())


def compile_package(python: Path, folder: Path) -> None:
    """Compile the kit's own modules where Python would compile them anew at every start."""
    if sys.dont_write_bytecode:
        subprocess.run([str(python), "-m", "compileall", "-q", str(folder)], capture_output=True)


def run_tool(
    command: list[str],
    *,
    on_line: Callable[[str], None] = lambda _: None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run a tool quietly.

    Args:
        command: What to run.
        on_line: Takes each line it prints.
        variables: Environment variables besides those of this process.

    Raises:
        SetupFailed: It ended with an error.
    """
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "PYTHONUNBUFFERED": "1"}
    environment.pop("VIRTUAL_ENV", None)
    environment.pop("PYTHONPATH", None)
    if sys.getfilesystemencoding() != "utf-8":
        # venv and pip end at a path that such a locale has not. Windows never is one.
        environment["PYTHONUTF8"] = "1"
    environment.update(variables)
    lines: list[str] = []
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            on_line(line)
    if process.returncode != 0:
        output = "".join(lines)
        raise SetupFailed(tool_sentence(output), output=output)


def tool_sentence(output: str) -> str:
    """Say in one sentence why an installation failed."""
    low = output.lower()
    if "no space left" in low:
        return "the disk is full. Free about 600 MB, then start again."
    if "read-only file system" in low or "permission denied" in low:
        return (
            "the checkout's folder cannot be written. Copy it to a folder of yours, then start"
            " again."
        )
    if "hash mismatch" in low or "do not match the hashes" in low:
        return (
            "a downloaded package is not the one that the lock names (its hash differs). Try"
            " another network or package index."
        )
    if any(sign in low for sign in NOT_TRUSTED):
        return (
            "the certificate of the package index is not trusted here: your network may sign them"
            " with its own. Set SSL_CERT_FILE and PIP_CERT to the file that has that one, then"
            " start again."
        )
    if any(sign in low for sign in OFFLINE):
        return (
            "the packages cannot be downloaded. The first set-up needs the internet once: "
            "check the network (behind a proxy, set HTTPS_PROXY), then start again. Without"
            " internet, `chatkit pack FOLDER` on a machine that has it makes a folder that starts"
            " here."
        )
    last = next(
        (line.strip() for line in reversed(output.splitlines()) if line.strip()), "no reason given"
    )
    return f"the environment could not be installed ({last}). {ANEW}"


def disk_sentence(error: OSError, checkout: Path) -> str:
    """Say in one sentence why a file could not be written."""
    if error.errno == errno.ENOSPC:
        return "the disk is full. Free about 600 MB, then start again."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return (
            f"{checkout} cannot be written. Copy the checkout to a folder of yours, then start"
            " again."
        )
    return f"the environment could not be set up ({error})."
