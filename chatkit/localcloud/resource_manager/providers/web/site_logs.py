"""config/logs of a function app: kept and shown.

Follows Microsoft's REST reference, "Web Apps - Update Diagnostic Logs Config". `az functionapp
deploy` and `config-zip` write it when a deployment has failed, before they say why. What an app
writes is in the local cloud's log, whatever stands here.
"""

from __future__ import annotations

import copy

from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.http import merge
from chatkit.localcloud.resource_manager.providers.web.resource import Site

LEVELS = ("Off", "Verbose", "Information", "Warning", "Error")
# az writes a boolean where nobody named a level. What Azure keeps then is our guess.
LEVEL_OF_FLAG = {"true": "Information", "false": "Off"}
OFF: JsonObject = {"enabled": False, "retentionInDays": None}
DEFAULTS: JsonObject = {
    "applicationLogs": {
        "fileSystem": {"level": "Off"},
        "azureTableStorage": {"level": "Off", "sasUrl": None},
        "azureBlobStorage": {"level": "Off", "sasUrl": None, "retentionInDays": None},
    },
    "httpLogs": {
        "fileSystem": {**OFF, "retentionInMb": 35},
        "azureBlobStorage": {**OFF, "sasUrl": None},
    },
    "failedRequestsTracing": {"enabled": False},
    "detailedErrorMessages": {"enabled": False},
}


def log_settings(document: Site) -> JsonObject:
    """What is shown."""
    return document.get("logs") or DEFAULTS


def set_log_settings(document: Site, given: JsonObject) -> None:
    """Keep what was written. Parts that are not in it stay as they are.

    Raises:
        ArmError: A level that Azure does not have.
    """
    kept: JsonObject = copy.deepcopy(merge(log_settings(document), given))
    for name in DEFAULTS["applicationLogs"]:
        store = kept.get("applicationLogs", {}).get(name, {})
        if "level" in store:
            store["level"] = _level(store["level"])
    document["logs"] = kept


def _level(value: object) -> str:
    text = LEVEL_OF_FLAG.get(str(value).lower(), str(value))
    for level in LEVELS:
        if level.lower() == text.lower():
            return level
    message = f"The log level '{value}' is not one of {', '.join(LEVELS)}."
    raise errors.web_error(400, "BadRequest", message)
