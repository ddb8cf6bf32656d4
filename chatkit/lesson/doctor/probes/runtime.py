"""The runtime: extension bundle, interpreter, bindings that the programming model has or has not,
storage for a local run.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from chatkit.cloud.publish.package import BUNDLE, is_bundle
from chatkit.core import ports
from chatkit.lesson.doctor.preflight import machine
from chatkit.lesson.doctor.probes import loading
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot
from chatkit.steps.local_settings import DEVELOPMENT_STORAGE, DEVELOPMENT_URL, STORAGE_SETTING

OLDEST_BUNDLE = 4
EXTENSIONS = (
    "extensions.csproj",
    "bin/extensions.json",
    "bin/Microsoft.Azure.WebJobs.Extensions.SignalRService.dll",
)
RUNTIME_SETTING = "FUNCTIONS_WORKER_RUNTIME"
VERSION_SETTING = "FUNCTIONS_EXTENSION_VERSION"
PREVIEW_API = "/api/v1-preview/"


def _no_bundle(snapshot: Snapshot) -> str:
    host = snapshot.folder.host_json
    if not host or is_bundle((host.get("extensionBundle") or {}).get("id")):
        return ""
    return f"host.json does not name {BUNDLE}"


def _old_bundle(snapshot: Snapshot) -> str:
    version = str((snapshot.folder.host_json.get("extensionBundle") or {}).get("version", ""))
    first = re.match(r"\s*+[\[(]?\s*+(\d+)", version)
    if first and int(first[1]) < OLDEST_BUNDLE:
        return f"host.json asks for the bundle {version}"
    return ""


def _own_extensions(snapshot: Snapshot) -> str:
    found = next((name for name in EXTENSIONS if (snapshot.folder.functions / name).exists()), "")
    bundle = snapshot.folder.host_json.get("extensionBundle")
    if found and bundle:
        return f"{found} installs extensions beside the bundle of host.json"
    return ""


def _other_host(snapshot: Snapshot) -> str:
    version = snapshot.app_settings().get(VERSION_SETTING, "~4")
    if version != "~4":
        return f"the function app asks for the host {version}, this machine runs version 4"
    return ""


def _other_language(snapshot: Snapshot) -> str:
    runtime = snapshot.folder.values.get(RUNTIME_SETTING, "python")
    if runtime.lower() != "python":
        return f"local.settings.json starts the app with {runtime or 'no runtime'}"
    return ""


def _wrong_python(_: Snapshot) -> str:
    here = machine.python()
    if here.ok:
        return ""
    return f"this is Python {here.found}"


def _no_decorator(snapshot: Snapshot) -> str:
    return loading.failure(snapshot, "no-decorator")


def _preview_api(snapshot: Snapshot) -> str:
    file = snapshot.folder.file_with(PREVIEW_API)
    if file:
        return f"{file} calls the service's v1-preview API"
    return ""


def _no_storage(snapshot: Snapshot) -> str:
    if snapshot.absent is not None:  # that nothing runs is said elsewhere
        return ""
    if not (
        snapshot.facts.signalr
        and snapshot.folder.has_local_settings
        and (snapshot.may_ask or snapshot.local_api)
    ):
        return ""
    text = snapshot.folder.values.get(STORAGE_SETTING, "")
    if not text:
        state = "empty" if STORAGE_SETTING in snapshot.folder.values else "missing"
        return f"{STORAGE_SETTING} in local.settings.json is {state}"
    blob = next(
        (part.partition("=")[2] for part in text.split(";") if part.startswith("BlobEndpoint=")), ""
    )
    url = urlsplit(DEVELOPMENT_URL if text == DEVELOPMENT_STORAGE else blob)
    if url.hostname not in ("127.0.0.1", "localhost") or ports.answers(
        url.port or 80, host=url.hostname
    ):
        return ""
    return (
        f"nothing answers at {url.hostname}:{url.port}, where local.settings.json has the storage"
    )


PROBES: dict[str, Probe] = {
    "bundle-missing": _no_bundle,
    "bundle-too-old": _old_bundle,
    "extension-conflict": _own_extensions,
    "other-host-version": _other_host,
    "other-language": _other_language,
    "python-version": _wrong_python,
    "no-decorator": _no_decorator,
    "withdrawn-api": _preview_api,
    "no-storage-here": _no_storage,
}
