"""The Azure CLI on the local cloud, with a configuration of its own.

The person's az, its cloud, its subscription and its extensions are neither read nor changed: az
gets another configuration folder, none of the person's AZURE_ variables, and a proxy that lets
nothing out to Azure.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import FrameType

from chatkit.cloud.local_cloud import Endpoints, identity_variables
from chatkit.cloud.tools.tunnel import Via, tunnel
from chatkit.cloud.tools.variables import CONFIG_FOLDER, PROXIES, cli_variables, trusted_file
from chatkit.core.errors import SetupError
from chatkit.core.file_lock import FileLock
from chatkit.core.files import write_private
from chatkit.core.system.moving import remove
from chatkit.core.system.programs import not_a_batch, scripts, wait_for

VARIABLE = "CHATKIT_AZ"
# What a person has set for every az: how it prints, and names, which mean what they mean here.
KEPT = (
    *("AZURE_CORE_OUTPUT", "AZURE_CORE_NO_COLOR", "AZURE_CORE_ONLY_SHOW_ERRORS"),
    *("AZURE_CORE_DISABLE_CONFIRM_PROMPT", "AZURE_CORE_DISABLE_PROGRESS_BAR"),
    *("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_AUTH_MODE"),
)
DEFAULTS = "AZURE_DEFAULTS_"
CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"
OWN_PREFIXES = ("AZURE_", "ARM_", "IDENTITY_", "MSI_")
HERE = re.compile(r"https?://([\w.-]+\.)?(localhost|127\.0\.0\.1)(:\d+)?(/|$)")
REST_ADDRESS = re.compile(
    r"(?P<option>(--ur[il]=|-u)?)https://(?P<host>management\.azure\.com|graph\.microsoft\.com)"
    r"(?=[/?]|$)",
    re.IGNORECASE,
)
ABOUT_ITSELF = ("version", "help", "completion")
ASKS_FOR_HELP = ("-h", "--help")
# Of az before a command; behind one they are the command's own, as of `az ts create`.
ASKS_FOR_VERSION = ("--version", "-v")


def find(own: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The az to use: the one of CHATKIT_AZ, the one on PATH, or the kit's own.

    Args:
        own: Folder of the environment that `chatkit az --install` makes.
        environment: Of the shell.

    Raises:
        SetupError: There is none.
    """
    named = environment.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise SetupError(f"{VARIABLE} names no program: {named}.")
        return found
    found = shutil.which("az") or in_environment(own)
    if found is None:
        raise SetupError(
            "The Azure CLI (az) is not installed.",
            hint="`chatkit az --install` puts it into an environment of its own (400 MB, from the"
            " internet); https://aka.ms/installazurecli says how to install it for all.",
        )
    return found


def in_environment(own: Path) -> str | None:
    """The az of an environment, which has a suffix on Windows; None when there is none."""
    return shutil.which("az", path=str(scripts(own)))


def needs_cloud(arguments: Sequence[str]) -> bool:
    """Say whether a command is about more than az itself."""
    if not arguments or arguments[0] in (*ABOUT_ITSELF, *ASKS_FOR_VERSION):
        return False
    return not any(argument in ASKS_FOR_HELP for argument in arguments)


def localized(arguments: Sequence[str], known: Endpoints) -> list[str]:
    """The arguments of `az rest` with the local cloud's addresses in the place of Azure's.

    Microsoft's pages print whole addresses there, and az sends them as they are. `--resource` names
    an audience, which is the same here.
    """
    if not arguments or arguments[0] != "rest":
        return [*arguments]
    typed = [arguments[0]]
    for before, argument in pairwise(arguments):
        typed.append(argument if before == "--resource" else _localized(argument, known))
    return typed


def _localized(argument: str, known: Endpoints) -> str:
    address = REST_ADDRESS.match(argument)
    if address is None:
        return argument
    is_graph = address["host"].lower() == "graph.microsoft.com"
    here = known["graph"] if is_graph else known["resource_manager"]
    return f"{address['option']}{here}{argument[address.end() :]}"


@dataclass(frozen=True)
class AzureCli:
    """An az for one local cloud.

    Attributes:
        executable: The program.
        where: Folder of the local cloud; what az remembers is kept in it.
    """

    executable: str
    where: Path

    def run(self, arguments: Sequence[str], known: Endpoints | None) -> int:
        """Run a command; what it reads and writes is this process's.

        Args:
            arguments: Of the command.
            known: The local cloud; None for a command about az itself.

        Returns:
            az's exit code.

        Raises:
            SetupError: az cannot be started, or cannot sign in to the local cloud.
        """
        folder = self.where / CONFIG_FOLDER
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        refused: set[str] = set()
        with tunnel(_via(os.environ), refused.add) as proxy:
            variables = self._variables(known, proxy)
            if known is not None and not self._is_signed_in(known):
                with FileLock(folder / "chatkit.lock") as lock:
                    lock.acquire()
                    if not self._is_signed_in(known):
                        self._sign_in(known, variables)
            typed = arguments if known is None else localized(arguments, known)
            with _started([*not_a_batch(self.executable), *typed], variables) as process:
                code = _exit_code(process)
        if code != 0:
            _tell(refused)
        return code

    def _variables(self, known: Endpoints | None, proxy: str) -> dict[str, str]:
        variables = {
            **kept(os.environ),
            "AZURE_CONFIG_DIR": str(self.where / CONFIG_FOLDER),
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_SURVEY_MESSAGE": "false",
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
        }
        if known is not None:
            trusted = trusted_file(known, self.where)
            variables |= {**cli_variables(known, self.where)}
            # `az login --identity` would ask 169.254.169.254: on a machine of Azure, its own one.
            variables |= identity_variables(known)
            variables |= {"REQUESTS_CA_BUNDLE": trusted, "SSL_CERT_FILE": trusted}
        return variables

    # Sign-in -------------------------------------------------------------------------------------

    def _is_signed_in(self, known: Endpoints) -> bool:
        """Whether az knows this cloud at these addresses, and somebody in it."""
        folder = self.where / CONFIG_FOLDER
        try:
            stamp = (folder / "chatkit.stamp").read_text(encoding="utf-8")
            # az writes a byte order mark.
            profile = json.loads((folder / "azureProfile.json").read_text(encoding="utf-8-sig"))
            return stamp == _stamp(known) and bool(profile["subscriptions"])
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def _sign_in(self, known: Endpoints, variables: Mapping[str, str]) -> None:
        folder = self.where / CONFIG_FOLDER
        for name in ("chatkit.stamp", "azureProfile.json", "cloudEndpoints.json"):
            remove(folder / name)
        # Not as an argument: every user of the machine can read those.
        secret = folder / "chatkit.secret"
        write_private(secret, known["client_secret"])
        command = [
            *(*not_a_batch(self.executable), "login", "--service-principal", "--output", "none"),
            *("--username", known["client_id"], "--password", f"@{secret}"),
            *("--tenant", known["tenant_id"]),
        ]
        try:
            done = subprocess.run(
                command,
                env=variables,
                capture_output=True,
                text=True,
                encoding="locale",
                errors="replace",
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            raise _not_started(self.executable, error) from error
        finally:
            remove(secret)
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason"]
            raise SetupError(f"az cannot sign in to the local cloud: {lines[-1].strip()}")
        write_private(folder / "chatkit.stamp", _stamp(known))


def kept(environment: Mapping[str, str]) -> dict[str, str]:
    """The person's variables without those that belong to another cloud."""
    found: dict[str, str] = {}
    for name, value in environment.items():
        upper = name.upper()
        if upper.startswith(OWN_PREFIXES):
            is_local = upper == CONNECTION and _is_here(value)
            if not (upper in KEPT or upper.startswith(DEFAULTS) or is_local):
                continue
        # A name below `localhost` has to come to the tunnel, whatever the person sends directly.
        if upper in (*PROXIES, "NO_PROXY"):
            continue
        found[name] = value
    return found


def _tell(refused: set[str]) -> None:
    """Say after az's own message, which may be a long traceback, what it asked for in Azure."""
    for host in sorted(refused):
        print(
            f"chatkit: az asked for {host}. That is in Azure, and `chatkit az` reaches the local"
            " cloud only.",
            file=sys.stderr,
        )


def _is_here(connection_string: str) -> bool:
    """Whether a storage connection string names this machine only."""
    parts = dict(part.partition("=")[::2] for part in connection_string.split(";"))
    if parts.get("UseDevelopmentStorage") == "true":
        return True
    endpoints = [value for name, value in parts.items() if name.endswith("Endpoint")]
    if not endpoints:
        return HERE.match(f"https://{parts.get('EndpointSuffix', '')}") is not None
    return all(HERE.match(value) for value in endpoints)


def _via(environment: Mapping[str, str]) -> Via | None:
    """The proxy of the person's shell."""
    for name in PROXIES:
        given = environment.get(name) or environment.get(name.lower())
        if given and name != "HTTP_PROXY":
            return Via.parse(given)
    return None


def _stamp(known: Endpoints) -> str:
    """What tells one local cloud, at its addresses, from another. No secret can be read in it."""
    text = "\n".join(
        [
            *(known["resource_manager"], known["authority"], known["graph"]),
            *(known["tenant_id"], known["subscription_id"]),
            *(known["client_id"], known["client_secret"]),
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _started(
    command: Sequence[str], variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A child that ends with this process, unless it ends first."""
    try:
        process = subprocess.Popen(command, env=variables)
    except OSError as error:
        raise _not_started(command[0], error) from error

    def end(_number: int, _frame: FrameType | None) -> None:
        process.terminate()

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield process
    finally:
        signal.signal(signal.SIGTERM, before)
        if process.poll() is None:
            process.kill()
            process.wait()


def _not_started(executable: str, error: OSError) -> SetupError:
    """Its file is there: the interpreter that the file names is gone, or of another user."""
    return SetupError(
        f"{executable} cannot be started ({error.strerror}): is its interpreter there?",
        hint=f"{VARIABLE} names another az, and `chatkit az --install` makes one.",
    )


def _exit_code(process: subprocess.Popen[bytes]) -> int:
    code = wait_for(process)
    # Of a process that a signal has ended. Windows has no signals, and negative codes.
    return code if code >= 0 or sys.platform == "win32" else 128 - code
