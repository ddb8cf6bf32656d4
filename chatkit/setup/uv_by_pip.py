"""uv for a machine that has none: pip fetches it, and it installs the rest in a tenth of the time.

pip's own settings hold for it, too: indexes, wheelhouses, proxies, certificates. Where uv has no
such setting, pip does all by itself. Standard library only.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chatkit.core.system.programs import executable

# https://pip.pypa.io/en/stable/cli/pip_install and https://docs.astral.sh/uv/reference/environment
VARIABLES = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "extra-index-url": ("UV_INDEX",),
    "find-links": ("UV_FIND_LINKS",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("HTTPS_PROXY", "HTTP_PROXY"),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
}
SEPARATORS = {"find-links": ","}
# They change nothing about which files a lock with hashes installs, and from where.
WITHOUT_EFFECT = frozenset(
    (
        "break-system-packages",
        "cache-dir",
        "constraint",
        "disable-pip-version-check",
        "log",
        "no-cache-dir",
        "no-color",
        "no-deps",
        "no-input",
        "no-warn-script-location",
        "prefer-binary",
        "progress-bar",
        "quiet",
        "require-hashes",
        "require-virtualenv",
        "retries",
        "root-user-action",
        "verbose",
    )
)
NO = ("0", "false", "no", "off", "n", "f")
SECTIONS = ("global", "install", ":env:")


@dataclass(frozen=True)
class Uv:
    """A uv that can be called.

    Attributes:
        path: Where it is.
        variables: The environment variables that it needs besides those of this process. An index's
            address may have a password in it: none of them goes on a command line.
        offline: Whether it may ask no index.
    """

    path: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    offline: bool = False


def fetched(python: Path, lock: Path) -> Uv | None:
    """Let an environment's pip install uv into that environment.

    Args:
        python: The environment's interpreter; it has pip.
        lock: Names uv, with its hashes.

    Returns:
        It, or None where pip cannot get it or has settings that it does not know.
    """
    pip = [str(python), "-m", "pip"]
    listed = _run([*pip, "config", "list"])
    uv = None if listed is None else set_like_pip(python.with_name(executable("uv")), listed)
    if uv is None or not lock.exists():
        return None
    options = ["--quiet", "--disable-pip-version-check", "--retries=1"]
    if _run([*pip, "install", *options, "--no-deps", "--require-hashes", "-r", str(lock)]) is None:
        return None
    return uv


def is_set_up(python: Path) -> bool:
    """Whether somebody has told pip where packages come from: a mirror, a proxy, a wheelhouse.

    Args:
        python: An environment's interpreter; it gets pip where it has none.
    """
    pip = [str(python), "-m", "pip", "config", "list"]
    listed = _run(pip)
    if listed is None and _run([str(python), "-m", "ensurepip"]) is not None:
        listed = _run(pip)
    found = {name for name, value in _settings(listed or "").items() if value}
    return not found <= WITHOUT_EFFECT | {"config-file"}


def set_like_pip(path: Path, listed: str) -> Uv | None:
    """A uv that asks where pip would ask.

    Args:
        path: Where it is.
        listed: pip's settings, as `pip config list` prints them.

    Returns:
        It, or None when one of the settings is nothing that uv can do.
    """
    settings = {
        name: value for name, value in _settings(listed).items() if name not in WITHOUT_EFFECT
    }
    offline = settings.pop("no-index", "no").lower() not in NO
    if not settings.keys() <= VARIABLES.keys():
        return None
    variables: dict[str, str] = {}
    for name, value in settings.items():
        text = SEPARATORS.get(name, " ").join(value.split())
        variables.update(dict.fromkeys(VARIABLES[name], text))
    if "UV_INDEX" in variables:  # pip asks all indexes alike; the hashes say which file it is
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return Uv(str(path), variables, offline)


def _settings(listed: str) -> dict[str, str]:
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listed.splitlines():
        key, equals, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if equals and section in found:
            found[section][name.replace("_", "-")] = _unquoted(value)
    return {name: value for section in SECTIONS for name, value in found[section].items()}


def _unquoted(value: str) -> str:
    try:
        return str(ast.literal_eval(value))
    except (ValueError, SyntaxError):
        return value


def _run(command: list[str]) -> str | None:
    """What a program prints; None when it fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", errors="replace"
    )
    return done.stdout if done.returncode == 0 else None
