"""Section 03: the folder is a function app, and its settings name the right instance without giving
the key away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatkit.cloud.publish import package
from chatkit.core.errors import CheckFailed
from chatkit.core.reading import commented_json, texts
from chatkit.lesson.checks.core import service
from chatkit.lesson.checks.core.evidence import expect
from chatkit.steps import local_settings
from chatkit.wire.connection_strings import SignalRConnectionString

if TYPE_CHECKING:
    from chatkit.steps.session import Session

BUNDLE_ID = "Microsoft.Azure.Functions.ExtensionBundle"
BUNDLE_RANGE = "[4.*, 5.0.0)"
CELL = "Run the cell above that writes it again."


def check(session: Session) -> Iterator[str]:
    """The bundle, the settings, and where the key is not."""
    folder = session.functions_folder
    yield _bundle(folder)
    yield _same_instance(session)
    yield _opens(session)
    yield _not_packaged(folder)


def _bundle(folder: Path) -> str:
    host = _json(folder / "host.json")
    bundle = host.get("extensionBundle") or {}
    got = f"{bundle.get('id', 'none')} {bundle.get('version', '')}".strip()
    right = bundle.get("id") == BUNDLE_ID and str(bundle.get("version", "")).replace(
        " ", ""
    ) == BUNDLE_RANGE.replace(" ", "")
    expect(
        right,
        "The extension bundle in host.json",
        expected=f"{BUNDLE_ID} {BUNDLE_RANGE}",
        got=got,
        hint=CELL,
    )
    return (
        f"host.json names the extension bundle {BUNDLE_RANGE}; the SignalR bindings come with it."
    )


def _same_instance(session: Session) -> str:
    host = local_settings.read(session.functions_folder).get("Host", {})
    names = _names_instance(session)
    expect(
        host.get("CORSCredentials") is True and "*" not in str(host.get("CORS", "*")),
        "Host.CORS in local.settings.json",
        expected="one exact origin, with credentials",
        got=(
            f"CORS {host.get('CORS', 'missing')}, CORSCredentials"
            f" {host.get('CORSCredentials', 'missing')}"
        ),
        hint="workshop.write_local_settings() puts it right.",
    )
    return f"local.settings.json {names} and lets one origin in."


def _names_instance(session: Session) -> str:
    """How the settings name the instance: by a connection string with its key, or without one."""
    values = local_settings.values(session.functions_folder)
    mine = values.get(local_settings.SIGNALR_SETTING, "")
    listed = service.of_the_instance(session)
    if mine and _digest(mine) == _digest(listed):
        return "has your instance's connection string (the two have the same hash)"
    found = service.of_local_settings(session)
    got = "another one"
    if not found.access_key:
        got = f"the address {found.base_url}, without a key"
    expect(
        not found.access_key and found.base_url == SignalRConnectionString.parse(listed).base_url,
        local_settings.SIGNALR_SETTING,
        expected="the connection string of your instance, as Azure lists it",
        got=got,
        hint="Is the key an old one? workshop.write_local_settings() writes the present one.",
    )
    return "has your instance's address, and no key"


def _opens(session: Session) -> str:
    connection = service.of_local_settings(session)
    token = service.token_for(session, connection, session.hub)
    answer = service.probe(connection, token, session.hub)
    if not connection.access_key:
        expect(
            answer.status == 200,
            "A token that the service hands out",
            expected="200",
            got=answer,
            hint=service.KEYLESS,
        )
        return "Without a key, the service hands out a token to who is signed in, and accepts it."
    hint = "workshop.write_local_settings() writes the present key."
    expect(
        answer.status == 200, "A token signed with that key", expected="200", got=answer, hint=hint
    )
    return "The service accepts a token that this key signed."


def _not_packaged(folder: Path) -> str:
    names = [str(path) for path in package.package_files(folder)]
    missing = sorted({"host.json", "function_app.py", "requirements.txt"} - set(names))
    expect(
        not missing,
        "The function app",
        expected="host.json, function_app.py, requirements.txt",
        got=f"no {', '.join(missing)}",
        hint=CELL,
    )
    secret = [name for name in names if b"AccessKey=" in texts.read_app_file(folder / name)]
    expect(
        not secret,
        "The files that will be deployed",
        expected="no access key in them",
        got=f"one in {', '.join(secret)}",
        hint="Move it to local.settings.json.",
    )
    return (
        "local.settings.json stays on this machine, and no file that will be deployed has a key"
        " in it."
    )


def _json(path: Path) -> dict[str, Any]:
    expect(path.exists(), path.name, expected="a file", got="none", hint=CELL)
    try:
        value = commented_json.loads(texts.read(path))
    except ValueError as error:
        raise CheckFailed(
            path.name, expected="JSON", got=f"a mistake: {error}", hint=CELL
        ) from error
    return value if isinstance(value, dict) else {}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
