"""The runtime: extension bundle, interpreter, bindings that the programming model has or has not,
storage for a local run.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from chatkit.cloud.publish.package import BUNDLE, is_bundle
from chatkit.core import ports
from chatkit.lesson.doctor.preflight import machine
from chatkit.lesson.doctor.problems.problem import Problem
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


def _decorators(snapshot: Snapshot) -> str:
    known = ("signalr", "signal_r")
    found = next(
        (
            one
            for one in snapshot.folder.decorators
            if any(word in one.name.lower() for word in known)
        ),
        None,
    )
    if found:
        return (
            f"{found.file}: {found.function} has a decorator {found.name}, which azure-functions"
            " does not have"
        )
    return ""


def _preview_api(snapshot: Snapshot) -> str:
    file = snapshot.folder.file_with(PREVIEW_API)
    if file:
        return f"{file} calls the service's v1-preview API"
    return ""


def _no_storage(snapshot: Snapshot) -> str:
    if snapshot.absent is not None:  # problem 48 says it
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


PROBLEMS = (
    Problem(
        16,
        "The binding type signalR is not registered",
        "The SignalR bindings are an extension, which host.json has to name as a bundle.",
        (
            "Run the cell of section 03 that writes host.json, then start or publish the"
            " functions anew."
        ),
        ("Azure/azure-functions-signalrservice-extension#63", "MicrosoftDocs/azure-docs#15698"),
        (
            r"binding type\(s\) '?signalr\w{0,40}'? (are|is) not registered",
            r"names no extension bundle|does not name .{0,40}extensionbundle",
        ),
        _no_bundle,
    ),
    Problem(
        17,
        "signalRTrigger is not in the configured bundle",
        "The bundle's range is too old: its version does not have all SignalR bindings.",
        "Write the range [4.*, 5.0.0) into host.json: the cell of section 03 does.",
        ("MicrosoftDocs/azure-docs#64278",),
        (
            r"signalr\w{0,40}'? (was |is )?(not found|not supported).{0,40}bundle",
            r"bundle.{0,80}(does not|doesn't) (contain|have|include).{0,20}signalr",
        ),
        _old_bundle,
    ),
    Problem(
        18,
        "With SignalR added, no function works any more",
        (
            "Extensions were installed one by one beside the bundle, and their versions exclude"
            " each other."
        ),
        "Keep the bundle, delete extensions.csproj and the folders bin and obj.",
        ("Azure/azure-functions-signalrservice-extension#123",),
        (
            r"could not load (file or assembly|type) .{0,60}signalr",
            r"(error|exception).{0,80}(configuring|loading) .{0,40}extension.{0,80}signalr",
            r"method not found.{0,120}signalr",
        ),
        _own_extensions,
    ),
    Problem(
        19,
        "Cannot bind parameter connectionInfo, in Azure only",
        (
            "The function app runs another version of the Functions host, and of its extensions,"
            " than this machine."
        ),
        "Set the app setting FUNCTIONS_EXTENSION_VERSION to ~4 (or remove it) and publish again.",
        ("MicrosoftDocs/azure-docs#43744", "MicrosoftDocs/azure-docs#47123"),
        (r"cannot bind parameter '?connection_?info'?",),
        _other_host,
    ),
    Problem(
        20,
        "The host starts and ends at once",
        (
            "It was told to run the app with a language version that it does not support, or not"
            " with Python at all."
        ),
        (
            "FUNCTIONS_WORKER_RUNTIME is python: workshop.write_local_settings(). For Node, use a"
            " version the host supports."
        ),
        ("anthonychu/AzureAdvocates.WebJobs.Extensions.SignalRService#1",),
        (
            r"(incompatible|unsupported) node(\.?js)? version",
            r"node(\.?js)? (version )?v?\d[\d.]{0,20} .{0,40}(is not supported|unsupported)",
            r"runtime you are using .{0,20}supports node",
        ),
        _other_language,
    ),
    Problem(
        21,
        "Python 3.x to 3.y is required",
        "The interpreter is older or newer than what the Functions host runs.",
        "Use Python 3.11 to 3.14, which both run"
        " (https://learn.microsoft.com/azure/azure-functions/supported-languages): remove .venv"
        " and start `chatkit lab` with it.",
        ("Azure/azure-functions-core-tools#4283", "Azure/azure-functions-core-tools#4810"),
        (
            r"python 3\.\d+(\.x)? ?(to|-|and) ?(python )?3\.\d+(\.x)? is required",
            r"python version 3\.\d[\d.]{0,20} .{0,40}(not supported|unsupported)",
            r"(could not|cannot) find a python version",
        ),
        _wrong_python,
    ),
    Problem(
        22,
        "No template SignalRNegotiateHTTPTrigger for Python",
        "Core Tools have SignalR templates for other languages only.",
        (
            "Write the function by hand, as the cell of section 04 does: an HTTP route with a"
            " generic input binding."
        ),
        ("MicrosoftDocs/azure-docs#85598",),
        (
            r"can'?t find template .{0,60}signalr",
            r"(unknown|no such|could not find) template.{0,40}signalr",
            r"signalrnegotiatehttptrigger",
        ),
    ),
    Problem(
        23,
        "Python has no decorator for SignalR",
        "The Python v2 model knows the SignalR bindings as generic bindings only.",
        (
            'Use generic_input_binding(type="signalRConnectionInfo") and'
            ' generic_output_binding(type="signalR"), as in 04 and 05.'
        ),
        ("Azure/azure-functions-python-worker#1410", "MicrosoftDocs/azure-docs#111844"),
        (r"has no attribute '?\w*signal_?r\w*",),
        _decorators,
    ),
    Problem(
        24,
        "Messages time out since some day",
        "Something still calls the v1-preview REST API of the service, which was withdrawn.",
        "Send through the output binding, or call /api/hubs/… with api-version=2022-06-01.",
        ("Azure-Samples/signalr-service-quickstart-serverless-chat#3",),
        (r"/api/v1-preview/", r"v1-preview.{0,80}(time|withdrawn|404|gone)"),
        _preview_api,
    ),
    Problem(
        25,
        "Connection refused 127.0.0.1:10000",
        "The storage that a local run needs does not run, or AzureWebJobsStorage is empty.",
        (
            "`chatkit local up` starts it, workshop.write_local_settings() writes where it is;"
            " then start the functions anew."
        ),
        ("MicrosoftDocs/azure-docs#109979", "Azure/azure-functions-core-tools#1592"),
        (
            r"(127\.0\.0\.1|localhost):1000[012]\b",
            r"listener for (the )?function .{0,80}unable to start.{0,300}(storage|refused)",
            r"missing value for azurewebjobsstorage",
            r"azurewebjobsstorage.{0,60}(empty|missing|not found|is required)",
        ),
        _no_storage,
    ),
)
