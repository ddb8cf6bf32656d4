"""Settings: the connection string, on this machine and in the function app.

Values are compared, never shown.
"""

from __future__ import annotations

from difflib import get_close_matches

from chatkit.cloud.provision.app_settings import compare
from chatkit.core.errors import LocalProtocolError
from chatkit.lesson.doctor.probes.probe import Probe
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import SIGNALR_SETTING, Snapshot
from chatkit.wire.connection_strings import SignalRConnectionString, connection_section

UPLOAD = ("not uploaded", "differs")


def _damaged(snapshot: Snapshot) -> str:
    text = snapshot.folder.values.get(SIGNALR_SETTING, "")
    try:
        if text:
            SignalRConnectionString.parse(text)
    except LocalProtocolError as error:
        return f"{SIGNALR_SETTING} in local.settings.json: {error.message.rstrip('.')}"
    return ""


def _missing(snapshot: Snapshot) -> str:
    if (
        not snapshot.facts.signalr
        or not snapshot.folder.has_local_settings
        or snapshot.folder.values.get(SIGNALR_SETTING)
        or connection_section(snapshot.folder.values, SIGNALR_SETTING).get("serviceuri")
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


def _damaged_file(snapshot: Snapshot) -> str:
    return "; ".join(snapshot.folder.damaged)


PROBES: dict[str, Probe] = {
    "settings-file-damaged": _damaged_file,
    "connection-string-missing": _missing,
    "connection-string-damaged": _damaged,
    "only-sample-settings": _only_sample,
    "settings-not-uploaded": _not_uploaded,
    "old-access-key": _old_key,
}
