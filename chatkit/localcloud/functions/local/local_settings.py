"""`local.settings.json` and the environment of a function app's process.

Follows "Code and test Azure Functions locally".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatkit.core.reading import commented_json, texts
from chatkit.core.running import presence, start_proof
from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.host.spec import Cors

FILE_NAME = "local.settings.json"
DEVELOPMENT_STORAGE = "usedevelopmentstorage=true"
# How this server was started is between it and its starter.
NOT_FOR_APPS = frozenset({start_proof.VARIABLE, presence.HOME_VARIABLE})


@dataclass(frozen=True)
class LocalSettings:
    """What a local run takes from the file.

    Attributes:
        values: App settings.
        port: Host.LocalHttpPort.
        cors: Host.CORS and Host.CORSCredentials.
        warnings: Sentences for the console.
    """

    values: dict[str, str] = field(default_factory=dict, repr=False)
    port: int | None = None
    cors: Cors = Cors()
    warnings: tuple[str, ...] = ()


def load(
    folder: Path, environment: Mapping[str, str], *, development_storage: str = ""
) -> LocalSettings:
    """Read the file; a missing one is an empty one. What the environment already defines wins.

    Core Tools read it with Json.NET, which lets comments be, and the case of names.

    Args:
        folder: App root.
        environment: Of this process.
        development_storage: Connection string that `UseDevelopmentStorage=true` stands for, where
            that is not the well-known one.

    Raises:
        AppInvalid: The file is malformed or encrypted.
    """
    path = folder / FILE_NAME
    try:
        text = texts.read(path)
    except FileNotFoundError:
        return LocalSettings(warnings=(f"There is no {FILE_NAME}: the app runs without settings.",))
    except UnicodeDecodeError:
        raise AppInvalid(f"{FILE_NAME} is not UTF-8 text.") from None
    except OSError as error:
        raise AppInvalid(f"{FILE_NAME} cannot be read: {error.strerror}.") from None
    try:
        data = commented_json.loads(text, parse_float=str)  # 3.10 stays 3.10
    except ValueError as error:
        raise AppInvalid(f"{FILE_NAME} is not valid JSON: {error}.") from None
    if not isinstance(data, dict):
        raise AppInvalid(f"{FILE_NAME} must hold a JSON object.")
    if _member(data, "IsEncrypted"):
        raise AppInvalid(
            f"{FILE_NAME} is encrypted.", hint="`func settings decrypt` makes it readable."
        )
    values, warnings = _values(data, environment)
    if development_storage:
        values = {
            name: development_storage if _is_development_storage(value) else value
            for name, value in values.items()
        }
    host = _object(data, "Host")
    port = _port(_member(host, "LocalHttpPort"))
    return LocalSettings(values, port, _cors(host), tuple(warnings))


def _is_development_storage(value: str) -> bool:
    return value.strip().rstrip(";").lower() == DEVELOPMENT_STORAGE


def _member(data: Mapping[str, Any], name: str) -> Any:
    """A member of a JSON object; the case of its name does not count."""
    return next((value for key, value in data.items() if key.lower() == name.lower()), None)


def _values(
    data: dict[str, Any], environment: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    found: dict[str, Any] = {**_object(data, "Values")}
    for name, text in _object(data, "ConnectionStrings").items():
        if isinstance(text, dict):
            text = text.get("ConnectionString")
        found[f"ConnectionStrings:{name}"] = text
    values: dict[str, str] = {}
    warnings: list[str] = []
    for name, value in found.items():
        if isinstance(value, dict | list):
            raise AppInvalid(f"Values in {FILE_NAME} must be flat text: '{name}' is not.")
        if value is None:
            warnings.append(f"Skipping '{name}' from local settings as its value is null.")
        elif environment.get(name):
            warnings.append(
                f"Skipping '{name}' from local settings as it's already defined in "
                "current environment variables."
            )
            values[name] = environment[name]
        elif isinstance(value, bool):
            values[name] = str(value).lower()
        else:
            values[name] = str(value)
    return values, warnings


def _object(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = _member(data, name) or {}
    if not isinstance(value, dict):
        raise AppInvalid(f"{name} in {FILE_NAME} must be an object.")
    return value


def _port(value: object) -> int | None:
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", str(value)) or not 1 <= int(str(value)) <= 65535:
        raise AppInvalid(f"LocalHttpPort in {FILE_NAME} must be a port number, not {value!r}.")
    return int(str(value))


def _cors(host: dict[str, Any]) -> Cors:
    credentials = str(_member(host, "CORSCredentials") or "").lower() == "true"
    return cors_of(str(_member(host, "CORS") or ""), credentials)


def cors_of(text: str, credentials: bool) -> Cors:
    """Parse a comma list of origins.

    Raises:
        AppInvalid: `*` together with credentials.
    """
    origins = tuple(part.strip() for part in text.split(",") if part.strip())
    if credentials and "*" in origins:
        raise AppInvalid(
            'CORS "*" cannot be combined with CORSCredentials: browsers refuse it.',
            hint="Name the origin.",
        )
    return Cors(origins, credentials)


def environment(
    folder: Path, settings: LocalSettings, port: int, shell: Mapping[str, str]
) -> dict[str, str]:
    """The app settings of a local run, which are the whole environment of its process.

    As with Core Tools, where shell, file and what the host adds end in one environment.

    Args:
        folder: App root.
        settings: What local.settings.json says; a value of the shell is in it already.
        port: Where the app is served.
        shell: The variables of who started the run.
    """
    own = {name: value for name, value in shell.items() if name not in NOT_FOR_APPS}
    return {
        "WEBSITE_HOSTNAME": f"localhost:{port}",
        **own,
        **settings.values,
        "AzureWebJobsScriptRoot": str(folder),
        "AZURE_FUNCTIONS_ENVIRONMENT": own.get("AZURE_FUNCTIONS_ENVIRONMENT") or "Development",
    }
