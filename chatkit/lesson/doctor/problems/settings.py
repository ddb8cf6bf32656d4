"""Settings: the connection string, on this machine and in the function app.

Values are compared, never shown.
"""

from __future__ import annotations

from difflib import get_close_matches

from chatkit.cloud.provision.app_settings import compare
from chatkit.lesson.doctor.problems.problem import Problem
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import SIGNALR_SETTING, Snapshot
from chatkit.wire.connection_strings import SignalRConnectionString

UPLOAD = ("not uploaded", "differs")


def _missing(snapshot: Snapshot) -> str:
    if (
        not snapshot.facts.signalr
        or not snapshot.folder.has_local_settings
        or snapshot.folder.values.get(SIGNALR_SETTING)
    ):
        return ""
    others = [name for name in snapshot.folder.values if name != SIGNALR_SETTING]
    close = get_close_matches(SIGNALR_SETTING, others, n=1, cutoff=0.5)
    if close:
        return f"local.settings.json has no {SIGNALR_SETTING}, but {close[0]}"
    return f"local.settings.json has no {SIGNALR_SETTING}"


def _only_sample(snapshot: Snapshot) -> str:
    samples = snapshot.folder.samples
    if samples and not snapshot.folder.has_local_settings:
        return f"there is {samples[0]}, and no local.settings.json"
    return ""


def _not_uploaded(snapshot: Snapshot) -> str:
    if not snapshot.functions() or not snapshot.folder.values.get(SIGNALR_SETTING):
        return ""
    found = compare(snapshot.folder.values, snapshot.app_settings())
    # a local value that is old is none to upload
    wrong = [
        one
        for one in found
        if one.state in UPLOAD and not (one.name == SIGNALR_SETTING and _is_old(snapshot))
    ]
    if wrong:
        return f"app settings: {', '.join(f'{one.name} {one.state}' for one in wrong)}"
    return ""


def _is_old(snapshot: Snapshot) -> bool:
    """Whether the local connection string is none of the instance's."""
    return snapshot.connection not in [
        SignalRConnectionString.parse(text) for text in snapshot.connection_strings()
    ]


def _old_key(snapshot: Snapshot) -> str:
    if not snapshot.folder.values.get(SIGNALR_SETTING):
        return ""
    if _is_old(snapshot):
        deployed = (known(snapshot.app_settings) or {}).get(SIGNALR_SETTING)
        where = "local.settings.json has"
        if deployed == snapshot.folder.values[SIGNALR_SETTING]:
            where = "local.settings.json and the function app have"
        return f"{where} a connection string that is none of the instance's"
    refused = known(snapshot.key_is_good) is False
    if refused:
        return "the service refuses what the key of local.settings.json has signed"
    return ""


PROBLEMS = (
    Problem(
        26,
        "The connection string must be set",
        (
            "AzureSignalRConnectionString is missing in local.settings.json, or has another name"
            " there."
        ),
        "workshop.write_local_settings() writes it under its right name.",
        (
            "MicrosoftDocs/azure-docs#41029",
            "MicrosoftDocs/azure-docs#28140",
            "Azure/azure-functions-host#5029",
        ),
        (
            r"signalr (service )?connection ?string (must|has to|needs to|should) be set",
            r"keyerror: '?azuresignalrconnectionstring",
            (
                r"azuresignalrconnectionstring'? (is |was )?(missing|empty|not (set|found"
                r"|configured|defined))"
            ),
            r"(unable to resolve|cannot find|missing) .{0,60}azuresignalrconnectionstring",
        ),
        _missing,
    ),
    Problem(
        27,
        "Only local.settings.sample.json is there",
        (
            "The sample's settings have to be copied to local.settings.json; the instruction is"
            " easily overlooked."
        ),
        "workshop.write_local_settings() writes local.settings.json; the sample can go.",
        ("MicrosoftDocs/azure-docs#49734",),
        (
            r"local\.settings\.(sample|example)\.json",
            r"(cannot|can't|could not|unable to) (find|open) .{0,80}local\.settings\.json",
        ),
        _only_sample,
    ),
    Problem(
        28,
        "It works here, deployed it answers 500",
        (
            "local.settings.json is never deployed: the function app lacks a setting, or has"
            " another value."
        ),
        "workshop.upload_settings() uploads them and keeps all others.",
        ("Azure/Azure-Functions#1835", "microsoft/vscode-azurefunctions#4977"),
        (
            r"(negotiate|azurewebsites\.net).{0,160}\b500\b",
            r"\b500\b( \(?internal server error\)?)?.{0,160}(negotiate|azurewebsites\.net)",
        ),
        _not_uploaded,
    ),
    Problem(
        29,
        "Authorization failed with AccessKey, and negotiate works",
        (
            "The access key is an old one: negotiate only signs with it, the service checks it"
            " when a message is sent."
        ),
        (
            "workshop.write_local_settings(), workshop.upload_settings(), then stop and start the"
            " functions."
        ),
        ("Azure/azure-signalr#1479",),
        (
            r"authorization failed.{0,160}accesskey",
            r"accesskey.{0,160}authorization failed",
            r"\b401\b.{0,80}accesskey",
        ),
        _old_key,
    ),
)
